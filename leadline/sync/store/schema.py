"""The tables of the state store, for SQLite and PostgreSQL alike.

Instants are 64-bit integers: microseconds since 1970-01-01 UTC (type ``Instant``), which sort and compare the
same on both databases. JSON is canonical text (type ``Json``), so equal values have equal bytes. A cycle is
named by its number; ``since_cycle``/``until_cycle`` say in which cycles a row was known to be so (until is the
first cycle in which it no longer was; NULL is still so).
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from leadline.sync.store.base import Number, metadata
from leadline.sync.store.installed import installed
from leadline.sync.store.ledgers import addresses, conflicts, plan_writes, unsettled, users
from leadline.sync.store.past import past_values
from leadline.sync.store.types import Instant, Json

__all__ = ["addresses", "conflicts", "installed", "metadata", "past_values", "plan_writes", "unsettled", "users"]

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("expires", Instant, nullable=False),
)

books = Table(
    "books",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("sources", LargeBinary, nullable=False),
    Column("activated", Instant),  # the frontier at which its plan passed the guards
    Column("activated_cycle", Number),
)

cycles = Table(
    "cycles",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),  # running | done | partial | refused | failed
    Column("started", Instant, nullable=False),
    Column("finished", Instant),
    Column("frontier", Instant),
    Column("evaluated", Instant),  # the frontier that people were evaluated to; NULL where nobody evaluated
    Column("book_hash", Text),
    Column("counts", Json, nullable=False),
)

cursors = Table(
    "cursors",
    metadata,
    Column("crm", Text, primary_key=True),
    Column("stream", Text, primary_key=True),  # Lead, contact, ... or activity:<kind>
    Column("stamp", Instant, nullable=False),
    Column("id", Text, nullable=False),
    Column("upper", Instant),  # the last bound that was read completely
    Column("shape", Text, nullable=False),  # what was asked for: another shape is read in full again
    Column("cycle", Number, nullable=False),
)

observations = Table(
    "observations",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("crm", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("record_id", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("seen", Instant, nullable=False),
    Column("cycle", Number, nullable=False),
    Column("changed", Json, nullable=False),  # only the fields that differ from the observation before
    Column("author", Text, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("merged_into", Text),
    Column("echo", Json, nullable=False),  # the changed fields whose new values we wrote ourselves
    Index(None, "crm", "object", "record_id", "id"),
    Index(None, "cycle"),
)

records = Table(
    "records",
    metadata,
    Column("crm", Text, primary_key=True),
    Column("object", Text, primary_key=True),
    Column("record_id", Text, primary_key=True),
    Column("stamp", Instant, nullable=False),
    Column("created", Instant),
    Column("fields", Json, nullable=False),
    Column("author", Text, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("merged_into", Text),
    Column("email", Text),  # folded, for identity; NULL where the record has none
    Column("person_id", Text),
    Column("cycle", Number, nullable=False),  # in which it changed last
    Index(None, "person_id"),
    Index(None, "email"),
    Index(None, "crm", "object", "merged_into"),
    Index(None, "cycle"),
)

links = Table(
    "links",
    metadata,
    Column("crm", Text, primary_key=True),
    Column("object", Text, primary_key=True),
    Column("record_id", Text, primary_key=True),
    Column("name", Text, primary_key=True),  # company, deal, contact, converted_contact, salesforce_contact, ...
    Column("to_crm", Text, primary_key=True),
    Column("to_object", Text, primary_key=True),
    Column("to_id", Text, primary_key=True),
    Column("since_cycle", Number, primary_key=True),
    Column("until_cycle", Number),
    Column("position", Integer, nullable=False),  # 0 is primary
    Index(None, "to_crm", "to_object", "to_id"),
)

activities = Table(
    "activities",
    metadata,
    Column("row", Number, primary_key=True, autoincrement=True),
    Column("crm", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("email", Text),  # folded
    Column("at", Instant, nullable=False),
    Column("precision", Text, nullable=False),
    Column("stamp", Instant, nullable=False),
    Column("seen", Instant, nullable=False),
    Column("cycle", Number, nullable=False),
    Column("attributes", Json, nullable=False),
    Column("deleted", Boolean, nullable=False),
    UniqueConstraint("crm", "kind", "id", "version"),
    Index(None, "email"),
    Index(None, "cycle"),
)

activity_records = Table(
    "activity_records",
    metadata,
    Column("row", Number, primary_key=True),
    Column("crm", Text, primary_key=True),
    Column("object", Text, primary_key=True),
    Column("record_id", Text, primary_key=True),
    Index(None, "crm", "object", "record_id"),
)

touched = Table(
    # What a pull changed and no evaluation has looked at yet; it survives a crash between the two.
    "touched",
    metadata,
    Column("crm", Text, primary_key=True),
    Column("object", Text, primary_key=True),  # empty: `record_id` is a folded e-mail address
    Column("record_id", Text, primary_key=True),
    Column("cycle", Number, nullable=False),
)

persons = Table(
    "persons",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("created_cycle", Number, nullable=False),
    Column("alias_of", Text),
    Column("alias_cycle", Number),
    Index(None, "alias_of"),
)

person_records = Table(
    "person_records",
    metadata,
    Column("crm", Text, primary_key=True),
    Column("object", Text, primary_key=True),
    Column("record_id", Text, primary_key=True),
    Column("since_cycle", Number, primary_key=True),
    Column("person_id", Text, nullable=False),
    Column("until_cycle", Number),
    Column("why", Text, nullable=False),  # new, converted, linked, merged, email
    Index(None, "person_id"),
    Index(None, "since_cycle"),
    Index(None, "until_cycle"),
)

lifecycle = Table(
    "lifecycle",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("state", Text, nullable=False),  # state_to_json of rules.deciding
    Column("stage", Text, nullable=False),
    Column("next_change", Instant),
    Column("frontier", Instant, nullable=False),
    Column("book_hash", Text, nullable=False),
    Column("cycle", Number, nullable=False),  # evaluated last
    Column("changed_cycle", Number, nullable=False),  # outcome changed last
    Column("outcome", Json, nullable=False),
    Column("published", Json),  # by CRM: what was last planned for writing; the plan's own business
    Column("published_at", Instant),
    Column("waits_for", Text),  # of the outcome: the stage that has no room for them yet
    Column("waits_in", Text),  # and the part in which they compete for a place
    Index(None, "next_change"),
    Index(None, "waits_for", "waits_in"),
    Index(None, "stage"),
    Index(None, "cycle"),
    Index(None, "changed_cycle"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person_id", Text, nullable=False),
    Column("number", Number, nullable=False),  # order of recording
    Column("at", Instant, nullable=False),
    Column("cycle", Number, nullable=False),
    Column("frontier", Instant, nullable=False),
    Column("book_hash", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("source_stage", Text),
    Column("stage", Text, nullable=False),
    Column("input_hash", Text, nullable=False),
    Column("before_state", Text),  # NULL for a first decision
    Column("before", Json, nullable=False),  # what else verify needs: how the state was brought here
    Column("body", Text, nullable=False),  # canonical JSON of the Decision
    Index(None, "person_id", "number"),
    Index(None, "number"),
    Index(None, "cycle"),
)

plans = Table(
    "plans",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("cycle", Number),
    Column("status", Text, nullable=False),  # made | accepted | refused | applying | applied | stale
    Column("made_at", Instant, nullable=False),
    Column("body", Text, nullable=False),
)

journal = Table(
    "journal",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("plan_hash", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("crm", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("record_id", Text, nullable=False),
    Column("person_id", Text),
    Column("writes", Json, nullable=False),  # {field: [old, new]}
    Column("decision_id", Text),
    Column("status", Text, nullable=False),  # planned claimed done verified ignored failed parked released stale gone
    Column("claimed_by", Text),
    Column("code", Text),
    Column("message", Text),
    Column("blamed", Json),  # the fields that the CRM named when it refused, where it did
    Column("attempts", Integer, nullable=False),
    Column("planned_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    UniqueConstraint("plan_hash", "seq"),
    Index(None, "status", "crm"),
    Index(None, "changed_at"),
    Index(None, "crm", "object", "record_id"),
)

written = Table(
    "written",
    metadata,
    Column("crm", Text, primary_key=True),
    Column("object", Text, primary_key=True),
    Column("record_id", Text, primary_key=True),
    Column("field", Text, primary_key=True),
    Column("value", Json, nullable=False),  # in a list of one, so that a cleared field is not SQL's NULL
    Column("plan_hash", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("settled", Boolean, nullable=False),  # it came back, or something else did: later changes are news
)

effects = Table(
    # Consequences of decisions, each carried out once: tasks, notices, assignments, notes, memberships.
    "effects",
    metadata,
    Column("key", Text, primary_key=True),  # the idempotency key
    Column("person_id", Text, nullable=False),
    Column("at", Instant, nullable=False),  # what caused it happened then
    Column("cycle", Number, nullable=False),  # in which it was decided
    Column("decision_id", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("action", Json, nullable=False),
    Column("status", Text, nullable=False),  # waiting planned claimed done failed parked withdrawn skipped closed
    Column("crm", Text),  # NULL: outside the CRMs (a webhook)
    Column("object", Text),
    Column("record_id", Text),
    Column("payload", Json),  # what is sent, once it is planned
    Column("remote_id", Text),  # what the CRM called it
    Column("plan_hash", Text),
    Column("claimed_by", Text),
    Column("attempts", Integer, nullable=False),
    Column("code", Text),
    Column("message", Text),
    Column("changed_at", Instant, nullable=False),
    Index(None, "status"),
    Index(None, "person_id"),
)

allocations = Table(
    # What was given where not all could have it: a place under a capacity, a turn of a rota. Facts of the person.
    "allocations",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("person_id", Text, nullable=False),
    Column("kind", Text, nullable=False),  # capacity | owner
    Column("name", Text, nullable=False),  # the stage, or the rota
    Column("part", Text, nullable=False),  # within which it was given; "" where there are no parts
    Column("value", Text, nullable=False),  # the stage that may be entered, or the user whose turn it was
    Column("wish", Text, nullable=False),  # what it answers, once
    Column("at", Instant, nullable=False),
    Column("seen", Instant, nullable=False),
    Column("cycle", Number, nullable=False),
    Column("book_hash", Text, nullable=False),
    UniqueConstraint("person_id", "kind", "wish"),
    Index(None, "person_id"),
    Index(None, "name", "at"),
)

timers = Table(
    # SLA timers as rows: what is running, what is due when, how each one ended. Derived from the states.
    "timers",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("sla", Text, primary_key=True),
    Column("started", Instant, primary_key=True),
    Column("entered", Instant, nullable=False),  # when the stage was entered; a new owner starts later
    Column("status", Text, nullable=False),
    Column("due", Instant),
    Column("breached", Instant),
    Column("ended", Instant),
    Column("corrected", Boolean, nullable=False),  # it was breached as far as was known then, and is not
    Column("target", Text, nullable=False),  # empty: it began and was replaced between two cycles
    Column("calendar", Text, nullable=False),
    Column("pauses", Json, nullable=False),  # [[from, to], ...] as instants, to None: it lasts
    Column("used", Number),  # microseconds of business time up to the end; NULL: it goes on
    Column("stage", Text, nullable=False),
    Column("owner", Text),  # <crm>/<id>, when it was breached or ended, else now
    Column("source", Text),
    Column("seen", Instant, nullable=False),  # the frontier of the cycle that learnt of it
    Column("cycle", Number, nullable=False),
    Index(None, "status", "due"),
    Index(None, "sla", "started"),
    Index(None, "sla", "status"),
)

tombstones = Table(
    # What was erased, as keyed digests: it says that, and not what.
    "tombstones",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("at", Instant, nullable=False),
)

shadow_lifecycle = Table(
    # Where people stand under the candidate book that runs beside the live one (`shadow:`); no CRM ever sees it.
    "shadow_lifecycle",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("next_change", Instant),
    Column("frontier", Instant, nullable=False),
    Column("book_hash", Text, nullable=False),
    Column("cycle", Number, nullable=False),
    Column("changed_cycle", Number, nullable=False),
    Column("outcome", Json, nullable=False),
    Index(None, "next_change"),
)
