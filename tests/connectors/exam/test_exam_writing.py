"""The exam, second part: what every connector must write, and how it tells which records failed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from leadline.common.errors import UnavailableError
from leadline.common.values import RecordRef, RecordWrite, WriteResult
from leadline.connectors.protocol import RecordRequest, WriteConnector
from tests.connectors.exam.vendors import Vendor


def persons(vendor: Vendor, connector: WriteConnector) -> list[RecordRef]:
    """Return persons that can be written."""
    request = RecordRequest(vendor.person, (vendor.text,), connector.server_time())
    found = [record for page in connector.records(request) for record in page]
    return [record.ref for record in found if not record.deleted and not record.links]


def written(connector: WriteConnector, writes: list[RecordWrite]) -> list[WriteResult]:
    """Write and return the results of all batches."""
    return [result for batch in connector.write(writes) for result in batch]


def test_what_is_written_is_read_back(vendor: Vendor) -> None:
    """Texts (any script), numbers and options arrive; None clears; results come in the order of the writes."""
    connector = vendor.connect()
    refs = persons(vendor, connector)[:4]
    texts = ['Größe ☃ "quoted" \'n \\ <b>', "x" * 100, "0012", None]
    writes = [
        RecordWrite(ref, {vendor.text: text, vendor.number: Decimal("12.5"), vendor.pick: vendor.option})
        for ref, text in zip(refs, texts, strict=True)
    ]
    assert written(connector, writes) == [WriteResult(ref, "done") for ref in refs]
    back = connector.read_back(refs, (vendor.text, vendor.number, vendor.pick))
    assert [back[ref][vendor.text] or None for ref in refs] == texts
    assert {Decimal(str(back[ref][vendor.number])) for ref in refs} == {Decimal("12.5")}
    assert {back[ref][vendor.pick] for ref in refs} == {vendor.option}


def test_forecast_is_what_happens(vendor: Vendor) -> None:
    """The forecast, the batches and the server's counter agree."""
    connector = vendor.connect()
    refs = persons(vendor, connector)
    many = [RecordWrite(ref, {vendor.number: Decimal(place)}) for place, ref in enumerate(refs)]
    forecast = connector.forecast(many)
    assert forecast["write"] == len(connector.batches(many))
    assert [item for batch in connector.batches(many) for item in batch] == many
    vendor.harness.calls.clear()
    assert {result.status for result in written(connector, many)} == {"done"}
    assert vendor.harness.calls.total == forecast["write"]
    vendor.harness.calls.clear()
    back = connector.read_back(refs, (vendor.number,))
    assert vendor.harness.calls.total == forecast["read_back"]
    assert set(back) == set(refs)


@pytest.mark.parametrize(
    ("records", "salesforce", "hubspot"),
    [
        (0, (0, 0), (0, 0)),
        (1, (1, 1), (1, 1)),
        (100, (1, 1), (1, 1)),
        (101, (1, 1), (2, 2)),
        (1000, (1, 1), (10, 10)),
        (1001, (2, 1), (11, 11)),
        (2001, (3, 2), (21, 21)),
    ],
)
def test_calls_are_the_fewest(
    vendor: Vendor, records: int, salesforce: tuple[int, int], hubspot: tuple[int, int]
) -> None:
    """The forecast is the lower bound of facts.md section 4."""
    ref = "00Q%015d" if vendor.crm == "salesforce" else "%d"
    writes = [
        RecordWrite(RecordRef(vendor.crm, vendor.person, ref % place), {vendor.text: "x"}) for place in range(records)
    ]
    write, read_back = salesforce if vendor.crm == "salesforce" else hubspot
    assert vendor.connect().forecast(writes) == {"write": write, "read_back": read_back}


def test_one_bad_value_fails_alone(vendor: Vendor) -> None:
    """Of thirty records only the one with a value its picklist lacks fails, permanently, with the CRM's code."""
    connector = vendor.connect()
    refs = persons(vendor, connector)[:30]
    writes = [
        RecordWrite(ref, {vendor.pick: "no such option" if place == 17 else vendor.option})
        for place, ref in enumerate(refs)
    ]
    found = written(connector, writes)
    assert [result.ref for result in found] == refs
    assert {result.status for place, result in enumerate(found) if place != 17} == {"done"}
    assert found[17].status == "permanent" and found[17].code
    assert "no such option" not in found[17].message
    assert connector.read_back([refs[16]], (vendor.pick,))[refs[16]][vendor.pick] == vendor.option


def test_a_field_that_cannot_be_written_fails_every_record_but_not_the_run(vendor: Vendor) -> None:
    """An unknown field is each record's permanent failure, not an exception."""
    connector = vendor.connect()
    refs = persons(vendor, connector)[:3]
    found = written(connector, [RecordWrite(ref, {"no_such_field_c": "x"}) for ref in refs])
    assert [(result.ref, result.status) for result in found] == [(ref, "permanent") for ref in refs]
    assert all(result.code and result.message for result in found)


def test_a_deleted_record_is_gone(vendor: Vendor) -> None:
    """Writing a deleted record says gone; its neighbours are written; reading back leaves it out."""
    connector = vendor.connect()
    refs = persons(vendor, connector)[:3]
    vendor.delete(refs[1].id)
    found = written(connector, [RecordWrite(ref, {vendor.text: "Still here"}) for ref in refs])
    assert [result.status for result in found] == ["done", "gone", "done"]
    back = connector.read_back(refs, (vendor.text,))
    assert set(back) == {refs[0], refs[2]}


def test_injected_failures_hit_their_record_only(vendor: Vendor) -> None:
    """A failure of one record is told with its code and kept apart from the others."""
    connector = vendor.connect()
    refs = persons(vendor, connector)[:5]
    vendor.harness.faults.add([{"kind": "partial_failure", "key": refs[2].id}])
    found = written(connector, [RecordWrite(ref, {vendor.text: "Partly"}) for ref in refs])
    assert [result.status == "done" for result in found] == [True, True, False, True, True]
    assert found[2].code and found[2].message


def test_a_silently_ignored_write_shows_when_read_back(vendor: Vendor) -> None:
    """``done`` is a claim: reading back shows the old value."""
    connector = vendor.connect()
    ref = persons(vendor, connector)[0]
    vendor.harness.faults.add([{"kind": "silent_ignore"}])
    assert [result.status for result in written(connector, [RecordWrite(ref, {vendor.text: "Ignored"})])] == ["done"]
    assert connector.read_back([ref], (vendor.text,))[ref][vendor.text] != "Ignored"


def test_a_lost_answer_is_written_again_without_harm(vendor: Vendor) -> None:
    """The connection drops after the work was done: the same absolute values are sent again."""
    connector = vendor.connect()
    refs = persons(vendor, connector)[:3]
    before = connector.calls()["write"]
    vendor.harness.faults.add(
        [{"kind": "dropped_connection", "when": "after", "times": 1, "match": f"*{vendor.writes}*"}]
    )
    found = written(connector, [RecordWrite(ref, {vendor.text: "Twice"}) for ref in refs])
    assert {result.status for result in found} == {"done"}
    assert connector.calls()["write"] - before == 2
    assert {values[vendor.text] for values in connector.read_back(refs, (vendor.text,)).values()} == {"Twice"}


def test_a_crm_that_stays_down_is_unavailable(start: Callable[..., Vendor]) -> None:
    """After the time budget the write ends with UnavailableError, not with results that were never given."""
    vendor = start()
    connector = vendor.connect(patience=20)
    refs = persons(vendor, connector)[:2]
    vendor.harness.faults.add([{"kind": "server_error", "status": 503}])
    with pytest.raises(UnavailableError, match="503"):
        written(connector, [RecordWrite(ref, {vendor.text: "Down"}) for ref in refs])
    assert 0 < sum(vendor.waits) <= 20
