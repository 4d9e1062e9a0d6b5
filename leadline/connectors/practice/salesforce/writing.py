"""Creating, updating, upserting and deleting one record, with everything Salesforce refuses on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from leadline.connectors.practice.salesforce.answers import ApiError, RecordError, SaveResult
from leadline.connectors.practice.salesforce.calling import Call
from leadline.connectors.practice.salesforce.derived import derive
from leadline.connectors.practice.salesforce.ids import normal_id
from leadline.connectors.practice.salesforce.org import Org
from leadline.connectors.practice.salesforce.schema import Field, SObject
from leadline.connectors.practice.salesforce.store import Row
from leadline.connectors.practice.salesforce.values import read_value, seconds

_DATA_TYPES: Final = {"picklist": "DynamicEnum", "currency": "Currency", "date": "DateOnly", "reference": "EntityId"}


@dataclass(frozen=True, slots=True)
class Saver:
    """Writes for one call: who writes, under which label faults are drawn, which headers came with it."""

    org: Org
    user: str
    label: str
    assigns: bool
    allows_duplicates: bool = False

    def create(self, target: SObject, given: Mapping[str, Any]) -> SaveResult:
        """Insert a record. Raises RecordError, or ApiError for what refuses the whole request."""
        known(target, given)
        _writable(target, "createable")
        identifier = self.org.store.new_id(target.prefix)
        self._disturb(identifier)
        changes = self._changes(target, given, creating=True)
        row: dict[str, Any] = {"Id": identifier, **self._defaults(target), **changes}
        self._check(target, row, changes)
        self._refuse_duplicates(target, row)
        now = self._stamp(identifier)
        row |= {"CreatedDate": now, "CreatedById": self.user}
        self._commit(target, None, row, now)
        if (key := created_key(target.name, row)) is not None:
            self.org.harness.created[key] += 1
        return SaveResult(identifier, created=True)

    def update(self, target: SObject, identifier: str, given: Mapping[str, Any]) -> SaveResult:
        """Change a record. Raises RecordError, or ApiError for what refuses the whole request."""
        known(target, given)
        _writable(target, "updateable")
        before = self.existing(target, identifier)
        self._disturb(before["Id"])
        changes = self._changes(target, given, creating=False)
        if before.get("IsConverted"):
            raise RecordError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
        if ignored := self.org.harness.faults.draw("silent_ignore", endpoint=self.label, key=before["Id"]):
            changes = {name: v for name, v in changes.items() if ignored["fields"] and name not in ignored["fields"]}
            if not changes:
                return SaveResult(before["Id"])
        row = {**before, **changes}
        self._check(target, row, changes)
        self._refuse_duplicates(target, row)
        self._commit(target, before, row, self._stamp(before["Id"]))
        return SaveResult(before["Id"])

    def upsert(self, target: SObject, field: Field, value: Any, given: Mapping[str, Any]) -> SaveResult:
        """Update the record whose external id ``field`` is ``value``, or create it."""
        if field.name == "Id":
            return self.update(target, str(value), given) if value else self.create(target, given)
        wanted = read_value(field, value)
        if wanted is None:
            raise RecordError("MISSING_ARGUMENT", f"{field.name} not specified", [field.name])
        found = self.org.store.with_key(target.name, field.name, str(wanted))
        if found is None:
            return self.create(target, {**given, field.name: value})
        return self.update(target, found["Id"], given)

    def delete(self, target: SObject, identifier: str) -> SaveResult:
        """Move a record to the recycle bin. Raises RecordError."""
        _writable(target, "deletable")
        before = self.existing(target, identifier)
        self._disturb(before["Id"])
        row = {**before, "IsDeleted": True}
        self._commit(target, before, row, self._stamp(before["Id"]))
        return SaveResult(before["Id"])

    def existing(self, target: SObject, identifier: str) -> Row:
        """Return the row to be changed. Raises RecordError MALFORMED_ID, ENTITY_IS_DELETED and the like."""
        wanted = normal_id(identifier)
        if wanted is None or not wanted.startswith(target.prefix):
            raise RecordError("MALFORMED_ID", f"{target.label} ID: id value of incorrect type: {identifier}", ["Id"])
        row = self.org.store.latest(target.name, wanted)
        if row is None:
            raise RecordError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", status=404)
        if row.get("IsDeleted"):
            raise RecordError("ENTITY_IS_DELETED", "entity is deleted", status=404)
        return row

    def _disturb(self, identifier: str) -> None:
        faults = self.org.harness.faults
        if faults.draw("lock_error", endpoint=self.label, key=identifier):
            message = f"unable to obtain exclusive access to this record or 1 records: {identifier}"
            raise RecordError("UNABLE_TO_LOCK_ROW", message)
        if failed := faults.draw("partial_failure", endpoint=self.label, key=identifier):
            code = failed["code"] or "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
            raise RecordError(code, "a fault of the practice organisation refuses this record", failed["fields"])

    def _changes(self, target: SObject, given: Mapping[str, Any], *, creating: bool) -> dict[str, Any]:
        """Return the new values by canonical name."""
        changes: dict[str, Any] = {}
        refused: list[str] = []
        for name, raw in given.items():
            if name.lower() in {"attributes", "id"}:
                continue
            field = target.by_name[name.lower()]
            if not (field.createable if creating else field.updateable):
                refused.append(field.name)
            else:
                changes[field.name] = read_value(field, raw)
        if refused:
            raise RecordError(
                "INVALID_FIELD_FOR_INSERT_UPDATE",
                f"Unable to create/update fields: {', '.join(refused)}. Please check the security settings of this "
                "field and verify that it is read/write for your profile or permission set.",
                refused,
            )
        return changes

    def _check(self, target: SObject, row: Mapping[str, Any], changes: Mapping[str, Any]) -> None:
        missing = [f.name for f in target.fields if not f.nillable and f.createable and row.get(f.name) is None]
        if missing:
            raise RecordError(
                "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", missing
            )
        for name, value in changes.items():
            field = target.by_name[name.lower()]
            if field.type == "reference" and value is not None:
                self._check_reference(field, value)
            if field.unique and value is not None:
                twin = self.org.store.with_key(target.name, field.name, value)
                if twin is not None and twin["Id"] != row["Id"]:
                    message = f"duplicate value found: {name} duplicates value on record with id: {twin['Id'][:15]}"
                    raise RecordError("DUPLICATE_VALUE", message, [name])
        for rule in self.org.options.validation_rules:
            if rule.object == target.name and rule.field in changes and _strikes(rule.value, changes[rule.field]):
                raise RecordError("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.message, [rule.field])

    def _check_reference(self, field: Field, value: str) -> None:
        owner = self.org.schema.of_id(value)
        if owner is None or owner.name not in field.references:
            message = f"{field.label}: id value of incorrect type: {value}"
            raise RecordError("FIELD_INTEGRITY_EXCEPTION", message, [field.name])
        row = self.org.store.latest(owner.name, value)
        if row is None or row.get("IsDeleted"):
            raise RecordError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [field.name])

    def _refuse_duplicates(self, target: SObject, row: Mapping[str, Any]) -> None:
        if target.name == "CampaignMember" and created_key(target.name, row) in {
            created_key(target.name, other)
            for other in self.org.store.latest_rows(target.name)
            if not other.get("IsDeleted") and other["Id"] != row["Id"]
        }:
            raise RecordError("DUPLICATE_VALUE", "Already a campaign member.")
        email = (row.get("Email") or "").lower()
        if not self.org.options.duplicate_rule or self.allows_duplicates or not email:
            return
        if target.name in {"Lead", "Contact"} and any(
            (other.get("Email") or "").lower() == email and not other.get("IsDeleted") and other["Id"] != row["Id"]
            for other in self.org.store.rows(target.name)
        ):
            raise RecordError("DUPLICATES_DETECTED", "Use one of these records?")

    def _defaults(self, target: SObject) -> dict[str, Any]:
        row: dict[str, Any] = {f.name: f.default for f in target.fields if f.default is not None}
        if "ownerid" in target.by_name:
            row["OwnerId"] = self.user
        return row

    def _stamp(self, identifier: str) -> datetime:
        now = seconds(self.org.harness.clock.now())
        if self.org.harness.faults.draw("equal_timestamps", endpoint=self.label, key=identifier):
            return now.replace(second=0)
        return now

    def _commit(self, target: SObject, before: Row | None, row: dict[str, Any], now: datetime) -> None:
        self._assign(target, row)
        derive(target.name, row, now)
        row |= {"LastModifiedDate": now, "LastModifiedById": self.user, "SystemModstamp": now}
        late = self.org.harness.faults.draw("late_commit", endpoint=self.label, key=row["Id"])
        visible = self.org.harness.clock.now() + timedelta(seconds=late["seconds"]) if late else None
        kept = {name: value for name, value in row.items() if value is not None}
        self.org.store.put(target.name, kept, visible)
        if before is not None:
            self._remember(target, before, kept, now, visible)

    def _assign(self, target: SObject, row: dict[str, Any]) -> None:
        """Let the active assignment rule give a Lead to the first queue, as every write does unless told not to."""
        if target.name != "Lead" or not self.assigns or not self.org.options.assignment_rule or row.get("IsDeleted"):
            return
        queue = next(iter(self.org.store.rows("Group")), None)
        row["OwnerId"] = queue["Id"] if queue else self.org.integration_user

    def _remember(self, target: SObject, before: Row, row: Row, now: datetime, visible: datetime | None) -> None:
        """Write field history for the tracked fields that changed."""
        history = self.org.schema.objects.get(target.history or "")
        for name in target.tracked if history else ():
            if before.get(name) == row.get(name) or name.lower() not in target.by_name or history is None:
                continue
            kind = target.by_name[name.lower()].type
            past = {
                "Id": self.org.store.new_id(history.prefix),
                f"{target.name}Id": row["Id"],
                "Field": name,
                "DataType": _DATA_TYPES.get(kind, "Text"),
                "OldValue": before.get(name),
                "NewValue": row.get(name),
                "CreatedDate": now,
                "CreatedById": self.user,
                "IsDeleted": False,
            }
            self.org.store.put(history.name, {k: v for k, v in past.items() if v is not None}, visible)
        if target.name == "Opportunity" and before.get("StageName") != row.get("StageName"):
            self._remember_stage(row, now)

    def _remember_stage(self, row: Row, now: datetime) -> None:
        kept = {name: row[name] for name in ("StageName", "Amount", "CloseDate") if name in row}
        past = {"Id": self.org.store.new_id("008"), "OpportunityId": row["Id"], **kept, "IsDeleted": False}
        past |= {"CreatedDate": now, "CreatedById": self.user, "SystemModstamp": now}
        self.org.store.put("OpportunityHistory", past)


def created_key(name: str, row: Mapping[str, Any]) -> str | None:
    """Return by what a created row is counted: a task's external id, or a member's campaign and person."""
    if name == "CampaignMember":
        return f"{row.get('CampaignId')}/{row.get('ContactId') or row.get('LeadId')}"
    return row.get("Leadline_Key__c") if name == "Task" else None


def saver(call: Call) -> Saver:
    """Return the saver of one call. An assignment rule works unless ``Sforce-Auto-Assign: FALSE`` was sent."""
    allow = "allowsave=true" in call.headers.get("sforce-duplicate-rule-header", "").replace(" ", "").lower()
    assigns = call.headers.get("sforce-auto-assign", "TRUE").strip().upper() != "FALSE"
    return Saver(call.org, call.session.user, call.label, assigns, allow)


def known(target: SObject, given: Mapping[str, Any]) -> None:
    """Refuse the whole request when it names a field that this user does not see. Raises ApiError."""
    for name in given:
        if name.lower() not in target.by_name and name != "attributes":
            message = f"No such column '{name}' on sobject of type {target.name}"
            raise ApiError(400, "INVALID_FIELD", message)


def _writable(target: SObject, right: str) -> None:
    if not target.writable or right in target.denied:
        raise RecordError("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", status=403)


def _strikes(refused: str | None, value: Any) -> bool:
    return value is None if refused is None else value is not None and str(value) == refused
