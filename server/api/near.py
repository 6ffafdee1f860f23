"""What everybody may know of cases like one's own, asked before a report is sent."""

from typing import Any

from flask import jsonify, request

from server.api.contract import route, system
from server.domain.errors import Invalid, Problem
from server.services import near
from server.services.inputs import PlaceIn, parse

ITEMS_MOST = 50


@route(
    "GET",
    "/api/public/near",
    guard="public",
    query={
        "lon": "degrees",
        "lat": "degrees",
        "area": "or an area's code",
        "q": "or free text",
        "items": "codes of what is needed, with commas",
        "incident": "slug of the incident; the standing one without",
    },
    answers={200: "The district, and open cases there, in bands"},
)
def like_yours() -> Any:
    """Open cases of the same district like one's own, as coarsely as the public figures."""
    asked = request.args
    gazetteer, items = system().gazetteer(), [item for item in asked.get("items", "").split(",") if item]
    with system().reading() as tx:
        return jsonify(
            near.like_yours(
                tx, gazetteer, asked.get("incident") or None, place=_place(), area_code=asked.get("area") or None,
                place_text=asked.get("q", "")[:200] or None, items=items[:ITEMS_MOST],
            )
        )  # fmt: skip


def _place() -> PlaceIn | None:
    """The point of the query, if there is one. Raises Invalid naming `lon` or `lat`."""
    texts = {name: request.args[name] for name in ("lon", "lat") if request.args.get(name)}
    if not texts:
        return None
    try:
        return parse(PlaceIn, {name: float(text) for name, text in texts.items()})
    except ValueError:
        raise Invalid({"lat" if "lon" not in texts else "lon": Problem("number")}) from None
