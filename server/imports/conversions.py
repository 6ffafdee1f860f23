"""From the text of a cell to a value: numbers, whole numbers, yes or no, times, items, area codes.

Each conversion returns the value or raises `Unreadable` with the problem that the mender reads.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from server.domain.catalogue import HOUSEHOLD, ITEMS, whole_quantity
from server.domain.errors import Problem
from server.imports.rows import plain

SHOWN_CHARACTERS = 60
YES = frozenset({"yes", "y", "ya", "iya", "true", "t", "1", "x", "v", "✓", "ada", "benar"})
NO = frozenset({"no", "n", "tidak", "tdk", "false", "f", "0", "-", "bukan", "salah"})
_THOUSANDS = re.compile(r"^[+-]?\d{1,3}([.,\s]\d{3})+$")
_DECIMAL = re.compile(r"^[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d{1,3})?$")
_OFFSET = re.compile(r"^([+-])(\d{2}):?(\d{2})$")
_ITEM_QUANTITY = re.compile(
    r"^(?P<item>.*?[^\d\s:=])(?:\s*[:=]\s*|\s+[x×]?\s*)(?P<number>[\d.,]+)\s*(?P<unit>[^\d\s]*)$"
)
_QUANTITY_ITEM = re.compile(r"^(?P<number>[\d.,]+)\s*(?P<item>[^\d\s].*)$")
UNITS = {
    "L": frozenset({"l", "lt", "ltr", "liter", "liters", "litre", "litres"}),
    "kg": frozenset({"kg", "kgs", "kilo", "kilogram", "kilograms"}),
    "piece": frozenset(
        {"pcs", "pc", "piece", "pieces", "buah", "bh", "lembar", "lbr", "unit", "biji", "bungkus", "bks"}
    ),
    "set": frozenset({"set", "sets", "paket", "kit", "kits", "stel"}),
    "volunteer": frozenset({"orang", "relawan", "people", "persons", "volunteer", "volunteers"}),
}
"""How the units of the catalogue are written in lists."""
_PAIR = re.compile(r"^\s*\(?\s*(-?\d+(?:\.\d+)?)\s*[,;\s]\s*(-?\d+(?:\.\d+)?)\s*\)?\s*$")
_UNDOTTED_LENGTHS = {4: (2, 2), 6: (2, 2, 2), 10: (2, 2, 2, 4)}
ISO = "%Y-%m-%dT%H:%M:%S%z"
_EXAMPLE = datetime(2026, 12, 31, 21, 30, tzinfo=timezone(timedelta(hours=7)))
HOUSEHOLD_WORDS = frozenset({"family", "families", "household", "households", "kk", "keluarga"})
_PEOPLE_WORDS = frozenset(
    {"people", "peoples", "persons", "person", "orang", "jiwa", "warga", "pengungsi", "survivors"}
)
_PART_WORDS = frozenset(
    {"men", "women", "adults", "children", "kids", "babies", "infants", "orphans", "students", "patients"}
    | {"anak", "bayi", "balita", "lansia", "dewasa", "laki", "perempuan"}
)
_COUNTED = re.compile(r"(?<![\w.,#])(\d{1,3}(?:,\d{3})+|\d{1,6})\s+([^\W\d_]+)")


class Unreadable(ValueError):
    """A cell does not hold what its column is mapped to."""

    def __init__(self, code: str, value: object, **params: Any) -> None:
        super().__init__(code)
        shown = plain(value)
        shown = shown if len(shown) <= SHOWN_CHARACTERS else f"{shown[:SHOWN_CHARACTERS]}…"
        self.problem = Problem(code, {"value": shown, **params})


def number(value: object) -> float:
    """A number with a decimal point or comma."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    text = plain(value).strip().replace("−", "-")
    if not _DECIMAL.match(text):
        raise Unreadable("import_not_number", value)
    return float(text.replace(",", "."))


def integer(value: object) -> int:
    """A whole number; points, commas and spaces between thousands are left out."""
    text = plain(value).strip().replace("−", "-")
    if _THOUSANDS.match(text):
        return int(re.sub(r"[.,\s]", "", text))
    try:
        found = number(value)
    except Unreadable:
        raise Unreadable("import_not_whole", value) from None
    if not found.is_integer():
        raise Unreadable("import_not_whole", value)
    return int(found)


def headcount(value: object) -> int | None:
    """The people that a sentence counts (`350 people`, `30 families`), or None when it counts nobody.

    Words for everybody win over words for some (`100 children, 500 people`); a household is
    HOUSEHOLD people.
    """
    everybody, parts = 0, 0
    for digits, word in _COUNTED.findall(plain(value)):
        count, counted = int(digits.replace(",", "")), word.casefold()
        if counted in HOUSEHOLD_WORDS:
            everybody = max(everybody, count * HOUSEHOLD)
        elif counted in _PEOPLE_WORDS:
            everybody = max(everybody, count)
        elif counted in _PART_WORDS:
            parts += count
    return max(everybody, parts) or None


def yes_no(value: object) -> bool:
    """Yes or no in Indonesian, English, or as a sheet writes it."""
    word = plain(value).strip().casefold()
    if word in YES or word in NO:
        return word in YES
    raise Unreadable("import_not_yes_no", value)


def zone(text: str) -> tzinfo:
    """An offset such as `+07:00`, or a name of the time zone database. Raises ValueError for neither."""
    offset = _OFFSET.match(text.strip())
    if offset:
        sign = -1 if offset[1] == "-" else 1
        return timezone(sign * timedelta(hours=int(offset[2]), minutes=int(offset[3])))
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, OSError) as error:
        raise ValueError(text) from error


def moment(value: object, formats: Sequence[str], local: tzinfo) -> datetime:
    """A point in time; one without an offset is local time."""
    if isinstance(value, datetime):
        found: datetime | None = value
    else:
        found = _parsed_time(plain(value).strip(), formats)
    if found is None:
        raise Unreadable("import_not_time", value, example=_EXAMPLE.strftime(formats[0] if formats else ISO))
    return found if found.tzinfo is not None else found.replace(tzinfo=local)


def _parsed_time(text: str, formats: Sequence[str]) -> datetime | None:
    for layout in formats:
        try:
            return datetime.strptime(text, layout)  # noqa: DTZ007 - the caller adds the zone of the file
        except ValueError:
            continue
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def day(value: object, formats: Sequence[str]) -> date:
    """A date, of which a time of day is left out."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    return moment(value, formats, UTC).date()


def pair(value: object, order: str) -> dict[str, float]:
    """A place written in one cell, `lat,lon` or `lon,lat` as the mapping says."""
    if isinstance(value, list) and len(value) >= 2:
        first, second = number(value[0]), number(value[1])
    else:
        found = _PAIR.match(plain(value))
        if not found:
            raise Unreadable("import_not_place", value, order=order)
        first, second = float(found[1]), float(found[2])
    lat, lon = (first, second) if order == "lat,lon" else (second, first)
    return {"lon": lon, "lat": lat}


def area_code(value: object) -> str:
    """A code of the ministry with its dots, also when a file left them out (`320305` is `32.03.05`)."""
    text = plain(value).strip()
    parts = _UNDOTTED_LENGTHS.get(len(text)) if text.isdecimal() else None
    if parts is None:
        return text
    ends = [sum(parts[: place + 1]) for place in range(len(parts))]
    return ".".join(text[end - length : end] for end, length in zip(ends, parts, strict=True))


def item(value: object, words: Mapping[str, str]) -> str:
    """The catalogue code of an item given by its code or by one of its names."""
    name = " ".join(plain(value).casefold().replace("_", " ").replace("-", " ").split())
    code = name.replace(" ", "_")
    found = code if code in ITEMS else words.get(name)
    if found is None:
        raise Unreadable("import_unknown_item", value, items=", ".join(ITEMS))
    return found


def amount(value: object) -> float:
    """A number of which a point or comma before three digits parts thousands."""
    try:
        return integer(value)
    except Unreadable:
        return number(value)


def quantity(value: object, code: str) -> int:
    """So much of an item, as a whole number of its unit."""
    found = whole_quantity(ITEMS[code], amount(value))
    if isinstance(found, str):
        raise Unreadable(f"quantity_{found}", value, item=code, unit=ITEMS[code].unit)
    return found


def items(value: object, words: Mapping[str, str]) -> list[dict[str, Any]]:
    """A list such as `water: 120; rice 50; blanket`, or a JSON list of items with their quantities."""
    if isinstance(value, list):
        return [_listed_item(entry, words) for entry in value]
    parts = [part.strip() for part in re.split(r"[;\n|]|,(?!\d)", plain(value))]
    return [_written_item(part, words) for part in parts if part]


def _listed_item(entry: object, words: Mapping[str, str]) -> dict[str, Any]:
    if not isinstance(entry, dict):
        return _written_item(plain(entry), words)
    code = item(entry.get("item"), words)
    asked = entry.get("quantity")
    return {"item": code} if asked is None else {"item": code, "quantity": quantity(asked, code)}


def _written_item(text: str, words: Mapping[str, str]) -> dict[str, Any]:
    found = _ITEM_QUANTITY.match(text) or _QUANTITY_ITEM.match(text)
    if not found:
        return {"item": item(text, words)}
    code = item(found["item"], words)
    unit = found.groupdict().get("unit")
    if unit and unit.casefold().rstrip(".") not in UNITS[ITEMS[code].unit]:
        raise Unreadable("import_wrong_unit", unit, item=code, unit=ITEMS[code].unit)
    return {"item": code, "quantity": quantity(found["number"], code)}


def words(value: object, separators: str) -> list[str]:
    """The entries of a list written in one cell, or of a JSON list."""
    if isinstance(value, list):
        return [plain(entry).strip() for entry in value if plain(entry).strip()]
    text = plain(value).translate({ord(sign): "\n" for sign in separators})
    return [entry.strip() for entry in text.split("\n") if entry.strip()]
