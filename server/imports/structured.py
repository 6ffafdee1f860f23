"""JSON lists, JSON lines and GeoJSON; what is nested becomes columns with dotted names."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from server.domain.errors import Problem
from server.imports.delimited import decoded
from server.imports.rows import MOST_COLUMNS, MOST_ROWS, WHOLE_ROW, FileProblem, Row, Table, problems_of_text

DEEPEST = 10
"""Levels of nesting that become columns; what lies deeper stays one value."""


def read_structured(content: bytes) -> Table:
    """The table that a JSON, JSON-lines or GeoJSON file holds. Raises FileProblem for a broken one."""
    records = _records(decoded(content))
    if not records:
        raise FileProblem("import_empty")
    if len(records) > MOST_ROWS:
        raise FileProblem("import_too_many_rows", most=MOST_ROWS)
    rows = [_row(number, record) for number, record in enumerate(records, start=1)]
    columns = tuple(dict.fromkeys(name for row in rows for name in row.values))
    if len(columns) > MOST_COLUMNS:
        raise FileProblem("import_too_many_columns", most=MOST_COLUMNS)
    return Table(columns, len(rows), lambda: iter(rows))


def _records(text: str) -> Sequence[object]:
    try:
        loaded = _loaded(text)
    except json.JSONDecodeError as error:
        lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
        if error.msg != "Extra data" or len(lines) < 2:
            raise FileProblem("import_broken_json", line=error.lineno, column=error.colno) from error
        return [_loaded_line(number, line) for number, line in lines]
    if isinstance(loaded, list):
        return loaded
    if isinstance(loaded, dict):
        return _records_of_object(loaded)
    raise FileProblem("import_json_no_list")


def _records_of_object(loaded: Mapping[str, Any]) -> Sequence[object]:
    """The features of a GeoJSON collection, the only list of an object, or the object itself as one row."""
    if loaded.get("type") == "FeatureCollection":
        features = loaded.get("features")
        if not isinstance(features, list):
            raise FileProblem("import_json_no_list")
        return features
    lists = [value for value in loaded.values() if isinstance(value, list) and any(isinstance(v, dict) for v in value)]
    return lists[0] if len(lists) == 1 else [loaded]


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _loaded(text: str) -> object:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError:
        raise
    except (ValueError, RecursionError) as error:
        raise FileProblem("import_broken_json", line=1, column=1) from error


def _loaded_line(number: int, line: str) -> object:
    try:
        return _loaded(line)
    except json.JSONDecodeError as error:
        raise FileProblem("import_broken_json", line=number, column=error.colno) from error


def _row(number: int, record: object) -> Row:
    if not isinstance(record, dict):
        return Row(number, {}, {WHOLE_ROW: Problem("import_not_an_object")})
    if record.get("type") == "Feature" and "geometry" in record:
        properties = record.get("properties")
        values = dict(_flat(properties if isinstance(properties, dict) else {}))
        values.update(_position(record.get("geometry")))
        if "id" in record:
            values.setdefault("id", record["id"])
    else:
        values = dict(_flat(record))
    return Row(number, values, problems_of_text(values))


def _flat(record: Mapping[str, Any], prefix: str = "", depth: int = 1) -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        if isinstance(value, dict) and depth < DEEPEST:
            yield from _flat(value, f"{prefix}{name}.", depth + 1)
        else:
            yield f"{prefix}{name}", value


def _position(geometry: object) -> dict[str, Any]:
    """The point of a feature; any other shape has no one place and is left for the mapping to miss."""
    found: dict[str, Any] = {"geometry.lon": None, "geometry.lat": None}
    if isinstance(geometry, dict) and geometry.get("type") == "Point":
        coordinates = geometry.get("coordinates")
        if isinstance(coordinates, list) and len(coordinates) >= 2:
            found["geometry.lon"], found["geometry.lat"] = coordinates[0], coordinates[1]
    return found
