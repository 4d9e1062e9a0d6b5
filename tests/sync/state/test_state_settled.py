"""Planning looks only at who may have changed: over random histories the plan is that of comparing everybody.

Every plan of the tests of sync is made both ways (``planned_twice``), so a history needs no assertion of its own.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest
import tenacity
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from leadline.common.errors import LeadlineError
from leadline.common.values import FieldDescription, ObjectDescription, Raw, RecordRef, RecordWrite, WriteResult
from leadline.rules.model import Guards
from leadline.rules.reading import read_book
from leadline.sync.apply import Patience
from leadline.sync.cycle import Setting, deciding, make_plan, run_apply, run_sync
from leadline.sync.cycle.adopting import adopt_without_writing
from leadline.sync.cycle.undoing import make_undo
from leadline.sync.operations.integrity import check_state
from leadline.sync.operations.parked import release_parked
from leadline.sync.operations.settled import differing
from leadline.sync.plan import Plan
from leadline.sync.plan.limits import enough_for, record_limit
from leadline.sync.plan.narrowing import Narrowed
from leadline.sync.plan.remembering import COMPARED_BY, COMPARED_IN, Scope
from leadline.sync.plan.stored import StoredPlanSource
from leadline.sync.pull.upkeep import Upkeep
from leadline.sync.store import Store, open_store
from leadline.sync.store.cycles import get_meta
from leadline.sync.store.schema import lifecycle, plans, records, unsettled
from tests.sync.looking import not_written_by
from tests.sync.state.pretend_crm import START, PretendCrm

TYPES: Final = {"Fit__c": "double", "Heat__c": "double", "Interest__c": "double", "fit": "number"}
FIELDS: Final = {
    "salesforce": {
        "Lead": ("Email", "Title", "IsConverted", "Stage__c", "Fit__c", "Interest__c", "Grade__c"),
        "Contact": ("Email", "Title", "AccountId", "Stage__c", "Fit__c", "Interest__c", "Grade__c"),
        "Account": ("Name", "Heat__c", "Best__c"),
    },
    "hubspot": {"contact": ("email", "jobtitle", "stage", "fit")},
}
BOOK: Final = """
leadline: 1
name: Settled
primary: [Contact, Lead, contact]
machines: [robot@acme.example]
fields:
  email: {type: text, salesforce: [Lead.Email, Contact.Email], hubspot: contact.email}
  title: {type: text, salesforce: [Lead.Title, Contact.Title], hubspot: contact.jobtitle, prefer: newest}
activities:
  demo: {hubspot: {form: demo}}
scores:
  fit:
    between: [0, 100]
    criteria: {chief: {points: 30, when: {title: {has_word: [chief]}}}, long: {points: 4, when: {known: title}}}
    grades: {A: 30, B: 0}
  interest:
    between: [0, 100]
    criteria: {demo: {points: 40, latest: demo, decay: {by: 10%, every: 2d}}}
    grades: {1: 20, 2: 0}
grid: {rows: fit, columns: interest}
accounts:
  heat: {sum: interest}
  best stage: {best: stage}
stages:
  inquiry:  {kind: inventory, owner: marketing, start: true}
  mql:      {kind: gate, owner: marketing, enter: {fit: {at_least: LEAST}}}
  recycled: {kind: detour, owner: marketing, reasons: [cooled]}
paths:
  - inquiry -> mql
  - {from: mql, to: recycled, when: {fit: {under: LEAST}}, reason: cooled}
  - {from: recycled, to: mql}
write:
  publish: {score: {on: grade change, at_most: DRIFT}}
  salesforce:
    stage: Stage__c
    fit: Fit__c
    interest: Interest__c
    grade: Grade__c
    account: {heat: Heat__c, best stage: Best__c}
    on_conflict: {Fit__c: human wins for 3d, Grade__c: report only, Stage__c: newest}
  hubspot:
    stage: {field: stage, values: {inquiry: unchanged, mql: mql, recycled: recycled}}
    fit: fit
    on_conflict: {fit: human wins}
guards: {most: MOST}
"""
BOOKS: Final = tuple(
    BOOK.replace("LEAST", least).replace("DRIFT", drift).replace("MOST", most)
    for least, drift, most in (("30", "daily", "100"), ("20", "daily", "60%"), ("30", "never", "2"))
)
PEOPLE: Final = 5


@dataclass
class Crm(PretendCrm):
    """A pretended CRM that takes writes: it refuses, drops or hides fields, and can break off half-way."""

    page: int = 50
    refused: set[str] = field(default_factory=set)
    dropped: set[str] = field(default_factory=set)
    breaks: bool = False

    def describe(self, objects: Sequence[str]) -> Mapping[str, ObjectDescription]:
        return {
            name: ObjectDescription(
                name,
                {
                    item: FieldDescription(item, TYPES.get(item, "string"), updateable=item not in self.lacking)
                    for item in shown.fields
                },
            )
            for name, shown in super().describe(objects).items()
        }

    def write(self, writes: Sequence[RecordWrite]) -> Iterator[tuple[WriteResult, ...]]:
        self.pass_time(seconds=1)
        for one in writes:
            if self.breaks:
                self.breaks = False
                raise KeyboardInterrupt
            if self.refused & one.fields.keys():
                code = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
                yield (
                    WriteResult(one.ref, "permanent", code, "no", tuple(sorted(self.refused & one.fields.keys()))),
                )
                continue
            taken = {name: value for name, value in one.fields.items() if name not in self.dropped}
            self.put(one.ref.object, one.ref.id, taken, author="robot@acme.example")
            yield (WriteResult(one.ref, "done"),)

    def heard(self) -> datetime:
        return self.now

    def batches(self, writes: Sequence[RecordWrite]) -> Sequence[tuple[RecordWrite, ...]]:
        return [(one,) for one in writes]


class History:
    """A store, both CRMs, and what may happen to them, chosen by chance."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store, self.chance = store, Random(seed)
        self.salesforce = Crm("salesforce", FIELDS["salesforce"])
        self.hubspot = Crm("hubspot", FIELDS["hubspot"])
        self.book = 0
        self.log: list[str] = []
        for number in range(PEOPLE):
            self.new(number)
        self.salesforce.put("Account", "001A", {"Name": "Acme"})

    def begin(self, *, quietly: bool | None = None) -> None:
        """Adopt, with or without writing."""
        quietly = self.chance.random() < 0.3 if quietly is None else quietly
        with self.setting() as setting:
            plan = make_plan(setting, self.crms).plan
            if quietly:
                adopt_without_writing(setting, self.crms, plan)
            else:
                run_apply(setting, self.crms, plan)
        self.sync()

    @property
    def crms(self) -> dict[Any, Any]:
        """Return both."""
        return {"salesforce": self.salesforce, "hubspot": self.hubspot}

    @contextmanager
    def setting(self) -> Iterator[Setting]:
        """Work by the present book."""
        sources = {"rules.yml": BOOKS[self.book].encode()}
        patience = Patience(wait=tenacity.wait_none())
        upkeep = Upkeep(ids=timedelta(hours=1))
        yield Setting(self.store, read_book(sources), sources, lambda: START, patience=patience, upkeep=upkeep)

    def step(self) -> None:
        """Let something happen."""
        happening = self.chance.choice(HAPPENINGS)
        self.log.append(happening.__name__)
        happening(self)

    def new(self, number: int | None = None) -> None:
        number = len(self.hubspot.rows) if number is None else number
        mail = {"email": f"p{number}@x.example", "jobtitle": self._title()}
        self.hubspot.put("contact", str(100 + number), mail)
        if number % 2:
            self.salesforce.put("Lead", f"00Q{number:03}", {"Email": f"p{number}@x.example", "Title": "Clerk"})
        elif number % 4:
            contact = {"Email": f"p{number}@x.example", "Title": self._title(), "AccountId": "001A"}
            self.salesforce.put("Contact", f"003{number:03}", contact)

    def title(self) -> None:
        crm, ref = self._record()
        crm.put(ref.object, ref.id, {"jobtitle" if crm is self.hubspot else "Title": self._title()})

    def demo(self) -> None:
        _, ref = self._record(self.hubspot)
        key = f"d{len(self.hubspot.happened)}"
        self.hubspot.happen("form", key, about=(ref,), attributes={"form": "demo"})

    def moved(self) -> None:
        """Give a record another person's address."""
        crm, ref = self._record()
        address = f"p{self.chance.randrange(PEOPLE)}@x.example"
        crm.put(ref.object, ref.id, {"email" if crm is self.hubspot else "Email": address})

    def deleted(self) -> None:
        crm, ref = self._record()
        crm.put(ref.object, ref.id, {}, deleted=self.chance.random() < 0.7)

    def converted(self) -> None:
        leads = sorted(ref for ref in self.salesforce.rows if ref.object == "Lead")
        self.salesforce.put("Lead", self.chance.choice(leads).id, {"IsConverted": True})

    def account(self) -> None:
        contacts = sorted(ref for ref in self.salesforce.rows if ref.object == "Contact")
        if contacts:
            belongs = {"AccountId": self.chance.choice([None, "001A"])}
            self.salesforce.put("Contact", self.chance.choice(contacts).id, belongs)

    def edited(self) -> None:
        """Somebody sets one of our fields: a person, or a machine."""
        self.wait()
        crm, ref = self._record()
        ours: dict[str, list[Raw]] = (
            {"stage": ["mql", "recycled"], "fit": ["1", "34"]}
            if crm is self.hubspot
            else {"Stage__c": ["mql", "inquiry"], "Fit__c": [1, 34], "Grade__c": ["B2"], "Interest__c": [3]}
        )
        name = self.chance.choice(sorted(ours))
        author = self.chance.choice(["ann@acme.example", "robot@acme.example"])
        crm.put(ref.object, ref.id, {name: self.chance.choice(ours[name])}, author=author)

    def edited_account(self) -> None:
        self.salesforce.put("Account", "001A", {"Heat__c": 3}, author="ann@acme.example")

    def wait(self) -> None:
        by = self.chance.choice([{"minutes": 10}, {"hours": 9}, {"days": 1}, {"days": 3}, {"days": 9}])
        for crm in (self.salesforce, self.hubspot):
            crm.pass_time(**by)
            crm.now = max(self.salesforce.now, self.hubspot.now)

    def other_book(self) -> None:
        self.book = self.chance.randrange(len(BOOKS))

    def described(self) -> None:
        crm, name = self.chance.choice(
            [(self.salesforce, "Fit__c"), (self.hubspot, "fit"), (self.salesforce, "Heat__c")]
        )
        places = self.chance.choice([crm.hidden, crm.lacking])
        places.symmetric_difference_update({name})

    def refusing(self) -> None:
        self.salesforce.refused = self.chance.choice([set(), {"Fit__c"}, {"Stage__c"}, {"Heat__c"}])
        self.hubspot.dropped = self.chance.choice([set(), {"fit"}])

    def breaking(self) -> None:
        self.chance.choice([self.salesforce, self.hubspot]).breaks = True

    def released(self) -> None:
        release_parked(self.store, None, self.hubspot.now)

    def sync(self) -> None:
        with self.setting() as setting:
            try:
                run_sync(setting, self.crms)
            except (LeadlineError, KeyboardInterrupt) as error:
                self.log.append(type(error).__name__)

    def planned(self) -> None:
        with self.setting() as setting:
            part = Narrowed(self.chance.choice([None, "salesforce", "hubspot"]))
            make_plan(setting, self.crms, part, whole=self.chance.random() < 0.2)

    def one_planned(self) -> None:
        with self.store.read() as connection:
            people = sorted(connection.execute(select(lifecycle.c.person_id)).scalars())
        if people:
            with self.setting() as setting:
                make_plan(setting, self.crms, Narrowed(person=self.chance.choice(people)))

    def applied(self) -> None:
        with self.setting() as setting:
            plan = make_plan(setting, self.crms).plan
            try:
                run_apply(setting, self.crms, plan)
            except (LeadlineError, KeyboardInterrupt) as error:
                self.log.append(type(error).__name__)

    def undone(self) -> None:
        with self.store.read() as connection:
            hashes = sorted(connection.execute(select(plans.c.hash).where(plans.c.status == "applied")).scalars())
        with self.setting() as setting:
            try:
                run_apply(setting, self.crms, make_undo(setting, self.crms, self.chance.choice(hashes)).plan)
            except (LeadlineError, KeyboardInterrupt, IndexError) as error:
                self.log.append(type(error).__name__)

    def _title(self) -> str | None:
        return self.chance.choice(["Chief Buyer", "Clerk", None])

    def _record(self, crm: Crm | None = None) -> tuple[Crm, RecordRef]:
        chosen = crm or self.chance.choice([self.salesforce, self.hubspot])
        return chosen, self.chance.choice(sorted(ref for ref in chosen.rows if ref.object != "Account"))


_TOLD: Final[tuple[Callable[[History], None], ...]] = (
    History.title,
    History.demo,
    History.moved,
    History.deleted,
    History.converted,
    History.account,
    History.edited,
    History.edited_account,
    History.new,
    History.described,
    History.refusing,
    History.breaking,
    History.released,
    History.other_book,
)
_RUNS: Final = (History.planned, History.one_planned, History.applied, History.undone)
HAPPENINGS: Final = (*_TOLD, *_TOLD, *_RUNS, *(History.sync,) * 10, *(History.wait,) * 6, *(History.edited,) * 3)


@pytest.fixture
def scopes(monkeypatch: pytest.MonkeyPatch) -> list[Scope]:
    """Give the scopes of the plans to come."""
    found: list[Scope] = []
    build = deciding.build_plan

    def noted(source: StoredPlanSource, *given: Any) -> Plan:
        found.append(source.scope)
        return build(source, *given)

    monkeypatch.setattr(deciding, "build_plan", noted)
    return found


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6))
def test_any_history_plans_what_comparing_everybody_plans(empty_state: Path, tmp_path: Path, seed: int) -> None:
    """Changes, edits, writes, refusals, other books, time, crashes: the plan never misses anybody."""
    place = tmp_path / f"{seed}.db"
    shutil.copy(empty_state, place)
    with open_store(f"sqlite:///{place}") as store:
        live(store, seed, steps=25)


def test_both_databases_remember_the_same(any_url: str, scopes: list[Scope]) -> None:
    """A history on SQLite and on PostgreSQL, where plans look at a part of the people."""
    with open_store(any_url) as store:
        live(store, seed=5, steps=20)
    assert {scope.people is None for scope in scopes} == {True, False}


def test_who_is_settled_is_not_looked_at(store: Store, scopes: list[Scope]) -> None:
    """One person who changed is compared, and all of them only when that is asked for."""
    history = History(store, seed=1)
    history.begin(quietly=False)
    history.wait()
    for _ in range(3):
        history.sync()
    scopes.clear()
    history.hubspot.put("contact", "100", {"jobtitle": "Chief Chief"})
    history.sync()
    with history.setting() as setting:
        make_plan(setting, history.crms, whole=True)
    assert [scope.people if scope.people is None else len(scope.people) for scope in scopes] == [1, None]


def test_a_trial_leaves_no_trace(store: Store) -> None:
    """What a plan under a book that is not active compared is taken back with its decisions."""
    history = History(store, seed=2)
    history.begin(quietly=False)
    before = remembered(store)
    history.book = 1
    history.wait()
    with history.setting() as setting:
        assert not make_plan(setting, history.crms).kept
    assert remembered(store) == before


def test_left_out_is_counted_without_looking(store: Store, scopes: list[Scope]) -> None:
    """Everybody was adopted as they were: the plan says so of all of them, and compares nobody."""
    history = History(store, seed=3)
    history.begin(quietly=True)
    history.sync()
    with history.setting() as setting:
        plan = make_plan(setting, history.crms).plan
    assert scopes[-1].people == ()
    assert sum(item.records for item in not_written_by(plan, "adopted without writing")) >= PEOPLE


@given(
    percent=st.one_of(st.none(), st.decimals("0", "100", places=1)),
    most=st.one_of(st.none(), st.integers(0, 50)),
    found=st.integers(0, 60),
    people=st.integers(0, 1_000),
)
def test_counting_far_enough_decides_the_same(
    percent: Decimal | None, most: int | None, found: int, people: int
) -> None:
    """A plan within its limit by a population that was not counted to the end is within it by all of them."""
    guards = Guards(most_records=most, most_percent=percent)
    limits = [record_limit(guards, count) for count in (people, min(people, enough_for(guards, found)))]
    passed = [limit is not None and found > limit.records for limit in limits]
    assert passed[0] == passed[1]
    if passed[0]:
        assert limits[0] == limits[1]


def live(store: Store, seed: int, steps: int) -> None:
    """Let a history run; every plan on the way is made twice."""
    history = History(store, seed)
    history.begin()
    for _ in range(steps):
        history.step()
        with store.read() as connection:
            assert list(differing(connection)) == []
    history.sync()


def remembered(store: Store) -> tuple[object, ...]:
    """Return what the state remembers of comparisons."""
    with store.read() as connection:
        rows = connection.execute(select(unsettled).order_by(unsettled.c.person_id, unsettled.c.record_id)).all()
        return rows, get_meta(connection, COMPARED_BY), get_meta(connection, COMPARED_IN)


def test_checking_the_state_names_who_is_wrongly_settled(store: Store) -> None:
    """A mirror that changed behind the marks would be passed over by every plan: the check says so."""
    history = History(store, seed=1)
    history.begin(quietly=False)
    history.wait()
    for _ in range(3):
        history.sync()
    assert check_state(store) == ()
    with store.write() as connection:
        at = (records.c.crm == "salesforce") & (records.c.object == "Lead")
        chosen = connection.execute(select(records).where(at, records.c.deleted.is_(False)).limit(1)).one()
        own = at & (records.c.record_id == chosen.record_id)
        connection.execute(update(records).where(own).values(fields={**chosen.fields, "Stage__c": "other"}))
    (found,) = check_state(store)
    assert found.id == "settled-differs"
    assert f"salesforce:Lead/{chosen.record_id}.Stage__c would be written" in found.message
    with history.setting() as setting:
        make_plan(setting, history.crms, whole=True)
    assert check_state(store) == ()
