"""One new report ranked against 10,000 lots and 5,000 checked-in volunteers: computing alone, and by HTTP.

Spread: over the province, twenty items. Crowded: all lots of the one item that is asked for, and everybody, within 15
km. Computing is CPU time, so that others on the machine do not count; by HTTP it is the time that passes. Baselines of
the same run: geopandas `sjoin_nearest`, which finds the nearest one only and knows neither quantities nor skills, and a
plain sort of all pairs.
"""

import math
import os
import random
import time
from collections.abc import Callable, Iterable
from typing import Any

import geopandas as gpd
import psycopg

from bench import load
from bench.harness import Line, percentile, repeated, show
from bench.running import Running, running
from geo.candidates import GoodsNeed, Lot, People, Person, ServiceNeed, Stock
from geo.travel import VEHICLES
from server import embedded
from server.bootstrap import System
from server.config import Settings, from_env
from server.domain.catalogue import ITEMS, Kind
from server.domain.permissions import SYSTEM
from server.services.candidates import for_need

SITES, LOTS, VOLUNTEERS, REPORTS = 500, 10_000, 5_000, 200
EARLIER = 4_000
"""Assignments of goods that are under way or over: every one of them holds, or did, some of a lot of its own."""
METRIC = 32748
_WEST_JAVA = "106.4 + (n * 7919 %% 100000) / 41000.0, -7.7 + (n * 10473 %% 100000) / 55000.0, 30"
_FILL = f"""
insert into sites (id, incident_id, name, kind, area, lon, lat, accuracy_m, created_at)
select gen_random_uuid(), i.id, 'Posko ' || n, 'warehouse', '32.03', {_WEST_JAVA}, now()
from generate_series(1, %(sites)s) n, incidents i where i.slug = 'jabar';
insert into lots (id, site_id, item, expiry, created_at)
select gen_random_uuid(), s.id, (%(items)s::text[])[1 + k], case when k %% 3 = 0 then current_date + 5 + k end, now()
from sites s, generate_series(0, %(lots)s / %(sites)s - 1) k;
insert into ledger (transfer_id, lot_id, account, quantity, reason, by, at)
select t.id, t.lot_id, a.account, a.sign * t.quantity, 'receive', 'bench', now()
from (select gen_random_uuid() as id, id as lot_id, 10 + abs(hashtext(id::text)) %% 400 as quantity from lots) t,
     (values ('outside', -1), ('site', 1)) a (account, sign);
insert into volunteers (id, incident_id, state, name_sealed, alias, home_area, skills, vehicle, consent_at, created_at)
select gen_random_uuid(), i.id, 'accepted', 'x', 'Relawan ' || n, '32.03',
       case n %% 4 when 0 then array['medical'] when 1 then array['cooking'] else array['driving'] end,
       (array['motorcycle', 'car', 'pickup', 'truck', null])[1 + n %% 5], now(), now()
from generate_series(1, %(volunteers)s) n, incidents i where i.slug = 'jabar';
insert into checkins (id, volunteer_id, incident_id, area, lon, lat, accuracy_m, skills, vehicle, started_at, until)
select gen_random_uuid(), v.id, v.incident_id, '32.03', {_WEST_JAVA}, v.skills, v.vehicle, now(),
       now() + interval '8 hours'
from (select v.*, row_number() over (order by v.id) as n from volunteers v) v;
insert into cases (id, incident_id, area, lon, lat, accuracy_m, tier, opened_at, delivery_code, verified_at)
select n, i.id, '32.03', {_WEST_JAVA}, 2, now(), '0000', now()
from generate_series(1, %(earlier)s) n, incidents i where i.slug = 'jabar';
insert into assignments (id, incident_id, case_id, site_id, kind, state, area, by, trip_id, asking_since, created_at,
                         changed_at)
select l.id, c.incident_id, c.id, l.site_id, 'goods', (array['offered', 'confirmed'])[1 + c.id %% 2], '32.03',
       'bench', l.id, now(), now(), now()
from cases c join (select *, row_number() over (order by id) as n from lots) l on l.n = c.id;
insert into needs (id, incident_id, case_id, item, quantity, tier, basis, state, opened_at, due_at)
select c.id, c.incident_id, c.id, l.item, 10, 2, 'bench', 'open', now(), now()
from cases c join assignments a on a.case_id = c.id join lots l on l.id = a.id;
insert into assignment_lines (assignment_id, n, need_id, lot_id, quantity)
select a.id, 0, a.case_id, a.id, 10 from assignments a;
insert into cases (id, incident_id, area, lon, lat, accuracy_m, people, tier, opened_at, delivery_code, verified_at)
select 1000000 + n, i.id, '32.03', {_WEST_JAVA}, 50, n %% 4, now(), '0000', now()
from (select 104729 + n * 31 as n from generate_series(1, %(reports)s) n) m, incidents i where i.slug = 'jabar';
insert into needs (id, incident_id, case_id, item, quantity, tier, basis, state, opened_at, due_at)
select 20000000 + 2 * c.id + k, c.incident_id, c.id,
       case k when 0 then (%(items)s::text[])[1 + c.id %% (%(lots)s / %(sites)s)] else 'medical' end,
       case k when 0 then 60 else 1 end, c.tier, 'bench', 'open', now(), now() + interval '1 hour'
from cases c, generate_series(0, 1) k where c.id > 1000000;
insert into assignments (id, incident_id, case_id, site_id, kind, state, area, by, trip_id, asking_since, created_at,
                         changed_at, wanted_volunteer_id)
select t.id, c.incident_id, c.id, null, 'service', 'proposed', '32.03', 'bench', t.id, now(), now(), now(), v.id
from (select *, row_number() over (order by id) as n from cases where id > 1000000) c
join (select id, row_number() over (order by id) as n from volunteers) v on v.n = 20 * c.n,
lateral (select gen_random_uuid() as id where c.n is not null) t;
"""
_CROWD = """
update sites set lon = 107.14 + (lon - 107.6) / 10, lat = -6.82 + (lat + 6.8) / 10;
update checkins set lon = 107.14 + (lon - 107.6) / 10, lat = -6.82 + (lat + 6.8) / 10;
update cases set lon = 107.14 + (lon - 107.6) / 10, lat = -6.82 + (lat + 6.8) / 10;
update lots set item = 'blanket';
update needs set item = 'blanket' where item <> 'medical'
"""
"""The places repeat no simple pattern: two sequences that share no factor with their length."""


def fill(settings: Settings) -> list[int]:
    """Put everything on the board; returns the ids of the needs of the new reports, goods and services in turn."""
    items = sorted(item.code for item in ITEMS.values() if item.kind is Kind.GOODS)
    items = [items[n % len(items)] for n in range(LOTS // SITES)]
    numbers = {"sites": SITES, "lots": LOTS, "volunteers": VOLUNTEERS, "reports": REPORTS, "items": items}
    numbers["earlier"] = EARLIER
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        for statement in _FILL.split(";")[:-1]:
            connection.execute(statement.encode(), numbers)
        connection.execute("analyze")
        return [row[0] for row in connection.execute("select id from needs where id > 20000000 order by id").fetchall()]


def times(call: Callable[[Any], object], values: Iterable[Any]) -> list[float]:
    """Milliseconds of CPU of each call."""
    found = []
    for value in values:
        began = time.thread_time()
        call(value)
        found.append(1000 * (time.thread_time() - began))
    return found


def spread(name: str, found: list[float]) -> dict[str, float]:
    """The middle and the 99th percentile."""
    return {f"{name} p50": percentile(found, 0.5), f"{name} p99": percentile(found, 0.99)}


class Computing:
    """The ranking itself, with nothing to load: every lot holds the item, every volunteer is considered."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.lots = [Lot(f"{n:05d}", "blanket", self.random.randint(1, 400), *self._place()) for n in range(LOTS)]
        skills = ("medical", "cooking", "driving")
        self.people = [
            Person(
                f"{n:05d}", frozenset([self.random.choice(skills)]), self.random.choice(list(VEHICLES)), *self._place()
            )
            for n in range(VOLUNTEERS)
        ]
        self.places = [self._place() for _ in range(REPORTS)]
        self.frame = gpd.GeoDataFrame(
            geometry=gpd.points_from_xy([lot.lon for lot in self.lots], [lot.lat for lot in self.lots]), crs=4326
        ).to_crs(METRIC)

    def _place(self) -> tuple[float, float]:
        return self.random.uniform(106.4, 108.8), self.random.uniform(-7.7, -5.9)

    def once(self) -> dict[str, float]:
        """A report each of goods and of hands among all, and the nearest lot by geopandas and by a loop."""
        stock, people = Stock(self.lots), People(self.people)
        stock.rank(GoodsNeed("blanket", 60, *self.places[0]))
        return {
            **spread("lots", times(lambda at: stock.rank(GoodsNeed("blanket", 60, *at)), self.places)),
            **spread("people", times(lambda at: people.rank(ServiceNeed(frozenset(["medical"]), 1, *at)), self.places)),
            **spread("geopandas", times(self._nearest, self.places)),
            **spread("loop", times(self._looped, self.places[:20])),
        }

    def _nearest(self, at: tuple[float, float]) -> None:
        one = gpd.GeoDataFrame(geometry=gpd.points_from_xy([at[0]], [at[1]]), crs=4326).to_crs(METRIC)
        gpd.sjoin_nearest(one, self.frame)

    def _looped(self, at: tuple[float, float]) -> None:
        sorted(self.lots, key=lambda lot: math.hypot(lot.lon - at[0], lot.lat - at[1]))[:10]


def crowd(settings: Settings) -> None:
    """Bring everything together in one valley, and make all goods one item."""
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        for statement in _CROWD.split(";"):
            connection.execute(statement.encode())
        connection.execute("vacuum analyze")


def by_service(system: System, needs: list[int]) -> dict[str, float]:
    """From the answers of the database to the ranking, without HTTP: what Python works on it."""

    def rank(need_id: int) -> None:
        with system.reading() as tx:
            for_need(tx, SYSTEM, need_id)

    return {**spread("service, goods", times(rank, needs[::2])), **spread("service, hands", times(rank, needs[1::2]))}


def by_http(running_system: Running, token: str, needs: list[int], name: str) -> dict[str, float]:
    """As the console asks: one after another over one connection."""
    requests = [
        f"GET /api/needs/{need_id}/candidates HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n"
        for need_id in needs
    ]
    done = load.run(("127.0.0.1", running_system.port), 1, len(requests), lambda n: requests[n].encode())
    assert done.statuses == {200: len(requests)}, done.statuses
    return spread(f"HTTP, {name}", [1000 * seconds for seconds in done.seconds])


def main() -> None:
    """Print the table."""
    found = repeated(Computing(2022).once)
    load_before = os.getloadavg()[0]
    with running() as system:
        system.command("users", "add", "bench", "--role", "coordinator", "--area", "32")
        token = system.command("users", "token", "bench")
        settings = embedded.addresses(from_env(dict(system.environment)))
        needs = fill(settings)
        found |= _measured(system, settings, token, needs, "spread")
        crowd(settings)
        found |= _measured(system, settings, token, needs, "crowded")
    show(
        f"Rank: one new report among {LOTS:,} lots and {VOLUNTEERS:,} volunteers",
        [
            *_lines(found, "lots", "computing, all lots", "<= 5 ms", "geopandas"),
            *_lines(found, "people", "computing, all volunteers", "<= 5 ms", "geopandas"),
            *_lines(found, "loop", "a plain sort of all lots", "", "geopandas"),
            *(
                line
                for layout in ("spread", "crowded")
                for kind in ("goods", "hands")
                for line in (
                    *_lines(found, f"service, {kind}, {layout}", f"{kind}, {layout}: Python without HTTP"),
                    *_lines(found, f"HTTP, {kind}, {layout}", f"{kind}, {layout}: by HTTP", "<= 50 ms"),
                )
            ),
        ],
        {"load average": f"{load_before:.1f} before, {os.getloadavg()[0]:.1f} after"},
    )


def _measured(system: Running, settings: Settings, token: str, needs: list[int], layout: str) -> dict[str, list[float]]:
    """Service and HTTP, after every connection has been warmed."""
    own = System(settings, pool_size=1)
    by_http(system, token, needs, "warm")

    def once() -> dict[str, float]:
        goods, hands = (by_http(system, token, needs[k::2], kind) for k, kind in enumerate(("goods", "hands")))
        return {**by_service(own, needs), **goods, **hands}

    found = repeated(once)
    own.engine.dispose()
    return {f"{name[:-4]}, {layout}{name[-4:]}": values for name, values in found.items()}


def _lines(found: dict[str, list[float]], name: str, says: str, aim: str = "", baseline: str = "") -> list[Line]:
    named = "sjoin_nearest" if baseline else ""
    return [
        Line(f"{says}, p50", "ms", found[f"{name} p50"], found.get(f"{baseline} p50", []), named),
        Line(f"{says}, p99", "ms", found[f"{name} p99"], found.get(f"{baseline} p99", []), named, aim),
    ]


if __name__ == "__main__":
    main()
