"""Every lifecycle, one table each. Nothing else moves a state.

A table maps (state, action) to the next state; every pair that is not listed is refused with
`WrongTransition`. Whether a need is unmet, partly met or met is derived (`need_fill`), never a state.
"""

from collections.abc import Mapping
from types import MappingProxyType

from server.domain.errors import WrongTransition

Table = Mapping[tuple[str, str], str]


def _table(**actions: Mapping[str, str]) -> Table:
    return MappingProxyType(
        {(state, action): after for action, moves in actions.items() for state, after in moves.items()}
    )


def _from(*states: str, to: str) -> dict[str, str]:
    return dict.fromkeys(states, to)


REPORT = _table(
    verify=_from("received", to="verified"),
    mark_duplicate=_from("received", "verified", "needs_info", to="duplicate"),
    ask=_from("received", to="needs_info"),
    answer=_from("needs_info", to="received"),
    reject=_from("received", "needs_info", "quarantined", to="rejected"),
    hold=_from("received", to="quarantined"),
    let_in=_from("quarantined", to="received"),
    take_back=_from("verified", "rejected", to="received"),
)

NEED = _table(
    close=_from("open", to="closed"),
    cancel=_from("open", to="cancelled"),
    reopen=_from("closed", to="open"),
    restore=_from("cancelled", to="open"),
)

ASSIGNMENT = _table(
    offer=_from("proposed", "offered", to="offered"),
    accept=_from("offered", to="accepted"),
    decline=_from("offered", to="declined"),
    expire=_from("offered", to="expired"),
    withdraw=_from("proposed", "offered", to="withdrawn"),
    depart=_from("accepted", to="en_route"),
    deliver=_from("en_route", to="delivered"),
    confirm=_from("delivered", to="confirmed"),
    cancel=_from("proposed", "offered", "accepted", to="cancelled"),
    fail=_from("accepted", "en_route", to="failed"),
)

OFFER = _table(
    accept=_from("open", to="accepted"),
    decline=_from("open", to="declined"),
    expire=_from("open", to="expired"),
    withdraw=_from("open", to="withdrawn"),
)

PLAN = _table(
    solve=_from("requested", to="ready"),
    fail=_from("requested", to="failed"),
    approve=_from("ready", to="approved"),
    supersede=_from("requested", "ready", to="superseded"),
)

CLAIM = _table(
    check=_from("received", to="checking"),
    find_false_on_purpose=_from("checking", to="disinformasi"),
    find_false=_from("checking", to="misinformasi"),
    find_true=_from("checking", to="benar"),
    clarify=_from("checking", to="klarifikasi"),
    give_up=_from("received", "checking", to="not_checkable"),
)

VOLUNTEER = _table(
    accept=_from("pending", "refused", to="accepted"),
    refuse=_from("pending", to="refused"),
)

DISTRESS = _table(
    call_again=_from("open", "answered", to="open"),
    answer=_from("open", "answered", to="answered"),
    end=_from("open", "answered", to="ended"),
)

REFERRAL = _table(
    accept=_from("open", to="accepted"),
    give_back=_from("open", to="returned"),
    withdraw=_from("open", to="withdrawn"),
)

TABLES: Mapping[str, Table] = MappingProxyType(
    {
        "report": REPORT,
        "need": NEED,
        "assignment": ASSIGNMENT,
        "offer": OFFER,
        "plan": PLAN,
        "claim": CLAIM,
        "volunteer": VOLUNTEER,
        "distress": DISTRESS,
        "referral": REFERRAL,
    }
)
FIRST: Mapping[str, str] = MappingProxyType(
    {
        "report": "received",
        "need": "open",
        "assignment": "proposed",
        "offer": "open",
        "plan": "requested",
        "claim": "received",
        "volunteer": "pending",
        "distress": "open",
        "referral": "open",
    }
)

UNDER_WAY = ("accepted", "en_route")
"""Assignment states in which a volunteer is on the job."""

HOLDS_STOCK = frozenset({"proposed", "offered", "accepted"})
"""Assignment states in which lots are held at the site; from en_route on the ledger has moved them."""

LIVE = HOLDS_STOCK | {"en_route"}
"""Assignment states in which somebody is still expected to come."""

COVERS = LIVE | {"delivered", "confirmed"}
"""Assignment states that count towards a need."""


def states(noun: str) -> frozenset[str]:
    """Every state of a noun, from its table and its first state."""
    table = TABLES[noun]
    return frozenset({FIRST[noun]} | {state for state, _ in table} | set(table.values()))


def after(noun: str, state: str, action: str) -> str:
    """The state after `action`.

    Raises WrongTransition, naming state and action, when the table has no such step.
    """
    try:
        return TABLES[noun][state, action]
    except KeyError:
        raise WrongTransition(noun=noun, present=state, action=action) from None


def need_fill(quantity: int, covered: int) -> str:
    """`unmet`, `partly_met` or `met`, from the wanted quantity and what live assignments and deliveries cover."""
    if covered <= 0:
        return "unmet"
    return "met" if covered >= quantity else "partly_met"
