"""Consequences of decisions, what was allocated, and SLA timers."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Rows number themselves on SQLite only when the key is declared exactly INTEGER.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the new tables."""
    _allocations()
    _effects()
    _timers()
    _tombstones()
    _shadow()
    _conflicts()
    _addresses()
    _account_values()
    _users()
    _past_values()
    _installed()
    for name in ("waits_for", "waits_in"):
        op.add_column("lifecycle", sa.Column(name, sa.Text(), nullable=True))
    op.create_index(op.f("ix_lifecycle_waits_for_waits_in"), "lifecycle", ["waits_for", "waits_in"], unique=False)


def downgrade() -> None:
    """Drop them again."""
    op.drop_table("installed")
    op.drop_index(op.f("ix_lifecycle_waits_for_waits_in"), "lifecycle")
    for name in ("waits_for", "waits_in"):
        op.drop_column("lifecycle", name)
    ours = (
        "allocations",
        "effects",
        "timers",
        "tombstones",
        "shadow_lifecycle",
        "conflicts",
        "addresses",
        "account_values",
        "users",
        "past_values",
    )
    for name in ours:
        op.drop_table(name)


def _installed() -> None:
    op.create_table(
        "installed",
        sa.Column("crm", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("crm", "organisation", "part", name=op.f("pk_installed")),
    )


def _allocations() -> None:
    op.create_table(
        "allocations",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("wish", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("cycle", NUMBER, nullable=False),
        sa.Column("book_hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocations")),
        sa.UniqueConstraint("person_id", "kind", "wish", name=op.f("uq_allocations_person_id_kind_wish")),
    )
    op.create_index(op.f("ix_allocations_person_id"), "allocations", ["person_id"], unique=False)
    op.create_index(op.f("ix_allocations_name_at"), "allocations", ["name", "at"], unique=False)


def _effects() -> None:
    op.create_table(
        "effects",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("cycle", NUMBER, nullable=False),
        sa.Column("decision_id", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("crm", sa.Text(), nullable=True),
        sa.Column("object", sa.Text(), nullable=True),
        sa.Column("record_id", sa.Text(), nullable=True),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.Column("remote_id", sa.Text(), nullable=True),
        sa.Column("plan_hash", sa.Text(), nullable=True),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_effects")),
    )
    op.create_index(op.f("ix_effects_status"), "effects", ["status"], unique=False)
    op.create_index(op.f("ix_effects_person_id"), "effects", ["person_id"], unique=False)


def _timers() -> None:
    op.create_table(
        "timers",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("sla", sa.Text(), nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sa.Column("entered", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=True),
        sa.Column("breached", sa.BigInteger(), nullable=True),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("corrected", sa.Boolean(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("calendar", sa.Text(), nullable=False),
        sa.Column("pauses", sa.Text(), nullable=False),
        sa.Column("used", NUMBER, nullable=True),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("cycle", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("person_id", "sla", "started", name=op.f("pk_timers")),
    )
    op.create_index(op.f("ix_timers_status_due"), "timers", ["status", "due"], unique=False)
    op.create_index(op.f("ix_timers_sla_started"), "timers", ["sla", "started"], unique=False)


def _tombstones() -> None:
    op.create_table(
        "tombstones",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_tombstones")),
    )


def _shadow() -> None:
    op.create_table(
        "shadow_lifecycle",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("next_change", sa.BigInteger(), nullable=True),
        sa.Column("frontier", sa.BigInteger(), nullable=False),
        sa.Column("book_hash", sa.Text(), nullable=False),
        sa.Column("cycle", NUMBER, nullable=False),
        sa.Column("changed_cycle", NUMBER, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_shadow_lifecycle")),
    )
    op.create_index(op.f("ix_shadow_lifecycle_next_change"), "shadow_lifecycle", ["next_change"], unique=False)


def _conflicts() -> None:
    op.create_table(
        "conflicts",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("crm", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("ours", sa.Text(), nullable=False),
        sa.Column("theirs", sa.Text(), nullable=False),
        sa.Column("written_at", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("cycle", NUMBER, nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("by_user", sa.Boolean(), nullable=False),
        sa.Column("mirrors", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conflicts")),
    )
    place = ["crm", "object", "record_id", "field"]
    op.create_index(op.f("ix_conflicts_crm_object_record_id_field"), "conflicts", place, unique=False)
    op.create_index(op.f("ix_conflicts_cycle"), "conflicts", ["cycle"], unique=False)


def _addresses() -> None:
    op.create_table(
        "addresses",
        sa.Column("crm", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("crm", "object", "record_id", "email", name=op.f("pk_addresses")),
    )
    op.create_index(op.f("ix_addresses_email"), "addresses", ["email"], unique=False)


def _account_values() -> None:
    op.create_table(
        "account_values",
        sa.Column("crm", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("cycle", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("crm", "object", "record_id", "name", name=op.f("pk_account_values")),
    )
    op.create_index(op.f("ix_account_values_person_id"), "account_values", ["person_id"], unique=False)


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("crm", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("queue", sa.Boolean(), nullable=False),
        sa.Column("inactive_since", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("crm", "id", name=op.f("pk_users")),
    )


def _past_values() -> None:
    op.create_table(
        "past_values",
        sa.Column("crm", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("by_user", sa.Boolean(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("cycle", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("crm", "object", "record_id", "field", "at", name=op.f("pk_past_values")),
    )
