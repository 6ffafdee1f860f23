"""How many people a volunteer who checks in goes with.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it so."""
    op.add_column("checkins", sa.Column("team", sa.SmallInteger(), nullable=True))
    op.create_check_constraint(op.f("ck_checkins_team"), "checkins", "team > 0")


def downgrade() -> None:
    """Take it back."""
    op.drop_column("checkins", "team")
