"""Writing by Bulk API 2.0: the same values as by calls, in fewer calls, whatever becomes of a job."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import pytest

from leadline.common.values import Raw, RecordRef, RecordWrite, WriteResult
from leadline.connectors.practice.harness import PracticeOptions
from leadline.connectors.practice.organisation import Organisation
from leadline.connectors.practice.serving import Practice, start_practice
from leadline.connectors.salesforce import SalesforceConnector, loading
from tests.connectors.salesforce.practising import connect_to, read

ODD = 'two "quoted", words\nand a line, Jörg:x --'
FIELDS = ("Lifecycle_Reason__c", "Fit_Score__c", "Budget_Confirmed__c", "Lead_Grade__c")


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make jobs worth while for the few records of a test, several of them for one object."""
    monkeypatch.setattr(loading, "WORTH", 50)
    monkeypatch.setattr(loading, "MOST", 60)
    monkeypatch.setattr("leadline.connectors.salesforce.writing.RECORDS_A_CALL", 20)
    monkeypatch.setattr("leadline.connectors.salesforce.writing.RECORDS_A_COLLECTION", 10)


@pytest.fixture
def slow(organisation: Organisation) -> Iterator[Practice]:
    """A practice Salesforce whose jobs are done at the third look."""
    with start_practice(organisation=organisation, frozen=True, options=PracticeOptions(bulk_polls=3)) as running:
        yield running


def leads(connector: SalesforceConnector, many: int = 110) -> list[RecordRef]:
    """Return open leads."""
    found = read(connector, "Lead", ("IsConverted",))
    return [one.ref for one in found if not one.deleted and one.fields["IsConverted"] is False][:many]


def written(refs: Sequence[RecordRef]) -> list[RecordWrite]:
    """Return writes of every kind of value; not each record gets each field."""
    kinds: list[dict[str, Raw]] = [
        {"Lifecycle_Reason__c": ODD, "Fit_Score__c": Decimal("12.5")},
        {"Fit_Score__c": 7, "Budget_Confirmed__c": True},
        {"Lifecycle_Reason__c": None, "Budget_Confirmed__c": False},
        {"Lifecycle_Reason__c": "", "Lead_Grade__c": "#1"},
    ]
    return [RecordWrite(ref, kinds[place % len(kinds)]) for place, ref in enumerate(refs)]


def send(connector: SalesforceConnector, writes: Sequence[RecordWrite]) -> list[WriteResult]:
    """Write and return all results."""
    return [result for page in connector.write(writes) for result in page]


def jobs(connector: SalesforceConnector) -> list[str]:
    """Return the states of all jobs that were made."""
    return [job["state"] for job in connector._client.get("jobs/ingest", "read")["records"]]


def test_a_job_writes_exactly_what_calls_write(organisation: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts with every odd sign, numbers, yes and no, cleared fields, and fields that a record does not write."""
    shown = []
    for worth in (50, 10**9):
        monkeypatch.setattr(loading, "WORTH", worth)
        with start_practice(organisation=organisation, frozen=True) as practice:
            connector = connect_to(practice)
            refs = leads(connector)
            results = send(connector, [RecordWrite(ref, {"Lead_Grade__c": "before"}) for ref in refs])
            results += send(connector, written(refs))
            assert [result.status for result in results] == ["done"] * (2 * len(refs))
            shown.append(connector.read_back(refs, FIELDS))
            connector.close()
    assert shown[0] == shown[1]
    assert {values["Lifecycle_Reason__c"] for values in shown[0].values()} == {ODD, None}


def test_calls_are_those_foretold_and_pages_come_while_it_works(slow: Practice) -> None:
    """Two jobs of equal size: three calls each, a look until it is done, none for failures that there are not."""
    waits: list[float] = []
    connector = connect_to(slow, sleep=waits.append)
    writes = written(leads(connector))
    assert [len(batch) for batch in connector.batches(writes)] == [55, 55]
    assert connector.forecast(writes)["write"] == 2 * 5
    before = connector.calls().get("write", 0)
    pages = list(connector.write(writes))
    assert [len(page) for page in pages] == [0, 0, 0, 55, 0, 0, 0, 55]
    assert connector.calls()["write"] - before == 2 * (3 + 3)
    assert waits[:3] == [1.0, 2.0, 4.0]
    connector.close()


def test_each_record_has_its_own_result(slow: Practice) -> None:
    """One is refused by a rule, one locked, one deleted: code, meaning and field, no value of a record."""
    connector = connect_to(slow, patience=0)
    refs = leads(connector)
    rule = {"kind": "partial_failure", "code": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "fields": ["Fit_Score__c"]}
    slow.salesforce.faults.add(
        [{**rule, "key": f"*{refs[3].id}*"}, {"kind": "lock_error", "key": f"*{refs[60].id}*"}]
    )
    connector._client.delete(f"sobjects/Lead/{refs[100].id}", "write")
    results = {result.ref: result for result in send(connector, written(refs))}
    assert list(results) == refs
    bad = {ref: result for ref, result in results.items() if result.status != "done"}
    assert {ref: (result.status, result.code) for ref, result in bad.items()} == {
        refs[3]: ("permanent", "FIELD_CUSTOM_VALIDATION_EXCEPTION"),
        refs[60]: ("transient", "UNABLE_TO_LOCK_ROW"),
        refs[100]: ("gone", bad[refs[100]].code),
    }
    assert bad[refs[3]].fields == ("Fit_Score__c",)
    assert not [result for result in bad.values() if "Jörg" in result.message]
    connector.close()


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "html_body", "match": "POST */jobs/ingest", "status": 404},
        {"kind": "html_body", "match": "PUT *", "status": 404},
        {"kind": "html_body", "match": "PATCH */jobs/*", "status": 404},
        {"kind": "html_body", "match": "GET */jobs/ingest/*", "status": 404},
        {"kind": "html_body", "match": "GET */failedResults", "status": 404},
    ],
)
def test_a_job_that_is_refused_is_done_by_calls(practice: Practice, fault: dict[str, Any]) -> None:
    """At each of its steps: every record is written all the same, and a refused one is told."""
    connector = connect_to(practice, patience=0)
    refs = leads(connector)
    refusal = {"kind": "partial_failure", "code": "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "key": f"*{refs[3].id}*"}
    practice.salesforce.faults.add([fault, refusal])
    results = send(connector, written(refs))
    assert [result.ref for result in results] == refs
    assert [result.ref for result in results if result.status != "done"] == [refs[3]]
    connector.close()


def test_a_job_that_is_never_done_is_ended_and_done_by_calls(organisation: Organisation) -> None:
    """After five minutes of looking."""
    waits: list[float] = []
    with start_practice(organisation=organisation, frozen=True, options=PracticeOptions(bulk_polls=99)) as practice:
        connector = connect_to(practice, sleep=waits.append)
        refs = leads(connector, 55)
        assert {result.status for result in send(connector, written(refs))} == {"done"}
        assert jobs(connector) == ["Aborted"]
        connector.close()
    assert 240 < sum(waits) < 320


def test_whoever_stops_listening_ends_the_job(slow: Practice) -> None:
    """A pause or Ctrl-C in the middle leaves no job at work."""
    connector = connect_to(slow)
    pages = connector.write(written(leads(connector, 55)))
    assert next(pages) == ()
    pages.close()
    assert jobs(connector) == ["Aborted"]
    connector.close()


def test_where_duplicates_may_pass_calls_write(practice: Practice) -> None:
    """A job knows no header for it."""
    connector = connect_to(practice, duplicates="allow")
    assert {result.status for result in send(connector, written(leads(connector)))} == {"done"}
    assert jobs(connector) == []
    connector.close()
