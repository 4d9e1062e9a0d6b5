"""What planning remembers of its last comparison, and the indices by which it finds what changed since."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INDICES = (
    ("account_values", "cycle"),
    ("decisions", "number"),
    ("journal", "changed_at"),
    ("journal", "status", "crm"),
    ("lifecycle", "cycle"),
    ("person_records", "since_cycle"),
    ("person_records", "until_cycle"),
    ("records", "cycle"),
    ("timers", "sla", "status"),
)


def upgrade() -> None:
    """Create the new table and indices."""
    _unsettled()
    for table, *columns in INDICES:
        op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, columns, unique=False)
    op.drop_index(op.f("ix_journal_status"), "journal")  # the new one begins with it


def downgrade() -> None:
    """Drop them again."""
    op.create_index(op.f("ix_journal_status"), "journal", ["status"], unique=False)
    for table, *columns in INDICES:
        op.drop_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table)
    op.drop_table("unsettled")


def _unsettled() -> None:
    op.create_table(
        "unsettled",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("crm", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("left_out", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "crm", "object", "record_id", name=op.f("pk_unsettled")),
    )
    op.create_index(op.f("ix_unsettled_until"), "unsettled", ["until"], unique=False)
    op.create_index(op.f("ix_unsettled_left_out"), "unsettled", ["left_out"], unique=False)
