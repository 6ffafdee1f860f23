"""Whether a case has others that may be the same.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it so."""
    op.add_column("cases", sa.Column("alike", sa.Boolean(), nullable=True))
    op.create_index("ix_cases_not_compared", "cases", ["incident_id"], postgresql_where=sa.text("alike IS NULL"))
    # Pairs are looked up by both cases.
    op.drop_index("ix_kept_apart_other_id", table_name="kept_apart")


def downgrade() -> None:
    """Take it back."""
    op.create_index("ix_kept_apart_other_id", "kept_apart", ["other_id"])
    op.drop_index("ix_cases_not_compared", table_name="cases")
    op.drop_column("cases", "alike")
