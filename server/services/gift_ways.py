"""Where a gift's goods went, reckoned from the ledger alone: in all, item by item, and lot by lot.

At every moment, for each item: delivered + on the way + in store + lost + opened - surplus is what came in.
Places are told as districts (of hand-overs) and regencies (of stores); a store has a name only if it is public.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

from geo.areas import Gazetteer
from server.domain.catalogue import ITEMS
from server.domain.days import day_of

REGENCY, DISTRICT = 2, 3
"""Parts of a dotted area code."""

Entry = Mapping[str, Any]
"""A ledger row with its lot, the lot's site, and the hand-over that it belongs to."""


def way_of(item: str, entries: Iterable[Entry], gazetteer: Gazetteer) -> dict[str, Any]:
    """Where goods are by these ledger rows of a gift of `item`, in the order in which they were written.

    In all of the item, in `parts` of what opened kits held, and in `lots` in the order in which they came to be.
    """
    lots = _grouped(entries, "lot_id")
    items = sorted({own[0]["item"] for own in lots.values()} - {item})
    names = _Names(gazetteer)
    return {
        **_total(item, lots, names),
        "parts": [{"item": part, "unit": unit_of(part), **_total(part, lots, names)} for part in items],
        "lots": _lots(lots, names),
    }


def unit_of(item: str) -> str:
    """The unit of an item; "" for one that the catalogue no longer has."""
    return ITEMS[item].unit if item in ITEMS else ""


def _total(item: str, lots: Mapping[str, Sequence[Entry]], names: "_Names") -> dict[str, Any]:
    """Where the goods of one item are, and where and when they were handed over."""
    own = [entries for entries in lots.values() if entries[0]["item"] == item]
    flow = [entry for entries in own for entry in entries]
    return {
        "stored": names.placed(_sums(flow, "site", "site_area", REGENCY)),
        "on_the_way": _in(flow, "transit"),
        "lost": sum(max(0, _in(entries, "loss")) for entries in own),
        "surplus": sum(max(0, -_in(entries, "loss")) for entries in own),
        "opened": sum(_opened(entries) for entries in own),
        "delivered": [{**names.of(area), "on": day, "quantity": n} for (area, day), n in _handed_over(flow)],
    }


def _lots(lots: Mapping[str, Sequence[Entry]], names: "_Names") -> list[dict[str, Any]]:
    """Each lot with its number, the number of the lot that it came out of, its store, and where it went."""
    numbers = {lot_id: n for n, lot_id in enumerate(lots, 1)}
    sources = {
        entry["transfer_id"]: lot_id
        for lot_id, entries in lots.items()
        for entry in entries
        if entry["account"] == "outside" and entry["quantity"] > 0
    }
    return [
        {"n": numbers[lot_id], "from": numbers.get(sources.get(entries[0]["transfer_id"], "")), **_lot(entries, names)}
        for lot_id, entries in lots.items()
    ]


def _lot(entries: Sequence[Entry], names: "_Names") -> dict[str, Any]:
    first, loss = entries[0], _in(entries, "loss")
    return {
        "item": first["item"],
        "unit": unit_of(first["item"]),
        "site": first["site_name"],
        **names.of(_at_depth(first["site_area"], REGENCY)),
        "came_on": day_of(first["at"]).isoformat(),
        "came": -_in(entries, "outside") + _opened(entries) + _moved_on(entries),
        "stored": _in(entries, "site"),
        "on_the_way": _in(entries, "transit"),
        "lost": max(0, loss),
        "surplus": max(0, -loss),
        "moved_on": _moved_on(entries),
        "opened": _opened(entries),
        "delivered": [
            {**names.of(area), "on": day, "proof": proof, "quantity": n}
            for (area, day, proof), n in _handed_over(entries, "proof")
        ],
    }


def _in(entries: Iterable[Entry], account: str) -> int:
    """What an account holds."""
    return sum(entry["quantity"] for entry in entries if entry["account"] == account)


def _opened(entries: Iterable[Entry]) -> int:
    """Kits that were opened for what they hold."""
    return sum(e["quantity"] for e in entries if e["account"] == "outside" and e["reason"] == "open_kit" and _out(e))


def _moved_on(entries: Iterable[Entry]) -> int:
    """What went on into a lot of another store."""
    return sum(e["quantity"] for e in entries if e["account"] == "outside" and e["reason"] != "open_kit" and _out(e))


def _out(entry: Entry) -> bool:
    return bool(entry["quantity"] > 0)


def _sums(flow: Iterable[Entry], account: str, column: str, depth: int) -> list[tuple[str, int]]:
    found: Counter[str] = Counter()
    for entry in flow:
        if entry["account"] == account:
            found[_at_depth(entry[column], depth)] += entry["quantity"]
    return sorted((area, quantity) for area, quantity in found.items() if quantity)


def _handed_over(flow: Iterable[Entry], *more: str) -> list[tuple[tuple[Any, ...], int]]:
    """Sums of hand-overs by district, day and `more` columns, in the order of days."""
    found: Counter[tuple[Any, ...]] = Counter()
    for entry in flow:
        if entry["account"] == "recipient":
            day = day_of(entry["at"]).isoformat()
            key: tuple[Hashable, ...] = (_at_depth(entry["delivered_area"], DISTRICT), day)
            found[*key, *(entry[column] for column in more)] += entry["quantity"]
    return sorted(
        ((key, quantity) for key, quantity in found.items() if quantity), key=lambda kept: (kept[0][1], str(kept[0]))
    )


def _at_depth(area: str | None, depth: int) -> str:
    return ".".join((area or "").split(".")[:depth])


def _grouped(entries: Iterable[Entry], column: str) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        found.setdefault(entry[column], []).append(entry)
    return found


class _Names:
    """Names of areas for a page without a gazetteer of its own."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer

    def of(self, code: str) -> Mapping[str, Any]:
        """The code with its name and those above it, nearest first."""
        chain = self._gazetteer.chain(code)
        return {"code": code, "name": chain[-1].name if chain else code, "parents": [a.name for a in chain[-2::-1]]}

    def placed(self, sums: Iterable[tuple[str, int]]) -> list[dict[str, Any]]:
        """Amounts with the names of where they are."""
        return [{**self.of(area), "quantity": quantity} for area, quantity in sums]
