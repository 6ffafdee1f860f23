""""Ada yang sudah lapor?": what everybody may know of cases like one's own, before another report is sent.

Only what the last public cut has counted, told as coarsely as the public figures: of the same district, for K people
or more, in bands. Where in the district a case is, who told of it and in which words is never said, nor does the order
tell: whoever asks for every village of a district gets the same answer. A reporter who takes a case for theirs says so
(`same_as`); a coordinator joins the two.
"""

from collections.abc import Collection, Mapping
from typing import Any

from geo.areas import Gazetteer
from server.domain.disclosure import K_SPLIT, K
from server.services import intake, places, publishing
from server.services.inputs import PlaceIn
from server.services.likeness import in_common
from server.store.unit_of_work import Tx

MOST = 5
"""How many cases are shown: what fits a phone's screen."""
PEOPLE_FROM = (K, K_SPLIT, 25, 50, 100, 250, 500, 1000)
"""A case's people are told as the largest of these that they reach."""


def like_yours(
    tx: Tx,
    gazetteer: Gazetteer,
    slug: str | None,
    *,
    place: PlaceIn | None,
    area_code: str | None,
    place_text: str | None,
    items: Collection[str],
) -> dict[str, Any]:
    """The open, verified cases of the place's district that ask for one of the items, those with more of them first.

    Without items all count. `district` is None, and nothing is shown, where the district is not known.
    Raises Invalid for what cannot be a place, or names no open incident.
    """
    incident = intake.incident_for(tx, slug)
    found = places.resolve(incident, gazetteer, place=place, area_code=area_code, place_text=place_text)
    district = gazetteer.get(".".join(found.area.split(".")[:3]))
    cut_at = tx.public_cuts.last_cut_at()
    if district is None or district.level != "district":
        return {"district": None, "people_waiting": None, "cases": []}
    told = {"district": {"code": district.code, "name": district.name}}
    if incident["is_training"] or cut_at is None:
        return {**told, "people_waiting": None, "cases": []}
    waiting = _waiting(tx, slug, district.code)
    if waiting is None:
        # Where it is hidden how many wait, a case of five would tell that they are no fewer.
        return {**told, "people_waiting": None, "cases": []}
    rows = [row for row in tx.public_cuts.open_cases(incident["id"], district.code, cut_at, K) if _is_like(row, items)]
    rows.sort(key=lambda row: -len(in_common(row["items"], items)))
    return {**told, "people_waiting": waiting, "cases": [_shown(row) for row in rows[:MOST]]}


def _is_like(row: Mapping[str, Any], items: Collection[str]) -> bool:
    return not items or bool(in_common(row["items"], items))


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """A case in bands; what it asks for could tell of infants or illness, so that takes K_SPLIT people."""
    return {
        "id": row["report_id"],
        "people_from": max(step for step in PEOPLE_FROM if step <= row["people"]),
        "items": sorted(row["items"]) if row["people"] >= K_SPLIT else [],
        "waiting": publishing.band_of(row["waited_s"]),
    }


def _waiting(tx: Tx, slug: str | None, code: str) -> int | None:
    figures = publishing.latest(tx, slug)
    return next((row["people_waiting"] for row in figures["areas"] if row["code"] == code), None)
