"""Creating, changing and archiving records: values, refusals, batches, and what HubSpot only pretends to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from leadline.connectors.practice.harness import ValidationRule
from tests.connectors.practice.hubspot.hub import CONTACTS, Hub, ids

UPDATE = f"{CONTACTS}/batch/update"


def _inputs(*pairs: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    return {"inputs": [{"id": record, "properties": properties} for record, properties in pairs]}


def test_values_are_texts_and_empty_ones_null(hub: Hub) -> None:
    """Numbers and truth values come back as texts, "" clears, null leaves alone, unset is null."""
    record = hub.create(lastname="Text", fit_score=5, hs_email_optout=True, country="Chad")
    names = ("fit_score", "hs_email_optout", "country", "city")
    assert hub.read(record, *names) == {"fit_score": "5", "hs_email_optout": "true", "country": "Chad", "city": None}
    hub.write(record, country="", fit_score=None)
    assert hub.read(record, "country", "fit_score") == {"country": None, "fit_score": "5"}


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("nope", "1", "PROPERTY_DOESNT_EXIST"),
        ("hs_object_id", "1", "READ_ONLY_VALUE"),
        ("lastmodifieddate", "1", "READ_ONLY_VALUE"),
        ("hs_v2_date_entered_lead", "2026-01-01", "READ_ONLY_VALUE"),
        ("hs_lead_status", "Rejected", "INVALID_OPTION"),
        ("lifecyclestage", "mql", "INVALID_OPTION"),
        ("hs_email_optout", "perhaps", "INVALID_OPTION"),
        ("fit_score", "high", "INVALID_INTEGER"),
        ("fit_score", " 5", "INVALID_INTEGER"),
        ("fit_score", "1_0", "INVALID_INTEGER"),
        ("fit_score", "NaN", "INVALID_INTEGER"),
        ("email", "nobody", "INVALID_EMAIL"),
        ("hubspot_owner_id", "1", "INVALID_OWNER_ID"),
        ("lastname", "x" * 65_537, "PROPERTY_VALUE_TOO_LONG"),
    ],
)
def test_refused_values(shared: Hub, name: str, value: str, code: str) -> None:
    """Each kind of bad value has HubSpot's code, and nothing of the record changes."""
    record = shared.create(city="Whole")
    refused = shared.write(record, status=400, city="Changed", **{name: value})
    assert refused["category"] == "VALIDATION_ERROR"
    assert [(error["code"], error["context"]["propertyName"]) for error in refused["errors"]] == [(code, [name])]
    assert shared.read(record, "city") == {"city": "Whole"}


@pytest.mark.parametrize(
    ("kind", "name", "value", "code"),
    [
        ("deals", "dealstage", "won", "INVALID_OPTION"),
        ("deals", "closedate", "soon", "INVALID_LONG"),
        ("calls", "hs_call_disposition", "Connected", "INVALID_OPTION"),
    ],
)
def test_refused_values_of_other_kinds(shared: Hub, kind: str, name: str, value: str, code: str) -> None:
    """Stages are the pipeline's, instants are instants, call outcomes are ids."""
    refused = shared.call(
        "POST", f"/crm/v3/objects/{kind}", 400, json={"properties": {name: value}, "associations": []}
    )
    assert [error["code"] for error in refused["errors"]] == [code]


def test_dates_are_days_at_utc_midnight(hub: Hub) -> None:
    """A date property takes a day or its midnight in milliseconds, and shows the day."""
    body = {"name": "renewal", "label": "Renewal", "type": "date", "fieldType": "date", "groupName": "leadline"}
    hub.call("POST", "/crm/v3/properties/contacts", 201, json=body)
    record = hub.create(lastname="Day", renewal="2026-03-01")
    hub.write(record, renewal="1772409600000")
    assert hub.read(record, "renewal") == {"renewal": "2026-03-02"}
    assert hub.write(record, status=400, renewal="1772409600001")["errors"][0]["code"] == "INVALID_DATE"


def test_one_bad_value_refuses_the_whole_batch(hub: Hub) -> None:
    """All 100 are refused and the answer does not say which record was bad."""
    made = [hub.create(lastname="Batch") for _ in range(3)]
    good = [(record, {"lastname": "New"}) for record in made[:2]]
    refused = hub.call("POST", UPDATE, 400, json=_inputs(*good, (made[2], {"fit_score": "x"})))
    assert refused["category"] == "VALIDATION_ERROR"
    assert made[2] not in str(refused)
    assert {hub.read(record, "lastname")["lastname"] for record in made} == {"Batch"}


def test_a_missing_record_is_told_apart(hub: Hub) -> None:
    """The others are written, and a 207 names the ids that are not there."""
    record, gone = hub.create(lastname="Here"), hub.create(lastname="Gone")
    hub.call("DELETE", f"{CONTACTS}/{gone}", 204)
    told = hub.call("POST", UPDATE, 207, json=_inputs((record, {"lastname": "New"}), (gone, {"lastname": "New"})))
    assert ids(told) == [record]
    assert told["numErrors"] == 1
    assert told["errors"][0]["category"] == "OBJECT_NOT_FOUND"
    assert told["errors"][0]["context"]["ids"] == [gone]


def test_the_size_of_batches(shared: Hub) -> None:
    """100 at most, 50 with history, none is none, twins are refused."""
    record = shared.create(lastname="One")
    many = [{"id": str(number)} for number in range(101)]
    assert shared.answer("POST", f"{CONTACTS}/batch/read", json={"inputs": many}).status_code == 400
    assert shared.answer("POST", f"{CONTACTS}/batch/read", json={"inputs": many[:100]}).status_code == 207
    history = {"propertiesWithHistory": ["email"]}
    assert shared.answer("POST", f"{CONTACTS}/batch/read", json={"inputs": many[:51], **history}).status_code == 400
    assert shared.answer("POST", f"{CONTACTS}/batch/read", json={"inputs": many[:50], **history}).status_code == 207
    assert shared.answer("POST", UPDATE, json={"inputs": []}).status_code == 400
    twins = shared.call("POST", UPDATE, 400, json=_inputs((record, {"lastname": "a"}), (record, {"lastname": "b"})))
    assert "Duplicate IDs" in twins["message"]


def test_addresses_are_unique(hub: Hub) -> None:
    """A second contact with an address is a conflict, in any case of letters; a freed address can be taken."""
    record = hub.create(email="Same@Unique.example")
    body = {"properties": {"email": "same@unique.EXAMPLE"}, "associations": []}
    refused = hub.call("POST", CONTACTS, 409, json=body)
    assert refused["category"] == "CONFLICT"
    assert refused["message"] == f"Contact already exists. Existing ID: {record}"
    assert hub.answer("POST", f"{CONTACTS}/batch/create", json={"inputs": [body]}).status_code == 409
    other = hub.create(email="other@unique.example")
    assert hub.answer("PATCH", f"{CONTACTS}/{other}", json={"properties": body["properties"]}).status_code == 409
    hub.write(record, email="moved@unique.example")
    hub.write(other, email="same@unique.example")
    assert hub.read("same@unique.example?idProperty=email", "hs_object_id") == {"hs_object_id": other}


def test_id_property(hub: Hub) -> None:
    """Records are read, changed and upserted by address; not by what is not unique."""
    record = hub.create(email="by@mail.example", lastname="Mail")
    read = {"inputs": [{"id": "BY@mail.example"}], "idProperty": "email", "properties": ["lastname"]}
    assert ids(hub.call("POST", f"{CONTACTS}/batch/read", json=read)) == [record]
    hub.call("PATCH", f"{CONTACTS}/by@mail.example?idProperty=email", json={"properties": {"lastname": "New"}})
    assert hub.read(record, "lastname") == {"lastname": "New"}
    upsert = [{"id": mail, "idProperty": "email", "properties": {"lastname": "Up"}} for mail in
              ("by@mail.example", "new@mail.example")]  # fmt: skip
    told = hub.call("POST", f"{CONTACTS}/batch/upsert", json={"inputs": upsert})
    assert [row["new"] for row in told["results"]] == [False, True]
    assert hub.read(told["results"][1]["id"], "email") == {"email": "new@mail.example"}
    refused = hub.call("GET", f"{CONTACTS}/New?idProperty=lastname", 400)
    assert "non-unique" in refused["message"]


def test_archived_records(hub: Hub) -> None:
    """An archived record is gone from lists and reads unless it is asked for; its associations are cut."""
    company = hub.create("companies", name="Left")
    record = hub.create(lastname="Archived")
    hub.call("PUT", f"/crm/v4/objects/contacts/{record}/associations/default/companies/{company}")
    hub.call("POST", f"{CONTACTS}/batch/archive", 204, json={"inputs": [{"id": record}, {"id": "1"}]})
    hub.call("GET", f"{CONTACTS}/{record}", 404)
    hub.call("PATCH", f"{CONTACTS}/{record}", 404, json={"properties": {"lastname": "x"}})
    shown = hub.call("GET", f"{CONTACTS}/{record}?archived=true")
    assert shown["archived"] is True and shown["archivedAt"]
    assert record in ids(hub.call("GET", f"{CONTACTS}?archived=true&limit=100"))
    read = {"inputs": [{"id": record}], "properties": []}
    assert ids(hub.call("POST", f"{CONTACTS}/batch/read?archived=true", json=read)) == [record]
    assert hub.call("GET", f"/crm/v4/objects/companies/{company}/associations/contacts")["results"] == []


def test_listing_walks_every_record_once(shared: Hub) -> None:
    """Pages of the list, by `after`, in order of id."""
    walked: list[str] = []
    after = ""
    while True:
        page = shared.call("GET", f"{CONTACTS}?limit=100{after}")
        walked += ids(page)
        if "paging" not in page:
            break
        after = f"&after={page['paging']['next']['after']}"
    live = [row.id for row in shared.portal.tables["contact"].rows.values() if row.archived is None]
    assert walked == sorted(live, key=int)


def test_history_says_who(hub: Hub) -> None:
    """Each value is kept with its source: our app, a user in HubSpot's pages."""
    owner = next(one for one in hub.portal.owners.values() if one.active and not one.queue)
    record = hub.create(lastname="History", hs_lead_status="NEW")
    hub.later(minutes=1)
    by_hand = {"X-Practice-User": owner.email}
    body = {"properties": {"hs_lead_status": "OPEN"}}
    hub.call("PATCH", f"{CONTACTS}/{record}", json=body, headers=by_hand)
    hub.later(minutes=1)
    hub.write(record, hs_lead_status="")
    read = {"inputs": [{"id": record}], "properties": [], "propertiesWithHistory": ["hs_lead_status", "country"]}
    found = hub.call("POST", f"{CONTACTS}/batch/read", json=read)["results"][0]["propertiesWithHistory"]
    told = [
        (change["value"], change["sourceType"], change.get("updatedByUserId")) for change in found["hs_lead_status"]
    ]
    assert told == [("", "INTEGRATION", None), ("OPEN", "CRM_UI", owner.user), ("NEW", "INTEGRATION", None)]
    assert found["country"] == []
    assert (
        hub.answer("PATCH", f"{CONTACTS}/{record}", json=body, headers={"X-Practice-User": "no@one"}).status_code
        == 400
    )


def test_writing_what_is_there_changes_nothing(hub: Hub) -> None:
    """An equal write moves neither stamp nor history."""
    record = hub.create(lastname="Equal")
    before = hub.call("GET", f"{CONTACTS}/{record}?propertiesWithHistory=lastname")
    hub.later(hours=1)
    hub.write(record, lastname="Equal")
    assert hub.call("GET", f"{CONTACTS}/{record}?propertiesWithHistory=lastname") == before


def test_the_portals_own_rules(start: Callable[..., Hub]) -> None:
    """Hidden, read-only and required properties, narrowed options and validation rules."""
    hub = start(
        hidden_fields=("contact.jobtitle",),
        read_only_fields=("contact.country",),
        required_fields=("contact.lastname",),
        picklists={"contact.hs_lead_status": ("NEW", "OPEN")},
        validation_rules=(ValidationRule("contact", "lead_grade", "F", "There is no F"),),
    )
    record = hub.create(lastname="Rules")
    for name, value, code in (
        ("jobtitle", "Boss", "PROPERTY_DOESNT_EXIST"),
        ("country", "Chad", "READ_ONLY_VALUE"),
        ("lastname", "", "REQUIRED_FIELD"),
        ("hs_lead_status", "CONNECTED", "INVALID_OPTION"),
        ("lead_grade", "F", "PROPERTY_VALIDATION_RULE"),
    ):
        assert hub.write(record, status=400, **{name: value})["errors"][0]["code"] == code
    described = {one["name"] for one in hub.call("GET", "/crm/v3/properties/contacts")["results"]}
    assert "jobtitle" not in described
    assert hub.answer("POST", CONTACTS, json={"properties": {"city": "x"}, "associations": []}).status_code == 400


def test_a_silent_ignore(hub: Hub) -> None:
    """With the fault, HubSpot answers 200 and keeps what it had."""
    record = hub.create(lastname="Old", fit_score="1")
    hub.harness.faults.add([{"kind": "silent_ignore", "key": record, "fields": ["fit_score"], "times": 1}])
    hub.call("POST", UPDATE, json=_inputs((record, {"lastname": "New", "fit_score": "2"})))
    assert hub.read(record, "lastname", "fit_score") == {"lastname": "New", "fit_score": "1"}
    hub.call("POST", UPDATE, json=_inputs((record, {"fit_score": "2"})))
    assert hub.read(record, "fit_score") == {"fit_score": "2"}


def test_a_partial_failure(hub: Hub) -> None:
    """With the fault, one record of a batch is refused in a 207 and not written."""
    one, two = hub.create(lastname="One"), hub.create(lastname="Two")
    hub.harness.faults.add(
        [{"kind": "partial_failure", "key": two, "code": "INTERNAL_ERROR", "fields": ["lastname"]}]
    )
    told = hub.call("POST", UPDATE, 207, json=_inputs((one, {"lastname": "New"}), (two, {"lastname": "New"})))
    assert ids(told) == [one]
    assert told["errors"][0]["context"] == {"ids": [two], "propertyName": ["lastname"]}
    assert hub.read(two, "lastname") == {"lastname": "Two"}


@pytest.mark.parametrize(
    "body", [b"{", b"\xff", b"[]", b'"x"', b'{"properties": 5}', b'{"properties": {"city": []}}']
)
def test_bodies_that_are_no_use(shared: Hub, body: bytes) -> None:
    """Whatever the body, the answer is a 400 in HubSpot's form."""
    assert shared.call("POST", CONTACTS, 400, data=body)["category"] == "VALIDATION_ERROR"


def test_unknown_object_types_and_paths(shared: Hub) -> None:
    """An object type nobody knows is 400, a path nobody knows 404, both in HubSpot's form."""
    assert shared.call("GET", "/crm/v3/objects/unicorns", 400)["category"] == "VALIDATION_ERROR"
    assert shared.call("GET", "/crm/v9/objects", 404)["status"] == "error"
    assert ids(shared.call("GET", "/crm/v3/objects/0-1?limit=1")) == ids(
        shared.call("GET", "/crm/v3/objects/contact?limit=1")
    )
