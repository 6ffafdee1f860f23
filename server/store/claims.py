"""Claims under check: what was found, who asks, and who of them was told."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, literal, or_, select, text, union_all, update
from sqlalchemy.dialects.postgresql import insert as upsert

from server.store.claim_tables import claim_asks, claim_evidence, claim_tellings, claims
from server.store.rows import Row, every, first
from server.store.sites import within_any
from server.store.tables import incidents

_LOCK = 7_201_011
_WORDINGS_AT_MOST = 5_000
_ASKS = select(func.count()).where(claim_asks.c.claim_id == claims.c.id).scalar_subquery().label("asks")


class Claims:
    """Reads and writes claims, evidence, asks and tellings."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def hold_asking(self) -> None:
        """Let one transaction at a time find or make the claim that is asked about."""
        self.conn.execute(select(func.pg_advisory_xact_lock(_LOCK)))

    def add(self, row: Mapping[str, Any]) -> None:
        """Store a new claim."""
        self.conn.execute(insert(claims).values(**row))

    def get(self, claim_id: str, *, lock: bool = False) -> Row | None:
        """The claim of that id; with `lock`, held until the transaction ends."""
        query = select(claims).where(claims.c.id == claim_id)
        return first(self.conn, query.with_for_update(key_share=True) if lock else query)

    def by_code(self, code: str) -> Row | None:
        """The claim with that public code."""
        return first(self.conn, select(claims).where(claims.c.code == code))

    def change(self, claim_id: str, **values: Any) -> None:
        """Set columns of a claim and count its version up."""
        self.conn.execute(update(claims).where(claims.c.id == claim_id).values(version=claims.c.version + 1, **values))

    def page(
        self, incident_id: str, areas: Sequence[str], state: str | None, after: str | None, limit: int
    ) -> list[Row]:
        """Claims of an incident in these areas and below, the newest first, beyond the claim `after`.

        Those that were joined to another are left out; `asks` is how many ask about it.
        """
        query = select(claims, _ASKS).where(
            claims.c.incident_id == incident_id, within_any(claims.c.area, areas), claims.c.joined_to.is_(None)
        )
        if state is not None:
            query = query.where(claims.c.state == state)
        if after is not None:
            last = select(claims.c.received_at).where(claims.c.id == after).scalar_subquery()
            query = query.where(
                or_(claims.c.received_at < last, (claims.c.received_at == last) & (claims.c.id < after))
            )
        return every(self.conn, query.order_by(claims.c.received_at.desc(), claims.c.id.desc()).limit(limit))

    def desk(self, areas: Sequence[str], states: Collection[str], limit: int, *, by_time_left: bool) -> list[Row]:
        """Claims in these states of every open incident, in these areas and below: by time left, or the newest first.

        `asks` is how many ask about it.
        """
        query = (
            select(claims, _ASKS)
            .join(incidents, incidents.c.id == claims.c.incident_id)
            .where(incidents.c.is_open, within_any(claims.c.area, areas), claims.c.joined_to.is_(None))
            .where(claims.c.state.in_(states))
        )
        order = (claims.c.due_at, claims.c.id) if by_time_left else (claims.c.received_at.desc(), claims.c.id.desc())
        return every(self.conn, query.order_by(*order).limit(limit))

    def wordings(self, incident_id: str, since: datetime, states: Collection[str] | None = None) -> list[Row]:
        """Wordings in which the claims of an incident (in these states) were told or asked since then.

        Each with `claim_id` and `text`, the oldest claim first; where there are too many, those of the newest claims.
        """
        here = (claims.c.incident_id == incident_id) & claims.c.joined_to.is_(None) & (claims.c.received_at >= since)
        if states is not None:
            here &= claims.c.state.in_(states)
        own = select(claims.c.id.label("claim_id"), claims.c.text, claims.c.received_at).where(here)
        asked = select(claims.c.id, claim_asks.c.text, claims.c.received_at).join(
            claim_asks, claim_asks.c.claim_id == claims.c.id
        )
        both = union_all(own, asked.where(here).distinct()).subquery()
        query = select(both.c.claim_id, both.c.text).order_by(both.c.received_at.desc(), both.c.claim_id.desc())
        return every(self.conn, query.limit(_WORDINGS_AT_MOST))[::-1]

    def add_evidence(self, row: Mapping[str, Any]) -> None:
        """Store what was found."""
        self.conn.execute(insert(claim_evidence).values(**row))

    def evidence(self, claim_id: str) -> list[Row]:
        """What was found about a claim, the oldest first."""
        query = select(claim_evidence).where(claim_evidence.c.claim_id == claim_id)
        return every(self.conn, query.order_by(claim_evidence.c.at, claim_evidence.c.id))

    def add_ask(self, row: Mapping[str, Any]) -> bool:
        """Store who asks; False, and nothing stored, when the client id or the code is taken."""
        new = upsert(claim_asks).values(**row).on_conflict_do_nothing().returning(claim_asks.c.id)
        return self.conn.execute(new).first() is not None

    def ask(self, ask_id: str) -> Row | None:
        """The ask of that id, with the `area` of its claim."""
        query = select(claim_asks, claims.c.area).join(claims, claims.c.id == claim_asks.c.claim_id)
        return first(self.conn, query.where(claim_asks.c.id == ask_id))

    def ask_by_client_id(self, client_id: str) -> Row | None:
        """The ask that was sent under this id."""
        return first(self.conn, select(claim_asks).where(claim_asks.c.client_id == client_id))

    def ask_by_code_index(self, code_index: bytes) -> Row | None:
        """The ask with that code."""
        return first(self.conn, select(claim_asks).where(claim_asks.c.code_index == code_index))

    def asks(self, claim_id: str) -> list[Row]:
        """Who asks about a claim, the first first, each with when they were told and reached by phone."""
        told = claim_tellings.c
        query = (
            select(claim_asks, told.told_at, told.state.label("told_state"), told.reached_at, told.reached_by)
            .outerjoin(claim_tellings, told.ask_id == claim_asks.c.id)
            .where(claim_asks.c.claim_id == claim_id)
        )
        return every(self.conn, query.order_by(claim_asks.c.asked_at, claim_asks.c.id))

    def move_to(self, claim_id: str, into: str) -> None:
        """Who asks about a claim, and what was found, belongs to another claim from now on."""
        for table in (claim_asks, claim_evidence):
            self.conn.execute(update(table).where(table.c.claim_id == claim_id).values(claim_id=into))

    def tell_all(self, claim_id: str, state: str, at: datetime) -> int:
        """Tell everyone who asks about a claim and was not told; returns how many."""
        asking = select(claim_asks.c.id, claim_asks.c.claim_id, literal(state), literal(at))
        new = upsert(claim_tellings).from_select(
            ["ask_id", "claim_id", "state", "told_at"], asking.where(claim_asks.c.claim_id == claim_id)
        )
        told = self.conn.execute(new.on_conflict_do_nothing().returning(claim_tellings.c.ask_id))
        return len(told.all())

    def telling(self, ask_id: str) -> Row | None:
        """When and of what an ask was told."""
        return first(self.conn, select(claim_tellings).where(claim_tellings.c.ask_id == ask_id))

    def reached(self, ask_id: str, by: str, at: datetime) -> bool:
        """Somebody told them by phone as well; False when that was done, or they were not told yet."""
        mine = update(claim_tellings).where(claim_tellings.c.ask_id == ask_id, claim_tellings.c.reached_at.is_(None))
        return self.conn.execute(mine.values(reached_at=at, reached_by=by)).rowcount > 0

    def over_told(self) -> list[Row]:
        """Asks of judged claims that were not told, or of the wrong claim: must never be."""
        query = text(
            """
            select a.id, a.claim_id, t.claim_id as told_claim from claim_asks a join claims c on c.id = a.claim_id
            left join claim_tellings t on t.ask_id = a.id
            where (c.state not in ('received', 'checking')) <> (t.ask_id is not null)
            """
        )
        return every(self.conn, query)
