"""Loads into trips: which vehicle brings what, in which order, and when it is there.

A trip is one way of one vehicle from one site by its stops; a vehicle makes several, one after the other, within its
shift. The aim is the least sum of arrivals, each weighted by its load, one load left behind counting as a day late
(`LEFT_MIN`). Loads are put where they add least to that sum, and then each is taken out and put in anew. That is
done with every load alone and with stops joined, and when alone is better, stops are joined from there, where that
lowers the sum: so the trips are never worse than one by one. At last loads near each other are taken out and put in
together in other orders, where that lowers the sum (docs/decisions/trips.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo import travel
from geo.closures import NONE_CLOSED, Closures
from geo.crs import Floats, geocentric, over_ground

Place = tuple[float, float]
"""Longitude and latitude in WGS84."""
Ints = NDArray[np.int64]

MOST_STOPS: Final = 8
"""Stops of a trip: what a driver keeps in mind and a morning holds; an assumption of ours."""
MOST_LOADS: Final = 6_000
"""Loads that get trips, the weightiest first: 4,600 with 400 vehicles take 4.5 s."""
LEFT_MIN: Final = 24 * 60.0
"""Minutes that a load without a carrier counts as: somebody comes the next day, an assumption of ours."""
SWEEPS: Final = 2
"""How often every load is put in: a third time gained 0 to 1 % and took half as long again."""
AT_ONCE: Final = 8
"""How many neighbours are taken out together at most when trips are shaken."""
SHAKES: Final = 200
"""How often trips are shaken: it costs 0.2 s, and gains 1 to 30 % on tens of loads, little on hundreds."""
MOST_SHAKEN: Final = 500
"""Loads up to which trips are shaken."""
NOTHING: Final = 1e-6
"""What sums of weights, volumes and minutes are off by, being fractions."""


@dataclass(frozen=True)
class Load:
    """What is to be brought from a site (its name) to a place in one go; `weight`: what a minute of it counts."""

    id: str
    site: str
    at: Place
    kg: float
    m3: float
    weight: float


@dataclass(frozen=True)
class Vehicle:
    """A vehicle with its driver: a kind of `travel.VEHICLES`, what it takes, and minutes left of the shift."""

    id: str
    kind: str
    at: Place
    kg: float
    m3: float
    minutes_left: float


@dataclass(frozen=True)
class Stop:
    """One hand-over: the load, and after how many minutes from now it is there."""

    load: str
    minutes: float


@dataclass(frozen=True)
class Trip:
    """One way of a vehicle, the `turn`-th of its own; `minutes` and `km` end at the last stop."""

    vehicle: str
    turn: int
    site: str
    stops: tuple[Stop, ...]
    minutes: float
    km: float


@dataclass(frozen=True)
class Trips:
    """All trips by vehicle and turn, and why loads are left: by id `no_vehicle`, `too_large`, `shift_over`, `later`.

    weighted_minutes: the sum that was made small, with `LEFT_MIN` for each load that is left.
    """

    trips: tuple[Trip, ...]
    left: Mapping[str, str]
    weighted_minutes: float

    @property
    def last_minutes(self) -> float | None:
        """When the last load is there; None when nothing is brought."""
        return max((trip.minutes for trip in self.trips), default=None)


def plan(
    loads: Sequence[Load],
    vehicles: Sequence[Vehicle],
    sites: Mapping[str, Place],
    *,
    joined: bool = True,
    shakes: int = SHAKES,
    closures: Closures = NONE_CLOSED,
) -> Trips:
    """The trips for the loads, the same for the same input in any order.

    `joined`: several stops in one trip where that serves all sooner; without it each load rides alone. `shakes`: how
    often neighbours are put in anew at the end. Ways go around `closures`.
    """
    ordered = sorted(loads, key=lambda load: (-load.weight, load.id))
    found = _Board(ordered[:MOST_LOADS], sorted(vehicles, key=lambda one: one.id), sites, closures)
    found.improve(joined=False)
    if joined:
        found = _joined(found)
        found.shake(shakes)
    return found.trips(ordered[MOST_LOADS:])


def _joined(alone: _Board) -> _Board:
    """Trips of several stops, from nothing or, if that comes out worse, from those of one."""
    found = _Board(alone.loads, alone.vehicles, alone.sites, alone.closures)
    found.improve(joined=True)
    if found.weighted() <= alone.weighted():
        return found
    alone.improve(joined=True)
    return alone


@dataclass
class _Board:
    """The routes while they are made.

    Places are numbered: loads, then sites, then vehicles. A position is where a load can be put in: before load p,
    or, from number `len(loads)` on, at the end of a vehicle's route; the arrays by position tell what that changes.
    """

    loads: Sequence[Load]
    vehicles: Sequence[Vehicle]
    sites: Mapping[str, Place]
    closures: Closures
    routes: list[list[list[int]]] = field(init=False)

    def __post_init__(self) -> None:
        """Measure the ways, and let every vehicle wait where it is."""
        names = sorted({load.site for load in self.loads})
        number = {name: n for n, name in enumerate(names)}
        many, most = len(self.loads), len(self.loads) + len(self.vehicles)
        self.site_of: Ints = np.array([number[load.site] for load in self.loads], np.int64)
        self.metres = _table(
            [*(load.at for load in self.loads), *(self.sites[name] for name in names)],
            [one.at for one in self.vehicles],
            self.closures,
        )
        self.weight = np.array([max(load.weight, NOTHING) for load in self.loads], float)
        self.size = np.array([(load.kg, load.m3, 1) for load in self.loads], float).reshape(-1, 3)
        self.room = np.array([(one.kg, one.m3, MOST_STOPS) for one in self.vehicles], float).reshape(-1, 3)
        movers = [travel.vehicle(one.kind) for one in self.vehicles]
        self.halt = np.array([mover.start_min for mover in movers], float)
        self.pace = np.array([mover.minutes_per_metre for mover in movers], float)
        self.routes = [[] for _ in self.vehicles]
        self._saved: dict[int, list[list[int]]] | None = None
        self.rider: Ints = np.full(many, -1, np.int64)
        self.arrival = np.zeros(many)
        self.trip_left = np.zeros((many, 3))
        self.owner: Ints = np.concatenate([np.full(many, -1), np.arange(most - many)]).astype(np.int64)
        self.before: Ints = np.zeros(most, np.int64)
        self.entry: Ints = np.full(most, -1, np.int64)
        self.ready, self.leg, self.after = np.zeros(most), np.zeros(most), np.zeros(most)
        self.slack = np.zeros(most)
        self.is_border = np.zeros(most, bool)
        for v in range(len(self.vehicles)):
            self._walk(v)

    @property
    def first_vehicle(self) -> int:
        """The number of the first vehicle among the places."""
        return len(self.metres)

    def improve(self, *, joined: bool) -> None:
        """Put in what is left, and every load anew where it adds least now, `SWEEPS` times."""
        for _ in range(SWEEPS):
            for load in range(len(self.loads)):
                self._take_out(load)
                self._put_in(load, joined=joined)

    def weighted(self) -> float:
        """The sum of all arrivals by weight."""
        return float((self.weight * np.where(self.rider >= 0, self.arrival, LEFT_MIN)).sum())

    def shake(self, times: int) -> None:
        """Take loads near each other out together and put them in anew, in several orders; keep what is better."""
        many = len(self.loads)
        if not 1 < many <= MOST_SHAKEN:
            return
        # The same dice for the same plan: they choose where to look, and nothing else.
        dice = np.random.default_rng(0)
        for middle in dice.integers(many, size=times):
            near = self.metres[middle, :many].argsort(kind="stable")[: dice.integers(2, AT_ONCE + 1)]
            left = np.flatnonzero(self.rider < 0)[:AT_ONCE]
            order = dice.permutation(np.union1d(near, left))
            self._try_anew(near.tolist(), order.tolist() if dice.random() < 0.5 else sorted(order.tolist()))

    def _try_anew(self, out: Sequence[int], order: Sequence[int]) -> None:
        """Take some loads out and put some in, in this order, and undo all of it unless that lowers the sum."""
        before, self._saved = self.weighted(), {}
        for load in out:
            self._take_out(load)
        for load in order:
            self._put_in(load, joined=True)
        if self.weighted() >= before:
            self._undo(self._saved)
        self._saved = None

    def _undo(self, saved: Mapping[int, list[list[int]]]) -> None:
        for v in saved:
            for trip in self.routes[v]:
                self.rider[trip] = self.owner[trip] = -1
        for v, trips in saved.items():
            self.routes[v] = trips
            self._walk(v)

    def _save(self, v: int) -> None:
        if self._saved is not None:
            self._saved.setdefault(v, [list(trip) for trip in self.routes[v]])

    def _take_out(self, load: int) -> None:
        v = int(self.rider[load])
        if v < 0:
            return
        self._save(v)
        for trip in self.routes[v]:
            if load in trip:
                trip.remove(load)
        self.routes[v] = [trip for trip in self.routes[v] if trip]
        self.rider[load] = self.owner[load] = -1
        self._walk(v)

    def _put_in(self, load: int, *, joined: bool) -> None:
        """Put a load where it adds least, if that is less than leaving it."""
        found = [self._alone(load)]
        if joined:
            found += [self._behind(load), self._ahead(load)]
        added, position, how = min(found)
        if position < 0 or added >= self.weight[load] * LEFT_MIN:
            return
        v, many = int(self.owner[position]), len(self.loads)
        self._save(v)
        trips = self.routes[v]
        nth = len(trips) if position >= many else next(n for n, trip in enumerate(trips) if position in trip)
        if how == "alone":
            trips.insert(nth, [load])
        elif how == "ahead":
            trips[nth].insert(0, load)
        elif position >= many or trips[nth][0] == position:
            trips[nth - 1].append(load)
        else:
            trips[nth].insert(trips[nth].index(position), load)
        self._walk(v)

    def _alone(self, load: int) -> tuple[float, int, str]:
        """The best way to bring a load in a trip of its own: what it adds, the position, and how."""
        at = np.flatnonzero(self.is_border & (self.owner >= 0))
        v = self.owner[at]
        at = at[(self.size[load] <= self.room[v] + NOTHING).all(axis=1)]
        v = self.owner[at]
        site = len(self.loads) + self.site_of[load]
        way = 2 * self.halt[v] + self.pace[v] * (self.metres[site][self.before[at]] + self.metres[site, load])
        return self._best(load, at, way, way + self._onward(load, at) - self.leg[at], "alone")

    def _behind(self, load: int) -> tuple[float, int, str]:
        """The best way to bring it right after a stop of a trip from the same site."""
        many = len(self.loads)
        last = np.where(self.before < many, self.before, -1)
        fits = (self.owner >= 0) & (last >= 0) & (self.site_of[last] == self.site_of[load])
        at = np.flatnonzero(fits)
        at = at[(self.size[load] <= self.trip_left[self.before[at]] + NOTHING).all(axis=1)]
        v = self.owner[at]
        way = self.halt[v] + self.pace[v] * self.metres[load][self.before[at]]
        return self._best(load, at, way, way + self._onward(load, at) - self.leg[at], "behind")

    def _ahead(self, load: int) -> tuple[float, int, str]:
        """The best way to bring it as the new first stop of a trip from the same site."""
        many = len(self.loads)
        fits = self.is_border[:many] & (self.rider >= 0) & (self.site_of == self.site_of[load])
        at = np.flatnonzero(fits)
        at = at[(self.size[load] <= self.trip_left[at] + NOTHING).all(axis=1)]
        v, site = self.owner[at], len(self.loads) + self.site_of[load]
        to_site = self.metres[site]
        way = 2 * self.halt[v] + self.pace[v] * (to_site[self.before[at]] + to_site[load])
        more = self.halt[v] + self.pace[v] * (to_site[load] + self.metres[load][at] - to_site[at])
        return self._best(load, at, way, more, "ahead")

    def _onward(self, load: int, at: Ints) -> Floats:
        """Minutes from a load's place to where the route goes on."""
        v, entry = self.owner[at], self.entry[at]
        return np.where(entry >= 0, self.halt[v] + self.pace[v] * self.metres[load][entry], 0.0)

    def _best(self, load: int, at: Ints, way: Floats, more: Floats, how: str) -> tuple[float, int, str]:
        """Where a load that is there after `way` minutes and delays all that follows by `more` adds least."""
        more = np.maximum(more, 0.0)
        longer = np.where(self.entry[at] >= 0, more, way)
        added = self.weight[load] * (self.ready[at] + way) + self.after[at] * more
        added = np.where(longer <= self.slack[at], added, np.inf)
        if not len(at) or not np.isfinite(least := added.min()):
            return np.inf, -1, how
        return float(least), int(at[added.argmin()]), how

    def _walk(self, v: int) -> None:
        """Go through the route of a vehicle and note what is where and when."""
        halt, pace, many = float(self.halt[v]), float(self.pace[v]), len(self.loads)
        here, clock, positions = self.first_vehicle + v, 0.0, []
        for trip in self.routes[v]:
            left = self.room[v] - self.size[trip].sum(axis=0)
            for load in trip:
                is_first = load == trip[0]
                entry = many + int(self.site_of[load]) if is_first else load
                leg = halt + pace * float(self.metres[entry, here])
                self.before[load], self.ready[load], self.entry[load] = here, clock, entry
                self.leg[load], self.is_border[load] = leg, is_first
                clock += leg + (halt + pace * float(self.metres[entry, load]) if is_first else 0.0)
                self.arrival[load], self.trip_left[load] = clock, left
                here = load
                positions.append(load)
        end = many + v
        self.before[end], self.ready[end], self.is_border[end] = here, clock, True
        self.rider[positions] = self.owner[positions] = v
        self.after[positions] = self.weight[positions][::-1].cumsum()[::-1]
        self.slack[[*positions, end]] = self.vehicles[v].minutes_left + NOTHING - clock

    def trips(self, later: Iterable[Load]) -> Trips:
        """What was found, in names."""
        left = {self.loads[n].id: self._why_left(n) for n in np.flatnonzero(self.rider < 0).tolist()}
        left |= {load.id: "later" for load in later}
        beyond = sum(load.weight for load in later) * LEFT_MIN
        made = (self._trip(v, turn) for v, trips in enumerate(self.routes) for turn in range(1, len(trips) + 1))
        return Trips(tuple(made), left, self.weighted() + beyond)

    def _why_left(self, load: int) -> str:
        if not self.vehicles:
            return "no_vehicle"
        fits = (self.size[load] <= self.room + NOTHING).all(axis=1).any()
        return "shift_over" if fits else "too_large"

    def _trip(self, v: int, turn: int) -> Trip:
        members, vehicle = self.routes[v][turn - 1], self.vehicles[v]
        site = len(self.loads) + int(self.site_of[members[0]])
        ways = [(site, int(self.before[members[0]])), (site, members[0])]
        ways += [(load, int(self.before[load])) for load in members[1:]]
        straight = sum(float(self.metres[start, end]) for start, end in ways)
        return Trip(
            vehicle=vehicle.id,
            turn=turn,
            site=self.loads[members[0]].site,
            stops=tuple(Stop(self.loads[load].id, float(self.arrival[load])) for load in members),
            minutes=float(self.arrival[members[-1]]),
            km=straight * travel.vehicle(vehicle.kind).detour / 1_000,
        )


def _table(fixed: Sequence[Place], moving: Sequence[Place], closures: Closures) -> NDArray[np.float32]:
    """Metres over the ground, around what is closed, from every fixed place to all; the moving ones come last."""
    every = geocentric(*np.array([*fixed, *moving], float).reshape(-1, 2).T)
    rows = [_metres_from(one, every, closures).astype(np.float32) for one in every[: len(fixed)]]
    return np.array(rows, np.float32).reshape(len(fixed), len(every))


def _metres_from(one: Floats, every: Floats, closures: Closures) -> Floats:
    return over_ground(np.sqrt(((every - one) ** 2).sum(axis=1))) + closures.around(one, every)
