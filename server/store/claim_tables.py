"""The tables of claims: what was found about each, who asks about it, and who of them was told."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, LargeBinary, Table, Text, text
from sqlalchemy.dialects.postgresql import UUID

from server.store.tables import _id, _json, _place, _ref, _time, _version, metadata

_CODE = text("upper(substr(md5(gen_random_uuid()::text), 1, 12))")
"""12 random characters that are letters of our codes."""
claims = Table(
    "claims",
    metadata,
    _id(),
    _ref("incident_id", "incidents.id"),
    Column("area", Text, nullable=False),
    *_place(),
    Column("code", Text, nullable=False, unique=True, server_default=_CODE),
    Column("text", Text, nullable=False),
    Column("kind", Text),
    Column("state", Text, nullable=False),
    Column("verdict", Text),
    Column("source_url", Text),
    Column("finding", Text),
    Column("proposed_by", Text),
    _time("proposed_at", nullable=True),
    Column("given_back", Text),
    Column("confirmed_by", Text),
    _time("confirmed_at", nullable=True),
    _json("closing"),
    _ref("hazard_id", "hazards.id", nullable=True),
    _json("used"),
    _ref("joined_to", "claims.id", nullable=True),
    _time("received_at"),
    _time("due_at"),
    _version(),
    CheckConstraint("kind in ('road_cut', 'bridge_cut')", name="kind"),
    CheckConstraint("confirmed_by <> proposed_by", name="two_people"),
    CheckConstraint("(confirmed_by is null) = (confirmed_at is null)", name="confirmed"),
    Index(None, "incident_id", "received_at"),
)
"""What is proposed (`finding`, a step of the lifecycle) is no verdict before another person confirms it.

closing: {radius_m, hours} that a true one of a `kind` closes; used: what went there when it was closed.
"""
claim_evidence = Table(
    "claim_evidence",
    metadata,
    _id(),
    _ref("claim_id", "claims.id"),
    Column("found", Text, nullable=False),
    Column("source_url", Text),
    Column("by", Text, nullable=False),
    _time("at"),
    Index(None, "claim_id"),
)
claim_asks = Table(
    "claim_asks",
    metadata,
    _id(),
    _ref("claim_id", "claims.id"),
    _ref("incident_id", "incidents.id"),
    Column("client_id", UUID(as_uuid=False), nullable=False, unique=True),
    Column("content_hash", LargeBinary, nullable=False),
    Column("code_index", LargeBinary, nullable=False, unique=True),
    Column("text", Text, nullable=False),
    Column("source_url", Text),
    Column("phone_sealed", LargeBinary),
    Column("phone_last3", Text),
    _time("asked_at"),
    Index(None, "claim_id"),
)
claim_tellings = Table(
    "claim_tellings",
    metadata,
    Column("ask_id", UUID(as_uuid=False), ForeignKey("claim_asks.id"), primary_key=True),
    _ref("claim_id", "claims.id"),
    Column("state", Text, nullable=False),
    _time("told_at"),
    _time("reached_at", nullable=True),
    Column("reached_by", Text),
)
"""Who asked is told once: a second telling of the same ask cannot be stored. `reached_at`: by phone, too."""
