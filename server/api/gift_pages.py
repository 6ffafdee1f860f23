"""The donors' pages: what is needed, saying what one will give, and following one's own gift."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from flask import Response, redirect, request
from werkzeug.datastructures import MultiDict

from server.api import forms, identity
from server.api.contract import system
from server.api.errors import status_of
from server.api.html import Pages, show, to_code_page
from server.api.public_pages import day, figures_shown, name, number
from server.api.words import word
from server.domain.catalogue import ITEMS, Kind
from server.domain.errors import Conflict, Invalid, NotFound, TooMany
from server.services import gifts, pledges, publishing
from server.services.inputs import parse
from server.services.inputs_supply import PledgeIn
from server.services.publishing import Figures

pages = Pages()
install = pages.install
GOODS = tuple(code for code, item in ITEMS.items() if item.kind is Kind.GOODS)
PLACES_SHOWN = 3
"""In how many areas an item that lacks is told to lack, those that lack most."""


@pages.route("GET", "/donasi", guard="public")
def gifts_page() -> Any:
    """What lacks, a form to say what one will give, the way to one's own gift, and what came in and arrived."""
    if (there := to_code_page("/donasi")) is not None:
        return there
    if "code" in request.args:
        return _shown(MultiDict({"kind": "goods"}), wrong={"code": word("errors.required")})
    asked = request.args.get("item", "")
    return _shown(MultiDict({"kind": "goods", "item": asked if asked in GOODS else ""}))


@pages.route("POST", "/donasi", guard="public")
def promise() -> Any:
    """Say what one will give, by the plain form."""
    form = request.form
    try:
        body = parse(PledgeIn, forms.pledge(form))
        with system().writing() as tx:
            done = pledges.promise(tx, identity.actor(), body, request.remote_addr or "unknown", system().keys)
    except (Invalid, Conflict, TooMany) as error:
        return _shown(**forms.refused(error, form, word("public.give.sent_before"))), status_of(error)
    return redirect(f"/donasi/{done.answer['code']}?new=1", 303)


@pages.route("GET", "/donasi/<code>", guard="public")
def gift_page(code: str) -> Any:
    """Where one gift went, or what became of a pledge."""
    gazetteer = system().gazetteer()
    try:
        with system().reading() as tx:
            gift = gifts.follow(tx, code, gazetteer)
            sites = gifts.where_to_bring(tx, code, gazetteer)
    except NotFound:
        return _shown(MultiDict({"kind": "goods", "code": code}), wrong={"code": word("public.gifts.unknown")}), 404
    template = "pledge.html" if gift["state"] == "pledged" else "gift.html"
    return show(template, gift=gift, sites=sites, number=number, day=day, is_new=bool(request.args.get("new")))


@pages.route("GET", "/donasi/<code>/peta.svg", guard="public")
def gift_map(code: str) -> Any:
    """The gift's way on a map."""
    gazetteer = system().gazetteer()
    with system().reading() as tx:
        drawn = gifts.drawn_way(tx, code, gazetteer, word("public.gift.map", code=code), number)
    return Response(drawn, mimetype="image/svg+xml")


@pages.route("GET", "/donasi/<code>/foto/<uuid:photo_id>", guard="public")
def gift_photo(code: str, photo_id: UUID) -> Any:
    """A photo of a hand-over with goods of the gift, once somebody has let it be seen."""
    with system().reading() as tx:
        image = gifts.photo(tx, code, str(photo_id), system().settings.photo_dir)
    return Response(image, mimetype="image/jpeg")


def _shown(values: MultiDict[str, str], wrong: Mapping[str, str] | None = None, message: str = "") -> str:
    figures, shown = figures_shown()
    return show(
        "gifts.html", figures=figures, incidents=shown, wanted=_wanted(figures), areas=_arrived(figures),
        number=number, name=name, values=values, wrong=wrong or {}, message=message, goods=GOODS,
        client_id=values.get("client_id") or str(uuid4()),
    )  # fmt: skip


def _wanted(figures: Figures) -> list[dict[str, Any]]:
    """Goods that lack and where they lack most; what lacks for most people first."""
    lines = [line for line in figures["total"]["items"] if line["item"] in GOODS and line["unmet"]]
    lines.sort(key=lambda line: -line["unmet"] / publishing.amount_step(line["item"]))
    return [{**line, "places": _lacking(figures, line["item"])} for line in lines]


def _lacking(figures: Figures, item: str) -> list[dict[str, Any]]:
    found = [
        {**area, "unmet": line["unmet"]}
        for area in figures["areas"]
        for line in area["items"]
        if line["item"] == item and line["unmet"]
    ]
    return sorted(found, key=lambda area: -area["unmet"])[:PLACES_SHOWN]


def _arrived(figures: Figures) -> list[dict[str, Any]]:
    """Areas to which something was delivered, those with most people helped first, with the items that arrived."""
    found = [{**row, "items": [line for line in row["items"] if line["delivered"]]} for row in figures["areas"]]
    return sorted((row for row in found if row["items"]), key=lambda row: -(row["people_helped"] or 0))
