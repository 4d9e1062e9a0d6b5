"""HubSpot's own Python client at home: every answer becomes one of its models, with every required attribute there.

The client is generated from HubSpot's OpenAPI; ``client_side_validation`` makes its models refuse what the files
call required or enumerated, in requests and in answers.
"""

from __future__ import annotations

from typing import Any

import pytest
from hubspot import HubSpot
from hubspot.crm.associations.v4.models import (
    AssociationSpec,
    BatchInputPublicAssociationMultiArchive,
    BatchInputPublicAssociationMultiPost,
    BatchInputPublicDefaultAssociationMultiPost,
    BatchInputPublicFetchAssociationsBatchRequest,
)
from hubspot.crm.contacts import models as contacts_models
from hubspot.crm.contacts.exceptions import ApiException
from hubspot.crm.properties import models as properties_models

from leadline.connectors.practice.credentials import (
    HUBSPOT_CLIENT_ID,
    HUBSPOT_CLIENT_SECRET,
    HUBSPOT_REFRESH_TOKEN,
    HUBSPOT_TOKEN,
)
from tests.connectors.practice.hubspot.hub import Hub, where


@pytest.fixture
def client(hub: Hub) -> HubSpot:
    """The official client, strict, pointed at the practice server."""
    return HubSpot(access_token=HUBSPOT_TOKEN, host=hub.url, client_side_validation=True, retry=False)


def _kinds(client: HubSpot) -> dict[str, Any]:
    crm = client.crm
    engagements = {name: getattr(crm.objects, name) for name in ("calls", "emails", "meetings", "notes", "tasks")}
    return {"contacts": crm.contacts, "companies": crm.companies, "deals": crm.deals, **engagements}


@pytest.mark.parametrize("kind", ["contacts", "companies", "deals", "calls", "emails", "meetings", "notes", "tasks"])
def test_records_of_every_kind(client: HubSpot, kind: str) -> None:
    """List, make, read, change, search, upsert and archive, singly and in batches."""
    room = _kinds(client)[kind]
    name = {"contacts": "lastname", "companies": "name", "deals": "dealname"}.get(kind, "hubspot_owner_id")
    value = "" if name == "hubspot_owner_id" else "Practice"
    made = room.basic_api.create({"properties": {name: value}, "associations": []})
    assert made.id and made.created_at and made.archived is False
    assert room.basic_api.get_by_id(made.id, properties=[name], properties_with_history=[name]).id == made.id
    assert room.basic_api.update(made.id, {"properties": {name: value}}).id == made.id
    page = room.basic_api.get_page(limit=1, associations=["contacts", "companies"])
    assert len(page.results) == 1
    read = room.batch_api.read({"inputs": [{"id": made.id}], "properties": [name], "propertiesWithHistory": []})
    assert read.results[0].id == made.id
    partly = room.batch_api.read({"inputs": [{"id": "1"}], "properties": [], "propertiesWithHistory": []})
    assert (partly.num_errors, partly.errors[0].category) == (1, "OBJECT_NOT_FOUND")
    changed = room.batch_api.update({"inputs": [{"id": made.id, "properties": {name: value}}]})
    assert changed.status == "COMPLETE"
    created = room.batch_api.create({"inputs": [{"properties": {name: value}, "associations": []}]})
    upserted = room.batch_api.upsert({"inputs": [{"id": made.id, "properties": {name: value}}]})
    assert upserted.results[0].new is False
    asked = {
        "filterGroups": [{"filters": [where("hs_object_id", "EQ", made.id)]}],
        "limit": 200,
        "properties": [name],
    }
    assert room.search_api.do_search(asked).total == 1
    room.batch_api.archive({"inputs": [{"id": created.results[0].id}]})
    room.basic_api.archive(made.id)
    assert made.id in {row.id for row in room.basic_api.get_page(archived=True, limit=100).results}


def test_strict_search_request_and_history(client: HubSpot) -> None:
    """The client's own request models are understood, and history comes back newest first."""
    api = client.crm.contacts
    request = contacts_models.PublicObjectSearchRequest(
        after="0",
        filter_groups=[
            contacts_models.FilterGroup(
                filters=[contacts_models.Filter(property_name="lifecyclestage", operator="EQ", value="customer")]
            )
        ],
        limit=1,
        properties=["lifecyclestage"],
        sorts=["-lastmodifieddate"],
    )
    found = api.search_api.do_search(request)
    assert found.total >= 1
    read = api.batch_api.read(
        contacts_models.BatchReadInputSimplePublicObjectId(
            inputs=[contacts_models.SimplePublicObjectId(id=found.results[0].id)],
            properties=["lifecyclestage"],
            properties_with_history=["lifecyclestage"],
        )
    )
    history = read.results[0].properties_with_history["lifecyclestage"]
    assert [change.value for change in history] == ["customer", "lead"]
    assert history[0].timestamp > history[1].timestamp
    assert history[0].source_type == "DEALS"


def test_merge_and_purge(client: HubSpot) -> None:
    """Merging answers a record under a new id; purging answers nothing."""
    api = client.crm.contacts.basic_api
    one, two = (api.create({"properties": {"lastname": name}, "associations": []}).id for name in "ab")
    merged = api.merge(contacts_models.PublicMergeInput(object_id_to_merge=two, primary_object_id=one))
    assert merged.id not in {one, two}
    assert api.get_by_id(one).id == merged.id
    api.purge(contacts_models.PublicGdprDeleteInput(object_id=merged.id))
    with pytest.raises(ApiException) as refused:
        api.get_by_id(one)
    assert refused.value.status == 404


def test_owners(client: HubSpot) -> None:
    """Owners come in pages, those who left as archived."""
    page = client.crm.owners.owners_api.get_page(limit=1)
    assert page.paging.next.after
    assert client.crm.owners.owners_api.get_by_id(page.results[0].id).email == page.results[0].email
    assert all(owner.archived for owner in client.crm.owners.owners_api.get_page(archived=True).results)


def test_properties_and_pipelines(client: HubSpot) -> None:
    """Definitions: read, made, changed, grouped."""
    api = client.crm.properties
    found = {one.name: one for one in api.core_api.get_all("contacts").results}
    assert found["lifecyclestage"].type == "enumeration"
    assert found["hs_object_id"].modification_metadata.read_only_value is True
    new = properties_models.PropertyCreate(
        name="tier", label="Tier", type="string", field_type="text", group_name="leadline"
    )
    assert api.core_api.create("contacts", new).hubspot_defined is False
    assert api.core_api.get_by_name("contacts", "tier").label == "Tier"
    assert api.core_api.update("contacts", "tier", {"label": "Tiers"}).label == "Tiers"
    api.core_api.archive("contacts", "tier")
    batch = {"inputs": [{"name": "email"}], "archived": False, "dataSensitivity": "non_sensitive"}
    assert api.batch_api.read("contacts", batch).results[0].name == "email"
    assert api.batch_api.create("contacts", {"inputs": [new]}).results[0].name == "tier"
    api.batch_api.archive("contacts", {"inputs": [{"name": "tier"}]})
    assert api.groups_api.create("contacts", {"name": "mine", "label": "Mine"}).name == "mine"
    assert api.groups_api.get_by_name("contacts", "mine").label == "Mine"
    assert "leadline" in {group.name for group in api.groups_api.get_all("contacts").results}
    pipelines = client.crm.pipelines
    assert pipelines.pipelines_api.get_all("deals").results[0].id == "default"
    assert pipelines.pipelines_api.get_by_id("deals", "default").stages[-1].metadata["isClosed"] == "true"
    assert len(pipelines.pipeline_stages_api.get_all("deals", "default").results) == 7
    assert pipelines.pipeline_stages_api.get_by_id("deals", "default", "closedwon").label == "Closed Won"


def test_associations(client: HubSpot) -> None:
    """Version 4 associations, labelled and not, singly and in batches."""
    contact = client.crm.contacts.basic_api.create({"properties": {"lastname": "a"}, "associations": []}).id
    company = client.crm.companies.basic_api.create({"properties": {"name": "b"}, "associations": []}).id
    v4 = client.crm.associations.v4
    pair = {"from": {"id": contact}, "to": {"id": company}}
    spec = AssociationSpec(association_category="HUBSPOT_DEFINED", association_type_id=1)
    default = BatchInputPublicDefaultAssociationMultiPost(inputs=[pair])
    assert len(v4.batch_api.create_default("contacts", "companies", default).results) == 2
    assert v4.basic_api.create_default("contacts", contact, "companies", company).status == "COMPLETE"
    made = BatchInputPublicAssociationMultiPost(inputs=[{**pair, "types": [spec]}])
    assert v4.batch_api.create("contacts", "companies", made).results[0].labels == ["Primary"]
    assert v4.basic_api.create("contacts", contact, "companies", company, [spec]).to_object_id == company
    one = v4.basic_api.get_page("contacts", contact, "companies").results[0]
    assert {kind.type_id for kind in one.association_types} == {1, 279}
    asked = BatchInputPublicFetchAssociationsBatchRequest(inputs=[{"id": contact}])
    assert v4.batch_api.get_page("contacts", "companies", asked).results[0].to[0].to_object_id == company
    nothing = v4.batch_api.get_page("contacts", "deals", asked)
    assert (nothing.results, nothing.num_errors) == ([], 1)
    labels = v4.schema.definitions_api.get_all("contacts", "companies").results
    assert {label.type_id for label in labels} == {1, 279}
    gone = BatchInputPublicAssociationMultiArchive(inputs=[{"from": {"id": contact}, "to": [{"id": company}]}])
    v4.batch_api.archive("contacts", "companies", gone)
    v4.basic_api.archive("contacts", contact, "companies", company)
    assert v4.basic_api.get_page("contacts", contact, "companies").results == []


def test_events(client: HubSpot) -> None:
    """Page views, in order of time."""
    page = client.events.events_api.get_page(limit=2, sort=["occurredAt"])
    assert page.results[0].event_type == "e_visited_page"
    assert page.results[0].occurred_at <= page.results[1].occurred_at
    assert client.events.events_api.get_types().event_types == ["e_visited_page"]


def test_forms(hub: Hub) -> None:
    """Form definitions, read leniently: the strict client takes every form field for a number field."""
    client = HubSpot(access_token=HUBSPOT_TOKEN, host=hub.url, retry=False)
    forms = client.marketing.forms.forms_api.get_page(limit=50).results
    assert {form.name for form in forms} == {"demo", "whitepaper", "ebook", "newsletter"}
    assert client.marketing.forms.forms_api.get_by_id(forms[0].id).name == forms[0].name


def test_oauth(client: HubSpot, hub: Hub) -> None:
    """A refresh token buys an access token that works."""
    grant = {"client_id": HUBSPOT_CLIENT_ID, "client_secret": HUBSPOT_CLIENT_SECRET}
    bought = client.oauth.tokens_api.create(
        grant_type="refresh_token", refresh_token=HUBSPOT_REFRESH_TOKEN, **grant
    ).access_token
    assert client.oauth.access_tokens_api.get(bought).hub_id == hub.portal.id
    assert client.oauth.refresh_tokens_api.get(HUBSPOT_REFRESH_TOKEN).client_id == HUBSPOT_CLIENT_ID
    other = HubSpot(access_token=bought, host=hub.url, client_side_validation=True)
    assert other.crm.contacts.basic_api.get_page(limit=1).results


def test_the_client_reads_errors(client: HubSpot) -> None:
    """A refused write arrives as the client's ApiException with HubSpot's category."""
    with pytest.raises(ApiException) as refused:
        client.crm.contacts.basic_api.create({"properties": {"nope": "1"}, "associations": []})
    assert refused.value.status == 400
    assert "PROPERTY_DOESNT_EXIST" in refused.value.body
