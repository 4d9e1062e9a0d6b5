"""What the people of each account come to, kept for the plan: for a book that writes account facts to accounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from leadline.common.values import RecordRef
from leadline.rules.deciding import Engine
from leadline.rules.model.accounts import PREFIX
from leadline.sync.intake import PersonFacts
from leadline.sync.intake.accounts import account_records
from leadline.sync.store.accounts import (
    AccountRow,
    AccountValue,
    drop_all_account_values,
    save_account_values,
    stages_of,
)
from leadline.sync.store.batches import chunks


@dataclass(frozen=True, slots=True)
class _Account:
    people: tuple[str, ...]
    values: Mapping[str, AccountValue]


@dataclass(slots=True)
class AccountValues:
    """The accounts of whoever was evaluated in a cycle: learnt batch by batch, stored once everybody is decided."""

    engine: Engine
    frontier: datetime
    _accounts: dict[RecordRef, _Account] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    @property
    def wanted(self) -> frozenset[str]:
        """The account facts that the book writes."""
        return frozenset(name for targets in self.engine.book.write.values() for name in targets.account)

    def learn(self, known: Mapping[str, PersonFacts], gone: list[str]) -> None:
        """Take in the accounts of people; who is ``gone`` stands for none any more."""
        unit, wanted = self.engine.unit, self.wanted
        if not wanted:
            return
        self._seen |= {*known, *gone}
        for facts in known.values():
            together = facts.together
            if unit is None or together is None or together.account is None or together.account in self._accounts:
                continue
            values: dict[str, AccountValue] = {}
            for fact in together.shared(unit, self.frontier):
                name = fact.name.removeprefix(PREFIX)
                if fact.at > self.frontier or name not in wanted:
                    continue
                # What cannot be read now is left as it is in the CRMs.
                if fact.value is None or isinstance(fact.value, int | Decimal):
                    values[name] = None if fact.value is None else Decimal(fact.value)
            people = tuple(sorted(person for person, one in together.people.items() if one.live))
            self._accounts[together.account] = _Account(people, values)

    def store(self, connection: Connection, cycle: int) -> None:
        """Store what was learnt, with the stages in which people are now."""
        if not self.wanted:
            drop_all_account_values(connection)
            return
        rows: list[AccountRow] = []
        facts = self.engine.book.accounts
        best = [name for name in self.wanted if not facts[name].read]
        everybody = sorted({person for one in self._accounts.values() for person in one.people})
        placed = stages_of(connection, everybody)
        for batch in chunks(everybody):
            records = account_records(connection, self.engine.book.primary, batch, cycle)
            for ref, account in records.items():
                one = self._accounts.get(account)
                people = [person for person in one.people if person in placed] if one is not None else []
                if one is None or not people:
                    continue
                stage = self._best([placed[person] for person in people])
                rows.append(AccountRow(ref, people[0], {**one.values, **dict.fromkeys(best, stage)}))
        unique = {row.ref: row for row in rows}
        save_account_values(connection, [unique[ref] for ref in sorted(unique)], self._seen, cycle)

    def _best(self, stages: list[str]) -> str | None:
        path = self.engine.book.main_path
        return max((stage for stage in stages if stage in path), key=path.index, default=None)
