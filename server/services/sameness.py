"""What may be the same thing: suggestions for a person who looks at a case, with all that speaks for each.

Looked up when somebody opens a case, and by a job for the boards, so that taking a report in waits for none of it.
Nothing is merged here, and what a person keeps apart is not suggested again. The rule is `services/likeness.py`;
`store/sameness.py` bounds what is compared.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from server.domain import events
from server.domain.permissions import SYSTEM, Actor, Permission, may
from server.services import likeness, queries
from server.services.likeness import Signals, Told
from server.store.unit_of_work import Tx

Row = Mapping[str, Any]
WITHIN = timedelta(hours=likeness.LONGEST_H)
PICTURES = timedelta(days=14)
"""So long a picture is looked for: an old one that is sent again is seen, one of another disaster costs nothing."""
MOST_COMPARED = 300
"""Reports of each kind of nearness that one report is compared with."""
MOST_OWN = 6
"""Reports of the case itself that are compared: the first and the last ones say what the others do."""
MOST_SHOWN = 100
AT_ONCE = 50
"""Cases that are compared between two looks at what else is to be done."""


def compare(tx: Tx, incident_id: str) -> dict[int, bool]:
    """What cases that nobody has compared come to, at most AT_ONCE of them: whether others may be the same.

    With them those others. To be written by `mark`, in a transaction of its own.
    """
    return _alike(tx, tx.sameness.not_compared(incident_id, AT_ONCE))


def mark(tx: Tx, found: Mapping[int, bool]) -> None:
    """Write what `compare` found, and tell the boards of the cases that look otherwise by it."""
    for case_id in tx.sameness.mark(found) if found else ():
        case = tx.cases.get(case_id)
        if case is not None:
            where = {"incident_id": case["incident_id"], "area": case["area"]}
            rows = {"cases": queries.case_rows(tx, [case_id])}
            tx.record(events.CaseChanged(**where, rows=rows, case_id=case_id, action="compare"))


def compare_again(tx: Tx, case_ids: Iterable[int]) -> None:
    """Let the boards know at once what a merge, a split or keeping apart leaves to compare."""
    mark(tx, {case_id: alike for case_id, alike in _alike(tx, case_ids).items() if case_id in set(case_ids)})


def _alike(tx: Tx, case_ids: Iterable[int]) -> dict[int, bool]:
    found: dict[int, bool] = {}
    for case_id in case_ids:
        others = [one["case_id"] for one in suggestions(tx, SYSTEM, tx.reports.of_case(case_id))]
        found |= {case_id: found.get(case_id, False) or bool(others), **dict.fromkeys(others, True)}
    return found


def suggestions(tx: Tx, actor: Actor, reports: Sequence[Row]) -> list[dict[str, Any]]:
    """Other cases that may be the same as these reports' own, the likeliest first, of those that the person may see.

    Each with the report that is most alike, `reasons` (never empty) and `signals`.
    """
    own = [*reports[: MOST_OWN // 2], *reports[MOST_OWN // 2 :][-MOST_OWN // 2 :]]
    pairs = [(mine, theirs) for mine in own for theirs in _candidates(tx, mine)]
    pairs = [(mine, theirs) for mine, theirs in pairs if may(actor, Permission.BOARD_READ, theirs["area"])]
    said = _told(tx, [*own, *(theirs for _, theirs in pairs)])
    best: dict[int, tuple[list[str], Signals, Row]] = {}
    for mine, theirs in pairs:
        signals = likeness.compared(said[mine["id"]], said[theirs["id"]], said=theirs["said"])
        found = (likeness.reasons(signals), signals, theirs)
        before = best.get(theirs["case_id"])
        if found[0] and (before is None or _rank(found) < _rank(before)):
            best[theirs["case_id"]] = found
    return [_shown(*found) for found in sorted(best.values(), key=_rank)[:MOST_SHOWN]]


def _candidates(tx: Tx, report: Row) -> list[dict[str, Any]]:
    return tx.sameness.candidates(
        report,
        degrees=likeness.FAR_M / likeness.METRES_A_DEGREE,
        within=WITHIN,
        bits=likeness.PHOTO_BITS,
        pictures=PICTURES,
        most=MOST_COMPARED,
    )


def _told(tx: Tx, reports: Sequence[Row]) -> dict[str, Told]:
    """What each report says, with what its case asks for and its photos."""
    known = {row["id"]: row for row in reports}
    items = tx.sameness.items({row["case_id"] for row in known.values()})
    hashes = tx.sameness.hashes(set(known))
    return {key: likeness.told(row, items.get(row["case_id"], ()), hashes.get(key, ())) for key, row in known.items()}


def _rank(found: tuple[list[str], Signals, Row]) -> tuple[Any, ...]:
    """By what a reporter says, then by how many reasons there are, then the nearest; the oldest of equals."""
    reasons, signals, theirs = found
    far = likeness.FAR_M if signals.metres is None else signals.metres
    return "said" not in reasons, -len(reasons), far, theirs["received_at"], theirs["case_id"]


def _shown(reasons: list[str], signals: Signals, report: Row) -> dict[str, Any]:
    return {
        **{name: report[name] for name in ("id", "case_id", "tier", "state")},
        "received_at": report["received_at"].isoformat(),
        "said": signals.said,
        "reasons": reasons,
        "signals": signals.shown(),
    }
