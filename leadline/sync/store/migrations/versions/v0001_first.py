"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Rows number themselves on SQLite only when the key is declared exactly INTEGER.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create every table."""
    _activities()
    _activity_records()
    _books()
    _cursors()
    _cycles()
    _decisions()
    _journal()
    _leases()
    _lifecycle()
    _links()
    _meta()
    _observations()
    _person_records()
    _persons()
    _plans()
    _records()
    _touched()
    _written()


def downgrade() -> None:
    """Drop every table."""
    for name in TABLES:
        op.drop_table(name)


def _activities() -> None:
    op.create_table(
        "activities",
        sa.Column("row", NUMBER, autoincrement=True, nullable=False),
        sa.Column("crm", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("precision", sa.Text(), nullable=False),
        sa.Column("stamp", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("cycle", NUMBER, nullable=False),
        sa.Column("attributes", sa.Text(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_activities")),
        sa.UniqueConstraint("crm", "kind", "id", "version", name=op.f("uq_activities_crm_kind_id_version")),
    )
    op.create_index(op.f("ix_activities_cycle"), "activities", ["cycle"], unique=False)
    op.create_index(op.f("ix_activities_email"), "activities", ["email"], unique=False)


def _activity_records() -> None:
    op.create_table(
        "activity_records",
        sa.Column("row", NUMBER, nullable=False),
        sa.Column("crm", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("row", "crm", "object", "record_id", name=op.f("pk_activity_records")),
    )
    op.create_index(
        op.f("ix_activity_records_crm_object_record_id"),
        "activity_records",
        ["crm", "object", "record_id"],
        unique=False,
    )


def _books() -> None:
    op.create_table(
        "books",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sources", sa.LargeBinary(), nullable=False),
        sa.Column("activated", sa.BigInteger(), nullable=True),
        sa.Column("activated_cycle", NUMBER, nullable=True),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_books")),
    )


def _cursors() -> None:
    op.create_table(
        "cursors",
        sa.Column("crm", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("stamp", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("upper", sa.BigInteger(), nullable=True),
        sa.Column("shape", sa.Text(), nullable=False),
        sa.Column("cycle", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("crm", "stream", name=op.f("pk_cursors")),
    )


def _cycles() -> None:
    op.create_table(
        "cycles",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sa.Column("finished", sa.BigInteger(), nullable=True),
        sa.Column("frontier", sa.BigInteger(), nullable=True),
        sa.Column("evaluated", sa.BigInteger(), nullable=True),
        sa.Column("book_hash", sa.Text(), nullable=True),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cycles")),
    )


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("cycle", NUMBER, nullable=False),
        sa.Column("frontier", sa.BigInteger(), nullable=False),
        sa.Column("book_hash", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("source_stage", sa.Text(), nullable=True),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("input_hash", sa.Text(), nullable=False),
        sa.Column("before_state", sa.Text(), nullable=True),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    op.create_index(op.f("ix_decisions_cycle"), "decisions", ["cycle"], unique=False)
    op.create_index(op.f("ix_decisions_person_id_number"), "decisions", ["person_id", "number"], unique=False)


def _journal() -> None:
    op.create_table(
        "journal",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("plan_hash", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("crm", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=True),
        sa.Column("writes", sa.Text(), nullable=False),
        sa.Column("decision_id", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("blamed", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("planned_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
        sa.UniqueConstraint("plan_hash", "seq", name=op.f("uq_journal_plan_hash_seq")),
    )
    op.create_index(op.f("ix_journal_crm_object_record_id"), "journal", ["crm", "object", "record_id"], unique=False)
    op.create_index(op.f("ix_journal_status"), "journal", ["status"], unique=False)


def _leases() -> None:
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )


def _lifecycle() -> None:
    op.create_table(
        "lifecycle",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("next_change", sa.BigInteger(), nullable=True),
        sa.Column("frontier", sa.BigInteger(), nullable=False),
        sa.Column("book_hash", sa.Text(), nullable=False),
        sa.Column("cycle", NUMBER, nullable=False),
        sa.Column("changed_cycle", NUMBER, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("published", sa.Text(), nullable=True),
        sa.Column("published_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_lifecycle")),
    )
    op.create_index(op.f("ix_lifecycle_changed_cycle"), "lifecycle", ["changed_cycle"], unique=False)
    op.create_index(op.f("ix_lifecycle_next_change"), "lifecycle", ["next_change"], unique=False)
    op.create_index(op.f("ix_lifecycle_stage"), "lifecycle", ["stage"], unique=False)


def _links() -> None:
    op.create_table(
        "links",
        sa.Column("crm", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("to_crm", sa.Text(), nullable=False),
        sa.Column("to_object", sa.Text(), nullable=False),
        sa.Column("to_id", sa.Text(), nullable=False),
        sa.Column("since_cycle", NUMBER, nullable=False),
        sa.Column("until_cycle", NUMBER, nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "crm", "object", "record_id", "name", "to_crm", "to_object", "to_id", "since_cycle", name=op.f("pk_links")
        ),
    )
    op.create_index(op.f("ix_links_to_crm_to_object_to_id"), "links", ["to_crm", "to_object", "to_id"], unique=False)


def _meta() -> None:
    op.create_table(
        "meta",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_meta")),
    )


def _observations() -> None:
    op.create_table(
        "observations",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("crm", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("cycle", NUMBER, nullable=False),
        sa.Column("changed", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("merged_into", sa.Text(), nullable=True),
        sa.Column("echo", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observations")),
    )
    op.create_index(
        op.f("ix_observations_crm_object_record_id_id"),
        "observations",
        ["crm", "object", "record_id", "id"],
        unique=False,
    )
    op.create_index(op.f("ix_observations_cycle"), "observations", ["cycle"], unique=False)


def _person_records() -> None:
    op.create_table(
        "person_records",
        sa.Column("crm", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("since_cycle", NUMBER, nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("until_cycle", NUMBER, nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("crm", "object", "record_id", "since_cycle", name=op.f("pk_person_records")),
    )
    op.create_index(op.f("ix_person_records_person_id"), "person_records", ["person_id"], unique=False)


def _persons() -> None:
    op.create_table(
        "persons",
        sa.Column("number", NUMBER, autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_cycle", NUMBER, nullable=False),
        sa.Column("alias_of", sa.Text(), nullable=True),
        sa.Column("alias_cycle", NUMBER, nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_persons")),
        sa.UniqueConstraint("id", name=op.f("uq_persons_id")),
    )
    op.create_index(op.f("ix_persons_alias_of"), "persons", ["alias_of"], unique=False)


def _plans() -> None:
    op.create_table(
        "plans",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("cycle", NUMBER, nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_plans")),
    )


def _records() -> None:
    op.create_table(
        "records",
        sa.Column("crm", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("stamp", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=True),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("merged_into", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("person_id", sa.Text(), nullable=True),
        sa.Column("cycle", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("crm", "object", "record_id", name=op.f("pk_records")),
    )
    op.create_index(
        op.f("ix_records_crm_object_merged_into"), "records", ["crm", "object", "merged_into"], unique=False
    )
    op.create_index(op.f("ix_records_email"), "records", ["email"], unique=False)
    op.create_index(op.f("ix_records_person_id"), "records", ["person_id"], unique=False)


def _touched() -> None:
    op.create_table(
        "touched",
        sa.Column("crm", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("cycle", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("crm", "object", "record_id", name=op.f("pk_touched")),
    )


def _written() -> None:
    op.create_table(
        "written",
        sa.Column("crm", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("plan_hash", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("crm", "object", "record_id", "field", name=op.f("pk_written")),
    )


TABLES = (
    "activities",
    "activity_records",
    "books",
    "cursors",
    "cycles",
    "decisions",
    "journal",
    "leases",
    "lifecycle",
    "links",
    "meta",
    "observations",
    "person_records",
    "persons",
    "plans",
    "records",
    "touched",
    "written",
)
