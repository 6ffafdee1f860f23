"""`make audit`'s verdicts: a known vulnerability fails, a silent registry is told of; the SBOM names every pin."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import dependencies

ROOT = Path(__file__).resolve().parents[2]
SOUND = {"name": "flask", "version": "3.1.0", "vulns": []}
FLAW = {"id": "PYSEC-2026-1", "fix_versions": ["7.0"], "aliases": []}
UNASKED = {"name": "rq", "skip_reason": "Dependency not found"}
NPM_SOUND, NPM_FLAWED = {"vulnerabilities": {}}, {"vulnerabilities": {"ws": {"severity": "high", "range": "<9"}}}
NPM_ERROR = {"message": "405 Method Not Allowed", "error": {"summary": ""}}


def python_says(*packages):
    return {"dependencies": list(packages), "fixes": []}


@pytest.mark.parametrize(
    ("python", "npm", "status", "words"),
    [
        (python_says(SOUND), NPM_SOUND, 0, "No known vulnerability"),
        (python_says(SOUND | {"vulns": [FLAW]}), NPM_SOUND, 1, "flask 3.1.0: PYSEC-2026-1, mended in 7.0"),
        (python_says(SOUND), NPM_FLAWED, 1, "ws: high (<9)"),
        (python_says(SOUND, UNASKED), NPM_SOUND, 0, "Unknown to the Python index, not audited: rq"),
        (python_says(UNASKED), NPM_SOUND, 0, "The Python index told of no package's vulnerabilities: not audited."),
        (None, NPM_SOUND, 0, "The Python index told of no package's vulnerabilities: not audited."),
        (None, NPM_ERROR, 0, "The npm registry answers no audit: not audited."),
        (None, NPM_FLAWED, 1, "ws: high (<9)"),
    ],
)
def test_a_known_vulnerability_fails_and_silence_is_told(monkeypatch, capsys, python, npm, status, words):
    monkeypatch.setattr(dependencies, "answer_of", lambda command: npm if command is dependencies.NPM else python)
    assert dependencies.main() == status
    assert words in capsys.readouterr().out


def test_a_registry_that_keeps_silent_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(dependencies, "PATIENCE_S", 0.2)
    assert dependencies.answer_of([sys.executable, "-c", "import time; time.sleep(60)"]) is None
    assert dependencies.answer_of([sys.executable, "-c", "print('no JSON')"]) is None


def test_the_bill_of_materials_names_every_pin(tmp_path):
    file = tmp_path / "python.json"
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", "--output-file", str(file), "requirements.txt"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    named = {f"{one['name']}=={one['version']}" for one in json.loads(file.read_text())["components"]}
    assert named == set(re.findall(r"^[\w.-]+==\S+", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
