"""The exam, first part: what every connector must read, each row exactly once and in order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from leadline.common.errors import PermissionMissingError, UsageError
from leadline.common.values import Cursor, SourceRecord
from leadline.common.vocabulary import ACTIVITY_KINDS
from leadline.connectors.protocol import ActivityRequest, RecordRequest, WriteConnector
from tests.connectors.exam.vendors import HubSpotVendor, Vendor

NO_LOOK_BACK = timedelta(0)


def pull(
    vendor: Vendor, connector: WriteConnector, since: Cursor | None = None, **more: object
) -> list[SourceRecord]:
    """Return all rows of the person object up to the server's present."""
    given = {"look_back": NO_LOOK_BACK} | more
    request = RecordRequest(vendor.person, (vendor.text,), connector.server_time(), since, **given)
    pages = list(connector.records(request))
    assert all(pages), "a page is never empty"
    return [record for page in pages for record in page]


def changes(vendor: Vendor, ids: list[str], value: str, seconds: int = 60) -> None:
    """Change persons, all with one stamp, and let time pass before and after."""
    vendor.harness.clock.advance(timedelta(seconds=seconds))
    vendor.change(ids, value)
    vendor.harness.clock.advance(timedelta(seconds=seconds))


def standing(records: list[SourceRecord], vendor: Vendor) -> list[str]:
    """Return ids of persons that can be changed."""
    return [one.ref.id for one in records if not one.deleted and not one.links]


def test_it_describes_what_the_user_may_see(vendor: Vendor) -> None:
    """Fields have types and options; a hidden field and an unknown object are absent."""
    found = vendor.connect().describe([vendor.person, "Nonsense"])
    assert set(found) == {vendor.person}
    fields = found[vendor.person].fields
    assert {vendor.text, vendor.number, vendor.pick} <= set(fields)
    assert vendor.option in fields[vendor.pick].options
    assert fields[vendor.pick].restricted and fields[vendor.text].updateable
    assert vendor.hidden.partition(".")[2] not in fields


def test_the_organisation_and_the_time_are_the_servers(vendor: Vendor) -> None:
    """The organisation's id is stable; the time is the server's own clock, to the second, also after it moved."""
    connector = vendor.connect()
    name = connector.organisation()
    assert name and name == connector.organisation()
    for _ in range(2):
        assert connector.server_time() == vendor.harness.clock.now().replace(microsecond=0)
        vendor.harness.clock.advance(timedelta(days=3, seconds=7))
    assert connector.quota().limit is not None


def test_a_full_read_gives_everything_once_and_in_order(vendor: Vendor) -> None:
    """Every person that the CRM lists comes exactly once, by (stamp, id), over several pages."""
    connector = vendor.connect()
    found = pull(vendor, connector)
    assert {record.ref.id for record in found} == vendor.ids()
    assert len({record.ref for record in found}) == len(found)
    places = [(record.stamp, vendor.order(record.ref.id)) for record in found]
    assert places == sorted(places)
    assert connector.calls()["read"] > len(found) // 25
    assert any(record.fields[vendor.text] for record in found if not record.deleted)
    assert all(record.created is not None for record in found if not record.deleted)


def test_an_incremental_read_gives_only_what_changed(vendor: Vendor) -> None:
    """After a full read nothing is new; after a change only that, with its value; the look-back gives more."""
    connector = vendor.connect()
    first = pull(vendor, connector)
    cursor = Cursor(first[-1].stamp, first[-1].ref.id)
    assert pull(vendor, connector, cursor) == []
    changed = standing(first, vendor)[:3]
    changes(vendor, changed, "Chief Examiner")
    news = pull(vendor, connector, cursor)
    assert {record.ref.id for record in news} == set(changed)
    assert {record.fields[vendor.text] for record in news} == {"Chief Examiner"}
    again = pull(vendor, connector, Cursor(news[-1].stamp, news[-1].ref.id), look_back=timedelta(minutes=1))
    assert [record.ref for record in again] == [record.ref for record in news]


def test_the_upper_bound_holds(vendor: Vendor) -> None:
    """A change after the frozen bound waits for the next pull."""
    connector = vendor.connect()
    first = pull(vendor, connector)
    until = connector.server_time()
    changes(vendor, standing(first, vendor)[:2], "Too late")
    request = RecordRequest(vendor.person, (vendor.text,), until)
    seen = {record.ref.id for page in connector.records(request) for record in page}
    assert seen == {record.ref.id for record in first} - set(standing(first, vendor)[:2])


def test_records_are_read_again_by_id(vendor: Vendor) -> None:
    """By id the same rows come as by time, each once, in one call; nobody's id and later changes are left out."""
    connector = vendor.connect()
    known = {record.ref.id: record for record in pull(vendor, connector)}
    some = standing(list(known.values()), vendor)[:20]
    before = connector.calls()["read"]
    request = RecordRequest(vendor.person, (vendor.text,), connector.server_time())
    found = [one for page in connector.reread(request, [*some, *some, vendor.nobody]) for one in page]
    assert connector.calls()["read"] == before + 1
    rows = {one.ref.id: one for one in found if one.merged_into is None}
    assert sorted(rows) == sorted(some)
    assert all(known[ident] == one for ident, one in rows.items())
    changes(vendor, some[:1], "Too late")
    later = {one.ref.id for page in connector.reread(request, some) for one in page if one.merged_into is None}
    assert later == set(some[1:])
    assert not list(connector.reread(request, []))


def test_it_resumes_from_any_row_even_among_equal_stamps(vendor: Vendor) -> None:
    """From the cursor of any row exactly the rows behind it come, though rows of one stamp fill a whole page."""
    connector = vendor.connect()
    imported = standing(pull(vendor, connector), vendor)[:60]
    changes(vendor, imported, "Bulk import")
    everything = pull(vendor, connector)
    assert (
        len([record for record in everything if record.fields.get(vendor.text) == "Bulk import"])
        == len(imported)
        > 26
    )
    for place in {0, 1, 24, 25, len(everything) // 2, len(everything) - 40, len(everything) - 2, len(everything) - 1}:
        row = everything[place]
        rest = pull(vendor, connector, Cursor(row.stamp, row.ref.id))
        behind = [record.ref for record in everything[place + 1 :]]
        assert [record.ref for record in rest if record.ref in behind] == behind
        # Merged-away rows of HubSpot have no stamp of their own; they may come again.
        assert all(record.merged_into for record in rest if record.ref not in behind)


def test_deletes_are_seen(vendor: Vendor) -> None:
    """A deleted person comes as deleted in the next incremental read."""
    connector = vendor.connect()
    first = pull(vendor, connector)
    lost = standing(first, vendor)[0]
    vendor.harness.clock.advance(timedelta(minutes=1))
    vendor.delete(lost)
    vendor.harness.clock.advance(timedelta(minutes=1))
    news = pull(vendor, connector, Cursor(first[-1].stamp, first[-1].ref.id))
    assert [(record.ref.id, record.deleted, record.merged_into) for record in news] == [(lost, True, None)]


def test_merges_name_the_survivor(vendor: Vendor) -> None:
    """A merged-away person is deleted and says who stands for it, over a chain of merges."""
    connector = vendor.connect()
    first = pull(vendor, connector)
    known = {record.ref.id for record in first if not record.deleted}
    merged = [record for record in first if record.merged_into]
    assert merged and all(record.deleted and record.merged_into in known for record in merged)
    if not isinstance(vendor, HubSpotVendor):
        return
    one, two, three = standing(first, vendor)[:3]
    vendor.harness.clock.advance(timedelta(minutes=1))
    survivor = vendor.merge(vendor.merge(one, two), three)
    news = pull(vendor, connector, Cursor(first[-1].stamp, first[-1].ref.id))
    told = {record.ref.id: record.merged_into for record in news if record.deleted}
    assert {two, three} <= set(told) and survivor not in told
    assert all(told[ident] == survivor for ident in (two, three))


def test_a_hidden_field_is_a_missing_permission_not_a_traceback(vendor: Vendor) -> None:
    """Asking for a field that cannot be seen gives nothing, or says which grant is missing; never ContractError."""
    connector = vendor.connect()
    field = vendor.hidden.partition(".")[2]
    request = RecordRequest(vendor.person, (field,), connector.server_time())
    try:
        found = [record for page in connector.records(request) for record in page]
    except PermissionMissingError as error:
        assert field in str(error)
    else:
        assert all(record.fields.get(field) is None for record in found)


def test_activities_fill_exactly_the_vocabulary(vendor: Vendor) -> None:
    """Every kind comes with its attributes, each id once, each about somebody, none after the bound."""
    connector = vendor.connect()
    until = connector.server_time()
    for kind, attributes in ACTIVITY_KINDS[vendor.crm].items():
        found = [one for page in connector.activities(ActivityRequest(kind, until)) for one in page]
        assert len({one.id for one in found}) == len(found)
        for one in found:
            assert set(one.attributes) == set(attributes) and one.kind == kind and one.crm == vendor.crm
            assert one.stamp <= until and one.at.tzinfo is not None
        assert found or kind == "one_to_one_email"
        assert all(one.about or one.email for one in found if not one.deleted)


def test_activities_from_a_cursor_on(vendor: Vendor) -> None:
    """Only activities that changed behind the cursor come; a full read can be bounded by ``oldest``."""
    connector = vendor.connect()
    until = connector.server_time()
    everything = [one for page in connector.activities(ActivityRequest(vendor.activity, until)) for one in page]
    stamps = sorted(one.stamp for one in everything)
    middle = stamps[len(stamps) // 2]
    request = ActivityRequest(vendor.activity, until, Cursor(middle), NO_LOOK_BACK)
    later = {one.id for page in connector.activities(request) for one in page}
    assert later == {one.id for one in everything if one.stamp >= middle}
    request = ActivityRequest(vendor.activity, until, oldest=middle)
    recent = {one.id for page in connector.activities(request) for one in page}
    assert recent == {one.id for one in everything if one.at >= middle}
    assert 0 < len(recent) < len(everything)


def test_an_unknown_kind_is_a_usage_error(vendor: Vendor) -> None:
    """A kind of activity that this CRM has not is refused with the ones it has."""
    connector = vendor.connect()
    with pytest.raises(UsageError, match="use one of"):
        list(connector.activities(ActivityRequest("telepathy", connector.server_time())))


def test_an_empty_organisation_reads_as_empty(vendor: Vendor) -> None:
    """A window without rows gives no page and costs one read, plus one for deleted rows where search hides them."""
    connector = vendor.connect()
    connector.describe([vendor.person])
    vendor.harness.clock.advance(timedelta(days=40))
    cursor = Cursor(connector.server_time())
    vendor.harness.clock.advance(timedelta(days=1))
    before = connector.calls()["read"]
    assert pull(vendor, connector, cursor) == []
    assert connector.calls()["read"] - before == (1 if vendor.crm == "salesforce" else 2)


def test_it_counts_as_the_server_counts(start: Callable[..., Vendor]) -> None:
    """Calls by purpose add up to what the server saw, whatever failed on the way."""
    vendor = start()
    vendor.harness.faults.add(
        [
            {"kind": "server_error", "after": 2, "times": 1},
            {"kind": "too_many_requests", "after": 4, "times": 1, "retry_after": 1},
            {"kind": "html_body", "after": 6, "times": 1},
            {"kind": "dropped_connection", "after": 8, "times": 1, "when": "midbody"},
        ]
    )
    connector = vendor.connect()
    connector.describe([vendor.person])
    found = pull(vendor, connector)
    list(connector.activities(ActivityRequest(vendor.activity, connector.server_time())))
    assert sum(connector.calls().values()) == vendor.harness.calls.total
    assert len(vendor.waits) >= 4
    vendor.harness.faults.clear()
    assert {record.ref.id for record in found} == vendor.ids()


def test_rows_that_change_while_they_are_read_are_not_lost(vendor: Vendor) -> None:
    """A row that moves out of the window between two pages hides no other row."""
    connector = vendor.connect()
    first = pull(vendor, connector)
    until = connector.server_time()
    vendor.harness.clock.advance(timedelta(minutes=5))
    moved = standing(first, vendor)[:5]
    seen: set[str] = set()
    for page in connector.records(RecordRequest(vendor.person, (vendor.text,), until)):
        seen |= {record.ref.id for record in page}
        if moved:
            vendor.change(moved, "Moved on")
            moved = []
    missed = {record.ref.id for record in first} - seen - set(standing(first, vendor)[:5])
    assert missed == set()


def test_an_unusable_cursor_id_does_not_break_the_read(vendor: Vendor) -> None:
    """The id of a cursor may be empty: the window then starts with its stamp."""
    connector = vendor.connect()
    first = pull(vendor, connector)
    place = len(first) // 2
    rest = pull(vendor, connector, Cursor(first[place].stamp))
    wanted = {record.ref for record in first if record.stamp >= first[place].stamp}
    assert wanted <= {record.ref for record in rest}
