"""Tables of what people at desks do by turns: who looks at a case, who calls for help, who may not send for a while."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from server.store.tables import _id, _place, _ref, _report, _time, metadata

looks = Table(
    "looks",
    metadata,
    Column("case_id", BigInteger, ForeignKey("cases.id"), primary_key=True),
    Column("who", Text, primary_key=True),
    _time("at"),
    prefixes=["UNLOGGED"],
)
quarantine = Table(
    "quarantine",
    metadata,
    Column("report_id", Text, ForeignKey("reports.id"), primary_key=True),
    Column("state", Text, nullable=False, server_default=text("'waiting'")),
    Column("over", ARRAY(Text), nullable=False),
    Column("signals", ARRAY(Text), nullable=False),
    Column("group", Text, nullable=False),
    Column("needs", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    _time("since_at"),
    Column("decided_by", Text),
    _time("decided_at", nullable=True),
    Column("reason", Text),
    CheckConstraint("state in ('waiting', 'let_in', 'rejected')", name="state"),
    Index("ix_quarantine_waiting", "group", "since_at", postgresql_where=text("state = 'waiting'")),
)
"""Reports over a limit. `needs` are what the report asked for, until its case is opened; T0 has its case at once."""
blocks = Table(
    "blocks",
    metadata,
    _id(),
    Column("kind", Text, nullable=False),
    Column("key", LargeBinary, nullable=False),
    _report(),
    Column("area", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    _time("at"),
    _time("until"),
    _time("ended_at", nullable=True),
    Column("ended_by", Text),
    Column("appeal", Text),
    _time("appealed_at", nullable=True),
    Column("answer", Text),
    Column("answered_by", Text),
    _time("answered_at", nullable=True),
    CheckConstraint("kind in ('device', 'phone', 'address')", name="kind"),
    CheckConstraint("answered_by <> by", name="another_person"),
    Index("uq_blocks_in_force", "kind", "key", unique=True, postgresql_where=text("ended_at is null")),
)
"""Senders whose reports wait in quarantine until a time; who blocks does not answer the appeal."""
distress_calls = Table(
    "distress_calls",
    metadata,
    _id(),
    _ref("volunteer_id", "volunteers.id"),
    _ref("incident_id", "incidents.id"),
    Column("area", Text, nullable=False),
    Column("state", Text, nullable=False),
    *_place(),
    Column("note", Text),
    _time("called_at"),
    _time("recorded_at"),
    _time("answered_at", nullable=True),
    Column("answered_by", Text),
    _time("ended_at", nullable=True),
    CheckConstraint("state in ('open', 'answered', 'ended')", name="state"),
    Index("uq_distress_calls_live", "volunteer_id", unique=True, postgresql_where=text("state <> 'ended'")),
)
