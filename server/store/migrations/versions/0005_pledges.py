"""What donors say they will give, before it comes.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

EITHER = (
    "quantity > 0 and rupiah is null and item is not null or rupiah > 0 and item is null and quantity is null"
)


def upgrade() -> None:
    """Make it so."""
    op.create_table(
        "pledges",
        sa.Column("id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("incident_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("client_id", sa.UUID(as_uuid=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=True),
        sa.Column("rupiah", sa.BigInteger(), nullable=True),
        sa.Column("donor_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_last3", sa.Text(), nullable=True),
        sa.Column("shown_as", sa.Text(), nullable=True),
        sa.Column("pledged_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(EITHER, name=op.f("ck_pledges_goods_or_money")),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_pledges_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pledges")),
        sa.UniqueConstraint("client_id", name=op.f("uq_pledges_client_id")),
        sa.UniqueConstraint("code", name=op.f("uq_pledges_code")),
    )
    op.create_index(op.f("ix_pledges_incident_id_pledged_at"), "pledges", ["incident_id", "pledged_at"])


def downgrade() -> None:
    """Take it back."""
    op.drop_table("pledges")
