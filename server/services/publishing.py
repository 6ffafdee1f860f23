"""What is public: figures cut on a fixed clock, safe before they are stored.

A cut counts each incident that is no training, by district (by regency where a case's district is not
known, under ELSEWHERE where nothing is), applies `domain/disclosure.py` once, and keeps only what
that lets through. Every public page, file and map is made from the last cut and from nothing else.
"""

from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import cache
from typing import Any

import zstandard

from server.domain import catalogue, events
from server.domain.disclosure import (
    ALL,
    K_SPLIT,
    STEP,
    Amount,
    Disclosed,
    K,
    Need,
    amount_shown,
    count_shown,
    rounded,
    split_shown,
    summed,
)
from server.domain.errors import NotFound
from server.domain.priority import VULNERABLE
from server.services import promises
from server.services.intake import STANDING
from server.services.places import home_area
from server.store.unit_of_work import Tx

EVERY_S = 900
"""How often figures are cut when nobody sets it otherwise."""
KEPT = timedelta(days=30)
ELSEWHERE = ALL
"""The area of a case whose place is not known, or lies outside all areas."""
PEOPLE = ("people_reported", "people_waiting", "people_helped")
STAGES = ("asked", "on_the_way", "delivered")
TAKERS = {"asked": "people_reported", "on_the_way": "people_waiting", "delivered": "people_helped"}
"""Whom the goods of a stage are for."""
WAIT_EDGES_H = (1, 4, 8, 24, 72)
BANDS = ("under_1h", "1_to_4h", "4_to_8h", "8_to_24h", "1_to_3d", "over_3d")
"""How long people waited, or have waited so far, by WAIT_EDGES_H."""
CLAIMS_SHOWN = 200
HISTORY, STEPS_BEFORE = timedelta(days=7), 13
"""How far back the map can be moved in time, and in how many steps. An assumption of ours."""
MEDIAN_FROM, P90_FROM = 10, 50
"""Of how many people (rounded) at least there is a median wait, and one within which nine in ten lie: then K or so
people lie at or beyond it."""
SHARE_STEP, PER_1000_STEP = 5, 10
"""What shares (per cent) and people per thousand are rounded to: finer would feign what rounded counts do not hold."""

Figures = dict[str, Any]


@dataclass(frozen=True)
class Document:
    """Something drawn of the figures, served as it is; `policy` is the content security policy that it needs."""

    name: str
    body: str
    policy: str = ""


MAP_LEVEL = 19
"""How hard zstandard packs a drawn map, once a cut and for all who read it: a third less than the gateway's own level
makes of the map of 627 districts, in a quarter of a second."""


def packed_document(name: str, text: str, policy: str) -> Document:
    """A document that is stored as it goes over the wire, for `unpacked` or for who takes zstd."""
    return Document(name, b64encode(zstandard.ZstdCompressor(level=MAP_LEVEL).compress(text.encode())).decode(), policy)


Draw = Callable[[Mapping[str, Any], Mapping[str, Any], Sequence[Mapping[str, Any]]], Iterable[Document]]
"""From an incident, its figures and those of some cuts before, the oldest first, to documents.

What draws maps lives outside the web process."""


def publish_due(tx: Tx, every_s: int = EVERY_S, draw: Draw | None = None) -> bool:
    """Cut the figures when the clock has passed a multiple of `every_s` since the last cut; whether it did.

    Any number of processes may call it at any time: one of them cuts, once.
    """
    cut_at = cut_time(tx.now, every_s)
    if _is_cut(tx, cut_at) or not tx.public_cuts.claim() or _is_cut(tx, cut_at):
        return False
    return publish(tx, cut_at, every_s, draw) > 0


def publish(tx: Tx, cut_at: datetime, every_s: int = EVERY_S, draw: Draw | None = None) -> int:
    """Cut the figures of every open incident that is no training; returns how many."""
    incidents = [row for row in tx.incidents.open() if not row["is_training"]]
    for incident in incidents:
        figures = figures_of(tx, incident, cut_at, every_s)
        before = history(tx, incident["id"], cut_at) if draw else []
        tx.public_cuts.add(incident["id"], cut_at, figures)
        for document in draw(incident, figures, before) if draw else ():
            tx.public_cuts.put_document(incident["id"], document.name, cut_at, document.body, document.policy)
        tx.record(events.FiguresPublished(incident_id=incident["id"], area="", cut_at=cut_at.isoformat()))
    tx.public_cuts.forget(cut_at - KEPT)
    return len(incidents)


def history(tx: Tx, incident_id: str, cut_at: datetime) -> list[Figures]:
    """Some of the figures cut before, the oldest first: about evenly over HISTORY, or over what there is of it."""
    return tx.public_cuts.at_times(incident_id, history_times(tx, incident_id, cut_at))


def history_times(tx: Tx, incident_id: str, cut_at: datetime) -> list[datetime]:
    """When those were cut."""
    times = [at for at in tx.public_cuts.times(incident_id, cut_at - HISTORY) if at < cut_at]
    return spread(times, cut_at, STEPS_BEFORE)


def spread(times: Sequence[datetime], until: datetime, most: int) -> list[datetime]:
    """At most so many of the ascending times, the first and others about evenly apart in time up to `until`."""
    if len(times) <= most:
        return list(times)
    apart = (until - times[0]) / most
    return sorted({min(times, key=lambda at: abs(at - (times[0] + n * apart))) for n in range(most)})


def cut_time(now: datetime, every_s: int) -> datetime:
    """The last multiple of `every_s` seconds since the epoch."""
    return datetime.fromtimestamp(now.timestamp() // every_s * every_s, UTC)


def _is_cut(tx: Tx, cut_at: datetime) -> bool:
    last = tx.public_cuts.last_cut_at()
    return last is not None and last >= cut_at


def latest(tx: Tx, slug: str | None) -> Figures:
    """The last figures of an incident, the standing one without a slug. Raises NotFound, also for training.

    Before the first cut, and of an incident younger than that, they are empty and `cut_at` is None.
    """
    incident = public_incident(tx, slug)
    cut = tx.public_cuts.last(incident["id"])
    return dict(cut["figures"]) if cut else _assembled(incident, {}, {}, {}, {}, {})


def document(tx: Tx, slug: str | None, name: str) -> Mapping[str, Any]:
    """A drawn document of an incident: its `body`, `policy` and `cut_at`. Raises NotFound."""
    found = tx.public_cuts.document(public_incident(tx, slug)["id"], name)
    if found is None:
        raise NotFound
    return found


def incidents_shown(tx: Tx) -> list[dict[str, Any]]:
    """The incidents that have public figures: slug and name, the oldest first."""
    return [{"slug": i["slug"], "name": i["name"]} for i in tx.incidents.open() if not i["is_training"]]


def claims_shown(tx: Tx) -> list[dict[str, Any]]:
    """Claims that were checked, with their verdicts, the newest first."""
    return tx.public_cuts.judged_claims(CLAIMS_SHOWN)


def public_incident(tx: Tx, slug: str | None) -> Mapping[str, Any]:
    """The incident of that slug, the standing one without. Raises NotFound, also for training."""
    found = tx.incidents.by_slug(slug or STANDING)
    if found is None or found["is_training"]:
        raise NotFound
    return found


def figures_of(tx: Tx, incident: Mapping[str, Any], cut_at: datetime, every_s: int) -> Figures:
    """Count an incident and let through what may be shown."""
    home = home_area(incident)
    people = tx.public_cuts.people(incident["id"], home, tx.now, [hours * 3600 for hours in WAIT_EDGES_H])
    items = tx.public_cuts.items(incident["id"], home)
    received = tx.public_cuts.received(incident["id"])
    vulnerable = tx.public_cuts.vulnerable(incident["id"], home)
    codes = {code for row in people for code in (row["area"], regency_of(row["area"]))}
    figures = let_through(incident, people, items, received, vulnerable, tx.public_cuts.known(codes))
    next_cut_at = cut_at + timedelta(seconds=every_s)
    cut = {"cut_at": cut_at.isoformat(), "next_cut_at": next_cut_at.isoformat()}
    return figures | cut | {"promises": promises.public(tx, incident["id"])}


def let_through(
    incident: Mapping[str, Any],
    people: Sequence[Mapping[str, Any]],
    items: Sequence[Mapping[str, Any]],
    received: Mapping[str, int],
    vulnerable: Mapping[str, int],
    known: Mapping[str, Mapping[str, Any]],
) -> Figures:
    """What may be shown of what was counted, in the form in which it is stored and read; pure, for tests to attack."""
    measures = people_shown(people)
    codes = sorted({row["item"] for row in items} | set(received))
    lifted = {
        area: (measures["people_reported"].cells[area] or 0) - rounded(own["people_reported"])
        for area, own in _counted(people).items()
    }
    amounts = {item: amounts_shown(item, items, measures, lifted) for item in codes}
    figures = _assembled(incident, measures, amounts, waits_shown(people), received, known)
    figures["total"]["vulnerable"] = {group: count_shown(vulnerable.get(group, 0), K_SPLIT) for group in VULNERABLE}
    return figures


def regency_of(area: str) -> str:
    """The regency that a district or regency code lies in; ELSEWHERE is in none."""
    return ".".join(area.split(".")[:2])


def people_shown(rows: Iterable[Mapping[str, Any]]) -> dict[str, Disclosed]:
    """People and deliveries by area as they may be shown, by measure."""
    cells = {area: _people_cells(own) for area, own in _counted(rows).items()}
    return {
        measure: summed({area: own[measure] for area, own in cells.items()}, regency_of)
        for measure in (*PEOPLE, "deliveries")
    }


def _counted(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for row in rows:
        area = counts.setdefault(row["area"], dict.fromkeys((*PEOPLE, "deliveries"), 0))
        for measure in {"people_reported", f"people_{row['standing']}"}.intersection(PEOPLE):
            area[measure] += row["people"]
        area["deliveries"] += row["deliveries"]
    return counts


def _people_cells(own: Mapping[str, int]) -> dict[str, int | None]:
    """The people of one area, and the deliveries to them, as they may be shown."""
    whole = own["people_reported"]
    reported, (waiting, helped) = split_shown(whole, (own["people_waiting"], own["people_helped"]))
    deliveries = amount_shown(Amount(own["deliveries"], own["people_helped"]))
    return {
        "people_reported": reported,
        "people_waiting": waiting,
        "people_helped": helped,
        "deliveries": deliveries if helped is not None else None,
    }


def amounts_shown(
    item: str, rows: Iterable[Mapping[str, Any]], measures: Mapping[str, Disclosed], lifted: Mapping[str, int]
) -> dict[str, Disclosed]:
    """Amounts of one item by area as they may be shown, by stage.

    What hidden people wait for on the way, or got, is hidden with them. `lifted`: how many people more than by
    rounding an area's number of reported people is told by.
    """
    need = need_of(item)

    def cell(row: Mapping[str, Any], stage: str) -> int | None:
        takers = measures[TAKERS[stage]]
        if row[stage] and takers.cells[row["area"]] is None:
            return None
        amount = Amount(row[stage], row[f"{stage}_people"], row[f"{stage}_cases"])
        return amount_shown(amount, need, lifted[row["area"]] if stage == "asked" else 0)

    own = [row for row in rows if row["item"] == item]
    return {stage: summed({row["area"]: cell(row, stage) for row in own}, regency_of) for stage in STAGES}


def amount_step(item: str) -> int:
    """What amounts of an item are rounded to: what STEP people need of it, as a multiple of STEP."""
    return need_of(item).step


@cache
def need_of(item: str) -> Need:
    """What one person needs of an item by the norms, and whether it is for a vulnerable group alone."""
    held = catalogue.norms_of(item, range(1, 1 + catalogue.DAYS_COVERED))
    amounts = (norm.amount * (days if norm.per is catalogue.Per.PERSON_DAY else 1) for norm, days in held)
    return Need(sum(amounts, Fraction(0)), any(norm.group != "all" for norm, _ in held))


def waits_shown(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, str | None]]:
    """By area, by regency and for all: the bands that half and nine in ten people wait or waited at most.

    An area with fewer than MEDIAN_FROM such people has none, and adds nothing to those above it. How many there are is
    asked of the rounded number: that a wait is told says no more than the number does.
    """
    by_area: dict[str, list[int]] = {}
    for row in rows:
        if row["standing"] != "settled":
            by_area.setdefault(row["area"], [0] * len(BANDS))[row["band"]] += row["people"]
    shown = {area: people for area, people in by_area.items() if rounded(sum(people)) >= MEDIAN_FROM}
    groups: dict[str, list[int]] = {}
    for area, people in shown.items():
        for group in {f"total:{regency_of(area)}", f"total:{ALL}"}:
            groups[group] = [a + b for a, b in zip(groups.get(group, [0] * len(BANDS)), people, strict=True)]
    return {
        key: {
            "median": _band(people, 0.5),
            "p90": _band(people, 0.9) if rounded(sum(people)) >= P90_FROM else None,
        }
        for key, people in (shown | groups).items()
    }


def band_of(waited_s: float) -> str:
    """The one of BANDS for so many seconds of waiting."""
    return BANDS[sum(waited_s >= hours * 3600 for hours in WAIT_EDGES_H)]


def _band(people: list[int], share: float) -> str:
    """The first band within which at least that share of the people lies."""
    wanted, so_far = share * sum(people), 0
    for band, count in zip(BANDS, people, strict=True):
        so_far += count
        if so_far >= wanted:
            return band
    return BANDS[-1]


def _assembled(
    incident: Mapping[str, Any],
    measures: Mapping[str, Disclosed],
    amounts: Mapping[str, Mapping[str, Disclosed]],
    waits: Mapping[str, Mapping[str, str | None]],
    received: Mapping[str, int],
    known: Mapping[str, Mapping[str, Any]],
) -> Figures:
    """The figures in the form in which they are stored and read."""
    areas = sorted({code for one in measures.values() for code in one.cells})
    regencies = sorted({regency_of(code) for code in areas} - {ELSEWHERE})
    shape = _Shape(measures, amounts, waits, known)
    total = shape.row(ALL, "totals")
    for line in total["items"]:
        line["received"] = amount_shown(Amount(received.get(line["item"], 0), K))
    return {
        "incident": {"slug": incident["slug"], "name": incident["name"], "kind": incident["kind"]},
        "cut_at": None,
        "next_cut_at": None,
        "hidden_below": K,
        "split_hidden_below": K_SPLIT,
        "rounded_to": STEP,
        "total": total,
        "regencies": [shape.place(code) | shape.row(code, "totals") for code in regencies],
        "areas": [shape.place(code) | shape.row(code, "cells") for code in areas],
    }


@dataclass(frozen=True)
class _Shape:
    """One row of figures, of an area or a total: every measure, the waits, and a line for each item."""

    measures: Mapping[str, Disclosed]
    amounts: Mapping[str, Mapping[str, Disclosed]]
    waits: Mapping[str, Mapping[str, str | None]]
    known: Mapping[str, Mapping[str, Any]]

    def place(self, code: str) -> dict[str, Any]:
        """Which area it is; a district also names its regency. Of an approximate one the border is not known."""
        level = {0: "regency", 1: "regency", 2: "district"}[code.count(".")] if code else "elsewhere"
        regency = regency_of(code)
        return {
            "code": code or None,
            "level": level,
            "name": self._of(code, "name"),
            "approximate": self._of(code, "approximate"),
            "regency": regency or None,
            "regency_name": self._of(regency, "name"),
        }

    def _of(self, code: str, column: str) -> Any:
        return self.known[code][column] if code in self.known else None

    def row(self, key: str, part: str) -> dict[str, Any]:
        """The numbers of an area (`cells`) or a group (`totals`); None is hidden."""
        figures: dict[str, Any] = {
            measure: self._number(self.measures.get(measure), key, part) for measure in (*PEOPLE, "deliveries")
        }
        wait = self.waits.get(f"total:{key}" if part == "totals" else key)
        figures["wait"] = dict(wait or {"median": None, "p90": None})
        figures["items"] = [line for item in self.amounts if (line := self._line(item, key, part))]
        figures["unmet_share"] = unmet_share(figures["items"])
        figures["helped_per_1000"] = helped_per_1000(figures["people_helped"], figures["people_reported"])
        if part == "totals":
            figures["at_least"] = [
                measure for measure, one in self.measures.items() if key in one.partial and figures[measure] is not None
            ]
        return figures

    def _line(self, item: str, key: str, part: str) -> dict[str, Any] | None:
        """The amounts of an item; None when there are none here, except in the total of everything."""
        amounts = {stage: self._number(one, key, part) for stage, one in self.amounts[item].items()}
        if all(amount == 0 for amount in amounts.values()) and (part, key) != ("totals", ALL):
            return None
        return {"item": item, "unit": catalogue.ITEMS[item].unit, **amounts, "unmet": _unmet(amounts)}

    @staticmethod
    def _number(one: Disclosed | None, key: str, part: str) -> int | None:
        """A measure that knows nothing of the key counts nobody there."""
        found: int | None = getattr(one, part, {}).get(key, 0)
        return found


def _unmet(amounts: Mapping[str, int | None]) -> int | None:
    """What is asked and neither delivered nor on the way, of shown amounts only."""
    asked, on_the_way, delivered = (amounts[stage] for stage in STAGES)
    if asked is None or on_the_way is None or delivered is None:
        return None
    return max(0, asked - on_the_way - delivered)


def unmet_share(lines: Iterable[Mapping[str, Any]]) -> int | None:
    """Per cent of what was asked for that is still lacking, each item in what one person needs of it.

    Of shown amounts only, so that it tells nothing new; None when none of them is shown.
    """
    known = [line for line in lines if line["asked"] and line["unmet"] is not None]
    asked = sum(line["asked"] / amount_step(line["item"]) for line in known)
    lacking = sum(line["unmet"] / amount_step(line["item"]) for line in known)
    return round(100 * lacking / asked / SHARE_STEP) * SHARE_STEP if asked else None


def helped_per_1000(helped: int | None, reported: int | None) -> int | None:
    """People helped per thousand reported, of shown counts only; None when either is not shown, or nobody is.

    Reported and not living there: nobody counts inhabitants by district for us.
    """
    if helped is None or not reported:
        return None
    return min(1000, round(1000 * helped / reported / PER_1000_STEP) * PER_1000_STEP)
