"""What every benchmark shares: a system of its own, medians of several runs, and a table with ratios."""

import json
import os
import platform
import statistics
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
RUNS = 5


@dataclass
class Line:
    """One line of the table: a figure, its unit, the baseline of the same run and the aim."""

    name: str
    unit: str
    values: list[float]
    baseline: list[float] = field(default_factory=list)
    baseline_name: str = ""
    aim: str = ""

    @property
    def median(self) -> float:
        """The middle of the runs."""
        return statistics.median(self.values)

    @property
    def ratio(self) -> float | None:
        """Median over the baseline's median."""
        return self.median / statistics.median(self.baseline) if self.baseline else None


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    about = Path("/proc/cpuinfo").read_text().splitlines()
    cpu = next((line.split(":", 1)[1].strip() for line in about if "model name" in line), platform.processor())
    names = ("flask", "flask-socketio", "gevent", "sqlalchemy", "psycopg", "rq", "geopandas", "numba", "numpy")
    return {
        "cpu": cpu,
        "cores": len(os.sched_getaffinity(0)),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in names},
    }


def show(title: str, lines: list[Line], notes: dict[str, Any] | None = None) -> None:
    """Print the lines as a table and keep them as JSON under bench/results."""
    print(f"\n{title}")
    for line in lines:
        spread = f"({min(line.values):,.4g}..{max(line.values):,.4g}, n={len(line.values)})"
        ratio = f"  x{line.ratio:.2f} of {line.baseline_name}" if line.ratio is not None else ""
        aim = f"  aim {line.aim}" if line.aim else ""
        print(f"  {line.name:<46} {line.median:>12,.4g} {line.unit:<8} {spread:<32}{ratio}{aim}")
    for name, value in (notes or {}).items():
        print(f"  {name}: {value}")
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{title.split(':', maxsplit=1)[0].strip().lower().replace(' ', '_')}.json"
    found = {
        "machine": machine(),
        "lines": [{**asdict(line), "median": line.median, "ratio": line.ratio} for line in lines],
        "notes": notes or {},
    }
    path.write_text(json.dumps(found, indent=1))


def repeated(run: Callable[[], dict[str, float]], runs: int = RUNS) -> dict[str, list[float]]:
    """The figures of several runs, by name."""
    found: dict[str, list[float]] = {}
    for n in range(runs):
        sys.stderr.write(f"\r  run {n + 1} of {runs} ")
        for name, value in run().items():
            found.setdefault(name, []).append(value)
    sys.stderr.write("\r" + " " * 20 + "\r")
    return found


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` (0..1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
