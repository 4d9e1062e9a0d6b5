"""Describe answers have the shape that clients expect."""

from __future__ import annotations

import re

import pytest

from tests.connectors.practice.salesforce.site import Site

OBJECT_KEYS = {
    *("actionOverrides", "activateable", "associateEntityType", "associateParentEntity", "childRelationships"),
    *("compactLayoutable", "createable", "custom", "customSetting", "deepCloneable", "defaultImplementation"),
    *("deletable", "deprecatedAndHidden", "extendedBy", "extendsInterfaces", "feedEnabled", "fields"),
    *("hasSubtypes", "implementedBy", "implementsInterfaces", "isInterface", "isSubtype", "keyPrefix", "label"),
    *("labelPlural", "layoutable", "listviewable", "lookupLayoutable", "mergeable", "mruEnabled", "name"),
    *("namedLayoutInfos", "networkScopeFieldName", "queryable", "recordTypeInfos", "replicateable", "retrieveable"),
    *("searchLayoutable", "searchable", "sobjectDescribeOption", "supportedScopes", "triggerable", "undeletable"),
    *("updateable", "urls"),
}
FIELD_KEYS = {
    *("aggregatable", "aiPredictionField", "autoNumber", "byteLength", "calculated", "calculatedFormula"),
    *("cascadeDelete", "caseSensitive", "compoundFieldName", "controllerName", "createable", "custom"),
    *("defaultValue", "defaultValueFormula", "defaultedOnCreate", "dependentPicklist", "deprecatedAndHidden"),
    *("digits", "displayLocationInDecimal", "encrypted", "externalId", "extraTypeInfo", "filterable"),
    *("filteredLookupInfo", "formulaTreatNullNumberAsZero", "groupable", "highScaleNumber", "htmlFormatted"),
    *("idLookup", "inlineHelpText", "label", "length", "mask", "maskType", "name", "nameField", "namePointing"),
    *("nillable", "permissionable", "picklistValues", "polymorphicForeignKey", "precision", "queryByDistance"),
    *("referenceTargetField", "referenceTo", "relationshipName", "relationshipOrder", "restrictedDelete"),
    *("restrictedPicklist", "scale", "searchPrefilterable", "soapType", "sortable", "type", "unique", "updateable"),
    *("writeRequiresMasterRead",),
}
NAMES = ("Lead", "Contact", "Account", "Opportunity", "OpportunityContactRole", "Task", "Event", "Campaign", "User")


@pytest.mark.parametrize("name", NAMES)
def test_all_keys_are_there(library: Site, name: str) -> None:
    """An object and its fields have every key of Salesforce's own answer."""
    found = library.call("GET", f"/sobjects/{name}/describe").json()
    assert set(found) == OBJECT_KEYS
    assert {frozenset(field) for field in found["fields"]} == {frozenset(FIELD_KEYS)}
    assert len({field["name"] for field in found["fields"]}) == len(found["fields"])


def test_fields_tell_their_nature(library: Site) -> None:
    """Restricted picklists, external ids, polymorphic lookups, nullability and custom marks are told."""
    fields = {f["name"]: f for f in library.call("GET", "/sobjects/Lead/describe").json()["fields"]}
    stage = fields["Lifecycle_Stage__c"]
    assert (stage["type"], stage["restrictedPicklist"], stage["custom"]) == ("picklist", True, True)
    assert [option["value"] for option in stage["picklistValues"]][:3] == ["inquiry", "mql", "sal"]
    owner = fields["OwnerId"]
    assert (owner["referenceTo"], owner["relationshipName"], owner["polymorphicForeignKey"]) == (
        ["Group", "User"],
        "Owner",
        True,
    )
    assert fields["Id"]["updateable"] is False
    assert fields["Budget_Confirmed__c"]["nillable"] is False
    assert (fields["MQL_Date__c"]["type"], fields["MQL_Date__c"]["soapType"]) == ("datetime", "xsd:dateTime")
    task = {f["name"]: f for f in library.call("GET", "/sobjects/Task/describe").json()["fields"]}
    assert (task["Leadline_Key__c"]["externalId"], task["Leadline_Key__c"]["unique"]) == (True, True)


def test_what_describe_says_can_be_queried(library: Site) -> None:
    """Every described field can be selected, every child relationship queried, every object is in the global list."""
    listed = library.call("GET", "/sobjects").json()["sobjects"]
    assert {item["name"] for item in listed} >= set(NAMES)
    for item in listed:
        found = library.call("GET", item["urls"]["describe"].removeprefix("/services/data/v62.0")).json()
        names = [field["name"] for field in found["fields"]]
        children = [f"(SELECT Id FROM {c['relationshipName']})" for c in found["childRelationships"]]
        columns = ", ".join([*names, *children])
        query = f"SELECT {columns} FROM {item['name']} LIMIT 1"
        answer = library.call("GET", "/query", params={"q": query})
        assert answer.status_code == 200, answer.text
        for record in answer.json()["records"]:
            assert record["Id"].startswith(item["keyPrefix"])


def test_versions_and_resources(library: Site) -> None:
    """The versions are listed without signing in; a version lists its resources."""
    versions = library.session.get(f"{library.url}/services/data", timeout=10).json()
    assert {"label", "url", "version"} == set(versions[0])
    assert "62.0" in {item["version"] for item in versions}
    resources = library.call("GET", "").json()
    assert resources["query"] == "/services/data/v62.0/query"
    assert library.call("GET", "/").json() == resources
    assert re.fullmatch(r"api-usage=\d+/\d+", library.call("GET", "/limits").headers["Sforce-Limit-Info"])
