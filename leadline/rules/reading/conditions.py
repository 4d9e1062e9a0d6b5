"""Conditions: a registry of words, each with its own small parser.

A condition is a bare word (``disqualified``), or a mapping with one subject: a word of the registry
(``{activity: demo, within: 7d}``), a field (``{status: Rejected}``) or a score (``{fit: {at_least: 40}}``).
A later word is one more entry of the registry, made with ``word``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from leadline.common.marks import Mark
from leadline.common.yamltree import Entry, MappingNode, Node, Scalar
from leadline.rules.model import Condition, DisqualifiedTest, StayTest
from leadline.rules.nearest import nearest
from leadline.rules.reading.names import Reading
from leadline.rules.reading.report import Report, short

Place = Literal["scope", "criterion", "stage", "transition", "account", "deal", "sla"]
"""Where a condition stands. Scores are computed from facts, stages from scores: so not every word fits everywhere."""

Keys = Mapping[str, Entry]
Parser = Callable[["Conditions", Keys, Mark], Condition | None]


@dataclass(frozen=True, slots=True)
class Word:
    """A condition word: ``companions`` are the keys that may stand beside it."""

    parse: Parser
    companions: tuple[str, ...] = ()
    places: tuple[Place, ...] = ("scope", "criterion", "stage", "transition", "account", "sla")


WORDS: Final[dict[str, Word]] = {}
LATER: Final = ("source",)
"""Words of the language that this version does not read yet."""

AFTER_SCORES: Final[tuple[Place, ...]] = ("stage", "transition")
WITH_SCORES: Final[tuple[Place, ...]] = (*AFTER_SCORES, "account", "sla")
"""Where scores may be asked for: account facts come from what people's scores are without account facts."""

WITH_SLAS: Final[tuple[Place, ...]] = (*AFTER_SCORES, "sla")

EVERYWHERE: Final[tuple[Place, ...]] = get_args(Place)


def word(name: str, *companions: str, places: tuple[Place, ...] | None = None) -> Callable[[Parser], Parser]:
    """Register the decorated parser under ``name``."""

    def register(parse: Parser) -> Parser:
        WORDS[name] = Word(parse, companions, places) if places else Word(parse, companions)
        return parse

    return register


class Conditions:
    """Reads conditions that stand in one kind of place."""

    def __init__(
        self, reading: Reading, place: Place, subjects: Mapping[str, Callable[..., Condition | None]]
    ) -> None:
        self.reading = reading
        self.place: Place = place
        self._subjects = subjects

    @property
    def report(self) -> Report:
        """Where problems are noted."""
        return self.reading.report

    def read(self, node: Node) -> Condition | None:
        """Return the condition that ``node`` says, None when it has a problem."""
        if isinstance(node, Scalar):
            return self._bare(node)
        if not isinstance(node, MappingNode):
            self.report.add(
                node.mark, "a condition is a mapping, but this is a list", "write {all: [...]}", "wrong-type"
            )
            return None
        keys = {entry.name: entry for entry in node.entries}
        if not keys:
            self.report.add(node.mark, "this condition is empty", "write one, such as {known: email}", "wrong-type")
            return None
        head = self._head(keys)
        if head is None:
            return self._tested(node, keys)
        known = WORDS[head]
        if self.place not in known.places:
            self.not_here(keys[head].key.mark, head)
            return None
        return known.parse(self, keys, node.mark)

    def read_all(self, node: Node, what: str) -> tuple[Condition, ...]:
        """Return the conditions of a list; a single one may stand for a list of one."""
        items = self.report.items(node)
        if not items:
            self.report.add(node.mark, f"{what}: the list of conditions is empty", code="empty-list")
        read = (self.read(item) for item in items)
        return tuple(condition for condition in read if condition is not None)

    def not_here(self, mark: Mark, name: str) -> None:
        """Note that a word cannot be asked in this place."""
        where = _PLACES[self.place]
        hint = "scores come from facts, stages from scores" if name != "stay" else "use it under `when` of a path"
        hint = hint if self.place != "deal" else nearest("", self.reading.names.fields)
        self.report.add(mark, f"`{name}` cannot be asked in {where}", hint, "wrong-place")

    def _bare(self, node: Scalar) -> Condition | None:
        if node.text == "stay":
            if self.place == "transition":
                return StayTest(node.mark)
            self.not_here(node.mark, "stay")
            return None
        if node.text == "disqualified":
            if self.place in WITH_SCORES:
                return DisqualifiedTest(node.mark)
            self.not_here(node.mark, "disqualified")
            return None
        names = self.reading.names
        hint = nearest(node.text, ("stay", "disqualified"))
        if node.text in names.fields:
            hint = f"write {{known: {node.text}}} or compare it, such as {{{node.text}: ...}}"
        elif node.text in names.activities:
            hint = f"write {{activity: {node.text}}}"
        self.report.add(node.mark, f"`{short(node.text)}` alone is not a condition", hint, "unknown-name")
        return None

    def _head(self, keys: Keys) -> str | None:
        """Return the word whose companions cover the other keys (``activity`` before ``at_least``)."""
        heads = [name for name in keys if name in WORDS]
        fitting = [name for name in heads if set(keys) - {name} <= set(WORDS[name].companions)]
        return fitting[0] if fitting else (heads[0] if heads else None)

    def _tested(self, node: MappingNode, keys: Keys) -> Condition | None:
        own = reading_names(self)
        later = [entry for name, entry in keys.items() if name not in own and name in LATER]
        if later:
            self.report.unsupported(later[0].key.mark, later[0].name)
            return None
        if len(keys) > 1:
            hint = "write one mapping each under all: [...] or any: [...]"
            self.report.add(node.mark, "two conditions in one mapping", hint, "two-conditions")
            return None
        entry = node.entries[0]
        names = self.reading.names
        if entry.name in names.fields:
            return self._subjects["field"](self, entry)
        if entry.name in names.scores:
            return self._subjects["score"](self, entry)
        if entry.name in names.accounts:
            self._no_account_fact(entry)
            return None
        hint = nearest(entry.name, (*WORDS, *names.fields, *names.scores))
        message = f"`{short(entry.name)}` is no field, score or condition word"
        self.report.add(entry.key.mark, message, hint, "unknown-name")
        return None

    def _no_account_fact(self, entry: Entry) -> None:
        """Note that an account fact cannot be asked here: it would be its own cause, or is only for writing."""
        name = short(entry.name)
        if self.place in ("account", "scope"):
            message = f"`{name}` cannot be asked in {_PLACES[self.place]}: account facts are made of it"
            self.report.add(entry.key.mark, message, "ask for what one person is or did", "account-circle")
        else:
            message = f"`{name}` cannot be asked: it is made of stages, and stages would be made of it"
            self.report.add(entry.key.mark, message, "`leadline explain` tells it", "account-circle")


_PLACES: Final[Mapping[Place, str]] = {
    "scope": "the scope",
    "criterion": "a criterion",
    "stage": "a stage",
    "transition": "a path",
    "account": "an account fact",
    "deal": "a deal",
    "sla": "an SLA",
}


def beside(reader: Conditions, keys: Keys, head: str) -> bool:
    """Say whether only companions of ``head`` stand beside it; others are noted."""
    companions = WORDS[head].companions
    strangers = [entry for name, entry in keys.items() if name != head and name not in companions]
    for entry in strangers:
        if entry.name in WORDS or entry.name in reading_names(reader):
            hint = "write one mapping each under all: [...] or any: [...]"
            reader.report.add(entry.key.mark, "two conditions in one mapping", hint, "two-conditions")
        else:
            message = f"`{short(entry.name)}` cannot stand beside `{head}`"
            reader.report.add(entry.key.mark, message, nearest(entry.name, companions), "unknown-key")
    return not strangers


def reading_names(reader: Conditions) -> frozenset[str]:
    """Return the names that can be the subject of a condition in this book."""
    return frozenset((*reader.reading.names.fields, *reader.reading.names.scores))
