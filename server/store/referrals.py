"""Referrals of cases and needs between units; agencies and who is in them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, text, update

from server.store.rows import Row, every, first
from server.store.tables import (
    agencies,
    agency_members,
    cases,
    clocks,
    escalations,
    grants,
    needs,
    referrals,
    users,
)

_SHOWN = (
    select(
        referrals, cases.c.tier, cases.c.area, cases.c.people, cases.c.merged_into,
        clocks.c.stage, clocks.c.paused_at, needs.c.item, needs.c.quantity,
    )
    .join(cases, cases.c.id == referrals.c.case_id)
    .outerjoin(needs, needs.c.id == referrals.c.need_id)
    .outerjoin(clocks, clocks.c.case_id == cases.c.id)
)  # fmt: skip
_STAGE_DUE = text(
    "case clocks.stage when 'answer' then clocks.answer_due_at when 'offer' then clocks.offer_due_at "
    "when 'settle' then clocks.settle_due_at end as stage_due_at"
)


class Referrals:
    """Reads and writes referrals and agencies."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def add(self, row: Mapping[str, Any]) -> None:
        """Store a new referral."""
        self.conn.execute(insert(referrals).values(**row))

    def get(self, referral_id: str, *, lock: bool = False) -> Row | None:
        """The referral of that id; with `lock`, held until the transaction ends."""
        query = select(referrals).where(referrals.c.id == referral_id)
        return first(self.conn, query.with_for_update(key_share=True) if lock else query)

    def change(self, referral_id: str, **values: Any) -> None:
        """Set columns of a referral."""
        self.conn.execute(update(referrals).where(referrals.c.id == referral_id).values(**values))

    def open_of(self, case_id: int, need_id: int | None) -> Row | None:
        """The referral of a case, or of one need of it, that nobody has answered."""
        of_need = func.coalesce(referrals.c.need_id, 0) == (need_id or 0)
        return first(
            self.conn,
            select(referrals).where(referrals.c.case_id == case_id, of_need, referrals.c.state == "open"),
        )

    def of_case(self, case_id: int) -> list[Row]:
        """All referrals of a case, the oldest first."""
        query = select(referrals).where(referrals.c.case_id == case_id).order_by(referrals.c.at, referrals.c.id)
        return every(self.conn, query)

    def open_between(self, incident_id: str, column: str, areas: Collection[str], own: Collection[str]) -> list[Row]:
        """The open referrals to or from (`column`) areas in or below these, and agencies, the oldest first."""
        unit = referrals.c[column]
        return every(
            self.conn,
            _SHOWN.add_columns(_STAGE_DUE)
            .where(referrals.c.incident_id == incident_id, referrals.c.state == "open", _of(unit, areas, own))
            .order_by(referrals.c.at, referrals.c.id),
        )

    def held(self, incident_id: str, areas: Collection[str], own: Collection[str]) -> list[Row]:
        """Cases that these areas and agencies have accepted from others and that wait for something."""
        query = (
            select(cases.c.id.label("case_id"), cases.c.tier, cases.c.area, cases.c.people, cases.c.holder,
                   clocks.c.stage, clocks.c.paused_at, _STAGE_DUE)
            .join(clocks, clocks.c.case_id == cases.c.id)
            .where(cases.c.incident_id == incident_id, clocks.c.stage.is_not(None), _of(cases.c.holder, areas, own))
        )  # fmt: skip
        return every(self.conn, query.order_by(cases.c.tier, cases.c.id))

    def raised(self, incident_id: str, areas: Collection[str], most: int) -> list[Row]:
        """What was raised to these areas or to levels below them and still waits, the most urgent first."""
        query = (
            select(cases.c.id.label("case_id"), cases.c.tier, cases.c.area, cases.c.people, cases.c.holder,
                   escalations.c.level, escalations.c.area.label("told_area"), escalations.c.due_at,
                   clocks.c.stage, clocks.c.paused_at, _STAGE_DUE)
            .join(cases, cases.c.id == escalations.c.case_id)
            .join(clocks, and_(clocks.c.case_id == cases.c.id, clocks.c.number == escalations.c.number))
            .where(cases.c.incident_id == incident_id, clocks.c.stage.is_not(None),
                   clocks.c.reached == escalations.c.area, _of(escalations.c.area, areas, ()))
        )  # fmt: skip
        return every(self.conn, query.order_by(cases.c.tier, escalations.c.due_at, cases.c.id).limit(most))

    def agencies(self) -> list[Row]:
        """Every agency, by name."""
        return every(self.conn, select(agencies).order_by(agencies.c.name))

    def agency(self, code: str) -> Row | None:
        """The agency of that code."""
        return first(self.conn, select(agencies).where(agencies.c.code == code))

    def add_agency(self, row: Mapping[str, Any]) -> None:
        """Store a new agency."""
        self.conn.execute(insert(agencies).values(**row))

    def join(self, user_id: str, agency: str) -> None:
        """Put a user into an agency."""
        self.conn.execute(insert(agency_members).values(user_id=user_id, agency=agency))

    def leave(self, user_id: str, agency: str) -> None:
        """Take a user out of an agency."""
        its = and_(agency_members.c.user_id == user_id, agency_members.c.agency == agency)
        self.conn.execute(delete(agency_members).where(its))

    def agencies_of(self, user_id: str) -> Sequence[str]:
        """The codes of the agencies that a user is in."""
        query = select(agency_members.c.agency).where(agency_members.c.user_id == user_id)
        return self.conn.execute(query.order_by(agency_members.c.agency)).scalars().all()

    def somebody_at(self, unit: str, roles: Collection[str]) -> bool:
        """Whether an account that is not disabled holds one of these roles for just this area, or is in the agency.

        An account that holds a role everywhere answers for a province.
        """
        able = select(users.c.id).join(grants, grants.c.user_id == users.c.id)
        able = able.where(users.c.is_disabled.is_(False), grants.c.role.in_(sorted(roles)))
        if unit[:1].isdigit():
            able = able.where(grants.c.area.in_((unit,) if "." in unit else (unit, "")))
        else:
            able = able.join(agency_members, agency_members.c.user_id == users.c.id)
            able = able.where(agency_members.c.agency == unit)
        return self.conn.execute(able.limit(1)).first() is not None

    def agencies_holding(self, case_ids: Collection[int]) -> dict[int, str]:
        """Those of these cases that an agency accepted, with its code."""
        query = select(cases.c.id, cases.c.holder).where(cases.c.id.in_(case_ids), cases.c.holder.op("~")("^[a-z]"))
        return {row.id: row.holder for row in self.conn.execute(query)}

    def answered_areas(self, province: str, roles: Collection[str]) -> Sequence[str]:
        """The areas of a province, down to regencies, for which somebody holds one of these roles."""
        query = select(grants.c.area).join(users, users.c.id == grants.c.user_id).distinct()
        query = query.where(users.c.is_disabled.is_(False), grants.c.role.in_(sorted(roles)))
        query = query.where(grants.c.area.op("~")(f"^{province}(\\.[0-9]{{2}})?$"))
        return self.conn.execute(query.order_by(grants.c.area)).scalars().all()

    def area_name(self, code: str) -> str | None:
        """The name of an area."""
        return self.conn.execute(text("select name from areas where code = :code"), {"code": code}).scalar()


def _of(unit: Any, areas: Collection[str], own: Collection[str]) -> Any:
    """Whether a unit is one of these areas or below, or one of these agencies; the area "" is every area."""
    in_areas = [unit.op("~")("^[0-9]") if area == "" else or_(unit == area, unit.like(area + ".%")) for area in areas]
    return or_(unit.in_(sorted(own)), *in_areas)
