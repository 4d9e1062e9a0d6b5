"""The object types of the practice HubSpot: names, type ids, stamps, default properties, association type ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Kind:
    """One object type. ``created`` and ``stamp`` name its own creation and modification properties.

    ``defaults`` are answered when a request names no properties; ``searched`` is where ``query`` looks.
    ``scope`` is the part of the OAuth scopes ``crm.objects.<scope>.read`` and ``.write``.
    """

    name: str
    singular: str
    type_id: str
    created: str = "hs_createdate"
    stamp: str = "hs_lastmodifieddate"
    defaults: tuple[str, ...] = ()
    searched: tuple[str, ...] = ()
    scope: str = "contacts"

    @property
    def always(self) -> tuple[str, str, str]:
        """The three properties that every answer carries."""
        return (self.created, self.stamp, "hs_object_id")


CONTACTS: Final = Kind(
    name="contacts",
    singular="contact",
    type_id="0-1",
    created="createdate",
    stamp="lastmodifieddate",
    defaults=("email", "firstname", "lastname"),
    searched=("firstname", "lastname", "email", "phone", "hs_additional_emails", "company"),
)
COMPANIES: Final = Kind(
    name="companies",
    singular="company",
    type_id="0-2",
    created="createdate",
    defaults=("domain", "name"),
    searched=("name", "domain", "website", "phone"),
    scope="companies",
)
DEALS: Final = Kind(
    name="deals",
    singular="deal",
    type_id="0-3",
    created="createdate",
    defaults=("amount", "closedate", "dealname", "dealstage", "pipeline"),
    searched=("dealname", "pipeline", "dealstage", "description", "dealtype"),
    scope="deals",
)
CALLS: Final = Kind("calls", "call", "0-48", searched=("hs_call_title", "hs_call_body"))
EMAILS: Final = Kind("emails", "email", "0-49", searched=("hs_email_subject",))
MEETINGS: Final = Kind("meetings", "meeting", "0-47", searched=("hs_meeting_title", "hs_meeting_body"))
NOTES: Final = Kind("notes", "note", "0-46", searched=("hs_note_body",))
TASKS: Final = Kind("tasks", "task", "0-27", searched=("hs_task_body", "hs_task_subject"))

KINDS: Final[tuple[Kind, ...]] = (CONTACTS, COMPANIES, DEALS, CALLS, EMAILS, MEETINGS, NOTES, TASKS)
ENGAGEMENTS: Final[tuple[Kind, ...]] = (CALLS, EMAILS, MEETINGS, NOTES, TASKS)

_BY_WORD: Final[Mapping[str, Kind]] = {
    word: kind for kind in KINDS for word in (kind.name, kind.singular, kind.type_id)
}

_PAIRS: Final[Mapping[tuple[str, str], tuple[int, int]]] = {
    # (from, to) -> (type id there, type id back), HubSpot's own numbers (docs: association type id values)
    ("contact", "company"): (279, 280),
    ("contact", "deal"): (4, 3),
    ("deal", "company"): (341, 342),
    ("contact", "call"): (193, 194),
    ("contact", "email"): (197, 198),
    ("contact", "meeting"): (199, 200),
    ("contact", "note"): (201, 202),
    ("contact", "task"): (203, 204),
    ("company", "call"): (181, 182),
    ("company", "email"): (185, 186),
    ("company", "meeting"): (187, 188),
    ("company", "note"): (189, 190),
    ("company", "task"): (191, 192),
    ("deal", "call"): (205, 206),
    ("deal", "email"): (209, 210),
    ("deal", "meeting"): (211, 212),
    ("deal", "note"): (213, 214),
    ("deal", "task"): (215, 216),
    ("contact", "contact"): (449, 449),
    ("company", "company"): (450, 450),
}
PLAIN_TYPES: Final[Mapping[tuple[str, str], int]] = {
    **{pair: there for pair, (there, _) in _PAIRS.items()},
    **{(to, source): back for (source, to), (_, back) in _PAIRS.items()},
}
"""The unlabelled association type from one object type (singular) to another."""

PRIMARY_TYPES: Final[Mapping[tuple[str, str], int]] = {
    ("contact", "company"): 1,
    ("company", "contact"): 2,
    ("deal", "company"): 5,
    ("company", "deal"): 6,
}
"""The ``Primary`` association types: a contact or deal has at most one primary company."""


def kind_of(word: str) -> Kind | None:
    """Find an object type by its plural, singular or type id, in any case."""
    return _BY_WORD.get(word.lower())
