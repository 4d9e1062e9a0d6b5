"""Account facts written to accounts and companies, over HTTP: what is planned, read back, kept up to date, undone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from leadline.common.values import Raw, RecordRef
from leadline.common.vocabulary import ACCOUNT_OBJECTS
from leadline.connectors.practice.serving import start_practice
from leadline.sync.cycle import Setting, make_plan, open_writers, run_apply, run_sync
from leadline.sync.cycle.undoing import make_undo
from leadline.sync.evaluating import evaluate
from leadline.sync.evaluating.choosing import EVALUATED_BOOK
from leadline.sync.guards import check_guards
from leadline.sync.intake.accounts import account_records
from leadline.sync.plan.model import Plan
from leadline.sync.store.accounts import AccountRow, each_account_values
from leadline.sync.store.cycles import set_meta
from leadline.sync.store.ledgers import account_values
from leadline.sync.store.mirror import records_of_persons
from leadline.sync.store.outcomes import all_lifecycle
from tests.sync.agreement.test_conflicts import USER, as_user, cycle, told
from tests.sync.looking import not_written_by
from tests.sync.writing.rehearsal import CONFIGURATION, Rehearsal

EXAMPLE = Path(__file__).parents[3] / "examples" / "demand-unit"
FIELDS = {
    "salesforce": ("Engaged_People__c", "Account_Heat__c", "Demand_Stage__c"),
    "hubspot": ("engaged_people", "account_heat", "demand_stage"),
}


@pytest.fixture
def units(tmp_path: Path) -> Iterator[Rehearsal]:
    """A rehearsal with the demand-unit book, which also writes the furthest stage of the account's people."""
    for path in (path for path in EXAMPLE.rglob("*") if path.name == "rules.yml" or path.parent.name == "lists"):
        copy = tmp_path / "rules" / path.relative_to(EXAMPLE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    (tmp_path / "leadline.yml").write_text(CONFIGURATION, encoding="utf-8")
    with start_practice(people=60, frozen=True) as practice:
        made = Rehearsal(practice, tmp_path)
        made.edit("\naccounts:\n", "\naccounts:\n  best stage: {best: stage}\n")
        made.edit("heat: Account_Heat__c}", "heat: Account_Heat__c, best stage: Demand_Stage__c}")
        made.edit("heat: account_heat}", "heat: account_heat, best stage: demand_stage}")
        made.edit("most: 2000 or 10%", "most: 2000")
        yield made


def of_accounts(plan: Plan) -> dict[tuple[RecordRef, str], Raw]:
    """Return what a plan writes to accounts."""
    return {(w.ref, w.field): w.new for w in plan.writes if w.ref.object == ACCOUNT_OBJECTS[w.ref.crm]}


def shown(stage: Rehearsal, refs: set[RecordRef]) -> dict[tuple[RecordRef, str], Raw]:
    """Read these records' account fields from the CRMs."""
    found: dict[tuple[RecordRef, str], Raw] = {}
    with open_writers(stage.config) as writers:
        for crm, fields in FIELDS.items():
            mine = sorted(ref for ref in refs if ref.crm == crm)
            for ref, values in writers[crm].read_back(mine, list(fields)).items():  # type: ignore[index]
                found |= {(ref, field): values[field] for field in fields}
    return found


def stored(setting: Setting) -> dict[RecordRef, AccountRow]:
    """Return the values that the last evaluation kept."""
    with setting.store.read() as connection:
        return {row.ref: row for row in each_account_values(connection)}


def test_accounts_show_what_their_people_come_to(units: Rehearsal) -> None:
    """Both CRMs take every value as it was priced, and the next sync has nothing to write."""
    with units.at_work() as (setting, writers):
        plan = make_plan(setting, writers).plan
        assert stored(setting) == {}  # a trial keeps nothing
        planned = of_accounts(plan)
        assert {field for _, field in planned} == {field for fields in FIELDS.values() for field in fields}
        applied = run_apply(setting, writers, plan)
        assert applied.report.ok
        assert applied.report.counts == {"verified": plan.record_count()}
        assert applied.report.calls == plan.calls
        rows = stored(setting)
        assert {ref for ref, _ in planned} <= set(rows)
        assert all(row.values.keys() == {"engaged people", "heat", "best stage"} for row in rows.values())
    read = shown(units, {ref for ref, _ in planned})
    assert {key: Decimal(str(read[key])) for key, value in planned.items() if key[1] == "Engaged_People__c"} == {
        key: Decimal(str(value)) for key, value in planned.items() if key[1] == "Engaged_People__c"
    }
    assert {key: read[key] for key in planned if key[1] in {"Demand_Stage__c", "demand_stage"}} == {
        key: value for key, value in planned.items() if key[1] in {"Demand_Stage__c", "demand_stage"}
    }
    with units.at_work() as (setting, writers):
        assert run_sync(setting, writers).plan.empty


def test_who_joins_an_account_changes_its_number_and_who_leaves_it_too(units: Rehearsal) -> None:
    """An engaged contact who changes employers takes one off here, adds one there, and nothing else is touched."""
    units.adopt()
    with units.at_work() as (setting, _):
        before = {ref: row for ref, row in stored(setting).items() if ref.object == "Account"}
        mover, old = engaged_contact(setting, before)
    new = next(ref for ref in sorted(before) if ref != old)
    units.pass_time(minutes=30)
    units.by_hand(mover, {"AccountId": new.id})
    units.pass_time(minutes=30)
    with units.at_work() as (setting, writers):
        plan = run_sync(setting, writers).plan
        after = stored(setting)
        written = {
            ref: int(str(new)) for (ref, field), new in of_accounts(plan).items() if field == "Engaged_People__c"
        }
        count = {ref: int(str(row.values["engaged people"])) for ref, row in before.items()}
        assert written[new] == count[new] + 1
        # Their colleagues without a Salesforce account may leave with them: their company is two accounts now.
        assert written[old] < count[old]
        last = run_sync(setting, writers).plan
        assert last.empty
        assert stored(setting) == after == evaluated_anew(setting, last)


def evaluated_anew(setting: Setting, plan: Plan) -> dict[RecordRef, AccountRow]:
    """Return what accounts come to when everybody is evaluated, and leave the state as it was."""
    with setting.store.engine.connect() as connection, connection.begin() as transaction:
        connection.execute(account_values.delete())
        set_meta(connection, EVALUATED_BOOK, "")
        evaluate(setting.store, setting.book, cycle=plan.cycle, frontier=plan.frontier, connection=connection)
        found = {row.ref: row for row in each_account_values(connection)}
        transaction.rollback()
    return found


def engaged_contact(setting: Setting, accounts: dict[RecordRef, AccountRow]) -> tuple[RecordRef, RecordRef]:
    """Return a Salesforce contact who is engaged, and their account."""
    with setting.store.read() as connection:
        people = [
            row for row in all_lifecycle(connection) if Decimal(row.outcome["scores"]["interest"]["value"]) >= 20
        ]
        records = records_of_persons(connection, [row.person_id for row in people])
        for row in people:
            own = account_records(connection, setting.book.primary, [row.person_id], 1_000)
            contacts = [one.ref for one in records[row.person_id] if one.ref.object == "Contact"]
            refs = [ref for ref in own if ref in accounts]
            if len(contacts) == 1 and len(refs) == 1:
                return contacts[0], refs[0]
    raise AssertionError("nobody is engaged")


def test_undoing_gives_the_old_values_back_but_for_what_somebody_changed(units: Rehearsal) -> None:
    """Accounts are read again before the undoing, so that a number that somebody set since stays theirs."""
    with units.at_work() as (setting, writers):
        plan = make_plan(setting, writers).plan
        planned = of_accounts(plan)
        before = shown(units, {ref for ref, _ in planned})
        assert run_apply(setting, writers, plan).report.ok
    theirs = next(key for key in sorted(planned) if key[1] == "Engaged_People__c")
    units.pass_time(minutes=30)
    units.by_hand(theirs[0], {theirs[1]: 77})
    with units.at_work() as (setting, writers):
        made = make_undo(setting, writers, plan.hash)
        assert [item.records for item in not_written_by(made.plan, "somebody else")] == [1]
        assert not check_guards(made.plan, setting.book, 60)
        assert run_apply(setting, writers, made.plan).report.ok
    after = shown(units, {ref for ref, _ in planned})
    assert after.pop(theirs) == 77
    assert {key: value or None for key, value in after.items()} == {
        key: value or None for key, value in before.items() if key != theirs
    }


def test_what_somebody_makes_of_an_account_field_is_told_and_stands_as_the_book_says(units: Rehearsal) -> None:
    """A number that a person set stands in Salesforce and is written over in HubSpot; both are told."""
    units.edit("  - leadline@practice.example\n", "")  # by_hand writes as this user: a person for once
    units.edit("  salesforce:\n", "  salesforce:\n    on_conflict: {Account.Engaged_People__c: human wins for 30d}\n")
    with units.at_work() as (setting, writers):
        plan = make_plan(setting, writers).plan
        assert run_apply(setting, writers, plan).report.ok
    planned = sorted((ref, name) for ref, name in of_accounts(plan) if name.lower().startswith("engaged_people"))
    (hubspot, salesforce) = (next(key for key in planned if key[0].crm == crm) for crm in ("hubspot", "salesforce"))
    ours = shown(units, {hubspot[0]})[hubspot]
    units.by_hand(salesforce[0], {salesforce[1]: 77})
    as_user(units, hubspot[0], {hubspot[1]: "77"})
    cycle(units, minutes=15)
    cycle(units, minutes=15)
    read = shown(units, {salesforce[0], hubspot[0]})
    assert (read[salesforce], read[hubspot]) == (77, ours)
    found, apart = told(units)
    assert {((one.conflict.ref, one.conflict.field), one.who, one.became) for one in found.conflicts} == {
        (salesforce, "person", "stands"),
        (hubspot, "person", "written over"),
    }
    assert {one.conflict.author for one in found.conflicts if one.conflict.ref.crm == "hubspot"} == {USER}
    assert all(one.person for one in found.conflicts)
    held = [(item.ref, item.field, item.why) for item in apart.disagreements if not item.by_design]
    assert held == [(*salesforce, "human")]


def test_the_allow_list_knows_fields_by_object(units: Rehearsal) -> None:
    """A field that may be written to accounts may not be written to people."""
    with units.at_work() as (setting, writers):
        plan = make_plan(setting, writers).plan
        assert not check_guards(plan, setting.book, 60)
        write = next(write for write in plan.writes if write.field == "Engaged_People__c")
        person = replace(write, ref=RecordRef("salesforce", "Contact", "003"))
        stops = check_guards(replace(plan, writes=(person,)), setting.book, 60)
    assert [str(stop) for stop in stops] == [
        "guards.fields: salesforce Contact.Engaged_People__c is not among the fields that `write:` names, "
        "so it may never be written"
    ]
