"""The case that a reporter takes for the same as theirs.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it so."""
    op.add_column("reports", sa.Column("same_as", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_reports_same_as_cases"), "reports", "cases", ["same_as"], ["id"])
    op.create_index(op.f("ix_reports_same_as"), "reports", ["same_as"], postgresql_where=sa.text("same_as IS NOT NULL"))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("reports", "same_as")
