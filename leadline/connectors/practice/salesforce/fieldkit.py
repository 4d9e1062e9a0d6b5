"""Short words for writing down fields, so that an object reads as a table."""

from __future__ import annotations

from typing import Any

from leadline.connectors.practice.salesforce.schema import Field


def text(name: str, length: int = 255, label: str = "", *, type: str = "string", **more: Any) -> Field:
    """Return a text field; ``type`` may be email, phone, url, textarea."""
    return Field(name, type, label or _label(name), length=length, **more)


def pick(name: str, *options: str, label: str = "", type: str = "picklist", **more: Any) -> Field:
    """Return a picklist."""
    return Field(name, type, label or _label(name), length=more.pop("length", 255), options=options, **more)


def ref(name: str, *targets: str, relationship: str | None = None, children: str | None = None, **more: Any) -> Field:
    """Return a lookup; its relationship is named as the field without ``Id`` (``__c`` becomes ``__r``)."""
    if relationship is None:
        relationship = f"{name[:-3]}__r" if name.endswith("__c") else name.removesuffix("Id")
    more.setdefault("label", _label(name))
    return Field(
        name, "reference", length=18, references=targets, relationship=relationship, children=children, **more
    )


def flag(name: str, label: str = "", **more: Any) -> Field:
    """Return a checkbox: never null, false when nobody ticked it."""
    return Field(name, "boolean", label or _label(name), nillable=False, default=False, **more)


def whole(name: str, label: str = "", **more: Any) -> Field:
    """Return an integer of 8 digits."""
    return Field(name, "int", label or _label(name), **more)


def number(name: str, precision: int = 18, scale: int = 2, label: str = "", **more: Any) -> Field:
    """Return a decimal number, or money with ``type="currency"``."""
    kind = more.pop("type", "double")
    return Field(name, kind, label or _label(name), precision=precision, scale=scale, **more)


def money(name: str, scale: int = 2, label: str = "", **more: Any) -> Field:
    """Return an amount of 18 digits."""
    return number(name, 18, scale, label, type="currency", **more)


def day(name: str, label: str = "", **more: Any) -> Field:
    """Return a date."""
    return Field(name, "date", label or _label(name), **more)


def instant(name: str, label: str = "", **more: Any) -> Field:
    """Return a date with time."""
    return Field(name, "datetime", label or _label(name), **more)


def fixed(**more: Any) -> dict[str, Any]:
    """Return the marks of a field that only Salesforce itself sets."""
    return {"createable": False, "updateable": False, **more}


def identity(label: str) -> Field:
    """Return the ``Id`` field of an object."""
    return Field("Id", "id", label, length=18, nillable=False, createable=False, updateable=False)


def audit(*, modified: bool = True, deleted: bool = True) -> tuple[Field, ...]:
    """Return the system fields that every object ends with."""
    made = (
        instant("CreatedDate", **fixed(nillable=False)),
        ref("CreatedById", "User", relationship="CreatedBy", **fixed(nillable=False)),
    )
    changed = (
        instant("LastModifiedDate", **fixed(nillable=False)),
        ref("LastModifiedById", "User", relationship="LastModifiedBy", **fixed(nillable=False)),
        instant("SystemModstamp", label="System Modstamp", **fixed(nillable=False)),
    )
    gone = (flag("IsDeleted", label="Deleted", **fixed()),)
    return (*(gone if deleted else ()), *made, *(changed if modified else ()))


def _label(name: str) -> str:
    bare = name.removesuffix("__c").replace("_", " ")
    spaced = "".join(f" {letter}" if letter.isupper() and index else letter for index, letter in enumerate(bare))
    return " ".join(spaced.removesuffix(" Id").split())
