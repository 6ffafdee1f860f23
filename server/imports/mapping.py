"""The mapping language: which column of a foreign file becomes which of our fields (docs/import.md).

`load` reads and checks a mapping by itself, `bind` checks it against the columns of a file; both name
everything that is wrong at once.
"""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from server.domain.catalogue import ITEMS
from server.domain.errors import Invalid, Problem
from server.domain.priority import DANGERS
from server.imports.conversions import zone
from server.imports.phrases import LANGUAGES, Meaning, Phrases, folded, plain_phrases, vocabulary
from server.imports.plain_yaml import load_yaml
from server.imports.rows import FileProblem, plain
from server.imports.targets import TARGETS

MOST_MAPPING_BYTES = 256 * 1024
PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
WIB = "+07:00"
"""Western Indonesian time, which a time without an offset is in when the mapping names no other."""

Kind = Literal["reports", "sites", "stock", "volunteers"]
Conversion = Literal[
    "text",
    "number",
    "integer",
    "headcount",
    "yes_no",
    "time",
    "date",
    "list",
    "item",
    "items",
    "amount",
    "quantity",
    "area_code",
    "pair",
]


def _words(value: object) -> object:
    """One word or a list of them, numbers and YAML's yes and no included."""
    if isinstance(value, (str, int, float, bool)):
        value = [value]
    return [plain(word) for word in value] if isinstance(value, list) else value


Words = Annotated[list[str], BeforeValidator(_words)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Field(_Part):
    """Where one of our fields comes from and how its cell is read.

    One of: `column` (a name), `any_of` (the first of these columns that the file has), `parts` (texts
    with {column} in them, joined; a part whose columns are all blank is left out), `constant`.
    """

    column: str | None = None
    any_of: list[str] | None = None
    parts: list[str] | None = None
    constant: str | int | float | bool | None = None
    join: str = "\n"
    type: Conversion | None = None
    formats: Words = []
    order: Literal["lat,lon", "lon,lat"] = "lat,lon"
    values: dict[str, str | int | float | bool | None] | None = None
    otherwise: str | int | float | bool | None = None
    at_least: float | None = None
    split: str = ",;"
    html: bool = False

    @property
    def columns(self) -> list[str]:
        """The columns of the file that must all be there for this field."""
        if self.parts is not None:
            return [name for part in self.parts for name in PLACEHOLDER.findall(part)]
        return [self.column] if self.column is not None else []


class Rule(_Part):
    """Phrases, and the items or dangers that they mean."""

    match: Words
    needs: Words = []
    danger: Words = []


class Classifier(_Part):
    """Free text or categories in which needs and dangers are found by their words.

    columns: where to look; `split` cuts their text at each of these characters, and each piece is
    looked at by itself. A piece with one of `not_with` in it is passed over. `when` and `unless` name
    other columns and the words that must, or must not, stand in them.
    """

    columns: Words
    split: str = ""
    vocabulary: Words = []
    only: Literal["needs", "danger"] | None = None
    rules: list[Rule] = []
    when: dict[str, Words] = {}
    unless: dict[str, Words] = {}
    not_with: Words = []

    @cached_property
    def phrases(self) -> Phrases:
        """The rules and vocabularies as one search."""
        meanings = [
            (word, Meaning(tuple(rule.needs), tuple(rule.danger))) for rule in self.rules for word in rule.match
        ]
        named = {folded(word) for word, _ in meanings}
        for language in self.vocabulary:
            meanings += [entry for entry in vocabulary(language) if folded(entry[0]) not in named]
        return Phrases(meanings)

    @cached_property
    def passed_over(self) -> Phrases:
        """The words that silence a piece."""
        return plain_phrases(self.not_with)

    @cached_property
    def conditions(self) -> list[tuple[str, Phrases, bool]]:
        """Column, words, and whether the words must be there."""
        wanted = [(column, plain_phrases(words), True) for column, words in self.when.items()]
        return wanted + [(column, plain_phrases(words), False) for column, words in self.unless.items()]


def _field_from(value: object) -> object:
    return {"column": value} if isinstance(value, str) else value


class Spec(_Part):
    """A mapping as it is written."""

    kind: Kind
    name: str | None = None
    identity: Words = []
    timezone: str = WIB
    optional: Literal["all"] | list[str] = []
    at_least_one_of: list[list[str]] = []
    skip_if: dict[str, Words] = {}
    fields: dict[str, Annotated[Field, BeforeValidator(_field_from)]]
    classify: list[Classifier] = []


@dataclass(frozen=True)
class FileMapping:
    """A checked mapping."""

    name: str
    spec: Spec
    local: tzinfo


def presets() -> list[str]:
    """The names of the mappings that come with the system."""
    found = files("server.imports").joinpath("presets").iterdir()
    return sorted(entry.name.removesuffix(".yaml") for entry in found if entry.name.endswith(".yaml"))


def load(name_or_path: str, kind: str) -> FileMapping:
    """A preset by its name, or a mapping file by its path, for this kind of import.

    Raises FileProblem when there is none or it is no YAML, Invalid with everything that is wrong in it.
    """
    if name_or_path in presets():
        text = files("server.imports").joinpath("presets", f"{name_or_path}.yaml").read_text("utf-8")
        return parse(text, name_or_path, kind)
    path = Path(name_or_path)
    try:
        if path.stat().st_size > MOST_MAPPING_BYTES:
            raise FileProblem("mapping_too_large", path=name_or_path)
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FileProblem("mapping_no_file", path=name_or_path, presets=", ".join(presets())) from error
    return parse(text, path.stem, kind)


def parse(text: str, name: str, kind: str) -> FileMapping:
    """The mapping that this YAML text holds."""
    try:
        loaded = load_yaml(text)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        raise FileProblem("mapping_broken", line=mark.line + 1 if mark else 1) from error
    if not isinstance(loaded, dict):
        raise FileProblem("mapping_broken", line=1)
    try:
        spec = Spec.model_validate({"kind": kind, **loaded})
    except ValidationError as error:
        raise Invalid(_shape_problems(error)) from None
    problems = dict(_meaning_problems(spec, kind))
    if problems:
        raise Invalid(problems)
    return FileMapping(spec.name or name, spec, zone(spec.timezone))


def _shape_problems(error: ValidationError) -> dict[str, Problem]:
    found: dict[str, Problem] = {}
    for item in error.errors(include_url=False):
        path = ".".join(str(part) for part in item["loc"])
        code = {"extra_forbidden": "mapping_unknown_key", "missing": "mapping_missing_key"}.get(item["type"])
        found[path] = Problem(code or "mapping_wrong_value", {"value": str(item.get("input"))[:60]})
    return found


def _meaning_problems(spec: Spec, kind: str) -> Iterator[tuple[str, Problem]]:
    if spec.kind != kind:
        yield "kind", Problem("mapping_wrong_kind", {"kind": spec.kind, "wanted": kind})
        return
    try:
        zone(spec.timezone)
    except ValueError:
        yield "timezone", Problem("mapping_wrong_timezone", {"value": spec.timezone})
    targets = TARGETS[kind]
    for target, field in spec.fields.items():
        if target not in targets:
            yield f"fields.{target}", Problem("mapping_unknown_field", {"nearest": nearest(target, list(targets))})
        given = [field.column, field.any_of, field.parts, field.constant]
        if sum(source is not None for source in given) != 1:
            yield f"fields.{target}", Problem("mapping_one_source")
    for place, classifier in enumerate(spec.classify):
        yield from _classifier_problems(f"classify.{place}", classifier)


def _classifier_problems(path: str, classifier: Classifier) -> Iterator[tuple[str, Problem]]:
    for language in classifier.vocabulary:
        if language not in LANGUAGES:
            yield f"{path}.vocabulary", Problem("mapping_unknown_vocabulary", {"value": language})
    for number, rule in enumerate(classifier.rules):
        for code in rule.needs:
            if code not in ITEMS:
                yield (
                    f"{path}.rules.{number}.needs",
                    Problem("mapping_unknown_item", {"value": code, "nearest": nearest(code, list(ITEMS))}),
                )
        for name in rule.danger:
            if name not in DANGERS:
                yield (
                    f"{path}.rules.{number}.danger",
                    Problem("mapping_unknown_danger", {"value": name, "choices": ", ".join(DANGERS)}),
                )
        if not any(folded(word) for word in rule.match):
            yield f"{path}.rules.{number}.match", Problem("mapping_no_words")


def nearest(name: str, names: Sequence[str]) -> str:
    """The name that was probably meant, or all of them when none is near."""
    by_key = {_key(known): known for known in names}
    close = difflib.get_close_matches(_key(name), list(by_key), n=1, cutoff=0.5)
    return by_key[close[0]] if close else ", ".join(names)


def _key(column: str) -> str:
    return " ".join(column.split()).casefold()


@dataclass(frozen=True)
class Columns:
    """The columns of one file under the names that a mapping calls them, and those it does not call."""

    by_key: Mapping[str, str]
    unused: tuple[str, ...]

    def name(self, column: str) -> str | None:
        """The column as the file spells it, or None when the file lacks it."""
        return self.by_key.get(_key(column))


def bind(mapping: FileMapping, columns: Sequence[str]) -> Columns:
    """The columns of the file, checked. Raises Invalid naming each column that the mapping needs and the file lacks."""
    spec = mapping.spec
    by_key = {_key(column): column for column in columns}
    problems: dict[str, Problem] = {}
    for column in _needed(spec):
        if _key(column) not in by_key:
            problems[column] = Problem("import_column_missing", {"nearest": nearest(column, columns)})
    choices = [names for names in _choices(spec) if not _is_optional(spec, names)]
    for group in (*choices, *spec.at_least_one_of):
        if not any(_key(column) in by_key for column in group):
            problems[" / ".join(group)] = Problem("import_columns_missing", {"found": ", ".join(columns)})
    if problems:
        raise Invalid(problems)
    used = {_key(column) for column in _named(spec)}
    return Columns(by_key, tuple(column for column in columns if _key(column) not in used))


def _is_optional(spec: Spec, names: Sequence[str]) -> bool:
    optional = {_key(column) for column in spec.optional} if spec.optional != "all" else set()
    return spec.optional == "all" or any(_key(name) in optional for name in names)


def _needed(spec: Spec) -> list[str]:
    return [column for column in dict.fromkeys(_strictly_named(spec)) if not _is_optional(spec, [column])]


def _choices(spec: Spec) -> list[list[str]]:
    return [field.any_of for field in spec.fields.values() if field.any_of]


def _strictly_named(spec: Spec) -> Iterator[str]:
    """Every column that is named outside `any_of`."""
    yield from spec.identity
    for field in spec.fields.values():
        yield from field.columns
    for classifier in spec.classify:
        yield from (*classifier.columns, *classifier.when, *classifier.unless)
    yield from spec.skip_if


def _named(spec: Spec) -> Iterator[str]:
    yield from _strictly_named(spec)
    for names in _choices(spec):
        yield from names
