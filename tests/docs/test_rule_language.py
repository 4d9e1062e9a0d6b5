"""The page of the rule language is true: its books are read, its mistakes are refused, and no word is missing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from leadline.common.errors import BookError
from leadline.common.vocabulary import ACTIVITY_KINDS
from leadline.rules.check import check_book
from leadline.rules.deciding import Engine
from leadline.rules.fieldops import OPS
from leadline.rules.model import Book
from leadline.rules.reading import (
    activities,
    fields,
    limits,
    paths,
    read_book,
    scores,
    slas,
    slatests,
    stages,
)
from leadline.rules.reading.book import LATER, SECTIONS
from leadline.rules.reading.conditions import LATER as LATER_CONDITIONS
from leadline.rules.reading.conditions import WORDS
from leadline.rules.reading.names import WORDS_OF_STAGES, WRITE_WORDS

PAGE = Path(__file__).parent.parent.parent / "docs" / "reference" / "rule-language.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCK = re.compile(r"^```yaml(?: (\w+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [
    pytest.param(found[1] or "", found[2], id=f"line {TEXT.count(chr(10), 0, found.start()) + 1}")
    for found in BLOCK.finditer(TEXT)
]
MERGED = ("fields", "activities", "scores", "stages")
"""Sections to which a block adds its names; every other section is replaced."""

LISTS = {
    "lists/own-domains.txt": b"acme.example\n",
    "lists/competitors.txt": b"rival.example  # the big one\ncopycat.example\n",
    "lists/regions.csv": b"country,region\nNorway,EMEA\n",
    "lists/roles.csv": b"title,role\nCFO,budget\nVP IT,decision\n",
    "lists/rates.csv": b"currency,rate\nEUR,1\nUSD,0.92\n",
}

BASE = """\
leadline: 1
name: The book beside every block
fields:
  email: {type: text, salesforce: [Lead.Email, Contact.Email], hubspot: contact.email}
  title: {type: text, salesforce: Lead.Title}
  phone: {type: text, salesforce: Lead.Phone}
  country: {type: text, salesforce: Lead.Country}
  employees: {type: integer, salesforce: Lead.NumberOfEmployees}
  amount: {type: money, currency: USD, salesforce: Lead.Expected_Amount__c}
  opted_out: {type: boolean, hubspot: contact.hs_email_optout, blank: false}
  status: {type: text, signal: true, salesforce: Lead.Status, values: {Rejected: [Unqualified]}}
  budget: {type: boolean, salesforce: Lead.Budget_Confirmed__c}
  timeline: {type: date, salesforce: Lead.Project_Start__c}
  customer_since: {type: datetime, hubspot: contact.closedate}
  topics: {type: list, hubspot: contact.topics}
activities:
  pricing_page: {hubspot: {event: page_view}}
  demo_request: {hubspot: {form: demo}}
  newsletter: {hubspot: {form: newsletter}}
  email_click: {hubspot: {email: click}}
scores:
  fit:
    between: [0, 100]
    criteria:
      senior title: {points: 25, when: {title: {has_word: vp}}}
      student: {disqualify: student, when: {title: {has_word: student}}}
    grades: {A: 25, B: 10, C: 0}
  interest:
    between: [0, 100]
    criteria: {demo request: {points: 40, latest: demo_request}}
    grades: {1: 40, 2: 10, 3: 0}
grid: {rows: fit, columns: interest}
temperature: {hot: [A1], warm: [A2], cold: otherwise}
stages:
  inquiry: {kind: inventory}
  mql: {kind: sla, enter: {grade: A1}, stay: {grade: {in: [A1, A2]}}}
  sal: {kind: gate, enter: {status: Accepted}}
  customer: {kind: final, enter: {deal: won}}
  recycled: {kind: detour, reasons: [rejected by sales, cooled, lost]}
  disqualified: {kind: detour}
paths:
  - inquiry -> mql -> sal -> customer
  - {from: mql, to: recycled, when: {not: stay}, reason: cooled}
  - {from: [recycled, disqualified], to: customer}
  - {from: inquiry, to: disqualified, when: {title: student}}
"""


@pytest.mark.parametrize(("mark", "block"), BLOCKS)
def test_a_block_of_the_page(mark: str, block: str) -> None:
    """A block is read in a complete book and compiled; one marked as wrong is refused as its first line says."""
    text = block if mark == "book" else merged(BASE, block)
    if mark == "wrong":
        said = re.match(r"# refused: (.+)$", block, re.MULTILINE)
        assert said, "a wrong block begins with `# refused: ...`"
        with pytest.raises(BookError) as caught:
            read(text)
        messages = [str(problem) for problem in caught.value.problems]
        assert len(messages) == 1, messages
        assert said[1] in messages[0]
        return
    assert mark in {"", "book"}
    book = read(text)
    # A block shows a part: the stages that its paths leave out are not what it is about.
    problems = check_book(book)
    assert not [problem for problem in problems if problem.severity == "error" and problem.code != "unreachable"]
    Engine(book)


def test_the_page_has_blocks() -> None:
    """Every section stands in a block, but the one that needs more files."""
    shown = {
        name for mark, block in (param.values for param in BLOCKS) if mark != "wrong" for name in top(str(block))
    }
    assert shown == set(SECTIONS) - {"include"}


def test_every_word_of_the_language_is_on_the_page() -> None:
    """Nothing that the reader knows, or knows and refuses, is left out."""
    words = {
        *SECTIONS, *LATER, *WORDS, *LATER_CONDITIONS, *WORDS_OF_STAGES, *WRITE_WORDS,
        *(companion for word in WORDS.values() for companion in word.companions),
        *fields.KEYS, *fields.TYPES, *fields.PREFERENCES, *(op for ops in OPS.values() for op in ops),
        *activities.MAIN_ATTRIBUTE, *activities.LINKS, *scores.SCORE_KEYS, *scores.CRITERION_KEYS,
        *stages.KEYS, *stages.KINDS, *paths.KEYS, *limits.KEYS, *slas.KEYS, *slas.STOPS, *slatests.STATUSES,
        *(word for words in slas.CHOICES.values() for word in words),
    }  # fmt: skip
    named = set(
        re.findall(r"[\w.]+", " ".join(re.findall(r"`[^`\n]+`|^```yaml.*?^```", TEXT, re.MULTILINE | re.DOTALL)))
    )
    assert not sorted(word for word in words if not set(word.split()) <= named)


def test_the_vocabulary_page_has_the_kinds() -> None:
    """The kinds of activity, to which the page sends its reader, are all on the generated page."""
    vocabulary = (PAGE.parent / "vocabulary.md").read_text(encoding="utf-8")
    for kinds in ACTIVITY_KINDS.values():
        for kind, attributes in kinds.items():
            assert f"`{kind}`" in vocabulary
            assert ", ".join(attributes) in vocabulary


def read(text: str) -> Book:
    """Read a book with the lists of the page beside it."""
    return read_book({"rules.yml": text.encode(), **LISTS})


def top(block: str) -> list[str]:
    """Return the sections that a block holds."""
    return [key.value for key, _ in compose(block).value]


def merged(base: str, block: str) -> str:
    """Put a block's sections into the base book, keeping every scalar as it is spelt."""
    whole = compose(base)
    for key, value in compose(block).value:
        before = next((pair for pair in whole.value if pair[0].value == key.value), None)
        if before is None:
            whole.value.append((key, value))
        elif key.value in MERGED:
            given = {inner.value for inner, _ in value.value}
            before[1].value = [pair for pair in before[1].value if pair[0].value not in given] + value.value
        else:
            whole.value[whole.value.index(before)] = (key, value)
    return str(yaml.serialize(whole, Dumper=yaml.BaseDumper, width=10_000, allow_unicode=True))


def compose(text: str) -> yaml.MappingNode:
    """Return a block as nodes: the base loader changes no spelling."""
    node = yaml.compose(text, Loader=yaml.BaseLoader)
    assert isinstance(node, yaml.MappingNode)
    return node
