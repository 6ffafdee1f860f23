"""What can be asked for and given, the norms that turn people into quantities, and what a report needs.

A norm says how much of an item one person needs, where that figure comes from, and for which days
of an emergency it holds. The names of the items stand in web/i18n under `items.<code>`.
Every quantity is a whole number of the item's unit; a norm's result is rounded up.

From a report to needs in quantities (`needs_for`), in the order in which the rules are applied:
1. Each danger asks for its services at tier 0, whatever else is said.
2. People in danger also need water and rice. When they had to leave or lost their house (trapped,
   rising), they need shelter, latrines, blankets and hygiene kits as well. A medical danger of fewer
   than COMMUNITY people is about those people and asks for no supplies.
3. Infants among people in danger need food of their own and diapers.
4. What was asked for is added; an asked quantity replaces the one of the norm.
A head count or a text alone asks for nothing: somebody verifies it first and says what is needed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cache
from math import ceil, isfinite
from typing import Any, Literal

UNCHECKED = "secondary source, unchecked against the text"
BNPB = f"BNPB Perka 7/2008 ({UNCHECKED})"
SPHERE = f"Sphere 2018 ({UNCHECKED})"
OWN = "own working figure"
VERSION = 1
LARGEST_QUANTITY = 2_000_000_000
"""What a stored whole number can hold, in round figures."""


class Kind(StrEnum):
    """Goods are carried from a site; a service is done by a volunteer at the place."""

    GOODS = "goods"
    SERVICE = "service"


@dataclass(frozen=True)
class Item:
    """An entry of the catalogue.

    unit: what one of it is (`L`, `kg`, `piece`, `set`; a service counts the volunteers it takes).
    weight_kg, volume_m3: of one unit, packed; nought for a service.
    tier: how urgent a lack of it is when no danger is named (1 most urgent, 3 least).
    skills: what a volunteer must be able to do; empty means anybody.
    """

    code: str
    kind: Kind
    unit: str
    weight_kg: float
    volume_m3: float
    tier: int
    skills: frozenset[str] = frozenset()

    @property
    def is_counted(self) -> bool:
        """Whether a part of one makes no sense: half a blanket is a mistake, half a litre is rounded up."""
        return self.unit not in {"L", "kg"}


class Per(StrEnum):
    """What a norm's amount is for: one person for the whole time, or one person for one day."""

    PERSON = "person"
    PERSON_DAY = "person_day"


@dataclass(frozen=True)
class Norm:
    """How much of an item one person of a group needs, and who says so.

    amount: units of the item; "one latrine per 20" is 1/20.
    from_day, to_day: days of the emergency, the first being 1, both ends included; to_day None has no end.
    group: `all`, or one of the vulnerable groups of `priority.VULNERABLE`.
    basis: short name of the source, kept with each need that came of the norm.
    """

    item: str
    amount: Fraction
    per: Per
    basis: str
    source: str
    from_day: int = 1
    to_day: int | None = None
    group: str = "all"
    version: int = VERSION


def _goods(code: str, unit: str, weight_kg: float, volume_m3: float, tier: int) -> Item:
    return Item(code, Kind.GOODS, unit, weight_kg, volume_m3, tier)


def _service(code: str, tier: int, *skills: str) -> Item:
    return Item(code, Kind.SERVICE, "volunteer", 0.0, 0.0, tier, frozenset(skills))


_ITEMS = (
    _goods("water", "L", 1.0, 0.001, 1),
    _goods("infant_food", "kg", 1.0, 0.002, 1),
    _goods("infant_formula", "kg", 1.0, 0.002, 1),
    _goods("medicine_kit", "set", 5.0, 0.02, 1),
    _goods("tarpaulin", "piece", 4.5, 0.012, 1),
    _goods("tent", "piece", 40.0, 0.15, 1),
    _goods("rice", "kg", 1.0, 0.0013, 2),
    _goods("ready_meal", "piece", 0.4, 0.001, 2),
    _goods("blanket", "piece", 1.5, 0.008, 2),
    _goods("sleeping_mat", "piece", 1.0, 0.01, 2),
    _goods("mattress", "piece", 8.0, 0.15, 2),
    _goods("latrine", "piece", 80.0, 1.2, 2),
    _goods("hygiene_kit", "set", 3.5, 0.012, 2),
    _goods("family_kit", "set", 11.0, 0.09, 2),
    _goods("soap", "piece", 0.1, 0.0001, 2),
    _goods("sanitary_pads", "piece", 0.02, 0.0001, 2),
    _goods("diapers", "piece", 0.04, 0.0004, 2),
    _goods("adult_diapers", "piece", 0.1, 0.001, 2),
    _goods("clothing", "set", 1.0, 0.006, 2),
    _goods("jerrycan", "piece", 0.4, 0.012, 2),
    _goods("water_pump", "piece", 30.0, 0.12, 2),
    _goods("fuel", "L", 0.8, 0.001, 2),
    _goods("generator", "piece", 45.0, 0.15, 2),
    _goods("flashlight", "piece", 0.3, 0.001, 3),
    _goods("cooking_set", "set", 6.0, 0.03, 3),
    _goods("cleaning_kit", "set", 6.0, 0.06, 3),
    _goods("face_mask", "piece", 0.005, 0.00005, 3),
    _goods("wheelchair", "piece", 18.0, 0.25, 3),
    _goods("school_kit", "set", 2.0, 0.01, 3),
    _service("search_and_rescue", 1, "search_and_rescue"),
    _service("evacuation", 1, "evacuation"),
    _service("medical", 1, "medical"),
    _service("ambulance", 1, "ambulance"),
    _service("water_trucking", 1, "driving"),
    _service("transport", 2, "driving"),
    _service("cooking", 2, "cooking"),
    _service("psychosocial", 3, "psychosocial"),
    _service("debris_clearing", 3),
    _service("sorting", 3),
)
ITEMS: Mapping[str, Item] = {item.code: item for item in _ITEMS}


@dataclass(frozen=True)
class Kit:
    """What one unit of an item holds of other items, so that it can be opened and given out in parts.

    holds: units of each, none of them a kit. whole: whether that is all; the rest of one that is not (toothbrushes,
    towels) stays at the site and is booked no more, as the catalogue has no item for it.
    """

    holds: Mapping[str, int]
    source: str
    whole: bool


KITS: Mapping[str, Kit] = {
    "family_kit": Kit({"blanket": 4, "sleeping_mat": 4, "jerrycan": 1, "flashlight": 1}, OWN, whole=True),
    "hygiene_kit": Kit({"soap": 12, "sanitary_pads": 30}, OWN, whole=False),
}
"""Kits that can be opened. Their contents are figures of our own, by the norms below: a family kit for a household
of four, a hygiene kit for five people and about a month. What is packed differs from sender to sender: who opens
other kits counts what came out (`supply.adjust`)."""



def contents(item: str) -> dict[str, object]:
    """What one of an item holds, as screens and programs are told; nothing for what is no kit that can be opened."""
    kit = KITS.get(item)
    return {"contents": dict(kit.holds) if kit else {}, "holds_more": bool(kit and not kit.whole)}


SKILLS: tuple[str, ...] = tuple(sorted({skill for item in _ITEMS for skill in item.skills}))


def _daily(item: str, amount: str, group: str = "all") -> Norm:
    return Norm(item, Fraction(amount), Per.PERSON_DAY, "own", OWN, group=group)


def _one_per(item: str, heads: str, group: str = "all") -> Norm:
    return Norm(item, 1 / Fraction(heads), Per.PERSON, "own", OWN, group=group)


TARPAULIN_M2 = 24
"""A tarpaulin of 4 x 6 m."""
TENT_M2 = 16
"""A family tent of 4 x 4 m."""

NORMS: tuple[Norm, ...] = (
    Norm("water", Fraction(7), Per.PERSON_DAY, "bnpb", BNPB, to_day=3),
    Norm("water", Fraction(15), Per.PERSON_DAY, "bnpb", BNPB, from_day=4),
    Norm("rice", Fraction("0.4"), Per.PERSON_DAY, "bnpb", BNPB),
    Norm("tarpaulin", Fraction(3, TARPAULIN_M2), Per.PERSON, "bnpb", BNPB),
    Norm("tent", Fraction(3, TENT_M2), Per.PERSON, "bnpb", BNPB),
    Norm("latrine", Fraction(1, 20), Per.PERSON, "bnpb", BNPB),
    _daily("ready_meal", "3"),
    _one_per("blanket", "1"),
    _one_per("sleeping_mat", "1"),
    _one_per("mattress", "2"),
    _one_per("hygiene_kit", "5"),
    _one_per("family_kit", "4"),
    Norm("soap", Fraction("2.5"), Per.PERSON, "sphere", f"{SPHERE}; 250 g a month for bathing, in bars of 100 g"),
    _one_per("medicine_kit", "50"),
    _one_per("clothing", "1"),
    _one_per("jerrycan", "5"),
    _one_per("water_pump", "100"),
    _one_per("generator", "200"),
    _daily("fuel", "0.2"),
    _one_per("flashlight", "5"),
    _one_per("cooking_set", "5"),
    _one_per("cleaning_kit", "5"),
    _daily("face_mask", "1"),
    _daily("sanitary_pads", "1"),
    _daily("infant_food", "0.25", "infants"),
    _daily("infant_formula", "0.15", "infants"),
    _daily("diapers", "6", "infants"),
    _daily("adult_diapers", "4", "disabled"),
    _one_per("wheelchair", "1", "disabled"),
    _one_per("school_kit", "1", "children"),
    _one_per("search_and_rescue", "20"),
    _one_per("evacuation", "15"),
    _one_per("medical", "50"),
    _one_per("ambulance", "100"),
    _one_per("water_trucking", "500"),
    _one_per("transport", "20"),
    _one_per("cooking", "50"),
    _one_per("psychosocial", "50"),
    _one_per("debris_clearing", "20"),
    _one_per("sorting", "100"),
)
"""The norms that quantities are worked out with, one for each item and day."""

ALTERNATIVES: tuple[Norm, ...] = (
    Norm("water", Fraction(15), Per.PERSON_DAY, "sphere", f"{SPHERE}; 7.5 to 15 L for survival"),
    Norm("tarpaulin", Fraction("3.5") / TARPAULIN_M2, Per.PERSON, "sphere", SPHERE),
    Norm("tent", Fraction("3.5") / TENT_M2, Per.PERSON, "sphere", SPHERE),
    Norm("latrine", Fraction(1, 50), Per.PERSON, "sphere", f"{SPHERE}; at first", to_day=3),
    Norm("latrine", Fraction(1, 20), Per.PERSON, "sphere", f"{SPHERE}; as soon as possible", from_day=4),
)
"""What another standard says of the same items, shown beside the norms and not reckoned with.

Both standards put staple food at 2,100 kcal a day; only BNPB's 400 g of rice is a quantity of an item.
"""

QuantityProblem = Literal["not_a_number", "not_positive", "not_whole", "too_large"]


def whole_quantity(item: Item, number: float | Fraction) -> int | QuantityProblem:
    """An asked quantity as a whole number of the item's unit, or the code of what is wrong with it.

    Litres and kilograms are rounded up; a fraction of a counted piece is `not_whole`.
    """
    if not isfinite(number):
        return "not_a_number"
    if number <= 0:
        return "not_positive"
    if number > LARGEST_QUANTITY:
        return "too_large"
    rounded = ceil(number)
    return "not_whole" if item.is_counted and rounded != number else rounded


@cache
def norms_of(item: str, days: range) -> tuple[tuple[Norm, int], ...]:
    """The norms of an item that hold within these days, each with how many of the days it holds for."""
    held = []
    for norm in NORMS:
        if norm.item == item:
            last = norm.to_day if norm.to_day is not None else days.stop
            count = len(range(max(norm.from_day, days.start), min(last + 1, days.stop)))
            if count:
                held.append((norm, count))
    return tuple(held)


DAYS_COVERED = 2
"""How many days a report's supplies are reckoned for: help that comes today lasts through tomorrow."""
HOUSEHOLD = 4
"""People that an asked item without any head count is reckoned for (own working figure)."""
ONE_OF_A_GROUP_IN = 10
"""Of how many people one is taken to belong to a vulnerable group that was not counted (own working figure)."""
COMMUNITY = 10
"""From how many people a medical danger is taken to be about a whole group (own working figure)."""

DANGER_SERVICES: Mapping[str, tuple[str, ...]] = {
    "trapped": ("search_and_rescue",),
    "medical": ("medical", "ambulance"),
    "rising": ("evacuation",),
    "vital": ("medical",),
}
BASICS = ("water", "rice")
DISPLACING = ("trapped", "rising")
DISPLACED = ("tarpaulin", "latrine", "blanket", "hygiene_kit")
INFANTS = ("infant_food", "diapers")


@dataclass(frozen=True)
class NeedLine:
    """One need: so much of an item, how urgently, and why that much.

    basis: `asked`, `danger:<name>`, `norm:<source>` or `assumed:<source>`; assumed means that nobody
    said how many people it is for, so the quantity waits to be checked.
    """

    item: str
    quantity: int
    tier: int
    basis: str


def least_heads(people: int | None, vulnerable: Mapping[str, int]) -> int:
    """The fewest people that the counts can mean; ages exclude each other, the other groups overlap."""
    by_age = sum(max(0, vulnerable.get(group, 0)) for group in ("infants", "children", "elderly"))
    return max(people or 0, by_age, vulnerable.get("pregnant", 0), vulnerable.get("disabled", 0))


def listing() -> list[dict[str, object]]:
    """The catalogue as the API shows it: each item with its norms and where they come from."""
    return [
        {
            "code": item.code,
            "kind": str(item.kind),
            "unit": item.unit,
            "weight_kg": item.weight_kg,
            "volume_m3": item.volume_m3,
            "tier": item.tier,
            "skills": sorted(item.skills),
            **contents(item.code),
            "norms": [
                {
                    "amount": float(norm.amount),
                    "per": str(norm.per),
                    "group": norm.group,
                    "from_day": norm.from_day,
                    "to_day": norm.to_day,
                    "source": norm.source,
                    "version": norm.version,
                }
                for norm in NORMS
                if norm.item == item.code
            ],
        }
        for item in ITEMS.values()
    ]


def asked_of(needs: Iterable[Mapping[str, Any]]) -> list[tuple[str, int | None]]:
    """Needs as `asked` of `needs_for`: with the quantity that was named, or with the norm's."""
    return [(need["item"], need["quantity"] if need["basis"] == "asked" else None) for need in needs]


def needs_for(
    people: int | None,
    vulnerable: Mapping[str, int],
    dangers: Mapping[str, bool],
    asked: Sequence[tuple[str, int | None]],
    day: int = 1,
    days: int = DAYS_COVERED,
) -> list[NeedLine]:
    """The needs of one report, most urgent first.

    day: the day of the emergency on which the help begins, 1 being the first; days: how many it covers.
    asked: items of the catalogue with their quantity, None taking the norm's; an item named twice is added up.
    """
    heads = least_heads(people, vulnerable)
    sizing = _Sizing(heads, vulnerable, range(day, day + days))
    named = [name for name in DANGER_SERVICES if dangers.get(name)]
    lines: dict[str, NeedLine] = {}
    for item in _called_for(named, heads, vulnerable):
        lines[item] = sizing.line(item)
    for danger in named:
        for service in DANGER_SERVICES[danger]:
            if service not in lines:
                lines[service] = NeedLine(service, sizing.line(service).quantity, 0, f"danger:{danger}")
    for item, quantity in _merged(asked).items():
        tier = lines[item].tier if item in lines else ITEMS[item].tier
        if quantity is not None:
            lines[item] = NeedLine(item, quantity, tier, "asked")
        elif item not in lines:
            lines[item] = sizing.line(item)
    order = {code: place for place, code in enumerate(ITEMS)}
    return sorted(lines.values(), key=lambda line: (line.tier, order[line.item]))


def _called_for(named: Sequence[str], heads: int, vulnerable: Mapping[str, int]) -> list[str]:
    """The supplies that people in these dangers need without asking."""
    displaced = any(danger in DISPLACING for danger in named)
    if heads == 0 or not (displaced or (named and heads >= COMMUNITY)):
        return []
    infants = INFANTS if vulnerable.get("infants", 0) > 0 else ()
    return [*BASICS, *infants, *(DISPLACED if displaced else ())]


def _merged(asked: Sequence[tuple[str, int | None]]) -> dict[str, int | None]:
    merged: dict[str, int | None] = {}
    for item, quantity in asked:
        before = merged.get(item)
        merged[item] = quantity if before is None else before + (quantity or 0)
    return merged


@dataclass(frozen=True)
class _Sizing:
    """The people and the days that norms are applied to."""

    heads: int
    vulnerable: Mapping[str, int]
    days: range

    def line(self, item: str) -> NeedLine:
        held = norms_of(item, self.days)
        known = all(self._counted(norm) > 0 for norm, _ in held)
        exact = sum(
            norm.amount * (self._counted(norm) or self._assumed(norm)) * (count if norm.per is Per.PERSON_DAY else 1)
            for norm, count in held
        )
        quantity = min(LARGEST_QUANTITY, max(1, ceil(exact)))
        basis = f"{'norm' if known else 'assumed'}:{held[0][0].basis}"
        return NeedLine(item, quantity, ITEMS[item].tier, basis)

    def _counted(self, norm: Norm) -> int:
        """How many people the norm is for, as far as anybody counted them."""
        return self.heads if norm.group == "all" else self.vulnerable.get(norm.group, 0)

    def _assumed(self, norm: Norm) -> int:
        """How many it is taken to be for when nobody counted them."""
        return HOUSEHOLD if norm.group == "all" else max(1, ceil(self.heads / ONE_OF_A_GROUP_IN))
