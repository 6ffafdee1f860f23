"""Volunteers who call for help, and why an offer was put to its volunteer.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it so."""
    op.add_column(
        "offers", sa.Column("why", postgresql.JSONB(), nullable=False, server_default=sa.text("'{}'"))
    )
    op.create_table(
        "distress_calls",
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("volunteer_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("incident_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("accuracy_m", sa.Float(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('open', 'answered', 'ended')", name=op.f("ck_distress_calls_state")),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_distress_calls_incident_id")),
        sa.ForeignKeyConstraint(["volunteer_id"], ["volunteers.id"], name=op.f("fk_distress_calls_volunteer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_distress_calls")),
    )
    op.create_index(
        "uq_distress_calls_live",
        "distress_calls",
        ["volunteer_id"],
        unique=True,
        postgresql_where=sa.text("state <> 'ended'"),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("distress_calls")
    op.drop_column("offers", "why")
