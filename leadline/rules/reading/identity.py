"""The section ``identity``: how records are joined by e-mail address."""

from __future__ import annotations

import re
from typing import Final

from leadline.common.folding import fold
from leadline.common.values import CRMS
from leadline.common.vocabulary import PERSON_OBJECTS
from leadline.common.yamltree import Node
from leadline.rules.model import FieldSource, Identity
from leadline.rules.reading.report import Report, short

KEYS: Final = ("email",)
EMAIL_KEYS: Final = ("plus_tags", "also", "never")
PLUS_TAGS: Final = ("keep", "ignore")
ADDRESS: Final = re.compile(r"([A-Za-z]+)\.([A-Za-z]\w{0,99})", re.ASCII)
_CRM_OF: Final = {name: crm for crm in CRMS for name in PERSON_OBJECTS[crm]}


def read_identity(report: Report, node: Node) -> Identity:
    """Return how records are joined; what is not said keeps its default."""
    outer = report.keys(node, KEYS, "`identity`") or {}
    keys = report.keys(outer["email"].value, EMAIL_KEYS, "`email` under `identity`") if "email" in outer else None
    if keys is None:
        return Identity(mark=node.mark)
    tags = report.choice(keys["plus_tags"].value, PLUS_TAGS, "`plus_tags`") if "plus_tags" in keys else None
    given = [_source(report, item) for item in report.items(keys["also"].value)] if "also" in keys else []
    never = report.texts(keys["never"].value, "`never`") if "never" in keys else ()
    return Identity(
        plus_tags="ignore" if tags == "ignore" else "keep",
        also=tuple(source for source in given if source is not None),
        never=tuple(fold(name) for name in never),
        mark=node.mark,
    )


def _source(report: Report, node: Node) -> FieldSource | None:
    text = report.text(node, "a field with an address")
    match = ADDRESS.fullmatch(text) if text is not None else None
    if match is not None and match[1] in _CRM_OF:
        return FieldSource(_CRM_OF[match[1]], match[1], match[2], node.mark)
    if text is not None:
        hint = f"write it with its object, one of {', '.join(_CRM_OF)}, such as Contact.Secondary_Email__c"
        report.add(node.mark, f"`{short(text)}` is no field of a person's record", hint, "source")
    return None
