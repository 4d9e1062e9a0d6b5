"""Describe answers, generated from the schema in the shape of a real organisation's."""

from __future__ import annotations

from typing import Any, Final

from leadline.connectors.practice.salesforce.answers import Answer
from leadline.connectors.practice.salesforce.calling import Call
from leadline.connectors.practice.salesforce.schema import Field, SObject

_SOAP_TYPES: Final = {
    **{"id": "tns:ID", "reference": "tns:ID", "boolean": "xsd:boolean", "int": "xsd:int", "date": "xsd:date"},
    **{"double": "xsd:double", "currency": "xsd:double", "percent": "xsd:double", "datetime": "xsd:dateTime"},
    "anyType": "xsd:anyType",
}
_MASTER: Final = "012000000000000AAA"


def describe_global(call: Call) -> Answer:
    """Answer ``/sobjects``: every object this user sees, without fields."""
    seen = [item for item in call.org.schema.objects.values() if item.name not in call.org.schema.hidden]
    listed = [_brief(call, item) for item in sorted(seen, key=lambda item: item.name)]
    return Answer(body={"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": listed})


def basic(call: Call, name: str) -> Answer:
    """Answer ``GET /sobjects/X``."""
    target = call.sobject(name)
    return Answer(body={"objectDescribe": _brief(call, target), "recentItems": []})


def describe(call: Call, name: str) -> Answer:
    """Answer ``/sobjects/X/describe``: a hidden field is absent."""
    target = call.sobject(name)
    empty: dict[str, Any] = {
        "actionOverrides": [],
        "namedLayoutInfos": [],
        **dict.fromkeys(("defaultImplementation", "extendedBy", "extendsInterfaces", "implementedBy")),
        **dict.fromkeys(("implementsInterfaces", "listviewable", "lookupLayoutable", "networkScopeFieldName")),
    }
    full = {
        **_brief(call, target),
        **empty,
        "childRelationships": _children(call, target),
        "compactLayoutable": target.writable,
        "fields": [field_plain(item) for item in target.fields],
        "recordTypeInfos": _record_types(call, target),
        "searchLayoutable": target.writable,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": [{"label": f"All {target.plural.lower()}", "name": "everything"}],
    }
    return Answer(body=dict(sorted(full.items())))


def field_plain(field: Field) -> dict[str, Any]:
    """Return one field as describe answers it."""
    texts = field.length > 0
    several = len(field.references) > 1
    shown: dict[str, Any] = {
        **dict.fromkeys(("aiPredictionField", "autoNumber", "cascadeDelete", "caseSensitive"), False),
        **dict.fromkeys(("dependentPicklist", "deprecatedAndHidden", "displayLocationInDecimal", "encrypted"), False),
        **dict.fromkeys(("formulaTreatNullNumberAsZero", "highScaleNumber", "htmlFormatted"), False),
        **dict.fromkeys(("queryByDistance", "restrictedDelete", "searchPrefilterable"), False),
        "writeRequiresMasterRead": False,
        **dict.fromkeys(("calculatedFormula", "controllerName", "defaultValueFormula", "extraTypeInfo")),
        **dict.fromkeys(("filteredLookupInfo", "mask", "maskType", "referenceTargetField")),
        "relationshipOrder": None,
        "inlineHelpText": field.help,
        "aggregatable": field.filterable and field.type != "boolean",
        "byteLength": 18 if field.type in {"id", "reference"} else field.length * 3,
        "calculated": field.formula is not None,
        "compoundFieldName": field.compound,
        "createable": field.createable,
        "custom": field.custom,
        "defaultValue": False if field.type == "boolean" else None,
        "defaultedOnCreate": field.default is not None or (not field.nillable and not field.createable),
        "digits": 8 if field.type == "int" else 0,
        "externalId": field.external_id,
        "filterable": field.filterable,
        "groupable": field.groupable,
        "idLookup": field.type == "id" or field.external_id or (field.type == "email"),
        "label": field.label,
        "length": field.length if texts else 0,
        "name": field.name,
        "nameField": field.name_field,
        "namePointing": several,
        "nillable": field.nillable,
        "permissionable": field.nillable and field.createable,
        "picklistValues": [_option(field, value) for value in field.options],
        "polymorphicForeignKey": several,
        "precision": field.precision,
        "referenceTo": sorted(field.references),
        "relationshipName": field.relationship or None,
        "restrictedPicklist": field.restricted,
        "scale": field.scale,
        "soapType": _SOAP_TYPES.get(field.type, "xsd:string"),
        "sortable": field.filterable,
        "type": field.type,
        "unique": field.unique,
        "updateable": field.updateable,
    }
    return dict(sorted(shown.items()))


def _brief(call: Call, target: SObject) -> dict[str, Any]:
    root = f"/services/data/v{call.version}/sobjects/{target.name}"
    return {
        **dict.fromkeys(("activateable", "custom", "customSetting", "deepCloneable", "deprecatedAndHidden"), False),
        **dict.fromkeys(("hasSubtypes", "isInterface", "isSubtype"), False),
        **dict.fromkeys(("associateEntityType", "associateParentEntity")),
        **{word: target.writable and word not in target.denied for word in ("createable", "updateable", "deletable")},
        **dict.fromkeys(("undeletable", "triggerable"), target.writable),
        **dict.fromkeys(("queryable", "replicateable", "retrieveable"), True),
        **dict.fromkeys(("feedEnabled", "layoutable", "mruEnabled", "searchable"), target.writable),
        "keyPrefix": target.prefix,
        "label": target.label,
        "labelPlural": target.plural,
        "mergeable": target.mergeable,
        "name": target.name,
        "urls": {"sobject": root, "describe": f"{root}/describe", "rowTemplate": f"{root}/{{ID}}"},
    }


def _option(field: Field, value: str) -> dict[str, Any]:
    return {
        "active": True,
        "defaultValue": value == field.default,
        "label": value,
        "validFor": None,
        "value": value,
    }


def _children(call: Call, target: SObject) -> list[dict[str, Any]]:
    return [
        {
            "cascadeDelete": False,
            "childSObject": child.name,
            "deprecatedAndHidden": False,
            "field": field.name,
            "junctionIdListNames": [],
            "junctionReferenceTo": [],
            "relationshipName": field.children,
            "restrictedDelete": False,
        }
        for child, field in call.org.schema.children[target.name].values()
    ]


def _record_types(call: Call, target: SObject) -> list[dict[str, Any]]:
    own = [row for row in call.org.store.rows("RecordType") if row.get("SobjectType") == target.name]
    rows = [(row["DeveloperName"], row["Id"], False) for row in own] + [("Master", _MASTER, True)]
    root = f"/services/data/v{call.version}/sobjects/{target.name}/describe/layouts/"
    return [
        {
            "active": True,
            "available": True,
            "defaultRecordTypeMapping": place == 0,
            "developerName": name,
            "master": master,
            "name": name,
            "recordTypeId": identifier,
            "urls": {"layout": f"{root}{identifier}"},
        }
        for place, (name, identifier, master) in enumerate(rows)
    ]
