"""One unit of work: a transaction, its clock and ids, and a store for each noun.

Services get a `Tx` as their first argument and never commit. `Tx.record` and `Tx.audit` gather what
happened; `flush` writes them beside the change, so that state, event and audit row commit together.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, insert, literal, select

from server import plain
from server.domain.chain import settled
from server.domain.events import Event
from server.domain.permissions import Actor
from server.store import tables
from server.store.accounts import Accounts
from server.store.areas import Areas
from server.store.assignments import Assignments
from server.store.audit import Audit
from server.store.board import Board
from server.store.cases import Cases
from server.store.claims import Claims
from server.store.clocks import Clocks
from server.store.distress import Distress
from server.store.figures import Figures
from server.store.hazards import Hazards
from server.store.incidents import Incidents
from server.store.loans import Loans
from server.store.looks import Looks
from server.store.moderation import Moderation
from server.store.outbox import Outbox
from server.store.persons import Persons
from server.store.photos import Photos
from server.store.plans import Plans
from server.store.pledges import Pledges
from server.store.publishing import PublicCuts
from server.store.referrals import Referrals
from server.store.reports import Reports
from server.store.rows import from_json
from server.store.rulings import Rulings
from server.store.sameness import Sameness
from server.store.settings import SettingsStore
from server.store.sites import Sites
from server.store.stock import Stock
from server.store.turns import Turns
from server.store.volunteers import Volunteers

_EVENT = ("type", "incident_id", "area", "data", "at")
_ENTRY = ("at", "actor", "action", "area", "subject", "details", "position", "hash")
_FLUSH = select(literal(1)).add_cte(
    insert(tables.outbox).from_select(_EVENT, from_json(tables.outbox, _EVENT, "events")).cte("told"),
    insert(tables.audit).from_select(_ENTRY, from_json(tables.audit, _ENTRY, "entries")).cte("noted"),
)


@dataclass(frozen=True)
class Sources:
    """What makes a transaction repeatable: the clock (UTC), ids (uuid4 text) and numbers (cases, needs)."""

    now: Callable[[], datetime]
    new_id: Callable[[], str]
    numbers: Iterator[int]


class Tx:
    """A transaction with its time, ids and one store per noun."""

    def __init__(self, conn: Connection, sources: Sources) -> None:
        self.conn = conn
        self.now = sources.now()
        self.new_id = sources.new_id
        self._numbers = sources.numbers
        self.told: list[Event] = []
        self._events: list[dict[str, Any]] = []
        self._audit: list[dict[str, Any]] = []
        self._is_settled = True

    def new_number(self) -> int:
        """A number that no other case or need has."""
        return next(self._numbers)

    def record(self, event: Event) -> None:
        """Put an event into the outbox, to be committed with the change it tells of."""
        self.told.append(event)
        self._events.append(
            {
                "type": event.type,
                "incident_id": event.incident_id,
                "area": event.area,
                "data": event.data(),
                "at": self.now,
            }
        )

    def audit(self, actor: Actor, action: str, area: str, subject: str, **details: Any) -> None:
        """Note who did what to which thing; `subject` is like `case:17`."""
        self._audit.append(
            {
                "at": self.now,
                "actor": actor.name,
                "action": action,
                "area": area,
                "subject": subject,
                "details": settled(plain.loads(plain.dumps(details))),
            }
        )

    def flush(self) -> None:
        """Write what was gathered; called once, just before the commit."""
        if self._events or self._audit:
            # The chain is lengthened last: until the commit whoever else writes waits for it.
            entries = self.audit_log.chained(self._audit) if self._audit else []
            self._is_settled = not entries
            self.conn.execute(_FLUSH, {"events": plain.dumps(self._events), "entries": plain.dumps(entries)})
        self._events, self._audit = [], []

    def settle(self) -> None:
        """Return when what was committed is on disk; called once, just after the commit."""
        if not self._is_settled:
            self.audit_log.settle()
            self._is_settled = True

    @cached_property
    def accounts(self) -> Accounts:
        """Users, roles, sessions."""
        return Accounts(self.conn)

    @cached_property
    def loans(self) -> Loans:
        """Roles held for some hours."""
        return Loans(self.conn)

    @cached_property
    def areas(self) -> Areas:
        """Administrative areas."""
        return Areas(self.conn)

    @cached_property
    def incidents(self) -> Incidents:
        """Incidents."""
        return Incidents(self.conn)

    @cached_property
    def reports(self) -> Reports:
        """Reports, with their history."""
        return Reports(self.conn)

    @cached_property
    def cases(self) -> Cases:
        """Cases with their needs and notes."""
        return Cases(self.conn)

    @cached_property
    def clocks(self) -> Clocks:
        """Runs of cases' clocks, and escalations."""
        return Clocks(self.conn)

    @cached_property
    def referrals(self) -> Referrals:
        """Referrals between units, and agencies."""
        return Referrals(self.conn)

    @cached_property
    def looks(self) -> Looks:
        """Who looks at which case."""
        return Looks(self.conn)

    @cached_property
    def sites(self) -> Sites:
        """Sites."""
        return Sites(self.conn)

    @cached_property
    def stock(self) -> Stock:
        """Lots, ledger and gifts."""
        return Stock(self.conn)

    @cached_property
    def pledges(self) -> Pledges:
        """What donors said they would give."""
        return Pledges(self.conn)

    @cached_property
    def volunteers(self) -> Volunteers:
        """Volunteers and check-ins."""
        return Volunteers(self.conn)

    @cached_property
    def plans(self) -> Plans:
        """Plans and their matches."""
        return Plans(self.conn)

    @cached_property
    def rulings(self) -> Rulings:
        """What people decided about matches."""
        return Rulings(self.conn)

    @cached_property
    def assignments(self) -> Assignments:
        """Assignments, offers and deliveries."""
        return Assignments(self.conn)

    @cached_property
    def persons(self) -> Persons:
        """What is known of persons, to be forgotten."""
        return Persons(self.conn)

    @cached_property
    def photos(self) -> Photos:
        """Photos of reports and deliveries."""
        return Photos(self.conn)

    @cached_property
    def claims(self) -> Claims:
        """Claims under check."""
        return Claims(self.conn)

    @cached_property
    def distress(self) -> Distress:
        """Volunteers' calls for help."""
        return Distress(self.conn)

    @cached_property
    def hazards(self) -> Hazards:
        """Hazard areas and road closures."""
        return Hazards(self.conn)

    @cached_property
    def board(self) -> Board:
        """Rows of the board."""
        return Board(self.conn)

    @cached_property
    def moderation(self) -> Moderation:
        """Quarantine, photos to look at, blocked senders."""
        return Moderation(self.conn)

    @cached_property
    def figures(self) -> Figures:
        """Counts for operators."""
        return Figures(self.conn)

    @cached_property
    def outbox(self) -> Outbox:
        """Events on their way out."""
        return Outbox(self.conn)

    @cached_property
    def turns(self) -> Turns:
        """Whose turn it is."""
        return Turns(self.conn)

    @cached_property
    def public_cuts(self) -> PublicCuts:
        """Published figures."""
        return PublicCuts(self.conn)

    @cached_property
    def audit_log(self) -> Audit:
        """The audit chain."""
        return Audit(self.conn)

    @cached_property
    def sameness(self) -> Sameness:
        """What may be the same thing."""
        return Sameness(self.conn)

    @cached_property
    def settings(self) -> SettingsStore:
        """Settings that live in the database."""
        return SettingsStore(self.conn)
