"""Every kind of finding of ``leadline doctor``: how grave it is, what it means, and what to click."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from leadline.common.values import Crm

Severity = Literal["error", "warning", "note"]
SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of finding. ``clicks`` are by CRM, with ``{object}``, ``{name}`` and ``{value}`` to be filled in."""

    severity: Severity
    meaning: str
    clicks: Mapping[Crm, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is missing, or that an admin should know. ``why`` says what of the book needs it."""

    id: str
    crm: Crm
    subject: str
    severity: Severity
    message: str
    click: str
    why: str = ""


_SET: Final = "Setup > Permission Sets > the set of Leadline's user"
_OBJECT: Final = f"{_SET} > Object Settings > {{object}} > Edit"
_FIELD: Final = f"{_SET} > Object Settings > {{object}} > Edit > Field Permissions"
_SYSTEM: Final = f"{_SET} > System Permissions > Edit"
_SCOPES: Final = "Settings > Integrations > Private apps > the app > Edit > Scopes"
_PROPERTY: Final = "Settings > Properties > {object} properties"
_ACTIVITY: Final = "Setup > Object Manager > Activity > Fields & Relationships"
_MAPPINGS: Final = (
    "Settings > Integrations > Salesforce > Field mappings: none may write a field that the book writes"
)
_MANAGER: Final = "Setup > Object Manager > {object} > Fields & Relationships"

KINDS: Final[Mapping[str, Kind]] = {
    "cannot-sign-in": Kind(
        "error",
        "The CRM does not let us in, so nothing else was examined.",
        {
            "salesforce": "Setup > App Manager > the app > Manage: is it installed, and the user allowed? "
            f"{_SYSTEM}: API Enabled. Then check `auth` in leadline.yml",
            "hubspot": "Settings > Integrations > Private apps > the app > Auth: copy the token again",
        },
    ),
    "cannot-ask": Kind(
        "error",
        "A part of the examination was refused, so what it would have found is not known.",
        {"salesforce": f"{_SYSTEM}: View Setup and Configuration", "hubspot": _SCOPES},
    ),
    "object-hidden": Kind(
        "error",
        "The object is not visible: its records are not pulled, and rules that read it are frozen.",
        {
            "salesforce": f"{_OBJECT}: tick Read",
            "hubspot": f"{_SCOPES}: crm.objects.* and crm.schemas.* read of {{object}}",
        },
    ),
    "object-read-only": Kind(
        "error",
        "Records of the object cannot be edited: every write would be refused.",
        {"salesforce": f"{_OBJECT}: tick Edit", "hubspot": f"{_SCOPES}: crm.objects.* write of {{object}}"},
    ),
    "not-creatable": Kind(
        "error",
        "What the book's actions make cannot be made.",
        {
            "salesforce": f"{_OBJECT}: tick Create and Edit (of tasks: {_SYSTEM}: Edit Tasks)",
            "hubspot": f"{_SCOPES}: crm.objects.contacts.write",
        },
    ),
    "not-deletable": Kind(
        "error",
        "Members cannot be taken out of a campaign.",
        {"salesforce": f"{_OBJECT}: tick Delete; the user also needs the checkbox Marketing User"},
    ),
    "field-hidden": Kind(
        "error",
        "A field that rules read is not visible, or does not exist: what reads it is frozen.",
        {
            "salesforce": f"{_FIELD}: tick Read Access of {{name}}; if there is no such field, correct the book",
            "hubspot": f"{_PROPERTY}: is there {{name}}? If not, correct the book",
        },
    ),
    "join-hidden": Kind(
        "warning",
        "A field by which records are joined into one person is not visible: people may be counted twice.",
        {"salesforce": f"{_FIELD}: tick Read Access of {{name}}", "hubspot": f"{_PROPERTY}: is there {{name}}?"},
    ),
    "target-missing": Kind(
        "error",
        "A field that the book writes is not there, or not visible: it is not written.",
        {
            "salesforce": f"`leadline setup` makes it; by hand {_MANAGER} > New, then {_FIELD}",
            "hubspot": f"`leadline setup` makes it; by hand {_PROPERTY} > Create property",
        },
    ),
    "field-read-only": Kind(
        "error",
        "A field that the book writes cannot be edited: every write would be refused.",
        {
            "salesforce": f"{_FIELD}: tick Edit Access of {{name}}",
            "hubspot": f"HubSpot keeps {{name}} itself ({_PROPERTY}): name another property in the book",
        },
    ),
    "field-type": Kind(
        "error",
        "A field that the book writes has a type that does not take the values.",
        {"salesforce": f"{_MANAGER} > {{name}}: {{value}}", "hubspot": f"{_PROPERTY} > {{name}}: {{value}}"},
    ),
    "field-short": Kind(
        "warning",
        "A text field is shorter than the longest value: the record with a longer one would be refused.",
        {"salesforce": f"{_MANAGER} > {{name}} > Edit: length {{value}}"},
    ),
    "value-missing": Kind(
        "error",
        "The picklist does not offer a value that the book writes: that record would be refused.",
        {
            "salesforce": f"{_MANAGER} > {{name}} > Values > New: {{value}}",
            "hubspot": f"{_PROPERTY} > {{name}} > Edit > options: add {{value}}",
        },
    ),
    "key-missing": Kind(
        "error",
        "Tasks and notes have no field for our key: a crash could make one twice.",
        {
            "salesforce": f"`leadline setup` makes it; by hand {_ACTIVITY} > New: {{name}}, text, 80, Unique, "
            "External ID; then field-level security for Task",
            "hubspot": f"`leadline setup` makes it; by hand {_PROPERTY} > Create property {{name}}, unique values",
        },
    ),
    "key-not-unique": Kind(
        "error",
        "The field for our key takes the same value twice: a crash could make a task twice.",
        {
            "salesforce": f"{_ACTIVITY} > {{name}} > Edit: tick Unique and External ID",
            "hubspot": f"{_PROPERTY}: archive {{name}}, then `leadline setup` makes it with unique values",
        },
    ),
    "right-missing": Kind(
        "error",
        "A permission of the user or a scope of the app is missing.",
        {"salesforce": f"{_SYSTEM}: tick {{value}}", "hubspot": f"{_SCOPES}: {{name}}"},
    ),
    "right-untold": Kind(
        "note",
        "The CRM does not tell whether we have this permission.",
        {"salesforce": f"{_SYSTEM}: is {{value}} ticked?", "hubspot": f"{_SCOPES}: is {{name}} among them?"},
    ),
    "activity-unsupplied": Kind(
        "error",
        "This account does not supply a kind of activity that rules count: by its tier, or for want of a permission.",
        {
            "salesforce": f"{_OBJECT}: tick Read",
            "hubspot": f"{_SCOPES}{{value}}",
        },
    ),
    "user-missing": Kind(
        "error",
        "Somebody whom the book names is no active user or queue of any CRM: what is meant for them is held back.",
        {
            "salesforce": "Setup > Users: activate {name}, or correct the book",
            "hubspot": "Settings > Users & Teams: invite {name}, or correct the book",
        },
    ),
    "user-elsewhere": Kind(
        "warning",
        "Somebody whom the book names is known to the other CRM only: records of this one cannot be given to them.",
        {"salesforce": "Setup > Users: activate {name}", "hubspot": "Settings > Users & Teams: invite {name}"},
    ),
    "group-missing": Kind(
        "error",
        "A list or campaign that the book names does not exist.",
        {
            "salesforce": "Campaigns > New: {name}, or correct the book",
            "hubspot": "CRM > Lists > Create list: {name}, static; or correct the book",
        },
    ),
    "group-closed": Kind(
        "error",
        "A list chooses its own members: nobody can be added to it.",
        {"hubspot": "CRM > Lists > Create list: a static list, and name it in the book instead of {name}"},
    ),
    "user-not-machine": Kind(
        "warning",
        "Leadline's own user is not among the book's `machines`: its edits would look like a person's.",
        {"salesforce": "add {name} to `machines` in the rule book"},
    ),
    "records-hidden": Kind(
        "warning",
        "Sharing hides other owners' records from the user, as far as can be told: who is not seen cannot be scored.",
        {"salesforce": f"{_OBJECT}: tick View All (the organisation's default is {{value}})"},
    ),
    "records-not-editable": Kind(
        "warning",
        "Sharing lets the user edit only some records, as far as can be told: writes to the others would be refused.",
        {"salesforce": f"{_OBJECT}: tick Modify All, or share by a rule (the organisation's default is {{value}})"},
    ),
    "version-gone": Kind(
        "error",
        "The CRM does not offer the version of the API that leadline.yml names.",
        {"salesforce": "write `version: {value}` under `salesforce` in leadline.yml"},
    ),
    "quota-used": Kind(
        "error",
        "The share of the day's calls at which `quota_share` stops us is used, by whomever: reads and writes stop.",
        {
            "salesforce": "Setup > System Overview > API Usage: who calls so much? Or raise `quota_share`",
            "hubspot": "Settings > Integrations > Private apps > Logs: who calls so much? Or raise `quota_share`",
        },
    ),
    "quota-busy": Kind(
        "warning",
        "Half of the day's calls are used already.",
        {
            "salesforce": "Setup > System Overview > API Usage: who calls so much?",
            "hubspot": "Settings > Integrations > Private apps > Logs: who calls so much?",
        },
    ),
    "clock-skew": Kind(
        "warning",
        "This machine's clock differs from the CRM's. Leadline goes by the CRM's; schedules and logs go by ours.",
        {
            "salesforce": "switch on time synchronisation (NTP) on this machine",
            "hubspot": "switch on time synchronisation (NTP) on this machine",
        },
    ),
    "automation-listens": Kind(
        "warning",
        "An automation names a field that the book writes: our writes will start it, or it writes the field too.",
        {
            "salesforce": "Setup > {value}: open {name} and decide which of the two keeps the field",
            "hubspot": "Automation > Workflows: open {name} and decide which of the two keeps the property",
        },
    ),
    "validation-listens": Kind(
        "warning",
        "A validation rule names a field that the book writes: it may refuse our values.",
        {"salesforce": "Setup > Object Manager > {object} > Validation Rules > {name}: exempt Leadline's user"},
    ),
    "automation-runs": Kind(
        "note",
        "An automation runs whenever a record of this object changes, also when Leadline writes.",
        {
            "salesforce": "Setup > {value}: open {name}; exempt Leadline's user where it need not run",
            "hubspot": "Automation > Workflows: open {name}",
        },
    ),
    "automation-unread": Kind(
        "note",
        "An automation is on, and which fields it names could not be read.",
        {"salesforce": "Setup > {value}: open {name}", "hubspot": "Automation > Workflows: open {name}"},
    ),
    "assignment-rule": Kind(
        "note",
        "An assignment rule is active. Leadline's writes do not start it (`Sforce-Auto-Assign: FALSE`).",
        {"salesforce": "nothing to do"},
    ),
    "automation-untold": Kind(
        "note",
        "The CRM does not tell whether there are such automations.",
        {
            "salesforce": f"{_SYSTEM}: View Setup and Configuration, for this examination only",
            "hubspot": f"{_SCOPES}: automation, for this examination only",
        },
    ),
    "vendor-connector": Kind(
        "warning",
        "HubSpot's own Salesforce integration is installed: it may write the same fields.",
        {
            "salesforce": f"in HubSpot, {_MAPPINGS}",
            "hubspot": _MAPPINGS,
        },
    ),
    "lifecycle-sync": Kind(
        "note",
        "HubSpot itself moves this stage when a company or deal moves, and never backward.",
        {"hubspot": "Settings > Objects > Contacts > Lifecycle Stage: switch off what the book decides"},
    ),
}
"""By id, in the order in which the reference lists them."""


def finding(ident: str, crm: Crm, subject: str, message: str, **about: str) -> Finding:
    """Return a finding of a known kind; ``about``: ``object``, ``name``, ``value``, ``why``."""
    kind = KINDS[ident]
    words = {"object": "", "name": "", "value": "", **about}
    return Finding(
        ident, crm, subject, kind.severity, message, kind.clicks[crm].format(**words), about.get("why", "")
    )
