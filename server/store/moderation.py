"""Reports in quarantine, photos that nobody has looked at, and senders that are blocked."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, false, func, insert, or_, select, text, update

from server import plain
from server.store.desk_tables import blocks, quarantine
from server.store.rows import Row, every, first, from_json
from server.store.tables import cases, incidents, photos, report_history, reports

WAITING = quarantine.c.state == "waiting"
_HELD = ("report_id", "over", "signals", "group", "needs", "since_at")
_ADD = insert(quarantine).from_select(_HELD, from_json(quarantine, _HELD, "held"))
_SHOWN = (
    reports.c.id, reports.c.state, reports.c.tier, reports.c.text, reports.c.place_text, reports.c.area,
    reports.c.people, reports.c.received_at, reports.c.case_id, reports.c.phone_last3, incidents.c.slug,
    reports.c.device_key.is_not(None).label("has_device"), reports.c.address_key.is_not(None).label("has_address"),
    quarantine.c.over, quarantine.c.signals, quarantine.c.group,
)  # fmt: skip
_FORGET = text(
    "update reports set device_key = null, address_key = null "
    "where received_at < :before and (device_key is not null or address_key is not null)"
)


class Moderation:
    """Reads and writes what waits for a person's eyes."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Note why these reports are in quarantine."""
        self.conn.execute(_ADD, {"held": plain.dumps(rows)})

    def groups(self, areas: Collection[str], limit: int) -> list[Row]:
        """What waits in these areas, by group: how many, of them T0, since when and until when; the largest first."""
        query = (
            select(
                quarantine.c.group,
                func.count().label("n"),
                func.count().filter(reports.c.tier == 0).label("t0"),
                func.min(quarantine.c.since_at).label("first_at"),
                func.max(quarantine.c.since_at).label("last_at"),
            )
            .join(reports, reports.c.id == quarantine.c.report_id)
            .where(WAITING, _within(reports.c.area, areas))
            .group_by(quarantine.c.group)
            .order_by(func.count().desc(), quarantine.c.group)
            .limit(limit)
        )
        return every(self.conn, query)

    def samples(self, areas: Collection[str], groups: Collection[str], most: int) -> list[Row]:
        """The newest waiting reports of each of these groups, at most so many of each."""
        nth = func.row_number().over(
            partition_by=quarantine.c.group, order_by=(quarantine.c.since_at.desc(), quarantine.c.report_id)
        )
        newest = (
            select(quarantine.c.report_id, nth.label("nth"))
            .join(reports, reports.c.id == quarantine.c.report_id)
            .where(WAITING, quarantine.c.group.in_(groups), _within(reports.c.area, areas))
            .subquery()
        )
        query = (
            _of_reports()
            .join(newest, newest.c.report_id == reports.c.id)
            .where(newest.c.nth <= most)
            .order_by(quarantine.c.since_at.desc(), reports.c.id)
        )
        return every(self.conn, query)

    def chosen(
        self, areas: Collection[str], ids: Collection[str] | None, group: str | None, until: datetime, limit: int
    ) -> list[Row]:
        """Waiting reports with their asked needs, by ids or of a group as it was at a moment; locked, oldest first."""
        which = quarantine.c.report_id.in_(ids) if ids is not None else quarantine.c.group == group
        query = (
            select(reports, quarantine.c.needs.label("asked"))
            .join(quarantine, quarantine.c.report_id == reports.c.id)
            .where(WAITING, which, quarantine.c.since_at <= until, _within(reports.c.area, areas))
            .order_by(quarantine.c.since_at, reports.c.id)
            .limit(limit)
        )
        # The reporter may say meanwhile that they are in danger, which gives the report its case.
        return every(self.conn, query.with_for_update(of=[quarantine, reports], key_share=True))

    def decide(self, ids: Sequence[str], state: str, by: str, at: datetime, reason: str | None) -> None:
        """Note what was decided of these reports."""
        done = update(quarantine).where(quarantine.c.report_id.in_(ids))
        self.conn.execute(done.values(state=state, decided_by=by, decided_at=at, reason=reason))

    def reject(self, ids: Sequence[str], at: datetime, reason: str) -> None:
        """Turn reports down that have no case, and tell each reporter why."""
        waits = reports.c.state == "quarantined"
        gone = update(reports).where(reports.c.id.in_(ids), waits).returning(reports.c.id)
        moved = self.conn.execute(gone.values(state="rejected", version=reports.c.version + 1)).scalars()
        step = [{"report_id": i, "at": at, "step": "rejected", "params": {"reason": reason}} for i in moved]
        if step:
            self.conn.execute(insert(report_history), step)

    def settle(self, report_id: str, state: str, by: str, at: datetime) -> None:
        """A report that was on the board, over a limit, was judged there or by its reporter: it waits no more."""
        done = update(quarantine).where(quarantine.c.report_id == report_id, WAITING)
        self.conn.execute(done.values(state=state, decided_by=by, decided_at=at))

    def why(self, report_id: str) -> Row | None:
        """Why a report is or was in quarantine."""
        return first(self.conn, select(quarantine).where(quarantine.c.report_id == report_id))

    def waiting(self) -> int:
        """How many reports wait."""
        return self.conn.execute(select(func.count()).select_from(quarantine).where(WAITING)).scalar_one()

    def new_photos(self, areas: Collection[str], limit: int) -> list[Row]:
        """Photos of reports that nobody has looked at, the oldest first."""
        query = (
            select(
                photos.c.id, photos.c.added_at, photos.c.report_id, reports.c.area, reports.c.case_id, reports.c.state
            )
            .join(reports, reports.c.id == photos.c.report_id)
            .where(photos.c.looked_at.is_(None), reports.c.state != "rejected", _within(reports.c.area, areas))
            .order_by(photos.c.added_at, photos.c.id)
        )
        return every(self.conn, query.limit(limit))

    def was_right(self, phone_index: bytes) -> bool:
        """Whether a report by this phone was found true before."""
        query = select(reports.c.id).join(cases, cases.c.id == reports.c.case_id)
        theirs = query.where(reports.c.phone_index == phone_index, reports.c.state.in_(("verified", "duplicate")))
        return self.conn.execute(select(exists(theirs.where(cases.c.verified_at.is_not(None))))).scalar_one()

    def in_force(self, keys: Collection[tuple[str, bytes]], now: datetime) -> list[Row]:
        """The blocks in force on these senders, as pairs of kind and key."""
        if not keys:
            return []
        these = or_(false(), *(and_(blocks.c.kind == kind, blocks.c.key == key) for kind, key in keys))
        return every(self.conn, select(blocks).where(_in_force(now), these).order_by(blocks.c.at))

    def end_over(self, kind: str, key: bytes, now: datetime) -> None:
        """Close the block on a sender whose time is over."""
        over = update(blocks).where(blocks.c.kind == kind, blocks.c.key == key, blocks.c.ended_at.is_(None))
        self.conn.execute(over.where(blocks.c.until <= now).values(ended_at=blocks.c.until))

    def block(self, row: Mapping[str, Any]) -> None:
        """Store a new block."""
        self.conn.execute(insert(blocks).values(**row))

    def block_of(self, block_id: str, *, lock: bool = False) -> Row | None:
        """The block of that id."""
        query = select(blocks).where(blocks.c.id == block_id)
        return first(self.conn, query.with_for_update(key_share=True) if lock else query)

    def change_block(self, block_id: str, **values: Any) -> None:
        """Set columns of a block."""
        self.conn.execute(update(blocks).where(blocks.c.id == block_id).values(**values))

    def blocked(self, areas: Collection[str], now: datetime) -> list[Row]:
        """The blocks in force that were made in these areas; those with an open appeal first."""
        waits = and_(blocks.c.appealed_at.is_not(None), blocks.c.answered_at.is_(None))
        query = select(blocks).where(_in_force(now), _within(blocks.c.area, areas))
        return every(self.conn, query.order_by(waits.desc(), blocks.c.at.desc(), blocks.c.id))

    def forget_senders(self, before: datetime) -> int:
        """Drop what tells devices and addresses of reports received before a time; returns of how many."""
        return self.conn.execute(_FORGET, {"before": before}).rowcount


def _in_force(now: datetime) -> ColumnElement[bool]:
    return and_(blocks.c.ended_at.is_(None), blocks.c.until > now)


def _of_reports() -> Any:
    return (
        select(*_SHOWN)
        .select_from(reports)
        .join(quarantine, quarantine.c.report_id == reports.c.id)
        .join(incidents, incidents.c.id == reports.c.incident_id)
    )


def _within(area: ColumnElement[str], tops: Collection[str]) -> ColumnElement[bool]:
    if "" in tops:
        return and_(True)
    return or_(false(), *(or_(area == top, area.like(f"{top}.%")) for top in tops))
