"""Approximate areas for a first start without boundaries: official names joined to known places.

`idn-area-data` has the codes and names of every unit and no coordinates; GeoNames has 1,736 named
places of West Java and no units. Names alone mislead: of the districts whose name is theirs alone
and fits one place, three in ten lie elsewhere. So a district is put only where several of its own
names (its villages' and its own) lie together in country that its regency's names agree on.

Measured against the real boundaries of West Java: 135 of 627 districts get a point of their own,
95 % of them in the district or within 3 km of it; so do 471 of 5,957 villages (95 %). All others
stand at the point of the unit above, with the accuracy that such a point deserves: 98 % of them
lie within it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from geo.areas import Area, dotted, level_of, parent_of
from geo.crs import Floats, geocentric
from geo.names import letters_of

DISTRICT_KM: Final = 4.0
REGENCY_KM: Final = 20.0
NEIGHBOUR_KM: Final = 10.0
"""How near names must lie to speak for each other (deviation of a Gaussian): those of a district,
those of a regency, and districts of one regency that were placed already."""

ENOUGH: Final = 0.5
"""Votes that place a district. One vote is a name that no other district has."""

ELSEWHERE: Final = 0.2
"""Weight of the doubt whether a place belongs to any regency that has spoken for it."""

ROUNDS: Final = 4

ACCURACY_M: Final[Mapping[str, float]] = {
    "province": 205_000,
    "regency": 70_000,
    "district": 19_000,
    "village": 6_000,
}
"""Within how many metres of its own point a unit lies: the nine-in-ten value measured on West
Java's real boundaries (province: all of it, with room for a less central point)."""


@dataclass(frozen=True, slots=True)
class Place:
    """A named place with coordinates and its other spellings."""

    name: str
    lon: float
    lat: float
    population: int = 0
    other_names: tuple[str, ...] = ()


def default_areas(units: Iterable[tuple[str, str]], places: Iterable[Place]) -> list[Area]:
    """Approximate areas for (code, name) of all units of a province and its known places."""
    names = {dotted(code): name for code, name in units}
    known = sorted(places, key=lambda place: (place.lon, place.lat, place.name))
    points = _points(names, known)
    areas: dict[str, Area] = {}
    for code in sorted(names):
        areas[code] = _area(code, _titled(names[code]), points, areas)
    return list(areas.values())


def _area(code: str, name: str, points: Mapping[str, tuple[float, float]], areas: Mapping[str, Area]) -> Area:
    level, parent = level_of(code), parent_of(code)
    own = points.get(code)
    if own is not None or parent is None:
        lon, lat = own or (0.0, 0.0)
        return Area(code, level, name, parent, lon, lat, ACCURACY_M[level], approximate=True)
    above = areas[parent]
    return Area(
        code, level, name, parent, above.lon, above.lat, above.accuracy_m,
        approximate=True, own_point=False,
    )  # fmt: skip


def _titled(name: str) -> str:
    """'KABUPATEN CIANJUR' as people write it; names in mixed case stay as they are."""
    return name.title() if name.isupper() else name


def _points(names: Mapping[str, str], places: list[Place]) -> dict[str, tuple[float, float]]:
    """Longitude and latitude of the units that have a point of their own."""
    if not places:
        return {}
    lonlat = np.array([(place.lon, place.lat) for place in places])
    votes = _Votes(names, places, lonlat)
    points: dict[str, tuple[float, float]] = {}
    for district, centre in votes.districts().items():
        near = votes.supporters(district, centre)
        points[district] = _middle(lonlat[near])
        points |= {village: _middle(lonlat[here]) for village, here in votes.villages(district, near)}
    towns = {code: _middle(lonlat[[town]]) for code, town in votes.towns.items()}
    regencies = {code for code in names if level_of(code) == "regency"}
    points |= {code: _middle_of_children(code, points) or towns[code] for code in regencies}
    points |= {code: towns[code] for code in regencies if names[code].lower().startswith("kota ")}
    provinces = {code for code in names if level_of(code) == "province"}
    middles = {code: _middle_of_children(code, points) for code in provinces}
    return points | {code: middle for code, middle in middles.items() if middle}


def _middle_of_children(code: str, points: Mapping[str, tuple[float, float]]) -> tuple[float, float] | None:
    """The middle of the units right below that have a point; one alone is no middle."""
    inside = [point for below, point in sorted(points.items()) if parent_of(below) == code]
    return _middle(np.array(inside)) if len(inside) > 1 else None


def _middle(lonlat: Floats) -> tuple[float, float]:
    lon, lat = np.median(lonlat, axis=0)
    return round(float(lon), 5), round(float(lat), 5)


class _Votes:
    """Which places speak for which districts."""

    def __init__(self, names: Mapping[str, str], places: list[Place], lonlat: Floats) -> None:
        self._letters = {code: letters_of(name) for code, name in names.items()}
        self._children: dict[str, list[str]] = defaultdict(list)
        for code in sorted(names):
            self._children[parent_of(code) or ""].append(code)
        self._places: dict[str, list[int]] = defaultdict(list)
        for index, place in enumerate(places):
            for letters in sorted({letters_of(n) for n in (place.name, *place.other_names)}):
                self._places[letters].append(index)
        corners = geocentric(lonlat[:, 0], lonlat[:, 1])
        self._km = np.sqrt(((corners[:, None] - corners[None]) ** 2).sum(axis=2)) / 1000
        districts = [code for code in sorted(names) if level_of(code) == "district"]
        self._families = {d: self._family(d) for d in districts}
        self._bearers = Counter(name for family in self._families.values() for name in family)
        self._regencies: dict[str, list[str]] = defaultdict(list)
        for district in districts:
            self._regencies[parent_of(district) or ""].append(district)
        self._country = {code: self._names_of(code) for code in self._regencies}
        self.towns = {code: self._town(code, places) for code in self._regencies}

    def districts(self) -> dict[str, int]:
        """The districts that can be placed, with the place that is their centre."""
        support = {d: self._support(f, DISTRICT_KM) for d, f in self._families.items()}
        near = self._country
        placed: dict[str, int] = {}
        for _ in range(ROUNDS):
            total = sum(near.values(), start=np.full(len(self._km), ELSEWHERE))
            score = {d: s * near[parent_of(d) or ""] / total for d, s in support.items()}
            placed = {d: int(s.argmax()) for d, s in score.items() if s.max() > ENOUGH}
            near = {code: self._around(code, placed) for code in self._regencies}
        return placed

    def supporters(self, district: str, centre: int) -> list[int]:
        """Places near the centre that bear one of the district's names."""
        mine = {index for name in self._families[district] for index in self._places[name]}
        return sorted(index for index in mine if self._km[centre, index] < 2 * DISTRICT_KM)

    def villages(self, district: str, near: list[int]) -> list[tuple[str, list[int]]]:
        """The district's villages that have a place of their name near its centre."""
        pairs = [(v, self._places[self._letters[v]]) for v in self._children[district]]
        here = [(v, sorted(set(places) & set(near))) for v, places in pairs]
        return [(village, places) for village, places in here if places]

    def _town(self, regency: str, places: list[Place]) -> int:
        """The largest place that bears the regency's name, else the one most like its names."""
        namesakes = self._places.get(self._letters[regency], [])
        if namesakes:
            return max(namesakes, key=lambda index: (places[index].population, -index))
        others = sum(self._country.values(), start=np.zeros(len(places)))
        return int((self._country[regency] ** 2 / np.maximum(others, 1e-9)).argmax())

    def _names_of(self, regency: str) -> Floats:
        """How strongly the regency's names speak for every place."""
        names = {name for district in self._regencies[regency] for name in self._families[district]}
        return self._support(sorted(names), REGENCY_KM)

    def _family(self, district: str) -> list[str]:
        """The names of a district: its own and its villages'."""
        members = [district, *self._children[district]]
        return sorted({self._letters[code] for code in members})

    def _support(self, names: list[str], reach_km: float) -> Floats:
        """Votes of the names at every place; a name that many districts bear counts less."""
        votes = np.zeros(len(self._km))
        for name in names:
            if self._places.get(name):
                nearest = self._km[:, self._places[name]].min(axis=1)
                votes += np.exp(-((nearest / reach_km) ** 2) / 2) / self._bearers[name]
        return votes

    def _around(self, regency: str, placed: Mapping[str, int]) -> Floats:
        """How much of the country round every place belongs to a regency, by districts placed."""
        centres = [place for code, place in placed.items() if parent_of(code) == regency]
        centres.append(self.towns[regency])
        return np.asarray(np.exp(-((self._km[:, centres] / NEIGHBOUR_KM) ** 2) / 2).sum(axis=1))
