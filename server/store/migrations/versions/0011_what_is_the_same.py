"""Reports by their place, the look of a photo, cases that a person keeps apart, and what is asked about.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it so."""
    op.create_index("ix_reports_point", "reports", [sa.text("point(lon, lat)")], postgresql_using="gist")
    op.add_column("reports", sa.Column("asked_about", sa.Text(), nullable=True))
    op.add_column("photos", sa.Column("dhash", sa.BigInteger(), nullable=True))
    op.create_table(
        "kept_apart",
        sa.Column("case_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("other_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("case_id < other_id", name=op.f("ck_kept_apart_order")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_kept_apart_case_id")),
        sa.ForeignKeyConstraint(["other_id"], ["cases.id"], name=op.f("fk_kept_apart_other_id")),
        sa.PrimaryKeyConstraint("case_id", "other_id", name=op.f("pk_kept_apart")),
    )
    op.create_index(op.f("ix_kept_apart_other_id"), "kept_apart", ["other_id"])


def downgrade() -> None:
    """Take it back."""
    op.drop_table("kept_apart")
    op.drop_column("photos", "dhash")
    op.drop_column("reports", "asked_about")
    op.drop_index("ix_reports_point", table_name="reports")
