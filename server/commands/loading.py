"""`drill load`: a drill's case put into the running system by the services that people use, as a training incident.

All of it is there at once: what the case lets happen later has happened. Everything has an identity made of its
place in the case, so that loading again goes on where it stopped, and checks those in whose time is up.
"""

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from zlib import crc32

import click

from bench.drill.case import BadCase, Case, Report, read
from geo.names import unaccented
from server.bootstrap import System
from server.domain.days import day_of
from server.domain.errors import Invalid
from server.domain.permissions import SYSTEM, Actor, Grant
from server.services import bulk, cases, importing, incidents, intake, places, supply, volunteering
from server.services.inputs import CaseActionIn, IncidentIn, PlaceIn, ReportIn, parse
from server.services.inputs_supply import CheckinIn
from server.store.unit_of_work import Tx

BATCH = 100
"""Rows that share a transaction."""
MARGIN = 0.05
"""Degrees, some 5 km, around everything in a case: what lies there is of the incident."""
LEAST_SHIFT_H, LONGEST_SHIFT_H = 1.0, 24.0
ACCURACY_M = 100
SEED = 2022
T = TypeVar("T")
Take = Callable[[Tx, "Loading", Sequence[Any]], None]
"""Brings a batch of rows in, each with its place in the case."""


@dataclass(frozen=True)
class Loading:
    """A case and the incident that it is loaded into."""

    system: System
    case: Case
    incident: dict[str, Any]


def found(name: str) -> Case:
    """The case of a file, or the one that is called `cianjur`. Raises BadCase."""
    if name == "cianjur":
        from bench.drill import cianjur  # noqa: PLC0415 - it needs the maps, which a team's own file does not

        return cianjur.case(SEED)
    return read(Path(name))


def slug_of(case: Case) -> str:
    """What the incident of a case is called in addresses."""
    letters = unaccented(case.name)
    return f"latihan-{re.sub('[^a-z0-9]+', '-', letters).strip('-')[:30] or 'kasus'}"


def load(system: System, case: Case) -> str:
    """Bring everything of the case in, with a bar on the terminal; returns the incident's slug. Raises BadCase."""
    loading = Loading(system, case, _incident(system, case))
    parts: dict[str, tuple[Take, list[tuple[int, Any]]]] = {
        "sites": (_sites, list(enumerate(case.sites))),
        "stock": (_stock, list(enumerate(case.stock))),
        "volunteers": (_volunteers, list(enumerate(case.volunteers))),
        "reports": (_reports, list(enumerate(case.reports))),
    }
    for name, (take, rows) in parts.items():
        with click.progressbar(length=len(rows), label=f"{name:<10}", file=sys.stderr) as bar:
            for batch in _batches(rows):
                with system.writing() as tx:
                    take(tx, loading, batch)
                bar.update(len(batch))
    return str(loading.incident["slug"])


def _batches(rows: Sequence[T]) -> Iterator[list[T]]:
    left = iter(rows)
    while batch := list(islice(left, BATCH)):
        yield batch


def _incident(system: System, case: Case) -> dict[str, Any]:
    """The incident of the case, opened unless it is there. Raises BadCase when the name is a real incident's."""
    slug = slug_of(case)
    with system.writing() as tx:
        row = tx.incidents.by_slug(slug)
        if row is None:
            body = IncidentIn(slug=slug, name=case.name, bounds=_bounds(case), training=True)
            incidents.add(tx, SYSTEM, body, system.gazetteer())
            row = tx.incidents.by_slug(slug)
    if row is None or not row["is_training"]:
        raise BadCase(f"name: {slug} is an incident that is no training; give the case another name")
    return row


def _bounds(case: Case) -> tuple[float, float, float, float]:
    spots: list[Any] = [*case.villages, *case.sites, *case.reports, *case.volunteers]
    lons, lats = [spot.lon for spot in spots], [spot.lat for spot in spots]
    return min(lons) - MARGIN, min(lats) - MARGIN, max(lons) + MARGIN, max(lats) + MARGIN


def _place(spot: Any) -> dict[str, float]:
    return {"lon": spot.lon, "lat": spot.lat, "accuracy_m": ACCURACY_M}


def _taken(kind: str, results: Sequence[bulk.RowResult], first: int) -> None:
    """Raises BadCase naming the first row that the system refuses."""
    for n, result in enumerate(results):
        if result.state == "rejected":
            raise _refused(kind, first + n, Invalid(dict(result.problems)))


def _refused(kind: str, n: int, error: Invalid) -> BadCase:
    wrong = ", ".join(f"{name}: {problem.code} {dict(problem.params)}" for name, problem in error.fields.items())
    return BadCase(f"{kind}.{n}: {wrong}")


def _sites(tx: Tx, loading: Loading, rows: Sequence[Any]) -> None:
    entries = [
        (f"drill:{n}", {"name": f"{site.name}", "kind": site.kind, "place": _place(site)}) for n, site in rows
    ]
    _taken("sites", supply.add_sites(tx, SYSTEM, loading.incident, entries, loading.system.gazetteer()), rows[0][0])


def _stock(tx: Tx, loading: Loading, rows: Sequence[Any]) -> None:
    entries = [(f"drill:{n}", _goods(tx, lot)) for n, lot in rows]
    _taken("stock", supply.receive_many(tx, SYSTEM, loading.incident, entries, loading.system.keys), rows[0][0])


def _goods(tx: Tx, lot: Any) -> dict[str, Any]:
    goods = {"site": f"drill:{lot.site}", "item": lot.item, "quantity": lot.quantity}
    if lot.expires_min is None:
        return goods
    lasts = timedelta(minutes=max(0.0, lot.expires_min - lot.at_min))
    return goods | {"expiry": day_of(tx.now + lasts).isoformat()}


def _volunteers(tx: Tx, loading: Loading, rows: Sequence[Any]) -> None:
    """Volunteers with a number that reaches nobody, accepted and checked in."""
    gazetteer, keys = loading.system.gazetteer(), loading.system.keys
    area = places.home_area(loading.incident)
    for n, one in rows:
        reference = f"drill:{n}"
        # Toll-free numbers, which are no person's: a hundred blocks of them, one for each incident.
        phone = f"0800{crc32(loading.incident['id'].encode()) % 100:02d}{n:05d}"
        fields = {
            "name": f"Relawan-{n + 1}", "phone": phone, "home_area": area, "skills": list(one.skills),
            "vehicle": one.vehicle, "consent": True,
        }  # fmt: skip
        entry = [(reference, fields)]
        results = volunteering.add_many(tx, SYSTEM, loading.incident, entry, gazetteer, keys)
        _taken("volunteers", results, n)
        _check_in(tx, loading, reference, one, area)


def _check_in(tx: Tx, loading: Loading, reference: str, one: Any, area: str) -> None:
    row = tx.volunteers.by_external_ref(loading.incident["id"], reference)
    if row is None:
        raise BadCase(f"volunteers.{reference}: the phone number is another volunteer's")
    if row["state"] != "accepted":
        volunteering.accept(tx, SYSTEM, row["id"])
    if tx.volunteers.current_checkin(row["id"], tx.now) is not None:
        return
    hours = min(LONGEST_SHIFT_H, max(LEAST_SHIFT_H, (one.to_min - one.from_min) / 60))
    body = CheckinIn(
        incident=loading.incident["slug"], place=PlaceIn(**_place(one)), until=tx.now + timedelta(hours=hours)
    )
    actor = Actor(name=row["alias"], volunteer_id=row["id"], grants=(Grant("volunteer", area),))
    volunteering.check_in(tx, actor, body, loading.system.gazetteer())


def _reports(tx: Tx, loading: Loading, rows: Sequence[Any]) -> None:
    """Reports as people send them, each then verified with the tier that the case gives it."""
    gazetteer, keys = loading.system.gazetteer(), loading.system.keys
    sent = [intake.Sent(SYSTEM, _report(loading, n, one), _origin(loading, n, one)) for n, one in rows]
    receipts = intake.receive_all(tx, sent, gazetteer=gazetteer, keys=keys)
    for (n, one), receipt in zip(rows, receipts, strict=True):
        if isinstance(receipt, Invalid):
            raise _refused("reports", n, receipt)
        if isinstance(receipt, Exception):
            raise BadCase(f"reports.{n}: {receipt}")
        if receipt.is_new:
            _verify(tx, loading, receipt.answer, one)


def _report(loading: Loading, n: int, one: Report) -> ReportIn:
    village = loading.case.villages[one.village]
    return parse(
        ReportIn,
        {
            "client_id": importing.client_id(loading.incident["id"], f"drill:{n}"),
            "incident": loading.incident["slug"],
            "text": f"{one.people} orang di {village.name}",
            "place": _place(one),
            "people": one.people or None,
            "vulnerable": dict(one.vulnerable),
            "needs": [{"item": need.item, "quantity": need.quantity} for need in one.needs],
        },
    )


def _origin(loading: Loading, n: int, one: Report) -> intake.Origin:
    return intake.Origin(f"drill:{n}", loading.case.at(one.at_min))


def _verify(tx: Tx, loading: Loading, answer: Any, one: Report) -> None:
    gazetteer = loading.system.gazetteer()
    row = tx.reports.get(answer["id"])
    if row is None:
        raise AssertionError("a report that was just stored is there")
    cases.act(tx, SYSTEM, row["case_id"], "verify", CaseActionIn(), gazetteer)
    if answer["tier"] != one.tier or any(need["tier"] != one.tier for need in tx.cases.needs_of(row["case_id"])):
        body = CaseActionIn(tier=one.tier, reason="menurut kasus latihan")
        cases.act(tx, SYSTEM, row["case_id"], "set_tier", body, gazetteer)
