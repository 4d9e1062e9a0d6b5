"""What to do about each of the vendors' error codes, in one sentence."""

from __future__ import annotations

from typing import Final

_ACCESS = "grant the integration user edit access to this field and record, then run `leadline sync` again"
_LOCK = "other jobs hold this record or its account; run `leadline sync` again when they are done"

_REMEDIES: Final[dict[str, str]] = {
    "CANARY": "the first records of the plan did not go well; mend that, and make a new plan",
    "CANNOT_UPDATE_CONVERTED_LEAD": "the lead was converted; the next pull follows it to its contact",
    "DUPLICATES_DETECTED": "a duplicate rule blocks the record: merge the duplicates or let the rule allow saving",
    "ENTITY_IS_DELETED": "the record was deleted; the next pull leaves it out",
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": "a validation rule of the CRM refuses it: mend the record or the rule",
    "FIELD_INTEGRITY_EXCEPTION": "the CRM's own checks refuse the value: mend the record there",
    "IGNORED": "the CRM said yes and kept another value: look for a workflow, flow or sync that sets this field",
    "INSUFFICIENT_ACCESS": _ACCESS,
    "INSUFFICIENT_ACCESS_OR_READONLY": _ACCESS,
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": _ACCESS,
    "INVALID_CROSS_REFERENCE_KEY": "what the field refers to, such as an owner, or the record itself is not "
    "there, or hidden from the integration user",
    "INVALID_FIELD": "the field is missing or hidden: check field-level security, then `leadline check`",
    "INVALID_FIELD_FOR_INSERT_UPDATE": _ACCESS,
    "INVALID_OPTION": "add this value to the property's options, or change `write:` in the rule book",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": "add this value to the picklist, or change `write:` in the rule book",
    "MISSING_SCOPES": "give the private app the scope that the message names",
    "NOT_FOUND": "the record was deleted or merged; the next pull follows",
    "INVALID_OWNER_ID": "the owner does not exist or is deactivated: mend the rota or the record's owner",
    "LIST_NOT_FOUND": "make the list or campaign again, or change `add_to` in the rule book",
    "NO_ANSWER": "the CRM's answer did not mention this record; run `leadline sync` again",
    "PHASE": "its first step did not succeed, so the second was not tried",
    "PROPERTY_DOESNT_EXIST": "create the property, or change `write:` in the rule book",
    "READ_ONLY_VALUE": "the property is read-only: choose another one under `write:` in the rule book",
    "REQUIRED_FIELD_MISSING": "the CRM demands another field on this record: fill it there",
    "STRING_TOO_LONG": "make the CRM's field longer, or write a shorter value",
    "UNABLE_TO_LOCK_ROW": _LOCK,
}

_BY_STATUS: Final[dict[str, str]] = {
    "released": "it was refused, and released with `leadline retry`: the next plan tries it again",
    "stale": "it was changed after the plan was made; make a new plan",
    "gone": "the record was deleted, merged or converted; the next pull follows",
    "failed": "it failed for now; apply the same plan again or run `leadline sync`",
    "planned": "it was not reached; apply the same plan again or run `leadline sync`",
    "claimed": "its answer is unknown; apply the same plan again or run `leadline sync`",
    "done": "it was written but not read back; apply the same plan again or run `leadline sync`",
    "parked": "mend the record or the rule book; this value is not sent again for a week",
}


_BY_EFFECT: Final[dict[str, str]] = {
    "NO_CHANNEL": "add the channel under `channels:` in leadline.yml, or notify somebody else",
    "NOT_ASSIGNED": "it waits for the assignment before it: where `leadline parked` lists that, mend it and run "
    "`leadline retry`",
    "NOT_DELIVERED": "the channel's receiver was away; the next cycle sends it again under the same key",
    "NOT_VERIFIED": "look for the record in the CRM: an automation may have removed it at once",
    "OWNER_DIFFERS": "an assignment rule or flow changed the task's owner; it is not made again",
    "RECORD_GONE": "nothing to do: the person's record is deleted",
    "REFUSED": "mend the webhook's address or its receiver; the message says what it answered",
    "RELEASED": "it was refused, and released with `leadline retry`: the next plan tries it again",
    "STALE": "somebody changed the record after the plan was made; the next plan looks again",
    "VALIDATION_ERROR": "HubSpot refuses what was sent: look at the action in the book and at the record's owner; "
    "a dynamic list takes no members",
}
_EFFECT_STATUS: Final[dict[str, str]] = {
    "planned": "it was not reached; apply the same plan again or run `leadline sync`",
    "claimed": "its answer is unknown; the next run looks for it before anything is made again",
    "failed": "it failed for now; the next cycle tries again",
    "parked": "mend what the code names; it is not tried again by itself",
}


def effect_remedy(status: str, code: str) -> str:
    """Return one sentence that says what to do about an effect that was not carried out."""
    if status in {"planned", "claimed"}:
        return _EFFECT_STATUS[status]
    return _BY_EFFECT.get(code) or _REMEDIES.get(code) or _EFFECT_STATUS.get(status, "")


def remedy_for(status: str, code: str) -> str:
    """Return one sentence that says what to do; empty when there is nothing to do."""
    if status in {"stale", "released", "planned", "claimed", "done"} and code != "CANARY":
        return _BY_STATUS[status]
    return _REMEDIES.get(code) or _BY_STATUS.get(status, "")
