"""The field ``owner``, which is there without being declared where an SLA asks whose record it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from leadline.common.vocabulary import OWNER_FIELDS, PERSON_OBJECTS
from leadline.common.yamltree import Entry, MappingNode, Node, Scalar
from leadline.rules.model import Field, FieldSource
from leadline.rules.reading.names import Names

OWNER: Final = "owner"


def with_owner(
    sections: Mapping[str, Entry], names: Names, fields: dict[str, Field]
) -> tuple[Names, dict[str, Field]]:
    """Return names and fields with ``owner``, the CRMs' id of who owns the person's record, where an SLA asks for it.

    A book's own field of that name comes first. The record is the first in the CRMs' order that has an owner.
    """
    asking = _asking(sections)
    if asking is None or OWNER in names.fields or OWNER in names.scores:
        return names, fields
    sources = tuple(
        FieldSource(crm, name, OWNER_FIELDS[crm], asking.mark)
        for crm in PERSON_OBJECTS
        for name in PERSON_OBJECTS[crm]
    )
    owner = Field(OWNER, "text", sources, mark=asking.mark)
    return replace(names, fields=(*names.fields, OWNER)), {**fields, OWNER: owner}


def _asking(sections: Mapping[str, Entry]) -> Node | None:
    """Return the first place in which an SLA asks for the owner by that name."""
    slas = sections["slas"].value if "slas" in sections else None
    for entry in slas.entries if isinstance(slas, MappingNode) else ():
        if not isinstance(entry.value, MappingNode):
            continue
        choice = entry.value.get("calendar")
        by = choice.get("by") if isinstance(choice, MappingNode) else None
        again = entry.value.get("on_reassign")
        named = entry.value.get("owner")
        for node, word in ((by, OWNER), (again, "restart"), (named, OWNER)):
            if isinstance(node, Scalar) and node.text == word:
                return node
    return None
