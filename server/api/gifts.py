"""Gifts: taken in by staff, followed by whoever has the code."""

from collections.abc import Iterator, Mapping
from typing import Any

from flask import jsonify

from server.api.contract import route, system
from server.api.identity import actor
from server.api.listing import PART, asked
from server.api.spreadsheet import csv_file
from server.api.words import word
from server.services import gifts
from server.services.inputs_supply import GiftIn

COLUMNS = (
    ("updated", "#date+updated"),
    ("gift", "#meta+gift"),
    ("lot", "#meta+lot"),
    ("item_code", "#item+code"),
    ("item", "#item+name"),
    ("unit", "#item+unit"),
    ("standing", "#status"),
    ("regency_code", "#adm2+code"),
    ("district_code", "#adm3+code"),
    ("area", "#loc+name"),
    ("on", "#date+occurred"),
    ("proof", "#meta+proof"),
    ("quantity", "#output+num"),
)
STANDINGS = (("on_the_way", 1), ("stored", 1), ("opened", 1), ("lost", 1), ("surplus", -1))
"""Where goods of a lot may be besides handed over; what a count found beyond what came is counted off."""


@route(
    "POST",
    "/api/gifts",
    guard="signed_in",
    body=GiftIn,
    answers={201: "The gift with the code to tell the donor", 200: "This client_id came before: the same gift"},
)
def receive(body: GiftIn) -> Any:
    """Take a gift in; it becomes a lot of the site."""
    with system().writing() as tx:
        done = gifts.receive(tx, actor(), body, system().keys)
    return jsonify(done.answer), 201 if done.is_new else 200


@route("GET", "/api/gifts", guard="signed_in", query=PART, answers={200: "`gifts`, the newest first, and `next`"})
def listed() -> Any:
    """Gifts that came to sites in my area."""
    with system().reading() as tx:
        return jsonify(gifts.listed(tx, actor(), asked()))


@route("GET", "/api/public/gifts/<code>", guard="public", answers={200: "Where the gift went, by district and day"})
def follow(code: str) -> Any:
    """What became of a gift."""
    gazetteer = system().gazetteer()
    with system().reading() as tx:
        return jsonify(gifts.follow(tx, code, gazetteer))


@route("GET", "/api/public/gifts/<code>.csv", guard="public", answers={200: "CSV with a row of HXL tags"})
def follow_csv(code: str) -> Any:
    """The same as CSV, a row for each lot and standing: the quantities of an item add up to what came of it."""
    gazetteer = system().gazetteer()
    with system().reading() as tx:
        gift = gifts.follow(tx, code, gazetteer)
    headers = [(word(f"public.columns.{name}"), tag) for name, tag in COLUMNS]
    rows = ([row.get(name) for name, _ in COLUMNS] for lot in gift["lots"] for row in _rows(gift, lot))
    return csv_file(f"tanggap-{gift['code']}.csv", headers, rows)


def _rows(gift: Mapping[str, Any], lot: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The hand-overs of a lot, and what became of the rest of it but what went on into other lots."""
    shared = {
        "updated": gift["as_of"],
        "gift": gift["code"],
        "lot": lot["n"],
        "item_code": lot["item"],
        "item": word(f"items.{lot['item']}"),
        "unit": word(f"units.{lot['unit']}"),
    }
    for one in lot["delivered"]:
        where = {"district_code": one["code"], "regency_code": one["code"][:5], "area": one["name"], "on": one["on"]}
        proof = word(f"public.gift.proofs.{one['proof']}")
        yield shared | where | {"standing": word("public.gift.delivered"), "proof": proof, "quantity": one["quantity"]}
    here = {"regency_code": lot["code"], "area": lot["name"], "on": lot["came_on"]}
    for name, sign in STANDINGS:
        if lot[name]:
            label = "in_store" if name == "stored" else name
            yield shared | here | {"standing": word(f"public.gift.{label}"), "quantity": sign * lot[name]}
