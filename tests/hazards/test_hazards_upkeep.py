"""What a cursor cannot see: records deleted for good, formulas that move no stamp, fields that come and go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from leadline.common.values import RecordRef
from leadline.connectors.practice.harness import PracticeOptions
from leadline.sync.cycle import run_pull
from leadline.sync.cycle.work import bounds_of
from leadline.sync.pull.upkeep import Upkeep
from leadline.sync.store.mirror import load_records
from leadline.sync.store.schema import observations, records
from tests.hazards.outside import Outside
from tests.sync.writing.rehearsal import Rehearsal, rehearse


def pulled(rehearsal: Rehearsal, upkeep: Upkeep | None = None):
    """Pull once, as a fresh process, and return the result."""
    with rehearsal.at_work() as (setting, readers):
        chosen = setting if upkeep is None else replace(setting, upkeep=upkeep)
        return run_pull(chosen, readers)


def standing(rehearsal: Rehearsal, crm: str, name: str) -> list[str]:
    """Return the ids that the mirror takes for alive."""
    with rehearsal.at_work() as (setting, _), setting.store.read() as connection:
        own = (records.c.crm == crm) & (records.c.object == name) & records.c.deleted.is_(False)
        return sorted(connection.execute(records.select().where(own)).scalars(2))


def test_records_purged_in_both_crms_are_found_by_their_ids(rehearsal: Rehearsal, outside: Outside) -> None:
    """Nothing tells of a purge, so the next pull misses it; the daily look at all ids marks the records deleted."""
    pulled(rehearsal)
    leads, contacts = standing(rehearsal, "salesforce", "Lead"), standing(rehearsal, "hubspot", "contact")
    outside.purge_leads(*leads[3:5])
    outside.purge_contact(contacts[0])
    rehearsal.pass_time(hours=1)
    soon = pulled(rehearsal)
    assert soon.pull.listed == {}
    assert set(leads) <= set(standing(rehearsal, "salesforce", "Lead"))
    rehearsal.pass_time(hours=24)
    later = pulled(rehearsal)
    assert later.pull.listed["salesforce Lead"] == len(leads) - 2
    assert later.pull.news["salesforce Lead"] == 2
    assert later.pull.news["hubspot contact"] == 1
    assert standing(rehearsal, "salesforce", "Lead") == [*leads[:3], *leads[5:]]
    assert standing(rehearsal, "hubspot", "contact") == contacts[1:]
    rehearsal.pass_time(hours=1)
    assert sum(pulled(rehearsal).pull.news.values()) == 0


def test_what_an_index_does_not_show_is_not_gone(rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> None:
    """HubSpot's ids come from its search, which lags: what is missing there is read by its id before it is marked."""
    pulled(rehearsal)
    contacts = standing(rehearsal, "hubspot", "contact")
    rehearsal.pass_time(hours=25)
    with rehearsal.at_work() as (setting, readers):
        shown = readers["hubspot"].ids

        def lagging(name: str, after: str = "") -> Iterator[tuple[str, ...]]:
            for page in shown(name, after):
                yield tuple(ident for ident in page if ident not in contacts[:2])

        monkeypatch.setattr(readers["hubspot"], "ids", lagging)
        found = run_pull(setting, readers)
    assert found.pull.confirmed["hubspot contact"] == 2
    assert standing(rehearsal, "hubspot", "contact") == contacts


def test_looking_at_ids_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """One page of ids a cycle: the round ends after as many cycles as there are pages, and finds what is gone."""
    with rehearse(tmp_path, options=PracticeOptions(page_size=10)) as rehearsal:
        outside, upkeep = Outside(rehearsal.practice), Upkeep(pages=1)
        pulled(rehearsal, upkeep)
        leads = standing(rehearsal, "salesforce", "Lead")
        outside.purge_leads(leads[0], leads[-1])
        rehearsal.pass_time(hours=25)
        cycles = 0
        while set(leads) & {leads[0], leads[-1]} & set(standing(rehearsal, "salesforce", "Lead")):
            listed = pulled(rehearsal, upkeep).pull.listed
            assert listed["salesforce Lead"] <= 10
            cycles += 1
            assert cycles < 20
        assert cycles > (len(leads) - 2) // 10
        assert standing(rehearsal, "salesforce", "Lead") == leads[1:-1]


def test_records_that_vanish_all_at_once_are_told_and_kept(rehearsal: Rehearsal) -> None:
    """A sharing rule that hides everything looks like a purge: nothing is marked deleted."""
    pulled(rehearsal)
    with rehearsal.at_work() as (setting, _), setting.store.write() as connection:
        [row] = connection.execute(records.select().where(records.c.object == "Lead").limit(1)).mappings()
        for number in range(200):
            connection.execute(records.insert().values({**row, "record_id": f"00Qgone{number:011d}"}))
    rehearsal.pass_time(hours=25)
    found = pulled(rehearsal)
    assert any("200 of" in text and "lost access looks the same" in text for text in found.pull.warnings)
    assert len(standing(rehearsal, "salesforce", "Lead")) > 200


def test_comparing_ids_takes_the_fewest_calls(rehearsal: Rehearsal) -> None:
    """A day later: the searches and queries of an empty pull, one page of ids an object, and nothing to confirm."""
    pulled(rehearsal)
    rehearsal.pass_time(hours=25)
    with rehearsal.at_work() as (setting, readers):
        found = run_pull(setting, readers)
        bounds = bounds_of(setting.book, readers, found.pull, [])
    assert found.pull.listed
    for crm, bound in bounds.items():
        made = found.calls[crm]
        assert made["read"] + made["read_back"] <= 1.1 * bound.total + 2 + (3 if crm == "hubspot" else 0)


@contextmanager
def with_formula(home: Path) -> Iterator[Rehearsal]:
    """Read the size of a contact's account from a cross-object formula."""
    options = PracticeOptions(formulas={"Contact.Account_Size__c": "AccountId.NumberOfEmployees"})
    with rehearse(home, options=options) as rehearsal:
        rules = rehearsal.home / "rules" / "rules.yml"
        text = rules.read_text(encoding="utf-8")
        mine = "fields:\n  account_size: {type: integer, salesforce: Contact.Account_Size__c}\n"
        assert text.count("\nfields:\n") == 1
        rules.write_text(text.replace("fields:\n", mine, 1), encoding="utf-8")
        yield rehearsal


def test_a_formula_is_read_again_although_no_stamp_moved(tmp_path: Path) -> None:
    """The account grows; its contacts' formula shows it, their stamp does not; the daily reading sees it once."""
    with with_formula(tmp_path) as rehearsal:
        outside = Outside(rehearsal.practice)
        pulled(rehearsal)
        [contact] = outside.rows("SELECT Id, AccountId FROM Contact WHERE AccountId != null AND IsDeleted = false")[
            :1
        ]
        rehearsal.pass_time(hours=1)
        outside.salesforce("PATCH", f"/sobjects/Account/{contact['AccountId']}", json={"NumberOfEmployees": 98765})
        rehearsal.pass_time(hours=1)
        pulled(rehearsal)
        ref = RecordRef("salesforce", "Contact", contact["Id"])
        assert size(rehearsal, ref) != 98765
        rehearsal.pass_time(days=1)
        found = pulled(rehearsal)
        assert size(rehearsal, ref) == 98765
        with rehearsal.at_work() as (setting, _), setting.store.read() as connection:
            own = (observations.c.record_id == ref.id) & (observations.c.cycle == found.pull.cycle)
            seen = connection.execute(observations.select().where(own)).mappings().one()
        assert seen["changed"] == {"Account_Size__c": 98765}
        assert seen["at"] == found.pull.upper["salesforce"]
        rehearsal.pass_time(hours=2)
        assert pulled(rehearsal).pull.news["salesforce Contact"] == 0


def size(rehearsal: Rehearsal, ref: RecordRef) -> object:
    """Return what the mirror says of the formula."""
    with rehearsal.at_work() as (setting, _), setting.store.read() as connection:
        return load_records(connection, [ref])[ref].fields["Account_Size__c"]


def test_fields_that_come_and_go_are_told_once(tmp_path: Path) -> None:
    """Between two pulls an admin hides one field and adds another: told by name at the next pull, then no more."""
    with rehearse(tmp_path) as rehearsal:
        pulled(rehearsal)
        organisation = rehearsal.practice.organisation
        environment = rehearsal.practice.environment
        changed = PracticeOptions(hidden_fields=("Lead.Rating",), extra_fields={"Lead.Region__c": "string"})
        with rehearse(tmp_path / "changed", organisation=organisation, options=changed) as other:
            moved = Rehearsal(other.practice, rehearsal.home)
            first, second = pulled(moved).pull.warnings, pulled(moved).pull.warnings
        assert environment() != other.practice.environment()
    told = [text for text in first if "Lead" in text and ("shows" in text)]
    assert any("no longer shows Rating" in text for text in told)
    assert any("now shows Region__c" in text for text in told)
    assert not [text for text in second if "shows" in text and "Lead" in text]


def test_upkeep_never_happens_where_it_is_switched_off(rehearsal: Rehearsal) -> None:
    """``ids: never`` compares nothing, however long ago the last time was."""
    off = Upkeep(ids=None, calculated=None)
    pulled(rehearsal, off)
    rehearsal.pass_time(**{"days": timedelta(days=30).days})
    assert pulled(rehearsal, off).pull.listed == {}
