"""Reports in quarantine, blocked senders, and photos that nobody has looked at.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def _time(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Make it so."""
    op.alter_column("reports", "case_id", existing_type=sa.BigInteger(), nullable=True)
    op.add_column("reports", sa.Column("device_key", sa.LargeBinary(), nullable=True))
    op.add_column("reports", sa.Column("address_key", sa.LargeBinary(), nullable=True))
    op.create_check_constraint(
        op.f("ck_reports_case_or_quarantine"), "reports", "case_id is not null or state in ('quarantined', 'rejected')"
    )
    op.create_index(
        "ix_reports_sender", "reports", ["received_at"],
        postgresql_where=sa.text("device_key IS NOT NULL OR address_key IS NOT NULL"),
    )  # fmt: skip
    op.create_table(
        "quarantine",
        sa.Column("report_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("over", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("signals", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("group", sa.Text(), nullable=False),
        sa.Column("needs", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        _time("since_at"),
        sa.Column("decided_by", sa.Text(), nullable=True),
        _time("decided_at", nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("state in ('waiting', 'let_in', 'rejected')", name=op.f("ck_quarantine_state")),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name=op.f("fk_quarantine_report_id")),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_quarantine")),
    )
    op.create_index(
        "ix_quarantine_waiting", "quarantine", ["group", "since_at"], postgresql_where=sa.text("state = 'waiting'")
    )
    op.create_table(
        "blocks",
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("report_id", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        _time("at"),
        _time("until"),
        _time("ended_at", nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("appeal", sa.Text(), nullable=True),
        _time("appealed_at", nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        _time("answered_at", nullable=True),
        sa.CheckConstraint("kind in ('device', 'phone', 'address')", name=op.f("ck_blocks_kind")),
        sa.CheckConstraint("answered_by <> by", name=op.f("ck_blocks_another_person")),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name=op.f("fk_blocks_report_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blocks")),
    )
    op.create_index(
        "uq_blocks_in_force", "blocks", ["kind", "key"], unique=True, postgresql_where=sa.text("ended_at is null")
    )
    op.add_column("photos", sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("update photos set looked_at = added_at where is_shown")
    op.create_index("ix_photos_new", "photos", ["added_at"], postgresql_where=sa.text("looked_at is null"))


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_photos_new", "photos")
    op.drop_column("photos", "looked_at")
    op.drop_table("blocks")
    op.drop_table("quarantine")
    op.drop_index("ix_reports_sender", "reports")
    op.drop_constraint(op.f("ck_reports_case_or_quarantine"), "reports")
    op.drop_column("reports", "address_key")
    op.drop_column("reports", "device_key")
    op.execute("delete from photos where report_id in (select id from reports where case_id is null)")
    op.execute("delete from report_history where report_id in (select id from reports where case_id is null)")
    op.execute("delete from reports where case_id is null")
    op.alter_column("reports", "case_id", existing_type=sa.BigInteger(), nullable=False)
