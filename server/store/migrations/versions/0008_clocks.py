"""Runs of cases' clocks, and who was told when one ran out.

Cases that are there already get a run from when they came in; what ran out before is not told any more.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

RUNS = """
    insert into clocks (case_id, number, tier, holder, started_at, counts_from, answer_due_at, offer_due_at,
                        settle_due_at, answered_at, offered_at, settled_at, paused_at)
    select c.id, 1, c.tier, c.area, c.opened_at, c.opened_at,
           c.opened_at + make_interval(mins => coalesce((own ->> 'seen')::int, d.seen)),
           c.opened_at + make_interval(mins => coalesce((own ->> 'offer')::int, d.offer)),
           c.opened_at + make_interval(mins => coalesce((own ->> 'settled')::int, d.settled)),
           case when c.verified_at is not null or r.judged then coalesce(c.verified_at, c.opened_at) end,
           case when a.offered then a.first_at end,
           case when c.merged_into is not null or not r.live or (n.wanted and not n.open)
                  or (c.tier = 0 and a.accepted) then greatest(c.opened_at, a.last_at) end,
           case when c.verified_at is null and r.asked and not r.received then now() end
    from cases c
    join incidents i on i.id = c.incident_id
    join (values (0, 5, 10, 20), (1, 30, 60, 120), (2, 120, null, 720), (3, 1440, null, 4320))
      as d (tier, seen, offer, settled) on d.tier = c.tier
    cross join lateral (select i.settings -> 'clocks' -> c.tier::text as own) o
    cross join lateral (
      select coalesce(bool_or(state in ('needs_info', 'verified', 'rejected')), false) as judged,
             coalesce(bool_or(state = 'needs_info'), false) as asked,
             coalesce(bool_or(state = 'received'), false) as received,
             coalesce(bool_or(state <> 'rejected'), false) as live
      from reports where case_id = c.id) r
    cross join lateral (
      select count(*) > 0 as wanted, coalesce(bool_or(state = 'open'), false) as open
      from needs where case_id = c.id) n
    cross join lateral (
      select coalesce(bool_or(s.state in ('accepted', 'en_route', 'delivered', 'confirmed')), false) as accepted,
             coalesce(bool_or(exists (select from offers f where f.assignment_id = s.id)), false) as offered,
             min(s.created_at) as first_at, max(s.changed_at) as last_at
      from assignments s where s.case_id = c.id) a
"""
RAN_OUT = """
    update clocks set
      breached = array_remove(array[
        case when answered_at is null and answer_due_at <= now() then 'answer' end,
        case when offered_at is null and offer_due_at <= now() then 'offer' end,
        case when settle_due_at <= now() then 'settle' end], null),
      stage = case when settled_at is not null then null
                   when answered_at is null then 'answer'
                   when offer_due_at is not null and offered_at is null then 'offer'
                   else 'settle' end
"""
NEXT = """
    update clocks set next_at = least(
        case when answered_at is null and not 'answer' = any(breached) then answer_due_at end,
        case when offered_at is null and not 'offer' = any(breached) then offer_due_at end,
        case when not 'settle' = any(breached) then settle_due_at end)
    where settled_at is null and paused_at is null
"""


def _time(name: str, *, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Make it so."""
    op.create_table(
        "clocks",
        sa.Column("case_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("tier", sa.SmallInteger(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        _time("started_at", nullable=False),
        _time("counts_from", nullable=False),
        _time("answer_due_at"),
        _time("offer_due_at"),
        _time("settle_due_at", nullable=False),
        _time("answered_at"),
        _time("offered_at"),
        _time("settled_at"),
        sa.Column("breached", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        _time("again_at"),
        sa.Column("reached", sa.Text(), nullable=True),
        _time("paused_at"),
        sa.Column("stage", sa.Text(), nullable=True),
        _time("next_at"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_clocks_case_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_clocks")),
    )
    op.create_index("ix_clocks_next_at", "clocks", ["next_at"], postgresql_where=sa.text("next_at IS NOT NULL"))
    op.create_table(
        "escalations",
        sa.Column("case_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        _time("due_at", nullable=False),
        _time("recorded_at", nullable=False),
        sa.CheckConstraint("level in ('province', 'regency', 'district')", name=op.f("ck_escalations_level")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_escalations_case_id")),
        sa.PrimaryKeyConstraint("case_id", "number", "level", name=op.f("pk_escalations")),
    )
    op.create_index(op.f("ix_escalations_area"), "escalations", ["area"])
    for statement in (RUNS, RAN_OUT, NEXT):
        op.execute(statement)


def downgrade() -> None:
    """Take it back."""
    op.drop_table("escalations")
    op.drop_table("clocks")
