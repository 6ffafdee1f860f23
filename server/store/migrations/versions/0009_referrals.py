"""Agencies, and cases and needs that are passed from one unit to another.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def _time(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Make it so."""
    op.create_table(
        "agencies",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        _time("created_at"),
        sa.CheckConstraint("kind in ('bpbd', 'dinas', 'pmi', 'ngo')", name=op.f("ck_agencies_kind")),
        sa.CheckConstraint("code ~ '^[a-z][a-z0-9-]+$'", name=op.f("ck_agencies_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_agencies")),
    )
    op.create_table(
        "agency_members",
        sa.Column("user_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_agency_members_user_id")),
        sa.ForeignKeyConstraint(["agency"], ["agencies.code"], name=op.f("fk_agency_members_agency")),
        sa.PrimaryKeyConstraint("user_id", "agency", name=op.f("pk_agency_members")),
    )
    op.add_column("cases", sa.Column("holder", sa.Text(), nullable=True))
    op.add_column("needs", sa.Column("holder", sa.Text(), nullable=True))
    op.create_table(
        "referrals",
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("incident_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("need_id", sa.BigInteger(), nullable=True),
        sa.Column("from_unit", sa.Text(), nullable=False),
        sa.Column("to_unit", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        _time("at"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        _time("answered_at", nullable=True),
        sa.CheckConstraint(
            "state in ('open', 'accepted', 'returned', 'withdrawn')", name=op.f("ck_referrals_state")
        ),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_referrals_incident_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_referrals_case_id")),
        sa.ForeignKeyConstraint(["need_id"], ["needs.id"], name=op.f("fk_referrals_need_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referrals")),
    )
    op.create_index(
        "uq_referrals_open", "referrals", ["case_id", sa.text("coalesce(need_id, 0)")], unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )  # fmt: skip
    op.create_index(op.f("ix_referrals_to_unit_state"), "referrals", ["to_unit", "state"])
    op.create_index(op.f("ix_referrals_from_unit_state"), "referrals", ["from_unit", "state"])


def downgrade() -> None:
    """Take it back."""
    op.drop_table("referrals")
    op.drop_column("needs", "holder")
    op.drop_column("cases", "holder")
    op.drop_table("agency_members")
    op.drop_table("agencies")
