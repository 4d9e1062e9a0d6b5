"""The exam, fourth part: consequences. What is made is made once, belongs to its record, and can be found again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from leadline.common.errors import LeadlineError, PermissionMissingError, UnavailableError
from leadline.common.values import RecordRef
from leadline.connectors.protocol import ActivityRequest, CreateResult, Creation, WriteConnector
from tests.connectors.exam.test_exam_writing import persons
from tests.connectors.exam.vendors import VENDORS, Vendor

UNKEYED = {"hidden_fields": ("task.leadline_key", "note.leadline_key")}
WAYS = [pytest.param({}, id="unique key"), pytest.param(UNKEYED, id="no unique key")]
GROUPS = {"salesforce": "Nurture", "hubspot": "Nurture"}
Start = Callable[..., Vendor]


def keys(count: int, start: int = 1) -> list[str]:
    """Return effect keys."""
    return [f"e-{number:032x}" for number in range(start, start + count)]


def tasks(refs: Sequence[RecordRef], owner: str | None = None, kind: str = "task", start: int = 1) -> list[Creation]:
    """Return one creation for each record."""
    fields = {"subject": "Call back", "text": "Größe ☃ <b>", "owner": owner, "due": "2026-03-02T09:00:00Z"}
    if kind == "note":
        fields = {"subject": "Hand-off", "text": "Who they are", "at": "2026-03-02T09:00:00Z"}
    return [Creation(key, kind, ref, fields) for key, ref in zip(keys(len(refs), start), refs, strict=True)]  # type: ignore[arg-type]


def made(connector: WriteConnector, creations: Sequence[Creation]) -> list[CreateResult]:
    """Create and return the results of all batches."""
    return [result for batch in connector.create(creations) for result in batch]


@pytest.mark.parametrize("options", WAYS)
def test_a_task_is_made_for_its_person_and_owner(start: Start, options: dict[str, object]) -> None:
    """A task exists after its creation, is open, belongs to the person and to the owner that was asked for."""
    vendor = start(**options)
    connector = vendor.connect()
    owner = next(user for user in connector.users() if user.active and not user.queue and user.email)
    wanted = tasks(persons(vendor, connector)[:3], owner.id)
    results = made(connector, wanted)
    assert [result.key for result in results] == [item.key for item in wanted]
    assert {result.status for result in results} == {"done"}
    found = connector.find_created(wanted, {result.key: result.remote_id for result in results})
    for item, result in zip(wanted, results, strict=True):
        assert (found[item.key].remote_id, found[item.key].owner) == (result.remote_id, owner.id)
        assert item.ref in found[item.key].about and not found[item.key].closed
    assert dict(vendor.harness.created) == dict.fromkeys(keys(3), 1)


@pytest.mark.parametrize("options", WAYS)
@pytest.mark.parametrize("kind", ["task", "note"])
def test_what_was_made_is_found_by_its_key_alone(start: Start, options: dict[str, object], kind: str) -> None:
    """After a crash only keys and records are known: they find what was made, and nothing that was not."""
    vendor = start(**options)
    refs = persons(vendor, vendor.connect())[:4]
    wanted = tasks(refs, kind=kind)
    made(vendor.connect(), wanted[:2])
    found = vendor.connect().find_created(wanted)
    assert set(found) == set(keys(2))
    assert [found[key].about[0] for key in keys(2)] == refs[:2]


@pytest.mark.parametrize("options", WAYS)
def test_an_answer_lost_after_the_commit_makes_no_second_one(start: Start, options: dict[str, object]) -> None:
    """The request was carried out and its answer lost: at once or after looking it up, there is exactly one."""
    vendor = start(**options)
    connector = vendor.connect()
    wanted = tasks(persons(vendor, connector)[:5])
    connector.settling(wanted)
    fault = {"kind": "dropped_connection", "when": "after", "match": vendor.creates, "times": 1}
    vendor.harness.faults.add([fault])
    results = made(connector, wanted)
    vendor.harness.faults.clear()
    repeatable = connector.settling(wanted) == timedelta(0)
    assert {result.status for result in results} == ({"done"} if repeatable else {"unknown"})
    assert set(connector.find_created(wanted)) == set(keys(5))
    assert set(vendor.harness.created.values()) == {1}


def test_repeating_is_harmless_where_keys_are_unique(vendor: Vendor) -> None:
    """Where nothing settles, the same creations give the same records again."""
    connector = vendor.connect()
    wanted = tasks(persons(vendor, connector)[:3])
    assert connector.settling(wanted) == timedelta(0)
    first = made(connector, wanted)
    assert made(vendor.connect(), wanted) == first
    assert set(vendor.harness.created.values()) == {1}


@pytest.mark.parametrize("options", WAYS)
def test_one_bad_creation_fails_alone(start: Start, options: dict[str, object]) -> None:
    """An owner that does not exist fails its own task only, for good, and says nothing of the person."""
    vendor = start(**options)
    connector = vendor.connect()
    refs = persons(vendor, connector)[:5]
    wanted = tasks(refs)
    bad = "005000000000000AAA" if vendor.crm == "salesforce" else "999"
    wanted[2] = tasks(refs, bad)[2]
    results = made(connector, wanted)
    assert [result.status for result in results] == ["done", "done", results[2].status, "done", "done"]
    assert results[2].status in {"permanent", "gone"} and results[2].code
    assert set(vendor.harness.created) == set(keys(5)) - {wanted[2].key}


@pytest.mark.parametrize("options", WAYS)
def test_calls_of_creations_are_forecast(start: Start, options: dict[str, object]) -> None:
    """What making and verifying takes is known before."""
    vendor = start(**options)
    connector = vendor.connect()
    refs = persons(vendor, connector)
    wanted = tasks(refs[:60]) + tasks(refs[:60], start=100) + tasks(refs[:5], kind="note", start=300)
    group = connector.groups([GROUPS[vendor.crm]])[GROUPS[vendor.crm]]
    wanted += [Creation(f"e-{n:032x}", "member", ref, {"group": group.id}) for n, ref in enumerate(refs[:3], 900)]
    forecast = connector.forecast_creations(wanted)
    assert [item for batch in connector.creation_batches(wanted) for item in batch] == wanted
    vendor.harness.calls.clear()
    results = made(connector, wanted)
    assert vendor.harness.calls.total == forecast["write"]
    vendor.harness.calls.clear()
    found = connector.find_created(wanted, {result.key: result.remote_id for result in results})
    assert vendor.harness.calls.total == forecast["read_back"]
    assert len(found) == len(wanted)


def test_a_membership_is_made_once_and_ended_once(vendor: Vendor) -> None:
    """Adding twice gives one membership; removing twice none; both say that all is well."""
    connector = vendor.connect()
    ref = persons(vendor, connector)[0]
    group = connector.groups([GROUPS[vendor.crm], "No such group"])[GROUPS[vendor.crm]].id
    join = [Creation(key, "member", ref, {"group": group}) for key in keys(2)]
    leave = [Creation(key, "unmember", ref, {"group": group}) for key in keys(2, 10)]
    assert [result.status for result in made(connector, join)] == ["done", "done"]
    assert set(connector.find_created([*join, *leave])) == set(keys(2))
    assert vendor.harness.created.total() == 1
    assert [result.status for result in made(connector, leave)] == ["done", "done"]
    assert set(connector.find_created([*join, *leave])) == set(keys(2, 10))


def test_groups_are_found_by_name(vendor: Vendor) -> None:
    """A name gives an id once; an unknown one is absent; asking again costs no call."""
    connector = vendor.connect()
    name = GROUPS[vendor.crm]
    assert set(connector.groups([name, "No such group"])) == {name}
    vendor.harness.calls.clear()
    assert connector.groups([name])[name].open
    assert vendor.harness.calls.total == 0


def test_users_are_told_with_queues_and_the_inactive(vendor: Vendor) -> None:
    """Everybody who can own a record is known by id and address, once."""
    connector = vendor.connect()
    users = connector.users()
    assert any(user.queue for user in users) and any(user.active and not user.queue for user in users)
    assert any(not user.active for user in users)
    assert len({user.id for user in users}) == len(users)
    vendor.harness.calls.clear()
    assert connector.users() == users
    assert vendor.harness.calls.total == 0


def test_tasks_are_closed(vendor: Vendor) -> None:
    """Closing a task closes it; closing it again changes nothing; one that is not there is told."""
    connector = vendor.connect()
    wanted = tasks(persons(vendor, connector)[:2])
    ids = [result.remote_id for result in made(connector, wanted)]
    for _ in range(2):
        assert [result.status for page in connector.close_tasks(ids) for result in page] == ["done", "done"]
    assert all(one.closed for one in connector.find_created(wanted).values())


@pytest.mark.parametrize("options", WAYS)
def test_what_we_made_is_no_activity(start: Start, options: dict[str, object]) -> None:
    """Tasks and notes of our own making are not pulled, open or completed; everybody else's are."""
    vendor = start(**options)
    connector = vendor.connect()
    kinds = ["task"] if vendor.crm == "salesforce" else ["task", "note"]

    def pulled() -> set[tuple[str, str]]:
        until = connector.server_time()
        pages = [page for kind in kinds for page in connector.activities(ActivityRequest(kind, until))]
        return {(one.kind, one.id) for page in pages for one in page}

    before = pulled()
    refs = persons(vendor, connector)[:2]
    results = made(connector, [*tasks(refs), *tasks(refs, kind="note", start=50)])
    assert {result.status for result in results} == {"done"}
    for _ in connector.close_tasks([results[0].remote_id]):
        pass
    vendor.practice.clock.advance(timedelta(minutes=1))
    assert before and pulled() == before


def test_a_server_that_is_down_is_told(vendor: Vendor) -> None:
    """A CRM that answers nothing at all ends in its error, not in a success."""
    connector = vendor.connect(patience=0)
    wanted = tasks(persons(vendor, connector)[:2])
    connector.settling(wanted)
    vendor.harness.faults.add([{"kind": "server_error", "status": 503}])
    with pytest.raises(LeadlineError) as told:
        made(connector, wanted)
    assert isinstance(told.value, UnavailableError)
    assert not vendor.harness.created


def test_a_missing_key_field_is_told(start: Start) -> None:
    """Salesforce without the external id field on Task makes nothing and says what is missing."""
    vendor = start(hidden_fields=("Task.Leadline_Key__c",))
    connector = vendor.connect()
    wanted = tasks(persons(vendor, connector)[:2])
    if vendor.crm == "salesforce":
        with pytest.raises(PermissionMissingError, match="Leadline_Key__c"):
            made(connector, wanted)
        assert not vendor.harness.created
    else:
        assert {result.status for result in made(connector, wanted)} == {"done"}


@pytest.mark.parametrize("start", [one for one in VENDORS if one.crm == "hubspot"], indirect=True)
def test_a_dynamic_list_is_refused(vendor: Vendor) -> None:
    """A list that manages its own members refuses for good; of Salesforce's campaigns every one takes members."""
    connector = vendor.connect()
    group = connector.groups(["Active customers"])["Active customers"]
    assert not group.open
    (result,) = made(connector, [Creation(keys(1)[0], "member", persons(vendor, connector)[0], {"group": group.id})])
    assert (result.status, result.remote_id) == ("permanent", "")
