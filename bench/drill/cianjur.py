"""Cianjur 2022 as a drill's case: as many displaced, the same districts and villages, real health centres.

What is known: an earthquake of M 5.6 on 21 November 2022 at 13:21:10 WIB, 6.84 S 107.05 E, 10 km deep (BMKG,
https://www.bmkg.go.id); 61,908 displaced by the second day (BNPB). Codes, names and places of the 32 districts and
their villages, and the health centres, are real: from the data beside the repository where it is present, otherwise
from what the product ships (codes and names without boundaries, and a centre for each district).
How people, needs, stock and volunteers spread is an assumption of ours, told at each figure.
"""

import csv
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Final

from shapely.geometry import Point, shape
from shapely.geometry.base import BaseGeometry

from bench.drill.case import Case, Need, Report, Site, Stock, Village, Volunteer
from geo.areas import Area
from geo.crs import metres
from geo.defaults import default_areas
from server.domain.catalogue import ITEMS, Kind, needs_for
from server.domain.days import WIB
from server.first_start import known_places, units

DATA: Final = Path(__file__).parents[3] / "shared" / "data"
REGENCY: Final = "32.03"
STARTS: Final = datetime(2022, 11, 21, 13, 21, tzinfo=WIB)
EPICENTRE: Final = (107.05, -6.84)
DISPLACED: Final = 61_908
HOURS: Final = 48

FADES_KM: Final = 7.0
"""Over which distance the share of displaced people falls to a third: most of the damage lay within 15 km."""
EVERYWHERE: Final = 0.004
"""The least weight of a village, so that every district has somebody."""
PEOPLE: Final = (3.2, 0.6)
"""Logarithm of how many people a report speaks for, its mean and deviation: some 25, a neighbourhood on one field."""
MOST_TOGETHER: Final = 150
HALF_REPORTED_MIN: Final = 8 * 60
SHARES: Final[Mapping[str, float]] = {
    "infants": 0.08, "children": 0.2, "elderly": 0.09, "pregnant": 0.015, "disabled": 0.01
}  # fmt: skip
"""Of all people, roughly as in West Java; the groups of a report are drawn around these."""
TIERS: Final[Sequence[tuple[float, tuple[int, int, int, int]]]] = (
    (6, (8, 42, 40, 10)),
    (15, (3, 30, 45, 22)),
    (math.inf, (0, 15, 50, 35)),
)
"""Up to how many kilometres from the epicentre, how often each tier of 0..3."""
ASKED: Final[Mapping[str, float]] = {
    "tarpaulin": 0.55, "tent": 0.2, "blanket": 0.65, "water": 0.55, "rice": 0.4, "ready_meal": 0.3, "hygiene_kit": 0.3,
    "medicine_kit": 0.25, "infant_food": 0.2, "latrine": 0.12, "medical": 0.12, "psychosocial": 0.08,
}  # fmt: skip
"""In how many of the reports an item is asked for; shelter and blankets led the lists of that week."""
STOCK_RATIO: Final = 0.6
"""Stock of each item over what is asked of it: short of the need."""
LOTS: Final = 12
LASTS_MIN: Final[Mapping[str, float]] = {"ready_meal": 3 * 1440.0, "infant_food": 14 * 1440.0}
VOLUNTEERS: Final = 400
VEHICLES: Final[Mapping[str | None, int]] = {"motorcycle": 35, "car": 20, "pickup": 28, "truck": 12, None: 5}
SKILLED: Final[Mapping[str, float]] = {"medical": 0.15, "psychosocial": 0.06, "driving": 0.3}


@dataclass(frozen=True)
class Ground:
    """A village with the land that it covers, where its boundary is known."""

    code: str
    name: str
    lon: float
    lat: float
    land: BaseGeometry | None = None

    @property
    def km(self) -> float:
        """Its distance from the epicentre."""
        return float(metres(self.lon, self.lat, *EPICENTRE)) / 1000


def case(seed: int, displaced: int = DISPLACED, data: Path = DATA) -> Case:
    """Cianjur 2022, or a part as small as `displaced`; each seed another draw of what is not known."""
    rng = Random(f"cianjur {seed}")
    grounds = villages(data)
    people = shared_out(displaced, [_weight(ground) for ground in grounds])
    sites = health_centres(data)
    reports = tuple(sorted(_reports(rng, grounds, people), key=lambda one: one.at_min))
    return Case(
        name="Cianjur 2022",
        starts=STARTS,
        hours=HOURS,
        villages=tuple(
            Village(ground.name, ground.lon, ground.lat, count, ground.code)
            for ground, count in zip(grounds, people, strict=True)
        ),
        sites=tuple(sites),
        stock=tuple(_stock(rng, sites, reports)),
        reports=reports,
        volunteers=tuple(_volunteer(rng, sites) for _ in range(max(4, VOLUNTEERS * displaced // DISPLACED))),
    )


def villages(data: Path = DATA) -> list[Ground]:
    """The 360 villages of the regency, by code."""
    path = data / "areas" / "jabar_kel_simpl60m.geojson"
    if path.exists():
        found = json.loads(path.read_text("utf-8"))["features"]
        return sorted((_ground(one) for one in found if _inside(one["properties"]["code"])), key=lambda one: one.code)
    return [Ground(area.code, area.name, area.lon, area.lat) for area in _shipped() if area.level == "village"]


@cache
def _shipped() -> tuple[Area, ...]:
    """The areas of the regency as the product has them at its first start."""
    return tuple(area for area in default_areas(units("32"), known_places()) if _inside(area.code))


def _inside(code: str) -> bool:
    return code.startswith(f"{REGENCY}.")


def _ground(feature: Mapping[str, Any]) -> Ground:
    land = shape(feature["geometry"])
    # A middle may lie outside of a bent village; this point does not.
    point = land.representative_point()
    named = feature["properties"]
    return Ground(named["code"], named["name"], round(point.x, 5), round(point.y, 5), land)


def health_centres(data: Path = DATA) -> list[Site]:
    """The regency's 39 puskesmas; without the data, one for each district at the district's point."""
    path = data / "facilities" / "jabar_faskes_2020_clean.csv"
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["kab_code_spatial"] == REGENCY]
        return [
            Site(f"Puskesmas {row['name'].title()}", "health_centre", float(row["lon"]), float(row["lat"]))
            for row in rows
            if row["kind"] == "puskesmas"
        ]
    districts = [area for area in _shipped() if area.level == "district"]
    return [Site(f"Puskesmas {area.name}", "health_centre", area.lon, area.lat) for area in districts]


def _weight(ground: Ground) -> float:
    return math.exp(-ground.km / FADES_KM) + EVERYWHERE


def shared_out(total: int, weights: Sequence[float]) -> list[int]:
    """The total in whole parts by weight; what rounding leaves over goes to the largest remainders."""
    exact = [total * weight / sum(weights) for weight in weights]
    parts = [int(part) for part in exact]
    by_remainder = sorted(range(len(parts)), key=lambda n: parts[n] - exact[n])
    for n in by_remainder[: total - sum(parts)]:
        parts[n] += 1
    return parts


def _reports(rng: Random, grounds: Sequence[Ground], people: Sequence[int]) -> list[Report]:
    """Reports until everybody who is displaced was spoken for."""
    found = []
    for village, (ground, displaced) in enumerate(zip(grounds, people, strict=True)):
        left = displaced
        while left > 0:
            heads = min(left, MOST_TOGETHER, max(4, round(rng.lognormvariate(*PEOPLE))))
            left -= heads
            found.append(_report(rng, village, ground, heads))
    return found


def _report(rng: Random, village: int, ground: Ground, heads: int) -> Report:
    groups = {name: min(heads, round(heads * share * 2 * rng.random())) for name, share in SHARES.items()}
    vulnerable = {name: count for name, count in groups.items() if count}
    asked = [item for item, share in ASKED.items() if rng.random() < share] or ["tarpaulin"]
    lines = needs_for(heads, vulnerable, {}, [(item, None) for item in asked])
    at_min = min(HOURS * 60 - 1.0, rng.expovariate(math.log(2) / HALF_REPORTED_MIN))
    tier = rng.choices(range(4), next(shares for km, shares in TIERS if ground.km <= km))[0]
    needs = tuple(Need(line.item, line.quantity) for line in lines)
    return Report(round(at_min, 1), village, *_spot(rng, ground), tier, heads, needs, vulnerable)


def _spot(rng: Random, ground: Ground) -> tuple[float, float]:
    """A place within the village, within some 600 m of its point."""
    for _ in range(20):
        lon, lat = round(ground.lon + rng.gauss(0, 0.006), 5), round(ground.lat + rng.gauss(0, 0.006), 5)
        if ground.land is None or ground.land.contains(Point(lon, lat)):
            return lon, lat
    return ground.lon, ground.lat


def _stock(rng: Random, sites: Sequence[Site], reports: Sequence[Report]) -> list[Stock]:
    """STOCK_RATIO of what is asked, of each item unevenly at LOTS of the sites, more of it near the epicentre."""
    asked: Counter[str] = Counter()
    for need in (need for report in reports for need in report.needs if ITEMS[need.item].kind is Kind.GOODS):
        asked[need.item] += need.quantity
    found = []
    for item in sorted(asked):
        there = sorted(rng.sample(range(len(sites)), min(LOTS, len(sites))))
        weights = [_near(sites[n]) * rng.lognormvariate(0, 0.5) for n in there]
        total = max(1, round(asked[item] * STOCK_RATIO))
        for n, quantity in zip(there, shared_out(total, weights), strict=True):
            if quantity:
                found.append(Stock(n, item, quantity, 0.0, LASTS_MIN.get(item)))
    return found


def _near(site: Site) -> float:
    return math.exp(-float(metres(site.lon, site.lat, *EPICENTRE)) / 1000 / 25)


def _volunteer(rng: Random, sites: Sequence[Site]) -> Volunteer:
    """Somebody within some 2 km of a health centre, for a shift of 8 to 12 hours."""
    at = rng.choices(sites, [_near(site) for site in sites])[0]
    skills = tuple(skill for skill, share in SKILLED.items() if rng.random() < share)
    vehicle = rng.choices(list(VEHICLES), list(VEHICLES.values()))[0]
    lon, lat = round(at.lon + rng.gauss(0, 0.015), 5), round(at.lat + rng.gauss(0, 0.015), 5)
    return Volunteer(0.0, 60.0 * rng.randint(8, 12), lon, lat, skills, vehicle)  # type: ignore[arg-type]
