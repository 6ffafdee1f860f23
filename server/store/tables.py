"""Every table, with the constraints that make wrong data impossible.

Quantities of goods live in `ledger` (double entry: the entries of one transfer sum to nought per
lot) and in `assignment_lines`; what is on hand, held or free is derived from the two.
Phones and names of people are sealed (`*_sealed`, AES-GCM) with a peppered index beside them.
"""

from sqlalchemy import (  # isort: skip
    BigInteger, Boolean, CheckConstraint, Column, Date, DateTime, Float, ForeignKey, Identity, Index, Integer,
    LargeBinary, MetaData, Sequence, SmallInteger, Table, Text, UniqueConstraint, text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID, ExcludeConstraint

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMES)
NUMBER_BLOCK = 500


numbers = Sequence("numbers", increment=NUMBER_BLOCK, metadata=metadata)
"""Blocks of numbers for cases and needs: short ids that pack well on the board; a process takes a block at a time."""


def _id() -> Column[str]:
    return Column("id", UUID(as_uuid=False), primary_key=True)


def _number() -> Column[int]:
    return Column("id", BigInteger, primary_key=True, autoincrement=False)


def _ref(name: str, target: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, UUID(as_uuid=False), ForeignKey(target), nullable=nullable)


def _case(name: str = "case_id", *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, ForeignKey("cases.id"), nullable=nullable)


def _need() -> Column[int]:
    return Column("need_id", BigInteger, ForeignKey("needs.id"), nullable=False)


def _report(*, nullable: bool = False) -> Column[str]:
    return Column("report_id", Text, ForeignKey("reports.id"), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _place() -> list[Column[float]]:
    return [Column("lon", Float), Column("lat", Float), Column("accuracy_m", Float)]


def _version() -> Column[int]:
    return Column("version", Integer, nullable=False, server_default=text("1"))


def _json(name: str) -> Column[object]:
    return Column(name, JSONB, nullable=False, server_default=text("'{}'::jsonb"))


settings = Table("settings", metadata, Column("key", Text, primary_key=True), Column("value", JSONB, nullable=False))

areas = Table(
    "areas",
    metadata,
    Column("code", Text, primary_key=True),
    Column("level", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("parent", Text, ForeignKey("areas.code", deferrable=True, initially="DEFERRED")),
    *_place(),
    Column("wkb", LargeBinary),
    Column("approximate", Boolean, nullable=False),
    Column("own_point", Boolean, nullable=False, server_default=text("true")),
    Column("population", Integer),
)

land = Table(
    "land",
    metadata,
    Column("n", Integer, primary_key=True),
    Column("wkb", LargeBinary, nullable=False),
)

incidents = Table(
    "incidents",
    metadata,
    _id(),
    Column("slug", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("is_training", Boolean, nullable=False),
    Column("is_open", Boolean, nullable=False, server_default=text("true")),
    Column("bounds", ARRAY(Float)),
    Column("area_codes", ARRAY(Text), nullable=False),
    _json("settings"),
    _time("created_at"),
)

users = Table(
    "users",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("must_change", Boolean, nullable=False, server_default=text("true")),
    Column("totp_sealed", LargeBinary),
    Column("totp_pending_sealed", LargeBinary),
    Column("totp_step", BigInteger, nullable=False, server_default=text("0")),
    Column("is_disabled", Boolean, nullable=False, server_default=text("false")),
    _time("created_at"),
)
grants = Table(
    "grants",
    metadata,
    Column("user_id", UUID(as_uuid=False), ForeignKey("users.id"), primary_key=True),
    Column("role", Text, primary_key=True),
    Column("area", Text, primary_key=True),
)
sessions = Table(
    "sessions",
    metadata,
    Column("id_hash", LargeBinary, primary_key=True),
    _ref("user_id", "users.id"),
    Column("kind", Text, nullable=False),
    Column("label", Text, nullable=False, server_default=text("''")),
    Column("csrf", Text, nullable=False),
    Column("scopes", ARRAY(Text)),
    _time("created_at"),
    _time("expires_at"),
    CheckConstraint("kind in ('cookie', 'token')", name="kind"),
    Index(None, "user_id"),
)
recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("user_id", UUID(as_uuid=False), ForeignKey("users.id"), primary_key=True),
    Column("code_hash", LargeBinary, primary_key=True),
)
"""What is left of the codes that stand in for a lost authenticator."""
invitations = Table(
    "invitations",
    metadata,
    Column("user_id", UUID(as_uuid=False), ForeignKey("users.id"), primary_key=True),
    Column("secret_hash", LargeBinary, nullable=False, unique=True),
    Column("by", Text, nullable=False),
    _time("created_at"),
    _time("expires_at"),
)
"""The one link by which an account's password may be set; it goes when it is used."""
known_networks = Table(
    "known_networks",
    metadata,
    Column("user_id", UUID(as_uuid=False), ForeignKey("users.id"), primary_key=True),
    Column("network", LargeBinary, primary_key=True),
    _time("at"),
)
"""Where an account signed in from before, under a key; see docs/decisions/sign-in.md."""
loans = Table(
    "loans",
    metadata,
    _id(),
    _ref("user_id", "users.id"),
    Column("kind", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("area", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    _time("at"),
    _time("starts_at"),
    _time("ends_at"),
    _time("ended_at", nullable=True),
    Column("ended_by", Text),
    CheckConstraint("kind in ('deputy', 'emergency')", name="kind"),
    CheckConstraint("starts_at < ends_at", name="some_time"),
    Index(None, "user_id", "ends_at"),
    Index(None, "ends_at"),
)
"""Roles held for some hours: a deputy's for the night, or taken in an emergency."""
agencies = Table(
    "agencies",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("area", Text, nullable=False),
    _time("created_at"),
    CheckConstraint("kind in ('bpbd', 'dinas', 'pmi', 'ngo')", name="kind"),
    CheckConstraint("code ~ '^[a-z][a-z0-9-]+$'", name="code"),
)
agency_members = Table(
    "agency_members",
    metadata,
    Column("user_id", UUID(as_uuid=False), ForeignKey("users.id"), primary_key=True),
    Column("agency", Text, ForeignKey("agencies.code"), primary_key=True),
)
tries = Table(
    "tries",
    metadata,
    Column("key", Text, primary_key=True),
    _time("at"),
    Column("id", BigInteger, Identity(), primary_key=True),
)

cases = Table(
    "cases",
    metadata,
    _number(),
    _ref("incident_id", "incidents.id"),
    Column("area", Text, nullable=False),
    *_place(),
    Column("people", Integer),
    _json("vulnerable"),
    Column("tier", SmallInteger, nullable=False),
    Column("tier_reason", Text),
    _time("opened_at"),
    _time("verified_at", nullable=True),
    _case("merged_into", nullable=True),
    Column("delivery_code", Text, nullable=False),
    Column("holder", Text),
    Column("alike", Boolean),
    _version(),
    CheckConstraint("tier between 0 and 3", name="tier"),
    Index(None, "incident_id", "area"),
    Index("ix_cases_not_compared", "incident_id", postgresql_where=text("alike IS NULL")),
)

clocks = Table(
    "clocks",
    metadata,
    Column("case_id", BigInteger, ForeignKey("cases.id"), primary_key=True, autoincrement=False),
    Column("number", SmallInteger, nullable=False),
    Column("tier", SmallInteger, nullable=False),
    Column("holder", Text, nullable=False),
    _time("started_at"),
    _time("counts_from"),
    _time("answer_due_at", nullable=True),
    _time("offer_due_at", nullable=True),
    _time("settle_due_at"),
    _time("answered_at", nullable=True),
    _time("offered_at", nullable=True),
    _time("settled_at", nullable=True),
    Column("breached", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    _time("again_at", nullable=True),
    Column("reached", Text),
    _time("paused_at", nullable=True),
    Column("stage", Text),
    _time("next_at", nullable=True),
    Index("ix_clocks_next_at", "next_at", postgresql_where=text("next_at IS NOT NULL")),
)
"""The run of each case's clocks. `stage` and `next_at` follow from the rest (`domain/sla.py`), for board and sweep."""
escalations = Table(
    "escalations",
    metadata,
    Column("case_id", BigInteger, ForeignKey("cases.id"), primary_key=True, autoincrement=False),
    Column("number", SmallInteger, primary_key=True, autoincrement=False),
    Column("level", Text, primary_key=True),
    Column("area", Text, nullable=False),
    Column("stage", Text, nullable=False),
    _time("due_at"),
    _time("recorded_at"),
    CheckConstraint("level in ('province', 'regency', 'district')", name="level"),
    Index(None, "area"),
)
"""Each level is told of a run once. `due_at` is the moment at which the clock ran out, however late it was seen."""

reports = Table(
    "reports",
    metadata,
    Column("id", Text, primary_key=True),
    Column("client_id", UUID(as_uuid=False), nullable=False, unique=True),
    Column("content_hash", LargeBinary, nullable=False),
    Column("code_index", LargeBinary, nullable=False, unique=True),
    Column("code_salt", SmallInteger, nullable=False, server_default=text("0")),
    _ref("incident_id", "incidents.id"),
    # Deferred: a report is stored before its case, so that a known client id stores no case. None in quarantine.
    Column("case_id", BigInteger, ForeignKey("cases.id", deferrable=True, initially="DEFERRED")),
    Column("state", Text, nullable=False),
    Column("tier", SmallInteger, nullable=False),
    Column("text", Text),
    Column("place_text", Text),
    Column("area", Text, nullable=False),
    *_place(),
    Column("people", Integer),
    _json("vulnerable"),
    _json("danger"),
    Column("flags", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("channel", Text, nullable=False),
    Column("on_behalf", Boolean, nullable=False, server_default=text("false")),
    Column("name_sealed", LargeBinary),
    Column("phone_sealed", LargeBinary),
    Column("phone_index", LargeBinary),
    Column("phone_last3", Text),
    Column("external_ref", Text),
    _time("happened_at", nullable=True),
    _time("received_at"),
    _time("due_at"),
    Column("question", Text),
    Column("asked_about", Text),
    Column("rating", SmallInteger),
    _case("same_as", nullable=True),
    Column("device_key", LargeBinary),
    Column("address_key", LargeBinary),
    Column("consent", Text),
    _time("anonymised_at", nullable=True),
    _version(),
    CheckConstraint("case_id is not null or state in ('quarantined', 'rejected')", name="case_or_quarantine"),
    Index(None, "incident_id", "area"),
    Index(None, "case_id"),
    Index("ix_reports_sender", "received_at",
          postgresql_where=text("device_key IS NOT NULL OR address_key IS NOT NULL")),
    Index("ix_reports_same_as", "same_as", postgresql_where=text("same_as IS NOT NULL")),
    Index(None, "phone_index"),
    Index("uq_reports_external_ref", "incident_id", "external_ref", unique=True),
    Index("ix_reports_point", text("point(lon, lat)"), postgresql_using="gist"),
)  # fmt: skip
report_history = Table(
    "report_history",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    _report(),
    _time("at"),
    Column("step", Text, nullable=False),
    _json("params"),
    Index(None, "report_id"),
)
kept_apart = Table(
    "kept_apart",
    metadata,
    Column("case_id", BigInteger, ForeignKey("cases.id"), primary_key=True, autoincrement=False),
    Column("other_id", BigInteger, ForeignKey("cases.id"), primary_key=True, autoincrement=False),
    Column("by", Text, nullable=False),
    _time("at"),
    CheckConstraint("case_id < other_id", name="order"),
)
case_notes = Table(
    "case_notes",
    metadata,
    _id(),
    _case(),
    _time("at"),
    Column("by", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("report_id", Text, ForeignKey("reports.id")),
    Index(None, "case_id"),
)
"""`report_id`: whose reporter wrote it."""

needs = Table(
    "needs",
    metadata,
    _number(),
    _ref("incident_id", "incidents.id"),
    _case(),
    Column("item", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("tier", SmallInteger, nullable=False),
    Column("basis", Text, nullable=False),
    Column("state", Text, nullable=False),
    _time("opened_at"),
    _time("due_at"),
    Column("holder", Text),
    _version(),
    CheckConstraint("quantity > 0", name="quantity"),
    Index(None, "case_id"),
    Index("ix_needs_open", "incident_id", postgresql_where=text("state = 'open'")),
)

referrals = Table(
    "referrals",
    metadata,
    _id(),
    _ref("incident_id", "incidents.id"),
    _case(),
    Column("need_id", BigInteger, ForeignKey("needs.id")),
    Column("from_unit", Text, nullable=False),
    Column("to_unit", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    _time("at"),
    Column("state", Text, nullable=False),
    Column("answer", Text),
    Column("answered_by", Text),
    _time("answered_at", nullable=True),
    CheckConstraint("state in ('open', 'accepted', 'returned', 'withdrawn')", name="state"),
    Index("uq_referrals_open", "case_id", text("coalesce(need_id, 0)"), unique=True,
          postgresql_where=text("state = 'open'")),
    Index(None, "to_unit", "state"),
    Index(None, "from_unit", "state"),
)  # fmt: skip
"""A case, or one need of it, passed from one unit to another. A unit is an area by its dotted code or an agency."""

sites = Table(
    "sites",
    metadata,
    _id(),
    _ref("incident_id", "incidents.id"),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("area", Text, nullable=False),
    *_place(),
    Column("address", Text),
    Column("is_public", Boolean, nullable=False, server_default=text("false")),
    Column("is_open", Boolean, nullable=False, server_default=text("true")),
    Column("flags", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("external_ref", Text),
    _time("created_at"),
    _version(),
    Index(None, "incident_id", "area"),
    Index("uq_sites_external_ref", "incident_id", "external_ref", unique=True),
)

gifts = Table(
    "gifts",
    metadata,
    _id(),
    _ref("incident_id", "incidents.id"),
    Column("code", Text, nullable=False, unique=True),
    Column("donor_sealed", LargeBinary),
    Column("shown_as", Text),
    Column("item", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    _time("received_at"),
    CheckConstraint("quantity > 0", name="quantity"),
)
pledges = Table(
    "pledges",
    metadata,
    _id(),
    _ref("incident_id", "incidents.id"),
    Column("client_id", UUID(as_uuid=False), nullable=False, unique=True),
    Column("code", Text, nullable=False, unique=True),
    Column("item", Text),
    Column("quantity", Integer),
    Column("rupiah", BigInteger),
    Column("donor_sealed", LargeBinary),
    Column("phone_sealed", LargeBinary),
    Column("phone_last3", Text),
    Column("shown_as", Text),
    _time("pledged_at"),
    Column("consent", Text),
    Index(None, "incident_id", "pledged_at"),
    CheckConstraint("quantity > 0 and rupiah is null and item is not null "
                    "or rupiah > 0 and item is null and quantity is null", name="goods_or_money"),
)  # fmt: skip
"""What donors said they would give. One whose code a gift has has come."""
lots = Table(
    "lots",
    metadata,
    _id(),
    _ref("site_id", "sites.id"),
    Column("item", Text, nullable=False),
    Column("expiry", Date),
    _ref("gift_id", "gifts.id", nullable=True),
    Column("external_ref", Text),
    _time("created_at"),
    Index(None, "site_id", "item"),
    Index(None, "item"),
    Index("uq_lots_external_ref", "site_id", "external_ref", unique=True),
)
ledger = Table(
    "ledger",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("transfer_id", UUID(as_uuid=False), nullable=False),
    _ref("lot_id", "lots.id"),
    Column("account", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("note", Text),
    _ref("assignment_id", "assignments.id", nullable=True),
    Column("by", Text, nullable=False),
    _time("at"),
    CheckConstraint("quantity <> 0", name="quantity"),
    CheckConstraint("account in ('outside', 'site', 'transit', 'recipient', 'loss')", name="account"),
    Index(None, "lot_id", "account"),
    Index(None, "transfer_id"),
)

volunteers = Table(
    "volunteers",
    metadata,
    _id(),
    _ref("incident_id", "incidents.id"),
    _ref("user_id", "users.id", nullable=True),
    Column("state", Text, nullable=False),
    Column("name_sealed", LargeBinary, nullable=False),
    Column("alias", Text, nullable=False),
    Column("phone_sealed", LargeBinary),
    Column("phone_index", LargeBinary),
    Column("phone_last3", Text),
    Column("home_area", Text, nullable=False),
    Column("skills", ARRAY(Text), nullable=False),
    Column("vehicle", Text),
    Column("external_ref", Text),
    _time("consent_at"),
    Column("consent", Text),
    _time("created_at"),
    _version(),
    CheckConstraint("state in ('pending', 'accepted', 'refused')", name="state"),
    Index("uq_volunteers_user_id", "user_id", unique=True),
    Index("uq_volunteers_phone", "incident_id", "phone_index", unique=True),
    Index("uq_volunteers_external_ref", "incident_id", "external_ref", unique=True),
)
checkins = Table(
    "checkins",
    metadata,
    _id(),
    _ref("volunteer_id", "volunteers.id"),
    _ref("incident_id", "incidents.id"),
    Column("area", Text, nullable=False),
    *_place(),
    Column("skills", ARRAY(Text), nullable=False),
    Column("vehicle", Text),
    Column("team", SmallInteger),
    _time("started_at"),
    _time("until"),
    _time("ended_at", nullable=True),
    CheckConstraint("team > 0", name="team"),
    Index("uq_checkins_current", "volunteer_id", unique=True, postgresql_where=text("ended_at is null")),
    Index(None, "incident_id"),
)

plans = Table(
    "plans",
    metadata,
    _id(),
    _ref("incident_id", "incidents.id"),
    Column("area", Text, nullable=False),
    Column("kind", Text, nullable=False, server_default=text("'live'")),
    Column("state", Text, nullable=False),
    Column("by", Text, nullable=False),
    _json("asked"),
    _json("result"),
    _time("requested_at"),
    _time("ready_at", nullable=True),
    _time("approved_at", nullable=True),
    _version(),
    CheckConstraint("kind in ('live', 'wave', 'what_if')", name="kind"),
    Index(None, "incident_id", "requested_at"),
)
matches = Table(
    "matches",
    metadata,
    Column("plan_id", UUID(as_uuid=False), ForeignKey("plans.id"), primary_key=True),
    Column("n", Integer, primary_key=True),
    _need(),
    _ref("lot_id", "lots.id", nullable=True),
    _ref("volunteer_id", "volunteers.id", nullable=True),
    Column("quantity", Integer, nullable=False),
    Column("minutes", Float, nullable=False),
    Column("taken_out", Boolean, nullable=False, server_default=text("false")),
    _json("why"),
    CheckConstraint("quantity > 0", name="quantity"),
    CheckConstraint("(lot_id is null) <> (volunteer_id is null)", name="one_source"),
)
rulings = Table(
    "rulings",
    metadata,
    _id(),
    _ref("incident_id", "incidents.id"),
    Column("area", Text, nullable=False),
    _need(),
    _ref("lot_id", "lots.id", nullable=True),
    _ref("volunteer_id", "volunteers.id", nullable=True),
    Column("kind", Text, nullable=False),
    Column("quantity", Integer),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    _time("at"),
    Column("ended_by", Text),
    _time("ended_at", nullable=True),
    CheckConstraint("kind in ('pin', 'forbid')", name="kind"),
    CheckConstraint("quantity > 0", name="quantity"),
    CheckConstraint("(lot_id is null) <> (volunteer_id is null)", name="one_source"),
    Index("ix_rulings_in_force", "incident_id", postgresql_where=text("ended_at is null")),
    Index(None, "need_id"),
)

assignments = Table(
    "assignments",
    metadata,
    _id(),
    _ref("incident_id", "incidents.id"),
    _case(),
    _ref("site_id", "sites.id", nullable=True),
    _ref("plan_id", "plans.id", nullable=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("area", Text, nullable=False),
    _ref("volunteer_id", "volunteers.id", nullable=True),
    _ref("wanted_volunteer_id", "volunteers.id", nullable=True),
    _json("why"),
    Column("by", Text, nullable=False),
    Column("reason", Text),
    Column("attention", Text),
    Column("trip_id", UUID(as_uuid=False), nullable=False),
    Column("stop", SmallInteger, nullable=False, server_default=text("1")),
    _time("expected_at", nullable=True),
    _time("asking_since"),
    Column("code_tries", SmallInteger, nullable=False, server_default=text("0")),
    _time("created_at"),
    _time("changed_at"),
    _version(),
    CheckConstraint("kind in ('goods', 'service')", name="kind"),
    Index(None, "incident_id", "state"),
    Index(None, "case_id"),
    Index(None, "trip_id"),
    ExcludeConstraint(
        ("volunteer_id", "="),
        ("trip_id", "<>"),
        name="one_trip_at_a_time",
        using="gist",
        where=text("state in ('accepted', 'en_route')"),
    ),
)
assignment_lines = Table(
    "assignment_lines",
    metadata,
    Column("assignment_id", UUID(as_uuid=False), ForeignKey("assignments.id"), primary_key=True),
    Column("n", SmallInteger, primary_key=True),
    _need(),
    _ref("lot_id", "lots.id", nullable=True),
    Column("quantity", Integer, nullable=False),
    CheckConstraint("quantity > 0", name="quantity"),
    Index(None, "need_id"),
    Index(None, "lot_id"),
)
offers = Table(
    "offers",
    metadata,
    _id(),
    _ref("assignment_id", "assignments.id"),
    _ref("volunteer_id", "volunteers.id"),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    _json("why"),
    _time("made_at"),
    _time("deadline_at"),
    _time("closed_at", nullable=True),
    Index("uq_offers_once", "assignment_id", "volunteer_id", unique=True),
    Index("ix_offers_open", "deadline_at", postgresql_where=text("state = 'open'")),
    Index(None, "volunteer_id"),
)
deliveries = Table(
    "deliveries",
    metadata,
    _id(),
    Column("assignment_id", UUID(as_uuid=False), ForeignKey("assignments.id"), nullable=False, unique=True),
    Column("client_id", UUID(as_uuid=False), nullable=False, unique=True),
    Column("proof", Text, nullable=False),
    _ref("photo_id", "photos.id", nullable=True),
    *_place(),
    Column("flags", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("by", Text, nullable=False),
    _time("handed_over_at"),
    _time("recorded_at"),
    CheckConstraint("proof in ('code', 'photo')", name="proof"),
)
photos = Table(
    "photos",
    metadata,
    _id(),
    _report(nullable=True),
    _ref("assignment_id", "assignments.id", nullable=True),
    Column("n", SmallInteger, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("dhash", BigInteger),
    Column("is_shown", Boolean, nullable=False, server_default=text("false")),
    _time("added_at"),
    _time("looked_at", nullable=True),
    UniqueConstraint("report_id", "n"),
    UniqueConstraint("assignment_id", "n"),
    Index("ix_photos_new", "added_at", postgresql_where=text("looked_at is null")),
)

hazards = Table(
    "hazards",
    metadata,
    _id(),
    _ref("incident_id", "incidents.id"),
    Column("area", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("shape", JSONB, nullable=False),
    Column("radius_m", Float),
    Column("note", Text),
    _time("begins_at"),
    _time("ends_at", nullable=True),
    _version(),
    CheckConstraint("radius_m > 0", name="radius"),
)
"""radius_m: of a closure around a place, whose shape is drawn as a ring; of others nobody gave one."""

public_cuts = Table(
    "public_cuts",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    _ref("incident_id", "incidents.id"),
    _time("cut_at"),
    Column("figures", JSONB, nullable=False),
    Index(None, "incident_id", "cut_at"),
)
public_documents = Table(
    "public_documents",
    metadata,
    Column("incident_id", UUID(as_uuid=False), ForeignKey("incidents.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    _time("cut_at"),
    Column("body", Text, nullable=False),
    Column("policy", Text, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("position", BigInteger, unique=True),
    Column("type", Text, nullable=False),
    _ref("incident_id", "incidents.id"),
    Column("area", Text, nullable=False),
    Column("data", JSONB, nullable=False),
    _time("at"),
    _time("sent_at", nullable=True),
    Index(None, "incident_id", "position"),
    Index("ix_outbox_unnumbered", "id", postgresql_where=text("position is null")),
    Index("ix_outbox_unsent", "position", postgresql_where=text("sent_at is null")),
)

audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    _time("at"),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("area", Text, nullable=False),
    Column("subject", Text, nullable=False),
    _json("details"),
    Column("position", BigInteger, nullable=False, unique=True),
    Column("hash", LargeBinary, nullable=False),
    Index(None, "subject"),
)
audit_heads = Table(
    "audit_heads",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    _time("at"),
)
