"""Trips of several stops, people's rulings on matches, and waves and what-ifs as kinds of plans.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BUSY = sa.text("state in ('accepted', 'en_route')")


def upgrade() -> None:
    """Make it so."""
    op.add_column("plans", sa.Column("kind", sa.Text(), server_default=sa.text("'live'"), nullable=False))
    op.add_column(
        "plans",
        sa.Column(
            "asked", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
    )
    op.create_check_constraint(op.f("ck_plans_kind"), "plans", "kind in ('live', 'wave', 'what_if')")
    op.add_column("matches", sa.Column("taken_out", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_table(
        "rulings",
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("incident_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("need_id", sa.BigInteger(), nullable=False),
        sa.Column("lot_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("volunteer_id", sa.UUID(as_uuid=False), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind in ('pin', 'forbid')", name=op.f("ck_rulings_kind")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_rulings_quantity")),
        sa.CheckConstraint("(lot_id is null) <> (volunteer_id is null)", name=op.f("ck_rulings_one_source")),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_rulings_incident_id")),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_rulings_lot_id")),
        sa.ForeignKeyConstraint(["need_id"], ["needs.id"], name=op.f("fk_rulings_need_id")),
        sa.ForeignKeyConstraint(["volunteer_id"], ["volunteers.id"], name=op.f("fk_rulings_volunteer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rulings")),
    )
    op.create_index(
        "ix_rulings_in_force", "rulings", ["incident_id"], postgresql_where=sa.text("ended_at is null")
    )
    op.create_index(op.f("ix_rulings_need_id"), "rulings", ["need_id"])
    op.add_column("assignments", sa.Column("trip_id", sa.UUID(as_uuid=False), nullable=True))
    op.execute("update assignments set trip_id = id")
    op.alter_column("assignments", "trip_id", nullable=False)
    op.add_column("assignments", sa.Column("stop", sa.SmallInteger(), server_default=sa.text("1"), nullable=False))
    op.add_column("assignments", sa.Column("expected_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_assignments_trip_id"), "assignments", ["trip_id"])
    op.drop_index("uq_assignments_busy", table_name="assignments")
    # Comparing ids by = and <> in one constraint takes the extension; it is one that an owner may add.
    op.execute("create extension if not exists btree_gist")
    op.create_exclude_constraint(
        "one_trip_at_a_time", "assignments", ("volunteer_id", "="), ("trip_id", "<>"), using="gist", where=BUSY
    )


def downgrade() -> None:
    """Take it back; later stops of a trip under way would be second jobs, so they wait for a volunteer again."""
    op.drop_constraint("one_trip_at_a_time", "assignments")
    op.execute(
        "update assignments set state = 'proposed', volunteer_id = null"
        " where stop > 1 and state in ('accepted', 'en_route')"
    )
    op.create_index("uq_assignments_busy", "assignments", ["volunteer_id"], unique=True, postgresql_where=BUSY)
    op.drop_index(op.f("ix_assignments_trip_id"), table_name="assignments")
    for column in ("expected_at", "stop", "trip_id"):
        op.drop_column("assignments", column)
    op.drop_table("rulings")
    op.drop_column("matches", "taken_out")
    op.drop_constraint(op.f("ck_plans_kind"), "plans", type_="check")
    op.drop_column("plans", "asked")
    op.drop_column("plans", "kind")
