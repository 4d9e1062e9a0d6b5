"""Reading by Bulk API 2.0: the same rows as by queries, in fewer calls, whatever becomes of a job."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from leadline.common.errors import ContractError
from leadline.common.values import Cursor
from leadline.connectors.practice.harness import PracticeOptions
from leadline.connectors.practice.organisation import Organisation
from leadline.connectors.practice.serving import Practice, start_practice
from leadline.connectors.salesforce import bulk, records
from leadline.connectors.salesforce.bulk import read_csv
from tests.connectors.salesforce.practising import connect_to, happened, read

FIELDS = ("Email", "Company", "CreatedDate", "IsConverted", "NumberOfEmployees", "Fit_Score__c", "ConvertedDate")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make jobs worth while for the few rows of a test, with several pages and parts."""
    monkeypatch.setattr(bulk, "WORTH", 100)
    monkeypatch.setattr(records, "WORTH", 100)
    monkeypatch.setattr(bulk, "ROWS_A_PAGE", 70)
    monkeypatch.setattr(bulk, "_PART", 30)


@pytest.fixture(scope="module")
def busy(organisation: Organisation) -> Iterator[Practice]:
    """A practice Salesforce whose jobs are done at the third look."""
    with start_practice(organisation=organisation, frozen=True, options=PracticeOptions(bulk_polls=3)) as running:
        yield running


def test_a_job_gives_exactly_what_queries_give(busy: Practice, small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Types, instants, umlauts, line ends, authors, deleted rows and order: record for record the same."""
    waits: list[float] = []
    by_job = connect_to(busy, sleep=waits.append)
    leads, tasks = read(by_job, "Lead", FIELDS), happened(by_job, "task")
    counted = dict(by_job.calls())
    by_job.close()
    monkeypatch.setattr(bulk, "WORTH", 10**9)
    monkeypatch.setattr(records, "WORTH", 10**9)
    by_query = connect_to(busy)
    assert read(by_query, "Lead", FIELDS) == leads
    assert happened(by_query, "task") == tasks
    by_query.close()
    assert any(record.deleted for record in leads)
    assert {type(record.fields["IsConverted"]) for record in leads} == {bool}
    pages = sum(-(-len(rows) // 70) for rows in (leads, tasks))
    assert counted["read"] == 2 * (1 + 3) + pages
    assert waits[:3] == [1.0, 2.0, 4.0]


def test_many_changes_are_read_by_a_job_too(busy: Practice, small: None) -> None:
    """An incremental read learns from its first page how many there are; the rest comes by a job, none twice."""
    connector = connect_to(busy)
    everything = read(connector, "Lead", FIELDS)
    middle = everything[20]
    before = connector.calls()["read"]
    since = Cursor(middle.stamp, middle.ref.id)
    later = read(connector, "Lead", FIELDS, since=since, look_back=timedelta(0))
    assert later == everything[21:]
    assert connector.calls()["read"] - before == 1
    with start_practice(organisation=busy.organisation, frozen=True, options=PracticeOptions(page_size=15)) as paged:
        other = connect_to(paged)
        assert read(other, "Lead", FIELDS, since=since, look_back=timedelta(0)) == everything[21:]
        assert paged.salesforce.calls.snapshot()["bulk"] >= 3
        assert paged.salesforce.calls.snapshot()["query"] <= 3
        other.close()
    connector.close()


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "html_body", "match": "bulk", "status": 404},
        {"kind": "html_body", "match": "GET */jobs/query/*", "status": 404},
        {"kind": "html_body", "match": "bulk", "after": 3, "status": 404},
        {"kind": "html_body", "match": "bulk", "after": 3, "status": 200},
    ],
)
def test_a_job_that_fails_is_read_on_by_queries(
    organisation: Organisation, small: None, fault: dict[str, Any]
) -> None:
    """Refused at once, or in the middle of its result: every row comes once, in order."""
    with start_practice(organisation=organisation, frozen=True) as practice:
        connector = connect_to(practice, patience=0)
        expected = [record.ref for record in read(connector, "Lead")]
        practice.salesforce.faults.add([fault])
        found = [record.ref for record in read(connector, "Lead")]
        connector.close()
    assert found == expected
    assert len(found) > 100


def test_a_job_that_is_never_done_is_given_up(organisation: Organisation, small: None) -> None:
    """After three minutes of looking it is aborted, and queries read."""
    waits: list[float] = []
    with start_practice(organisation=organisation, frozen=True, options=PracticeOptions(bulk_polls=99)) as practice:
        connector = connect_to(practice, sleep=waits.append)
        assert len(read(connector, "Lead")) > 100
        assert [job["state"] for job in connector._client.get("jobs/query", "read")["records"]] == ["Aborted"]
        connector.close()
    assert 120 < sum(waits) < 300


def test_cells_have_the_types_of_json() -> None:
    """A number with a fraction is a Decimal, an instant has REST's offset, an empty cell is null, ids are whole."""
    types = {"A": "double", "B": "int", "C": "boolean", "D": "datetime", "E": "reference", "F": "string"}
    text = 'A,B,C,D,E,F,G.H\r\n"5.0",7,true,2026-03-22T16:00:00.000Z,00Q000000000001,"Jörg ""J""\nÅ",x\n,,,,,,\n'
    [[row, empty]] = read_csv(text.encode(), types, 2)
    assert row == {
        "A": Decimal("5.0"),
        "B": 7,
        "C": True,
        "D": "2026-03-22T16:00:00.000+0000",
        "E": "00Q000000000001EAA",
        "F": 'Jörg "J"\nÅ',
        "G": {"H": "x"},
    }
    assert empty == {**dict.fromkeys("ABCDEF"), "G": {"H": None}}


@pytest.mark.parametrize("body", [b"A,B\n1\n", b"A\n\xff\n", b"A\nx\n", b"A\n"])
def test_what_is_no_result_is_refused(body: bytes) -> None:
    """A short row, bytes that are no UTF-8, no number, rows that are lacking: an error of ours."""
    with pytest.raises(ContractError):
        list(read_csv(body, {"A": "double"}, 1))
