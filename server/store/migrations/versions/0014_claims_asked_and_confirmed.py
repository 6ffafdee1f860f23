"""Who asks about a claim, what was found, who proposed and who confirmed the verdict, and what it closed.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ID = postgresql.UUID(as_uuid=False)
NEW = (
    ("lon", sa.Float()),
    ("lat", sa.Float()),
    ("accuracy_m", sa.Float()),
    ("kind", sa.Text()),
    ("finding", sa.Text()),
    ("proposed_by", sa.Text()),
    ("proposed_at", sa.DateTime(timezone=True)),
    ("given_back", sa.Text()),
    ("confirmed_by", sa.Text()),
    ("confirmed_at", sa.DateTime(timezone=True)),
    ("hazard_id", ID),
    ("joined_to", ID),
)
RULES = {
    "kind": "kind in ('road_cut', 'bridge_cut')",
    "two_people": "confirmed_by <> proposed_by",
    "confirmed": "(confirmed_by is null) = (confirmed_at is null)",
}


def upgrade() -> None:
    """Make it so."""
    op.add_column("hazards", sa.Column("radius_m", sa.Float(), nullable=True))
    op.create_check_constraint(op.f("ck_hazards_radius"), "hazards", "radius_m > 0")
    for name, kind in NEW:
        op.add_column("claims", sa.Column(name, kind, nullable=True))
    for name in ("closing", "used"):
        empty = sa.text("'{}'::jsonb")
        op.add_column("claims", sa.Column(name, postgresql.JSONB(), server_default=empty, nullable=False))
    # Each claim that is here gets a code of its own.
    code = sa.text("upper(substr(md5(gen_random_uuid()::text), 1, 12))")
    op.add_column("claims", sa.Column("code", sa.Text(), server_default=code, nullable=False))
    op.create_unique_constraint(op.f("uq_claims_code"), "claims", ["code"])
    op.create_foreign_key(op.f("fk_claims_hazard_id"), "claims", "hazards", ["hazard_id"], ["id"])
    op.create_foreign_key(op.f("fk_claims_joined_to"), "claims", "claims", ["joined_to"], ["id"])
    for name, rule in RULES.items():
        op.create_check_constraint(op.f(f"ck_claims_{name}"), "claims", rule)
    op.create_index(op.f("ix_claims_incident_id_received_at"), "claims", ["incident_id", "received_at"])
    op.create_table(
        "claim_evidence",
        sa.Column("id", ID, nullable=False),
        sa.Column("claim_id", ID, nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column("source_url", sa.Text(), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_claim_evidence_claim_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_evidence")),
    )
    op.create_index(op.f("ix_claim_evidence_claim_id"), "claim_evidence", ["claim_id"])
    op.create_table(
        "claim_asks",
        sa.Column("id", ID, nullable=False),
        sa.Column("claim_id", ID, nullable=False),
        sa.Column("incident_id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("code_index", sa.LargeBinary(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("source_url", sa.Text(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_last3", sa.Text(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_claim_asks_claim_id")),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_claim_asks_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_asks")),
        sa.UniqueConstraint("client_id", name=op.f("uq_claim_asks_client_id")),
        sa.UniqueConstraint("code_index", name=op.f("uq_claim_asks_code_index")),
    )
    op.create_index(op.f("ix_claim_asks_claim_id"), "claim_asks", ["claim_id"])
    op.create_table(
        "claim_tellings",
        sa.Column("ask_id", ID, nullable=False),
        sa.Column("claim_id", ID, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reached_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reached_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["ask_id"], ["claim_asks.id"], name=op.f("fk_claim_tellings_ask_id")),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_claim_tellings_claim_id")),
        sa.PrimaryKeyConstraint("ask_id", name=op.f("pk_claim_tellings")),
    )


def downgrade() -> None:
    """Take it back."""
    for table in ("claim_tellings", "claim_asks", "claim_evidence"):
        op.drop_table(table)
    op.drop_index(op.f("ix_claims_incident_id_received_at"), table_name="claims")
    for name in RULES:
        op.drop_constraint(op.f(f"ck_claims_{name}"), "claims", type_="check")
    for name in ("code", "used", "closing", *(name for name, _ in reversed(NEW))):
        op.drop_column("claims", name)
    op.drop_constraint(op.f("ck_hazards_radius"), "hazards", type_="check")
    op.drop_column("hazards", "radius_m")
