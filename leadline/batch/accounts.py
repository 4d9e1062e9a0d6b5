"""People of a file grouped by the column ``account``: what the account says comes before the people of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from leadline.rules.deciding import Engine
from leadline.rules.state import Adopted, Fact

COLUMN = "account"
"""The people file's column that names the account, compared as it stands; who has none is alone."""

Known = tuple[str, tuple[Fact, ...], Adopted]
"""A person, what is known of them, and where they begin."""


def with_accounts(engine: Engine, people: Iterable[tuple[Known, str]], as_of: datetime) -> Iterator[Known]:
    """Yield everybody in the same order, with the facts of their account from ``as_of`` on.

    A book that asks for no account facts is passed through row by row; else everybody is held in memory, because the
    last row may belong to the account of the first.
    """
    if engine.unit is None:
        yield from (known for known, _ in people)
        return
    rows = list(people)
    units: dict[str, dict[str, tuple[Fact, ...]]] = {}
    for (person, facts, _), account in rows:
        units.setdefault(account, {})[person] = facts
    shared = {account: engine.unit.derive(unit, as_of) for account, unit in units.items() if account}
    for (person, facts, adopted), account in rows:
        own = shared[account] if account else engine.unit.derive({person: facts}, as_of)
        yield person, (*facts, *own), adopted
