"""Which words a person was asked with, whose note it is, and that a report was forgotten.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ASKED = ("reports", "pledges", "volunteers")


def upgrade() -> None:
    """Make it so."""
    for table in ASKED:
        op.add_column(table, sa.Column("consent", sa.Text(), nullable=True))
    op.add_column("reports", sa.Column("anonymised_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("case_notes", sa.Column("report_id", sa.Text(), nullable=True))
    op.create_foreign_key(op.f("fk_case_notes_report_id"), "case_notes", "reports", ["report_id"], ["id"])


def downgrade() -> None:
    """Take it back; what was forgotten stays so."""
    op.drop_column("case_notes", "report_id")
    op.drop_column("reports", "anonymised_at")
    for table in ASKED:
        op.drop_column(table, "consent")
