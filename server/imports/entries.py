"""From the rows of a file to what our services take, by a mapping; and which row is the same as which.

The reference of a row is the mapping's name and the row's own identity (its serial number, say), or a
digest of all that the row says when the mapping names no identity. It does not depend on the order of
the rows, on the kind of file, nor on blank columns, so that a file imported twice, or mended and
imported again, adds only what is new.
"""

import hashlib
import html
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from server.domain.errors import Problem
from server.imports import conversions
from server.imports.conversions import Unreadable
from server.imports.mapping import PLACEHOLDER, Classifier, Columns, Field, FileMapping, bind
from server.imports.phrases import item_names
from server.imports.rows import WHOLE_ROW, Row, Table, is_blank, plain
from server.imports.targets import TARGETS

DIGEST_CHARACTERS = 32
LONGEST_REFERENCE = 100


@dataclass(frozen=True)
class Entry:
    """One row, mapped.

    number: of the row in its file. original: its cells. reference: its stable identity. digest: of all it says.
    body: our fields, nested (for a report the body of `POST /api/reports`, with `happened_at` beside it).
    problems: by column, why it cannot be taken; empty for a row that can.
    """

    number: int
    original: Mapping[str, Any]
    reference: str
    digest: str
    body: dict[str, Any]
    problems: dict[str, Problem]


@dataclass(frozen=True)
class Mapped:
    """A file under a mapping: its entries one by one."""

    table: Table
    mapping: FileMapping
    columns: Columns

    def entries(self) -> Iterator[Entry]:
        """Every row of the file, mapped."""
        for row in self.table.rows():
            yield self._entry(row)

    def column_of(self, field: str) -> str:
        """The columns that a field came from, for telling a mender where to look; the field itself if from none."""
        parts = field.split(".")
        for length in range(len(parts), 0, -1):
            head = ".".join(parts[:length])
            fields = self.mapping.spec.fields
            parts_of = [source for target, source in fields.items() if target.startswith(f"{head}.")]
            sources = [fields[head]] if head in fields else parts_of
            names = [name for source in sources for name in (*source.columns, *(source.any_of or []))]
            present = [found for name in names if (found := self.columns.name(name)) is not None]
            if present:
                return " + ".join(present)
        return field

    def _entry(self, row: Row) -> Entry:
        reader = _RowReader(self.mapping, self.columns, row)
        body, problems = reader.body()
        content = digest(row.values)
        reference = _reference(self.mapping, reader, content)
        return Entry(row.number, row.values, reference, content, body, problems)


def mapped(table: Table, mapping: FileMapping) -> Mapped:
    """The file under the mapping. Raises Invalid naming each column that the mapping needs and the file lacks."""
    return Mapped(table, mapping, bind(mapping, table.columns))


def digest(values: Mapping[str, Any]) -> str:
    """A digest of what a row says: the same for the same cells from every kind of file and in any order."""
    said = sorted((column, plain(value).strip()) for column, value in values.items() if not is_blank(value))
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode("utf-8", "replace")).hexdigest()[
        :DIGEST_CHARACTERS
    ]


def _reference(mapping: FileMapping, reader: "_RowReader", content: str) -> str:
    parts = [plain(reader.cell(column)).strip() for column in mapping.spec.identity]
    reference = f"{mapping.name}:{'|'.join(parts)}"
    is_identified = bool(parts) and all(parts) and len(reference) <= LONGEST_REFERENCE
    return reference if is_identified else f"{mapping.name}:#{content}"


class _RowReader:
    """One row as the mapping reads it."""

    def __init__(self, mapping: FileMapping, columns: Columns, row: Row) -> None:
        self._spec = mapping.spec
        self._local = mapping.local
        self._columns = columns
        self._row = row
        self._problems: dict[str, Problem] = {}

    def cell(self, column: str) -> Any:
        """The cell under a column of the mapping, or None when the file has no such column."""
        name = self._columns.name(column)
        return None if name is None else self._row.values.get(name)

    def body(self) -> tuple[dict[str, Any], dict[str, Problem]]:
        """Our fields, and what is wrong by column."""
        if WHOLE_ROW in self._row.problems:
            return {}, {WHOLE_ROW: self._row.problems[WHOLE_ROW]}
        for column, words in self._spec.skip_if.items():
            value = plain(self.cell(column)).strip()
            if value.casefold() in {word.casefold() for word in words}:
                return {}, {column: Problem("import_skipped", {"value": value[:60]})}
        used = set(self._row.values) - set(self._columns.unused)
        self._problems = {column: problem for column, problem in self._row.problems.items() if column in used}
        fields: dict[str, Any] = {}
        for target, field in self._spec.fields.items():
            value = self._read(target, field)
            if value is not None:
                fields[target] = value
        body = _nested(fields)
        for classifier in self._spec.classify:
            self._classify(classifier, body)
        return body, self._problems

    def _read(self, target: str, field: Field) -> Any:
        """The value of one field, or None when its cell is blank or unreadable (which is then noted)."""
        column = self._source(field)
        raw = self._raw(field, column)
        if is_blank(raw):
            return None
        try:
            return self._converted(raw, target, field)
        except Unreadable as error:
            self._problems[column or target] = error.problem
            return None

    def _source(self, field: Field) -> str | None:
        """The one column that a field is read from, if it is read from one."""
        names = [field.column] if field.column is not None else field.any_of or []
        present = [found for name in names if (found := self._columns.name(name)) is not None]
        return present[0] if present else None

    def _raw(self, field: Field, column: str | None) -> Any:
        if field.constant is not None:
            return field.constant
        if field.parts is not None:
            return field.join.join(self._filled_parts(field.parts))
        return None if column is None else self._row.values.get(column)

    def _filled_parts(self, parts: list[str]) -> Iterator[str]:
        for part in parts:
            names = PLACEHOLDER.findall(part)
            if names and all(is_blank(self.cell(name)) for name in names):
                continue
            yield PLACEHOLDER.sub(lambda match: plain(self.cell(match[1])).strip(), part)

    def _converted(self, raw: Any, target: str, field: Field) -> Any:
        if field.html:
            raw = unescaped(plain(raw))
        kind = field.type or TARGETS[self._spec.kind][target]
        if kind == "list":
            return [_looked_up(entry, field) for entry in conversions.words(raw, field.split)]
        raw = _looked_up(raw, field)
        if raw is None:
            return None
        if field.at_least is not None:
            return conversions.number(raw) >= field.at_least or None
        return self._conversion(kind, target, field)(raw)

    def _conversion(self, kind: str, target: str, field: Field) -> Callable[[Any], Any]:
        simple: dict[str, Callable[[Any], Any]] = {
            "text": lambda raw: plain(raw).strip(),
            "number": conversions.number,
            "integer": conversions.integer,
            "headcount": conversions.headcount,
            "yes_no": conversions.yes_no,
            "time": lambda raw: conversions.moment(raw, field.formats, self._local),
            "date": lambda raw: conversions.day(raw, field.formats),
            "item": lambda raw: conversions.item(raw, item_names()),
            "items": lambda raw: conversions.items(raw, item_names()),
            "amount": conversions.amount,
            "quantity": lambda raw: conversions.quantity(raw, target.removeprefix("needs.")),
            "area_code": conversions.area_code,
            "pair": lambda raw: conversions.pair(raw, field.order),
        }
        return simple[kind]

    def _classify(self, classifier: Classifier, body: dict[str, Any]) -> None:
        for column, phrases, wanted in classifier.conditions:
            if phrases.any_in(plain(self.cell(column))) is not wanted:
                return
        for piece in self._pieces(classifier):
            if classifier.passed_over.any_in(piece):
                continue
            for meaning in classifier.phrases.found_in(piece):
                if classifier.only != "danger":
                    _add_needs(body, meaning.needs)
                if classifier.only != "needs" and meaning.danger:
                    body.setdefault("danger", {}).update(dict.fromkeys(meaning.danger, True))

    def _pieces(self, classifier: Classifier) -> Iterator[str]:
        for column in classifier.columns:
            text = unescaped(plain(self.cell(column)))
            if classifier.split:
                text = text.translate({ord(sign): "\n" for sign in classifier.split})
                yield from (piece for piece in text.split("\n") if piece.strip())
            elif text.strip():
                yield text


def _looked_up(raw: Any, field: Field) -> Any:
    """The value that the mapping's table has for a cell; the cell itself when it has none."""
    if field.values is None:
        return raw
    known = {name.casefold(): value for name, value in field.values.items()}
    return known.get(plain(raw).strip().casefold(), raw if field.otherwise is None else field.otherwise)


def unescaped(text: str) -> str:
    """The text without HTML entities, also where a site escaped it twice (`&amp;amp;`)."""
    return html.unescape(html.unescape(text))


def _add_needs(body: dict[str, Any], codes: tuple[str, ...]) -> None:
    needs = body.setdefault("needs", []) if codes else []
    asked = {need["item"] for need in needs}
    needs.extend({"item": code} for code in dict.fromkeys(codes) if code not in asked)


def _nested(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted names as nested objects; `needs.<item>` as entries of the list of needs."""
    body: dict[str, Any] = {}
    for target, value in fields.items():
        head, _, rest = target.partition(".")
        if head == "needs":
            body.setdefault("needs", []).extend(_wanted(rest, value) if rest else value)
        elif rest:
            body.setdefault(head, {})[rest] = value
        elif isinstance(value, dict):
            body.setdefault(head, {}).update(value)
        else:
            body[head] = value
    return body


def _wanted(code: str, value: object) -> list[dict[str, Any]]:
    """A column of one item: a quantity, or a yes that leaves the quantity to the norm; a no asks for nothing."""
    if value is False:
        return []
    return [{"item": code}] if value is True else [{"item": code, "quantity": value}]
