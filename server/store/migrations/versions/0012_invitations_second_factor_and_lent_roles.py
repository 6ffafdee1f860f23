"""Invitations, recovery codes and spent codes, scopes of tokens, known networks, and roles for some hours.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def _time(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _user(table: str) -> list[sa.schema.SchemaItem]:
    name = op.f(f"fk_{table}_user_id")
    return [
        sa.Column("user_id", sa.UUID(as_uuid=False), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=name),
    ]


def upgrade() -> None:
    """Make it so."""
    op.add_column("users", sa.Column("totp_pending_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("users", sa.Column("totp_step", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    op.add_column("sessions", sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=True))
    op.create_table(
        "recovery_codes",
        *_user("recovery_codes"),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "code_hash", name=op.f("pk_recovery_codes")),
    )
    op.create_table(
        "invitations",
        *_user("invitations"),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        _time("created_at"),
        _time("expires_at"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_invitations_secret_hash")),
    )
    op.create_table(
        "known_networks",
        *_user("known_networks"),
        sa.Column("network", sa.LargeBinary(), nullable=False),
        _time("at"),
        sa.PrimaryKeyConstraint("user_id", "network", name=op.f("pk_known_networks")),
    )
    op.create_table(
        "loans",
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        *_user("loans"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        _time("at"),
        _time("starts_at"),
        _time("ends_at"),
        _time("ended_at", nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.CheckConstraint("kind in ('deputy', 'emergency')", name=op.f("ck_loans_kind")),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_loans_some_time")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loans")),
    )
    op.create_index(op.f("ix_loans_user_id_ends_at"), "loans", ["user_id", "ends_at"])
    op.create_index(op.f("ix_loans_ends_at"), "loans", ["ends_at"])


def downgrade() -> None:
    """Take it back."""
    for table in ("loans", "known_networks", "invitations", "recovery_codes"):
        op.drop_table(table)
    op.drop_column("sessions", "scopes")
    op.drop_column("users", "totp_step")
    op.drop_column("users", "totp_pending_sealed")
