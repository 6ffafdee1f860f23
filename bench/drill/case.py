"""What a drill plays: places, sites, stock, reports, volunteers and closures over some hours.

A case comes from a JSON file of a team's own, or from a seed (`random_case`). Minutes count from `starts`.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Annotated, Final, Literal, NamedTuple, TypeVar, get_args

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field, TypeAdapter, ValidationError, with_config

from server.domain.catalogue import ITEMS, SKILLS, Kind, needs_for
from server.domain.days import WIB
from server.domain.priority import VULNERABLE

Supply = Literal["scarce", "balanced", "ample"]
Spread = Literal["cluster", "dispersed"]
SUPPLIES: Final[tuple[Supply, ...]] = get_args(Supply)
SPREADS: Final[tuple[Spread, ...]] = get_args(Spread)

MOST_HOURS: Final = 24 * 14


T = TypeVar("T")


class BadCase(ValueError):
    """A file that is no case; the message names each field and what is wrong with it."""


def _item(code: str) -> str:
    if code not in ITEMS:
        raise ValueError("not in the catalogue")
    return code


def _skill(code: str) -> str:
    if code not in SKILLS:
        raise ValueError(f"none of {', '.join(SKILLS)}")
    return code


def _group(name: str) -> str:
    if name not in VULNERABLE:
        raise ValueError(f"none of {', '.join(VULNERABLE)}")
    return name


Lon = Annotated[float, Field(ge=-180, le=180)]
Lat = Annotated[float, Field(ge=-90, le=90)]
Minute = Annotated[float, Field(ge=0, le=MOST_HOURS * 60)]
Index = Annotated[int, Field(ge=0)]
Quantity = Annotated[int, Field(ge=1, le=10_000_000)]
Heads = Annotated[int, Field(ge=0, le=10_000_000)]
Item = Annotated[str, AfterValidator(_item)]
Name = Annotated[str, Field(min_length=1, max_length=120)]
STRICT: Final = ConfigDict(extra="forbid")


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class Village:
    """A place that is counted for fairness; `code` is the official one, where there is one."""

    name: Name
    lon: Lon
    lat: Lat
    people: Heads
    code: str | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class Site:
    """Where stock lies."""

    name: Name
    kind: Literal["warehouse", "post", "health_centre", "clinic", "hospital", "shelter"]
    lon: Lon
    lat: Lat


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class Stock:
    """A lot that comes to a site at a minute, and from when on it is of no use."""

    site: Index
    item: Item
    quantity: Quantity
    at_min: Minute = 0.0
    expires_min: Minute | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class Need:
    """So much of an item."""

    item: Item
    quantity: Quantity


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class Report:
    """What somebody reports from a village; all its needs are of its tier."""

    at_min: Minute
    village: Index
    lon: Lon
    lat: Lat
    tier: Annotated[int, Field(ge=0, le=3)]
    people: Heads
    needs: Annotated[tuple[Need, ...], Field(min_length=1)]
    vulnerable: Mapping[Annotated[str, AfterValidator(_group)], Heads] = field(default_factory=dict)


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class Volunteer:
    """Who is there from a minute to another, and with what; no vehicle is on foot."""

    from_min: Minute
    to_min: Minute
    lon: Lon
    lat: Lat
    skills: tuple[Annotated[str, AfterValidator(_skill)], ...] = ()
    vehicle: Literal["foot", "motorcycle", "car", "boat", "pickup", "truck"] | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class Closure:
    """A circle that ways have to go around while it holds."""

    at_min: Minute
    minutes: Minute
    lon: Lon
    lat: Lat
    radius_m: Annotated[float, Field(gt=0, le=100_000)]


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class Case:
    """All that happens in a drill, whatever anybody decides."""

    name: Name
    starts: AwareDatetime
    hours: Annotated[float, Field(gt=0, le=MOST_HOURS)]
    villages: Annotated[tuple[Village, ...], Field(min_length=1)]
    sites: tuple[Site, ...]
    stock: tuple[Stock, ...]
    reports: Annotated[tuple[Report, ...], Field(min_length=1)]
    volunteers: tuple[Volunteer, ...]
    closures: tuple[Closure, ...] = ()

    @property
    def minutes(self) -> float:
        """How long the drill lasts."""
        return self.hours * 60

    def at(self, minute: float) -> datetime:
        """The moment of a minute."""
        return self.starts + timedelta(minutes=minute)


_CASE: Final = TypeAdapter(Case)


def parsed(text: str | bytes) -> Case:
    """The case of a JSON text. Raises BadCase."""
    try:
        case = _CASE.validate_json(text)
    except ValidationError as error:
        raise BadCase("; ".join(_problem(found["loc"], found["msg"]) for found in error.errors()[:10])) from error
    if wrong := [*_out_of_range(case), *_backwards(case)]:
        raise BadCase("; ".join(wrong[:10]))
    return case


def _problem(loc: Sequence[str | int], message: str) -> str:
    return f"{'.'.join(map(str, loc)) or 'file'}: {message.removeprefix('Value error, ')}"


def _out_of_range(case: Case) -> list[str]:
    """Stock of sites and reports of villages that the case does not have."""
    found = [
        f"stock.{n}.site: there are {len(case.sites)} sites, counted from 0"
        for n, one in enumerate(case.stock)
        if one.site >= len(case.sites)
    ]
    return found + [
        f"reports.{n}.village: there are {len(case.villages)} villages, counted from 0"
        for n, one in enumerate(case.reports)
        if one.village >= len(case.villages)
    ]


def _backwards(case: Case) -> list[str]:
    return [
        f"volunteers.{n}.to_min: before from_min" for n, one in enumerate(case.volunteers) if one.to_min < one.from_min
    ]


def read(path: Path) -> Case:
    """The case of a JSON file. Raises BadCase, also when there is no such file."""
    try:
        return parsed(path.read_bytes())
    except OSError as error:
        raise BadCase(f"{path}: {error.strerror}") from error


def text_of(case: Case) -> str:
    """The case as JSON, which `parsed` reads."""
    return json.dumps({**asdict(case), "starts": case.starts.isoformat()}, indent=1, ensure_ascii=False) + "\n"


MIDDLE: Final = (107.14, -6.82)
"""Longitude and latitude around which random cases lie: Cianjur."""
STARTS: Final = datetime(2022, 11, 21, 13, 21, tzinfo=WIB)
"""The Cianjur earthquake of 2022 (BMKG: M 5.6 at 13:21 WIB)."""
HOURS, REPORTS, VILLAGES, SITES, VOLUNTEERS = 24, 100, 20, 8, 200
RATIO: Final[Mapping[Supply, float]] = {"scarce": 0.5, "balanced": 1.0, "ample": 2.0}
"""Stock of each item over what is asked of it, and volunteers over VOLUNTEERS."""
GOODS: Final[Mapping[str, int]] = {"water": 3, "blanket": 4}
"""How often an item is asked for, against the others."""
SERVICES: Final[Mapping[str, int]] = {"medical": 1}
TIERS: Final[Mapping[int, int]] = {0: 5, 1: 30, 2: 45, 3: 20}
VEHICLES: Final[Mapping[str, int]] = {"motorcycle": 30, "car": 25, "pickup": 35, "truck": 10}
KM_NORTH, KM_EAST = 1 / 110.6, 1 / 110.6 / math.cos(math.radians(6.82))
"""Degrees for a kilometre near MIDDLE."""


def random_case(seed: int, supply: Supply, spread: Spread) -> Case:
    """A case of its own for each seed; supply and spread of one seed share what they need not change.

    All counts and shares are assumptions of ours, of the size of a regency's first day. Villages lie within some
    7 km of one epicentre, or evenly over 50 x 40 km. Half of the reports come within 3 hours. Six tenths of
    the stock are there at the start, the rest comes in lots until the twelfth hour.
    """
    rng = Random(f"{seed} {spread}")
    villages = tuple(_village(rng, n, spread) for n in range(VILLAGES))
    sites = tuple(_site(rng, n, spread) for n in range(SITES))
    reports = tuple(sorted((_report(rng, villages) for _ in range(REPORTS)), key=lambda one: one.at_min))
    closures = tuple(_closure(rng, villages) for _ in range(4))
    return Case(
        f"{supply} {spread} {seed}", STARTS, HOURS, villages, sites, _stock(seed, supply, reports), reports,
        _volunteers(seed, supply, villages), closures,
    )  # fmt: skip


def _pick(rng: Random, shares: Mapping[T, int]) -> T:
    return rng.choices(list(shares), list(shares.values()))[0]


def _moved(lon: float, lat: float, east_km: float, north_km: float) -> tuple[float, float]:
    return round(lon + east_km * KM_EAST, 5), round(lat + north_km * KM_NORTH, 5)


def _village(rng: Random, n: int, spread: Spread) -> Village:
    if spread == "cluster":
        lon, lat = _moved(*MIDDLE, rng.gauss(0, 7), rng.gauss(0, 7))
    else:
        lon, lat = _moved(*MIDDLE, rng.uniform(-25, 25), rng.uniform(-20, 20))
    return Village(f"Desa {n + 1}", lon, lat, round(rng.lognormvariate(8.2, 0.5)))


def _site(rng: Random, n: int, spread: Spread) -> Site:
    """In a cluster two of them are near, the others in the towns around."""
    far = spread == "cluster" and n >= SITES // 4
    angle, away = rng.uniform(0, 2 * math.pi), rng.uniform(12, 35) if far else rng.uniform(3, 12)
    east, north = away * math.cos(angle), away * math.sin(angle)
    if spread == "dispersed":
        east, north = rng.uniform(-25, 25), rng.uniform(-20, 20)
    lon, lat = _moved(*MIDDLE, east, north)
    return Site(f"Gudang {n + 1}", "warehouse" if n % 2 else "post", lon, lat)


def _report(rng: Random, villages: Sequence[Village]) -> Report:
    village = rng.choices(range(len(villages)), [one.people for one in villages])[0]
    lon, lat = _moved(villages[village].lon, villages[village].lat, rng.gauss(0, 1), rng.gauss(0, 1))
    people = max(4, min(300, round(rng.lognormvariate(3.4, 0.8))))
    groups = {"infants": 0.08, "children": 0.2, "elderly": 0.1, "pregnant": 0.02, "disabled": 0.02}
    vulnerable = {name: count for name, share in groups.items() if (count := round(people * share * 2 * rng.random()))}
    goods = {_pick(rng, GOODS) for _ in range(rng.choice((1, 2, 2)))}
    asked = sorted(goods | ({_pick(rng, SERVICES)} if rng.random() < 0.15 else set()))
    lines = needs_for(people, vulnerable, {}, [(item, None) for item in asked])
    needs = tuple(Need(line.item, line.quantity) for line in lines)
    at_min = round(min(10 * 60.0, rng.expovariate(math.log(2) / 180)), 1)
    return Report(at_min, village, lon, lat, _pick(rng, TIERS), people, needs, vulnerable)


class _Lot(NamedTuple):
    """When it comes, which part of all stock comes with it and others, and its share of that against theirs."""

    at_min: float
    part: float
    share: float


def _stock(seed: int, supply: Supply, reports: Sequence[Report]) -> tuple[Stock, ...]:
    rng = Random(f"{seed} stock")
    found: list[Stock] = []
    asked: dict[str, int] = {}
    for need in (need for report in reports for need in report.needs):
        if ITEMS[need.item].kind is Kind.GOODS:
            asked[need.item] = asked.get(need.item, 0) + need.quantity
    for item in sorted(asked):
        lots = [_Lot(0.0, 0.6, rank**-0.5) for rank in (1, 2, 3)]
        lots += [_Lot(30.0 * rng.randint(2, 24), 0.4, rng.uniform(0.5, 1.5)) for _ in range(3)]
        for lot in lots:
            of_all = lot.part * lot.share / sum(other.share for other in lots if other.part == lot.part)
            quantity = max(1, round(asked[item] * RATIO[supply] * of_all))
            found.append(Stock(rng.randrange(SITES), item, quantity, lot.at_min))
    return tuple(found)


def _volunteers(seed: int, supply: Supply, villages: Sequence[Village]) -> tuple[Volunteer, ...]:
    """Of the ample case's volunteers the first ones are those of the scarcer cases."""
    rng = Random(f"{seed} volunteers")
    most, wanted = round(VOLUNTEERS * RATIO["ample"]), round(VOLUNTEERS * RATIO[supply])
    return tuple([_volunteer(rng, villages) for _ in range(most)][:wanted])


def _volunteer(rng: Random, villages: Sequence[Village]) -> Volunteer:
    home = rng.choice(villages)
    lon, lat = _moved(home.lon, home.lat, rng.gauss(0, 5), rng.gauss(0, 5))
    begin = round(rng.uniform(-180, HOURS * 60 - 60))
    skills = ("medical",) if rng.random() < 0.2 else ()
    until = begin + rng.randint(4 * 60, 10 * 60)
    return Volunteer(max(0, begin), until, lon, lat, skills, _pick(rng, VEHICLES))  # type: ignore[arg-type]


def _closure(rng: Random, villages: Sequence[Village]) -> Closure:
    near = rng.choice(villages)
    lon, lat = _moved(near.lon, near.lat, rng.gauss(0, 6), rng.gauss(0, 6))
    return Closure(rng.randint(0, 12 * 60), rng.randint(3 * 60, 10 * 60), lon, lat, rng.randint(400, 1_500))
