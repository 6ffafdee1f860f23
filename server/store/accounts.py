"""Users, the roles they hold, their sessions and tokens, and counted tries."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, false, func, insert, or_, select, true, union_all, update
from sqlalchemy.dialects.postgresql import insert as upsert

from server.store.rows import Row, every, first
from server.store.tables import (
    grants,
    invitations,
    known_networks,
    loans,
    recovery_codes,
    sessions,
    tries,
    users,
    volunteers,
)

_SESSION = select(sessions, users.c.name, users.c.must_change, users.c.totp_sealed.is_not(None).label("has_totp")).join(
    users, users.c.id == sessions.c.user_id
)
_HANDLE = func.encode(func.substring(sessions.c.id_hash, 1, 16), "hex")
"""What a session is called where it is listed: half of what the database keeps of its secret."""


class Accounts:
    """Reads and writes accounts."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def add_user(self, row: Mapping[str, Any]) -> None:
        """Store a new user."""
        self.conn.execute(insert(users).values(**row))

    def user_by_name(self, name: str) -> Row | None:
        """The user of that name."""
        return first(self.conn, select(users).where(users.c.name == name))

    def user(self, user_id: str) -> Row | None:
        """The user of that id."""
        return first(self.conn, select(users).where(users.c.id == user_id))

    def users_within(
        self, areas: Collection[str], units: Collection[str], roles: Collection[str], named: str, most: int
    ) -> list[Row]:
        """The first users, by name, with one of these roles in or below one of the areas, or for one of the units.

        Only those whose name has `named` in it.
        """
        held = select(grants.c.user_id).where(_within(areas, units), grants.c.role.in_(roles))
        query = (
            select(users.c.id, users.c.name, users.c.is_disabled, users.c.totp_sealed.is_not(None).label("has_totp"))
            .add_columns(invitations.c.expires_at.label("invited_until"))
            .outerjoin(invitations, invitations.c.user_id == users.c.id)
            .where(users.c.id.in_(held), users.c.name.icontains(named, autoescape=True))
        )
        return every(self.conn, query.order_by(users.c.name).limit(most))

    def change_user(self, user_id: str, **values: Any) -> None:
        """Set columns of a user."""
        self.conn.execute(update(users).where(users.c.id == user_id).values(**values))

    def grant(self, user_id: str, role: str, area: str) -> None:
        """Give a role for an area."""
        self.conn.execute(insert(grants).values(user_id=user_id, role=role, area=area))

    def take_grant(self, user_id: str, role: str, area: str) -> bool:
        """Take a role away; False when it was not held."""
        held = and_(grants.c.user_id == user_id, grants.c.role == role, grants.c.area == area)
        return self.conn.execute(delete(grants).where(held)).rowcount > 0

    def grants(self, user_id: str) -> list[Row]:
        """The roles that a user holds for good."""
        query = select(grants).where(grants.c.user_id == user_id)
        return every(self.conn, query.order_by(grants.c.role, grants.c.area))

    def grants_of(self, user_ids: Collection[str]) -> dict[str, list[Row]]:
        """The roles that each of these users holds for good."""
        query = select(grants).where(grants.c.user_id.in_(user_ids)).order_by(grants.c.role, grants.c.area)
        found: dict[str, list[Row]] = {}
        for row in every(self.conn, query):
            found.setdefault(row["user_id"], []).append(row)
        return found

    def held(self, user_ids: Collection[str], now: datetime) -> list[Row]:
        """All roles of these users at that time; `is_lent` are those held for some hours."""
        lasting = select(grants, false().label("is_lent")).where(grants.c.user_id.in_(user_ids))
        lent = select(loans.c.user_id, loans.c.role, loans.c.area, true()).where(
            loans.c.user_id.in_(user_ids), loans.c.starts_at <= now, loans.c.ends_at > now, loans.c.ended_at.is_(None)
        )
        return every(self.conn, union_all(lasting, lent).order_by("is_lent", "role", "area"))

    def volunteer_of(self, user_id: str) -> str | None:
        """The volunteer that the user is."""
        return self.conn.execute(select(volunteers.c.id).where(volunteers.c.user_id == user_id)).scalar()

    def add_session(self, row: Mapping[str, Any]) -> bool:
        """Store a session or token; False when it is there already."""
        new = upsert(sessions).values(**row).on_conflict_do_nothing().returning(sessions.c.id_hash)
        return self.conn.execute(new).first() is not None

    def session(self, id_hash: bytes, now: datetime) -> Row | None:
        """A session that has not run out, with its user, unless the user is disabled."""
        return first(self.conn, _SESSION.where(sessions.c.id_hash == id_hash, *_alive(now)))

    def sessions_alive(self, id_hashes: Collection[bytes], now: datetime) -> list[Row]:
        """Those of these sessions that have not run out and whose users are not disabled."""
        return every(self.conn, _SESSION.where(sessions.c.id_hash.in_(id_hashes), *_alive(now)))

    def sessions_of(self, user_id: str, now: datetime) -> list[Row]:
        """The sessions and tokens of a user that have not run out, without their secrets; the newest first."""
        query = select(
            _HANDLE.label("id"), sessions.c.id_hash, sessions.c.kind, sessions.c.label, sessions.c.scopes,
            sessions.c.created_at, sessions.c.expires_at,
        ).where(sessions.c.user_id == user_id, sessions.c.expires_at > now)  # fmt: skip
        return every(self.conn, query.order_by(sessions.c.created_at.desc(), sessions.c.id_hash))

    def end_session_called(self, user_id: str, handle: str) -> Row | None:
        """Remove a user's session or token by what it is called; its row, or None."""
        gone = delete(sessions).where(sessions.c.user_id == user_id, _HANDLE.in_([handle]))
        return first(self.conn, gone.returning(sessions.c.kind, sessions.c.label))

    def end_session(self, id_hash: bytes) -> None:
        """Remove a session."""
        self.conn.execute(delete(sessions).where(sessions.c.id_hash == id_hash))

    def end_sessions_of(self, user_id: str) -> None:
        """Remove every session and token of a user."""
        self.conn.execute(delete(sessions).where(sessions.c.user_id == user_id))

    def forget_sessions(self, now: datetime) -> None:
        """Remove sessions, tokens and invitations that have run out."""
        self.conn.execute(delete(sessions).where(sessions.c.expires_at <= now))
        self.conn.execute(delete(invitations).where(invitations.c.expires_at <= now))

    def tried(self, key: str, since: datetime) -> int:
        """How many tries under this key since then."""
        query = select(func.count()).select_from(tries).where(tries.c.key == key, tries.c.at > since)
        return self.conn.execute(query).scalar_one()

    def count_try(self, key: str, at: datetime) -> int:
        """Count one try; the number under which it can be taken back."""
        row: int = self.conn.execute(insert(tries).values(key=key, at=at).returning(tries.c.id)).scalar_one()
        return row

    def wait_for(self, key: str) -> None:
        """Let one transaction at a time count under this key."""
        self.conn.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))

    def take_back_tries(self, ids: Sequence[int]) -> None:
        """What was counted was no wrong try."""
        self.conn.execute(delete(tries).where(tries.c.id.in_(ids)))

    def forget_tries(self, before: datetime) -> None:
        """Remove tries that no longer count."""
        self.conn.execute(delete(tries).where(tries.c.at < before))

    def spend_totp(self, user_id: str, step: int) -> bool:
        """Note that a code was used; False when it, or a later one, was used before."""
        newer = update(users).where(users.c.id == user_id, users.c.totp_step < step).values(totp_step=step)
        return self.conn.execute(newer).rowcount > 0

    def put_recovery_codes(self, user_id: str, hashes: Collection[bytes]) -> None:
        """These codes and no others are good from now on."""
        self.conn.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
        if hashes:
            self.conn.execute(insert(recovery_codes), [{"user_id": user_id, "code_hash": one} for one in hashes])

    def spend_recovery_code(self, user_id: str, code_hash: bytes) -> bool:
        """Use a code up; False when there is none such."""
        its = and_(recovery_codes.c.user_id == user_id, recovery_codes.c.code_hash == code_hash)
        return self.conn.execute(delete(recovery_codes).where(its)).rowcount > 0

    def recovery_codes_left(self, user_id: str) -> int:
        """How many codes are left."""
        query = select(func.count()).select_from(recovery_codes).where(recovery_codes.c.user_id == user_id)
        return self.conn.execute(query).scalar_one()

    def invite(self, row: Mapping[str, Any]) -> None:
        """Store the user's invitation; one before it is void."""
        self.conn.execute(delete(invitations).where(invitations.c.user_id == row["user_id"]))
        self.conn.execute(insert(invitations).values(**row))

    def invited(self, secret_hash: bytes, now: datetime) -> Row | None:
        """The invitation with its user, until it has run out, unless the user is disabled."""
        query = select(invitations, users.c.name).join(users, users.c.id == invitations.c.user_id)
        alive = (invitations.c.expires_at > now, users.c.is_disabled.is_(False))
        return first(self.conn, query.where(invitations.c.secret_hash == secret_hash, *alive))

    def end_invitation(self, user_id: str) -> bool:
        """Remove the user's invitation; False when there is none."""
        return self.conn.execute(delete(invitations).where(invitations.c.user_id == user_id)).rowcount > 0

    def knows_network(self, user_id: str, network: bytes, since: datetime) -> bool:
        """Whether the user signed in from there since then."""
        its = and_(known_networks.c.user_id == user_id, known_networks.c.network == network)
        query = select(known_networks.c.at).where(its, known_networks.c.at > since)
        return self.conn.execute(query).first() is not None

    def know_network(self, user_id: str, network: bytes, at: datetime) -> None:
        """The user signed in from there."""
        new = upsert(known_networks).values(user_id=user_id, network=network, at=at)
        self.conn.execute(new.on_conflict_do_update(index_elements=["user_id", "network"], set_={"at": at}))

    def forget_networks(self, before: datetime) -> None:
        """Remove networks from which nobody signed in for long."""
        self.conn.execute(delete(known_networks).where(known_networks.c.at < before))


def _alive(now: datetime) -> tuple[Any, ...]:
    return sessions.c.expires_at > now, users.c.is_disabled.is_(False)


def _within(areas: Collection[str], units: Collection[str]) -> Any:
    tops = [or_(grants.c.area == top, grants.c.area.startswith(f"{top}.", autoescape=True)) for top in areas]
    return or_(false(), *([true()] if "" in areas else tops), grants.c.area.in_(units))
