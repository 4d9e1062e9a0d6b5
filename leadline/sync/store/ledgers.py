"""The tables of conflicts, addresses, accounts, comparisons, users and plans' writes; ``schema`` has all tables."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text

from leadline.sync.store.base import Number, metadata
from leadline.sync.store.types import Instant, Json

conflicts = Table(
    # What somebody made of a value of ours, as pulls found it; what became of it follows from the journal.
    "conflicts",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("crm", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("record_id", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("ours", Json, nullable=False),  # in a list of one, as in `written`
    Column("theirs", Json, nullable=False),
    Column("written_at", Instant, nullable=False),  # when we had written ours
    Column("at", Instant, nullable=False),
    Column("seen", Instant, nullable=False),
    Column("cycle", Number, nullable=False),
    Column("author", Text, nullable=False),
    Column("by_user", Boolean, nullable=False),  # the CRM calls the author a user
    Column("mirrors", Boolean, nullable=False),  # the other CRM showed this value for the same person
    Index(None, "crm", "object", "record_id", "field"),
    Index(None, "cycle"),
)

addresses = Table(
    # What else a record may be joined by than its own address: by the book's section `identity`.
    "addresses",
    metadata,
    Column("crm", Text, primary_key=True),
    Column("object", Text, primary_key=True),
    Column("record_id", Text, primary_key=True),
    Column("email", Text, primary_key=True),  # folded, without its tag where the book ignores them
    Index(None, "email"),
)

account_values = Table(
    # What the people of an account come to, for each of its records: what a book writes to accounts.
    "account_values",
    metadata,
    Column("crm", Text, primary_key=True),
    Column("object", Text, primary_key=True),
    Column("record_id", Text, primary_key=True),
    Column("name", Text, primary_key=True),  # of the account fact
    Column("person_id", Text, nullable=False),  # the first of its people who take part
    Column("value", Json, nullable=False),  # a text in a list of one; a list of nothing where there is no value
    Column("cycle", Number, nullable=False),
    Index(None, "person_id"),
    Index(None, "cycle"),
)

unsettled = Table(
    # What the last comparison with the CRMs did not settle, of people and of records of accounts. Who has no row
    # agreed with what the CRMs show, and is compared again when something of theirs changes.
    "unsettled",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("crm", Text, primary_key=True),  # of the account's record; these three are empty for the person
    Column("object", Text, primary_key=True),
    Column("record_id", Text, primary_key=True),
    Column("until", Instant),  # from then on the answer may differ by time alone; NULL: never
    Column("left_out", Json, nullable=False),  # [[crm, object, why, records], ...]: what differs and is not written
    Index(None, "until"),
    Index(None, "left_out"),
)

users = Table(
    # Who can own records, as the CRMs said when they were asked: reports name them and tell who had left.
    "users",
    metadata,
    Column("crm", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("queue", Boolean, nullable=False),
    Column("inactive_since", Instant),  # NULL: active; else when a cycle first found it so
)

plan_writes = Table(
    # The writes of a plan that was begun, a row for each record and phase, numbered as in the journal.
    "plan_writes",
    metadata,
    Column("plan_hash", Text, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("person_id", Text, nullable=False),
    Column("crm", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("record_id", Text, nullable=False),
    Column("body", Text, nullable=False),
)
