"""The section ``accounts``: facts over all people of one account."""

from __future__ import annotations

import dataclasses
from typing import Final

from leadline.common.yamltree import Entry, Node
from leadline.rules.model import AccountFact, AccountFactKind, Condition
from leadline.rules.model.accounts import PREFIX
from leadline.rules.nearest import nearest
from leadline.rules.reading.bands import NUMBER_TYPES
from leadline.rules.reading.conditions import Keys
from leadline.rules.reading.names import Reading
from leadline.rules.reading.report import short
from leadline.rules.reading.words import conditions

KINDS: Final[dict[str, AccountFactKind]] = {
    "count": "count",
    "distinct": "distinct",
    "sum": "sum",
    "most": "most",
    "best": "best_stage",
}
"""Ways to make one fact of many people, as the book spells them and as the model names them."""
KEYS: Final = (*KINDS, "when")
PEOPLE: Final = "people"
STAGE: Final = "stage"
DISTINCT_TYPES: Final = ("text", "list", "integer", "boolean")


def read_accounts(reading: Reading, node: Node) -> dict[str, AccountFact]:
    """Return the account facts that could be read, by name, in file order."""
    found = [_fact(reading, entry) for entry in reading.report.entries(node, "`accounts`")]
    return {fact.name: fact for fact in found if fact is not None}


def with_accounts(reading: Reading, accounts: dict[str, AccountFact]) -> Reading:
    """Return the reading of the sections that may ask for account facts, which then are fields like others."""
    own = {fact.as_field().name: fact.as_field() for fact in accounts.values() if fact.read}
    # One that could not be read is a name all the same, so that one mistake gives one message.
    unread = {PREFIX + fact.name for fact in accounts.values() if not fact.read}
    named = tuple(name for name in reading.names.accounts if name not in unread)
    names = dataclasses.replace(reading.names, fields=(*reading.names.fields, *named))
    return dataclasses.replace(reading, names=names, fields={**reading.fields, **own})


def _fact(reading: Reading, entry: Entry) -> AccountFact | None:
    report = reading.report
    what = f"the account fact `{short(entry.name)}`"
    keys = report.keys(entry.value, KEYS, what)
    if keys is None:
        return None
    heads = [name for name in KINDS if name in keys]
    if len(heads) != 1:
        problem = "says twice what it is" if heads else "does not say what it is"
        hint = "give one of `count: people`, `distinct: a field`, `sum`, `most` or `best: stage`"
        report.add(entry.key.mark, f"{what} {problem}", hint, "account-fact")
        return None
    (head,) = heads
    of = _of(reading, head, keys)
    when: Condition | None = None
    if "when" in keys and head == "best":
        report.add(keys["when"].key.mark, "`when` cannot stand beside `best`", "remove it", "unknown-key")
    elif "when" in keys:
        when = conditions(reading, "account").read(keys["when"].value)
        if when is None:
            return None
    return None if of is None else AccountFact(entry.name, KINDS[head], of or None, when, entry.key.mark)


def _of(reading: Reading, head: str, keys: Keys) -> str | None:
    """Return what a fact is made of: empty where the kind says it all, None where it has a problem."""
    report, node = reading.report, keys[head].value
    if head in ("count", "best"):
        found = report.choice(node, (PEOPLE if head == "count" else STAGE,), f"`{head}`")
        return None if found is None else ""
    fields = reading.fields
    text = report.text(node, f"`{head}`")
    if text is None:
        return None
    scores = () if head == "distinct" else tuple(reading.names.scores)
    if text in scores:
        return text
    if text not in reading.names.fields:
        kind = "field" if head == "distinct" else "score or number field"
        hint = nearest(text, (*scores, *reading.names.fields))
        report.add(node.mark, f"`{head}`: there is no {kind} `{short(text)}`", hint, "unknown-name")
        return None
    field = fields.get(text)
    if field is None:
        return None  # already noted where the field is defined
    allowed = DISTINCT_TYPES if head == "distinct" else NUMBER_TYPES
    if field.type not in allowed:
        message = f"`{head}` of `{field.name}`, which is a {field.type}"
        report.add(node.mark, message, f"name a field of type {', '.join(allowed)}", "wrong-type")
        return None
    if field.currency is not None and head != "distinct":
        message = f"`{head}` of `{field.name}`: amounts in several currencies are not added up or compared"
        report.add(node.mark, message, "name a field without `currency`", "currency")
        return None
    return text
