"""The public pages: where aid is needed and where it went.

Everything on them comes from the last cut. The map is a document of its own in a frame, drawn by the
clock, with a content security policy that allows exactly its own scripts.
"""

from base64 import b64decode
from datetime import date, datetime
from html import escape
from typing import Any
from urllib.parse import quote

from flask import Response, request

from geo.palette import CLASSES
from server.api.contract import system
from server.api.html import Pages, public_url, show
from server.api.packing import ready_packed
from server.api.public import kept_until_next_cut, slug_asked
from server.api.words import language, word
from server.domain.errors import NotFound
from server.services import earlier, publishing
from server.services.publishing import Figures

pages = Pages()
install = pages.install
OWN_FRAMES = "frame-ancestors 'self'"
DISTRICTS_AT_ONCE = 40
"""How many districts the table holds while no regency is chosen: all 627 would weigh as much as the page. Ours."""


@pages.route("GET", "/peta", guard="public")
def map_page() -> Any:
    """The map, and the same figures as tables."""
    at = publication_asked()
    with system().reading() as tx:
        figures, shown = earlier.figures(tx, slug_asked(), at), publishing.incidents_shown(tx)
        times = earlier.times(tx, slug_asked())
    regencies = sorted(figures["regencies"], key=_most_waiting)
    return show("map.html", figures=figures, incidents=shown, regencies=regencies, districts=_districts(figures),
                legend=_legend(), number=number, total=total, name=name, embed=_embed(figures),
                withheld=_withheld(figures), at=at, times=times)  # fmt: skip


@pages.route("GET", "/peta/gambar.svg", guard="public")
def past_map() -> Any:
    """The map of an earlier publication."""
    at, gazetteer = publication_asked(), system().gazetteer()
    if at is None:
        raise NotFound
    with system().reading() as tx:
        figures = earlier.figures(tx, slug_asked(), at)
        drawn = earlier.drawn(tx, slug_asked(), at, gazetteer, word("public.map.title"))
    return kept_until_next_cut(Response(drawn, mimetype="image/svg+xml"), figures, "past")


@pages.route("GET", "/peta/gambar", guard="public")
def map_document() -> Any:
    """The map itself, for the frame."""
    with system().reading() as tx:
        figures = publishing.latest(tx, slug_asked())
        document = publishing.document(tx, slug_asked(), f"packed_map.{language()}")
    answer = ready_packed(b64decode(document["body"]), "text/html")
    answer.headers["Content-Security-Policy"] = document["policy"]
    return kept_until_next_cut(answer, figures, "map")


@pages.route("GET", "/peta/sematan", guard="public")
def embedded_map() -> Any:
    """The map for somebody else's page: the one page of ours that anybody may frame."""
    answer = map_document()
    policy = answer.headers["Content-Security-Policy"]
    answer.headers["Content-Security-Policy"] = policy.replace(OWN_FRAMES, "frame-ancestors *")
    return answer


@pages.route("GET", "/peta/gambar.png", guard="public")
def map_picture() -> Any:
    """The map as a picture, for who has no scripts, and to send to others."""
    with system().reading() as tx:
        figures = publishing.latest(tx, slug_asked())
        document = publishing.document(tx, slug_asked(), f"picture.{language()}")
    answer = Response(b64decode(document["body"]), mimetype="image/png")
    return kept_until_next_cut(answer, figures, "picture")


def figures_shown() -> tuple[Figures, list[dict[str, Any]]]:
    """The figures of the incident asked for, and all incidents that have some."""
    with system().reading() as tx:
        return publishing.latest(tx, slug_asked()), publishing.incidents_shown(tx)


def publication_asked() -> datetime | None:
    """The time of the earlier publication that the request names. Raises NotFound when it names none that can be."""
    try:
        at = datetime.fromisoformat(request.args["at"]) if "at" in request.args else None
    except ValueError as error:
        raise NotFound from error
    if at is not None and at.tzinfo is None:
        raise NotFound
    return at


def _districts(figures: Figures) -> dict[str, Any]:
    """The districts of the regency asked for, or those where most people wait; of how many in all."""
    rows = sorted(figures["areas"], key=_most_waiting)
    regency = request.args.get("area", "")
    own = [row for row in rows if regency and row["regency"] == regency]
    return {"rows": own or rows[:DISTRICTS_AT_ONCE], "all": len(rows), "of": own[0]["regency_name"] if own else ""}


def _most_waiting(row: dict[str, Any]) -> tuple[int, str]:
    return -(row["people_waiting"] or 0), row["code"] or ""


def _embed(figures: Figures) -> str:
    """The HTML by which somebody else's page shows the map."""
    address = public_url(f"/peta/sematan?incident={quote(figures['incident']['slug'])}&lang={language()}")
    title = word("public.map.title")
    return (
        f'<iframe src="{escape(address)}" title="{escape(title)}" width="100%" height="520" loading="lazy" '
        'sandbox="allow-scripts allow-popups allow-popups-to-escape-sandbox" style="border:0"></iframe>'
    )


def _withheld(figures: Figures) -> dict[str, int]:
    """How many areas have people reported, and of how many of these the number is withheld."""
    rows = [row for row in figures["areas"] if row["people_reported"] != 0]
    return {"areas": len(rows), "hidden": sum(row["people_reported"] is None for row in rows)}


def _legend() -> list[tuple[int, str]]:
    """(number of the class, words) of the map's colours, the darkest last."""
    words = []
    for n, (least, _) in enumerate(CLASSES):
        if n + 1 < len(CLASSES):
            words.append(word("public.map.range", least=number(least), most=number(CLASSES[n + 1][0] - 5)))
        else:
            words.append(word("public.map.from", least=number(least)))
    return list(enumerate(words))


def number(value: int | None, least: int = 0) -> str:
    """A figure as people here write it; None is withheld, or known to be less than `least`."""
    if value is None:
        return word("public.fewer_than", number=least) if least else word("public.hidden")
    return f"{value:,}".replace(",", "." if language() == "id" else ",")


def day(iso: str) -> str:
    """A date as people here say it: `24 Nov 2026`."""
    at = date.fromisoformat(iso)
    return f"{at.day} {word(f'common.months.m{at.month}')} {at.year}"


def total(row: dict[str, Any], measure: str) -> str:
    """A total, told as a least number when withheld areas are not in it."""
    if measure in row["at_least"]:
        return word("public.at_least", number=number(row[measure]))
    return number(row[measure])


def name(row: dict[str, Any]) -> str:
    """What a row is called among areas."""
    if row["level"] == "elsewhere":
        return word("public.elsewhere")
    return str(row["name"] or row["code"])
