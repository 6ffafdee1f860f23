"""What may be the same thing: suggestions for a person who looks at a case, with all that speaks for each.

Looked up when somebody opens a case, and by a job for the boards, so that taking a report in waits for none of it.
Nothing is merged here, and what a person keeps apart is not suggested again. The rule is `services/likeness.py`;
`store/sameness.py` bounds what is compared.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from server.domain import events
from server.domain.permissions import SYSTEM, Actor, Permission, may
from server.services import likeness, queries
from server.services.likeness import Signals, Told
from server.store.unit_of_work import Tx

Row = Mapping[str, Any]
Found = tuple[list[str], Signals, Row]
"""Why two reports are suggested as the same, what was compared of them, and the other one."""
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


def compare(tx: Tx, incident_id: str, *, before: datetime | None = None) -> dict[int, bool]:
    """What cases that nobody has compared come to, at most AT_ONCE of them: whether others may be the same.

    With them those others. `before`: only what was opened before then. To be written by `mark`, in a transaction of
    its own.
    """
    return _alike(tx, tx.sameness.not_compared(incident_id, AT_ONCE, before=before))


def mark(tx: Tx, found: Mapping[int, bool]) -> None:
    """Write what `compare` found, and tell the boards of the cases that look otherwise by it."""
    for case_id in tx.sameness.mark(found) if found else ():
        case = tx.cases.get(case_id)
        if case is not None:
            where = {"incident_id": case["incident_id"], "area": case["area"]}
            rows = {"cases": queries.case_rows(tx, [case_id])}
            tx.record(events.CaseChanged(**where, rows=rows, case_id=case_id, action="compare"))


def compare_again(tx: Tx, case_ids: Collection[int]) -> None:
    """Let the boards know at once what a merge, a split or keeping apart leaves to compare."""
    mark(tx, {case_id: alike for case_id, alike in _alike(tx, case_ids).items() if case_id in case_ids})


def _alike(tx: Tx, case_ids: Collection[int]) -> dict[int, bool]:
    found = _most_alike(tx, SYSTEM, tx.sameness.of_cases(case_ids))
    others = {other for best in found.values() for other in best}
    return {case_id: case_id in found or case_id in others for case_id in case_ids} | dict.fromkeys(others, True)


def suggestions(tx: Tx, actor: Actor, reports: Sequence[Row]) -> list[dict[str, Any]]:
    """Other cases that may be the same as these reports' own, the likeliest first, of those that the person may see.

    Each with the report that is most alike, `reasons` (never empty) and `signals`.
    """
    found = [one for best in _most_alike(tx, actor, reports).values() for one in best.values()]
    return [_shown(*one) for one in sorted(found, key=_rank)[:MOST_SHOWN]]


def _most_alike(tx: Tx, actor: Actor, reports: Iterable[Row]) -> dict[int, dict[int, Found]]:
    """By the number of a case that has some, the other cases that may be the same, each with what is most alike.

    The reports of a case stand together, the oldest first.
    """
    own = {row["id"]: row for _, rows in groupby(reports, itemgetter("case_id")) for row in _first_and_last(list(rows))}
    pairs = _pairs(tx, own)
    others = {row["id"]: row for row in tx.sameness.of_ids({pair["theirs"] for pair in pairs})}
    others = {key: row for key, row in others.items() if may(actor, Permission.BOARD_READ, row["area"])}
    said = _told(tx, own | others)
    best: dict[int, dict[int, Found]] = {}
    for pair in pairs:
        mine, theirs = own[pair["mine"]], others.get(pair["theirs"])
        if theirs is None:
            continue
        signals = likeness.compared(said[mine["id"]], said[theirs["id"]], said=pair["said"])
        found = (likeness.reasons(signals), signals, theirs)
        if found[0]:
            of_case = best.setdefault(mine["case_id"], {})
            of_case[theirs["case_id"]] = min(of_case.get(theirs["case_id"], found), found, key=_rank)
    return best


def _first_and_last(reports: Sequence[Row]) -> Sequence[Row]:
    return [*reports[: MOST_OWN // 2], *reports[MOST_OWN // 2 :][-MOST_OWN // 2 :]]


def _pairs(tx: Tx, report_ids: Collection[str]) -> list[dict[str, Any]]:
    return tx.sameness.pairs(
        report_ids,
        degrees=likeness.FAR_M / likeness.METRES_A_DEGREE,
        within=WITHIN,
        bits=likeness.PHOTO_BITS,
        pictures=PICTURES,
        most=MOST_COMPARED,
    )


def _told(tx: Tx, reports: Mapping[str, Row]) -> dict[str, Told]:
    """What each report says, with what its case asks for and its photos."""
    items = tx.sameness.items({row["case_id"] for row in reports.values()})
    hashes = tx.sameness.hashes(set(reports))
    return {
        key: likeness.told(row, items.get(row["case_id"], ()), hashes.get(key, ())) for key, row in reports.items()
    }


def _rank(found: Found) -> tuple[Any, ...]:
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
