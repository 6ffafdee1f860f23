"""The example of the guide works as it stands there, and the guide names every preset and key."""

import re
from pathlib import Path

from server.domain.priority import DANGERS, VULNERABLE
from server.imports.entries import mapped
from server.imports.mapping import Classifier, Field, Spec, parse, presets
from server.imports.readers import read_table
from server.imports.targets import TARGETS

GUIDE = (Path(__file__).parents[3] / "docs" / "import.md").read_text("utf-8")


def example() -> tuple[str, str]:
    lines = re.search(r"`posko\.csv`:\n\n((?:    .*\n)+)", GUIDE)
    yaml = re.search(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    assert lines
    assert yaml
    return re.sub(r"(?m)^    ", "", lines[1]), yaml[1]


def test_the_example_works() -> None:
    lines, yaml = example()
    first, second = mapped(read_table(lines.encode()), parse(yaml, "posko", "reports")).entries()
    assert not first.problems | second.problems
    assert first.reference == "posko-lembang:1"
    assert [need["item"] for need in first.body["needs"]] == ["blanket", "water"]
    assert first.body["danger"] == {"rising": True}
    assert first.body["happened_at"].isoformat() == "2026-11-24T07:30:00+07:00"
    assert "needs" not in second.body


def test_every_preset_key_and_field_is_in_the_guide() -> None:
    keys = {*Spec.model_fields, *Field.model_fields, *Classifier.model_fields, *presets()}
    assert {key for key in keys if f"`{key}`" not in GUIDE and f"`{key}:" not in GUIDE} == set()
    heads = {target for fields in TARGETS.values() for target in fields if not target.startswith("needs.")}
    assert {name for name in heads if name.rpartition(".")[2] not in GUIDE} == set()
    assert all(name in GUIDE for name in (*DANGERS, *VULNERABLE))
