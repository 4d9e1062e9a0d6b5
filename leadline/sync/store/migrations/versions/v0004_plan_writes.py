"""The writes of a plan stand in rows of their own: those of a million records do not fit into one value."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the new table; plans that were stored before keep their writes in their body."""
    op.create_table(
        "plan_writes",
        sa.Column("plan_hash", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("crm", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plan_hash", "seq", name=op.f("pk_plan_writes")),
    )


def downgrade() -> None:
    """Drop it again."""
    op.drop_table("plan_writes")
