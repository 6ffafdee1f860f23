"""Every word that the staff's scripts ask for is there, and their page carries it."""

import json
import re
import subprocess

import pytest

from tests.browser import ROOT, node

ENTRIES = {"console.tsx": "console.html", "sites.tsx": "sites.html"}
INPUTS = """
import { build } from "esbuild";
const { metafile } = await build({
  entryPoints: ["web/src/" + process.argv[1]], bundle: true, write: false, metafile: true,
  jsx: "automatic", jsxImportSource: "preact",
});
console.log(JSON.stringify(Object.keys(metafile.inputs).filter((path) => path.startsWith("web/src/"))));
"""
KEY = re.compile(r"\bword(?:Or)?\(\s*[\"`]([a-z_]+(?:\.[A-Za-z_0-9]+)*\.?)(\$\{)?")
CONDITIONAL = re.compile(r"\bword\(\s*[^\"`()]*\?\s*\"([\w.]+)\"\s*:\s*[\"`]([\w.]+)")


def keys_of(entry):
    """(key, whole): what the scripts of an entry ask for; of a key with a gap, only what is before it."""
    arguments = [node(), "--input-type=module", "-e", INPUTS, entry]
    found = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for path in json.loads(found):
        source = (ROOT / path).read_text("utf-8")
        yield from (whole_or_beginning(key, bool(gap)) for key, gap in KEY.findall(source))
        yield from (whole_or_beginning(key, key.endswith(".")) for pair in CONDITIONAL.findall(source) for key in pair)


def whole_or_beginning(key, has_gap):
    return (key.rpartition(".")[0], False) if has_gap else (key, True)


def at(node_, key):
    for part in key.split("."):
        node_ = node_.get(part) if isinstance(node_, dict) else None
    return node_


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("language", ["id", "en"])
def test_every_word_exists(entry, language):
    words = json.loads((ROOT / "web" / "i18n" / f"{language}.json").read_text("utf-8"))
    kinds = {True: str, False: dict}
    missing = sorted({key for key, whole in keys_of(entry) if not isinstance(at(words, key), kinds[whole])})
    assert missing == []


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_page_carries_every_word(entry):
    template = (ROOT / "web" / "templates" / ENTRIES[entry]).read_text("utf-8")
    (listed,) = re.findall(r"script_words\((.*?)\)", template)
    carried = re.findall(r"\"([\w.]+)\"", listed)
    lost = sorted({key for key, _ in keys_of(entry) if not any(f"{key}.".startswith(f"{own}.") for own in carried)})
    assert lost == []
