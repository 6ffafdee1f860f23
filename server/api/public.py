"""The public figures as JSON, GeoJSON and CSV: aggregates of the last cut, for anybody.

Every answer may be kept until the next cut. An empty cell of a CSV, like null in JSON, is withheld.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import Response, jsonify, request

from server.api.contract import route, system
from server.api.spreadsheet import csv_file
from server.api.words import language, word
from server.domain.errors import Invalid, NotFound, Problem
from server.services import publishing
from server.services.publishing import PEOPLE, Figures

INCIDENT = {"incident": "slug of the incident; the standing one without"}
LEVELS = ("district", "regency")
LATE_S = 5
"""For how long an answer may be kept when the next cut is already due."""
HEAD = ("incident", "cut_at", "next_cut_at", "hidden_below", "split_hidden_below", "rounded_to")
PLACE = ("code", "level", "name", "regency", "regency_name")
LINE = ("item", "unit")

Cell = Callable[[Mapping[str, Any]], Any]
Column = tuple[str, str, Cell]
"""Key of the header's word, HXL tag, and how a row gives the cell."""


def _wait(which: str) -> Cell:
    return lambda row: row["wait"][which]


def _field(name: str) -> Cell:
    return lambda row: row[name]


def _district_name(row: Mapping[str, Any]) -> str:
    if row["level"] == "elsewhere":
        return word("public.elsewhere")
    return str(row["name"] or row["code"]) if row["level"] == "district" else ""


UPDATED: Column = ("updated", "#date+updated", _field("cut_at"))
REGENCY: tuple[Column, ...] = (
    ("regency_code", "#adm2+code", _field("regency")),
    ("regency", "#adm2+name", _field("regency_name")),
)
DISTRICT: tuple[Column, ...] = (
    ("district_code", "#adm3+code", lambda row: row["code"] if row["level"] == "district" else ""),
    ("district", "#adm3+name", _district_name),
)
COUNTS: tuple[Column, ...] = (
    ("people_reported", "#affected+ind", _field("people_reported")),
    ("people_waiting", "#inneed+ind", _field("people_waiting")),
    ("people_helped", "#reached+ind", _field("people_helped")),
    ("deliveries", "#output+num+deliveries", _field("deliveries")),
    ("unmet_share", "#indicator+unmet+pct", lambda row: row.get("unmet_share")),
    ("helped_per_1000", "#indicator+reached+per1000", lambda row: row.get("helped_per_1000")),
    ("wait_median", "#indicator+wait+median", _wait("median")),
    ("wait_p90", "#indicator+wait+p90", _wait("p90")),
)
ITEM: tuple[Column, ...] = (
    ("item_code", "#item+code", _field("item")),
    ("item", "#item+name", lambda row: word(f"items.{row['item']}")),
    ("unit", "#item+unit", lambda row: word(f"units.{row['unit']}")),
)


@route("GET", "/api/public/summary", guard="public", query=INCIDENT, answers={200: "Totals, and each regency"})
def summary() -> Any:
    """People reported, waiting and helped, waits and items, of all and by regency."""
    return _answer("summary", lambda f: jsonify(_head(f) | {name: f[name] for name in ("total", "regencies")}))


@route("GET", "/api/public/summary.csv", guard="public", query=INCIDENT, answers={200: "CSV with a row of HXL tags"})
def summary_csv() -> Any:
    """The regencies as CSV."""
    return _answer("summary.csv", lambda f: _csv("summary", f, (UPDATED, *REGENCY, *COUNTS), f["regencies"]))


@route(
    "GET",
    "/api/public/areas.geojson",
    guard="public",
    query={**INCIDENT, "level": "district (default) or regency"},
    answers={200: "GeoJSON (RFC 7946), at most 3 decimals"},
)
def areas() -> Any:
    """The areas with their figures and light outlines."""
    level = _level()
    return _answer(f"areas.{level}", lambda _: _drawn(f"areas.{level}"))


@route(
    "GET",
    "/api/public/areas.csv",
    guard="public",
    query={**INCIDENT, "level": "district (default) or regency"},
    answers={200: "CSV with a row of HXL tags"},
)
def areas_csv() -> Any:
    """The areas with their figures as CSV."""
    if _level() == "regency":
        return summary_csv()
    columns = (UPDATED, *REGENCY, *DISTRICT, *COUNTS)
    return _answer("areas.csv", lambda f: _csv("areas", f, columns, f["areas"]))


@route("GET", "/api/public/deliveries", guard="public", query=INCIDENT, answers={200: "What was handed over, where"})
def deliveries() -> Any:
    """People helped, and goods delivered and on the way, by area and item."""
    return _answer("deliveries", lambda f: jsonify(_by_item(f, ("people_helped", "deliveries"), _GIVEN)))


@route("GET", "/api/public/deliveries.csv", guard="public", query=INCIDENT, answers={200: "CSV with a row of HXL tags"})
def deliveries_csv() -> Any:
    """The same as CSV, a row for each area and item."""
    amounts: tuple[Column, ...] = (
        ("delivered", "#output+num+delivered", _field("delivered")),
        ("on_the_way", "#output+num+planned", _field("on_the_way")),
        ("people_helped", "#reached+ind", _field("people_helped")),
    )
    return _answer("deliveries.csv", lambda f: _csv_by_item("deliveries", f, amounts, _GIVEN))


@route("GET", "/api/public/unmet", guard="public", query=INCIDENT, answers={200: "What is still lacking, where"})
def unmet() -> Any:
    """People waiting, and what they asked for and still lack, by area and item."""
    return _answer("unmet", lambda f: jsonify(_by_item(f, ("people_waiting", "wait"), _ASKED)))


@route("GET", "/api/public/unmet.csv", guard="public", query=INCIDENT, answers={200: "CSV with a row of HXL tags"})
def unmet_csv() -> Any:
    """The same as CSV, a row for each area and item."""
    amounts: tuple[Column, ...] = (
        ("asked", "#inneed+num+asked", _field("asked")),
        ("on_the_way", "#output+num+planned", _field("on_the_way")),
        ("delivered", "#output+num+delivered", _field("delivered")),
        ("unmet", "#inneed+num+unmet", _field("unmet")),
        ("people_waiting", "#inneed+ind", _field("people_waiting")),
    )
    return _answer("unmet.csv", lambda f: _csv_by_item("unmet", f, amounts, _ASKED))


_GIVEN = ("delivered", "on_the_way")
_ASKED = ("asked", "on_the_way", "delivered", "unmet")


def slug_asked() -> str | None:
    """The incident that the request names."""
    return request.args.get("incident") or None


def kept_until_next_cut(answer: Response, figures: Figures, name: str) -> Response:
    """Let anybody keep an answer until the next cut, and answer 304 to who has it."""
    left_s = LATE_S
    if figures["next_cut_at"]:
        due_in = datetime.fromisoformat(figures["next_cut_at"]) - system().now()
        left_s = max(LATE_S, int(due_in.total_seconds()))
    answer.headers["Cache-Control"] = f"public, max-age={left_s}"
    answer.vary.update(("Cookie", "Accept-Language"))
    answer.set_etag(f"{figures['incident']['slug']}-{name}-{figures['cut_at']}-{language()}")
    return answer.make_conditional(request)  # type: ignore[return-value]  # werkzeug's own class, the same object


def _answer(name: str, shape: Callable[[Figures], Response]) -> Response:
    with system().reading() as tx:
        figures = publishing.latest(tx, slug_asked())
    return kept_until_next_cut(shape(figures), figures, name)


def _level() -> str:
    level = request.args.get("level") or LEVELS[0]
    if level not in LEVELS:
        raise Invalid({"level": Problem("not_one_of", {"choices": ", ".join(LEVELS)})})
    return level


def _drawn(name: str) -> Response:
    """A document that the clock drew; before it did, no features."""
    try:
        with system().reading() as tx:
            body = publishing.document(tx, slug_asked(), name)["body"]
    except NotFound:
        body = '{"type":"FeatureCollection","features":[]}'
    return Response(body, mimetype="application/geo+json")


def _head(figures: Figures) -> dict[str, Any]:
    return {name: figures[name] for name in HEAD}


def _by_item(figures: Figures, measures: Sequence[str], amounts: Sequence[str]) -> dict[str, Any]:
    """Figures with only these measures, and only the lines in which one of the amounts is not nought."""

    def only(row: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
        lines = [line for line in row["items"] if any(line[name] != 0 for name in amounts)]
        return {name: row[name] for name in names} | {
            "items": [{name: line[name] for name in (*LINE, *amounts)} for line in lines]
        }

    areas_shown = [only(row, (*PLACE, *measures)) for row in figures["areas"]]
    return _head(figures) | {
        "total": only(figures["total"], measures),
        "areas": [row for row in areas_shown if row["items"]],
    }


def _csv(name: str, figures: Figures, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]) -> Response:
    headers = [(word(f"public.columns.{key}"), tag) for key, tag, _ in columns]
    stamped = ({"cut_at": figures["cut_at"], **row} for row in rows)
    cells = [[cell(row) for _, _, cell in columns] for row in stamped]
    return csv_file(f"tanggap-{figures['incident']['slug']}-{name}.csv", headers, cells)


def _csv_by_item(name: str, figures: Figures, amounts_shown: Sequence[Column], amounts: Sequence[str]) -> Response:
    rows = [
        {**row, **line} for row in _by_item(figures, PEOPLE, amounts)["areas"] for line in row["items"]
    ]
    return _csv(name, figures, (UPDATED, *REGENCY, *DISTRICT, *ITEM, *amounts_shown), rows)
