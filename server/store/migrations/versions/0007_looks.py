"""Who looks at which case just now.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it so."""
    op.create_table(
        "looks",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_looks_case_id")),
        sa.PrimaryKeyConstraint("case_id", "who", name=op.f("pk_looks")),
        # Nothing is lost with it: who still looks says so again within seconds.
        prefixes=["UNLOGGED"],
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("looks")
