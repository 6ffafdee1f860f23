"""Many drills, in several processes; what was played is kept, and a second start goes on where the first ended."""

import json
import multiprocessing
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from tqdm import tqdm

from bench.drill.answers import Answers
from bench.drill.case import SPREADS, SUPPLIES, Case, parsed, random_case, text_of
from bench.drill.hindsight import weighted_wait_bound
from bench.drill.measures import as_row, coverage, curve, measured
from bench.drill.policies import POLICIES
from bench.drill.simulate import play

ACCEPTANCES: Final = (0.05, 0.20, 0.60)
STEPS: Final = 49
"""Points of the curves, from the beginning to the end."""

ROOT: Final = Path(__file__).parents[2]
PLAYED_BY: Final = ("answers", "case", "hindsight", "measures", "policies", "runs", "simulate", "ways", "world")
CODE: Final = (
    *(f"bench/drill/{name}.py" for name in PLAYED_BY),
    "geo",
    "server/domain",
    "server/services/planning.py",
    "server/services/situations.py",
)
LIBRARIES: Final = ("numpy", "numba", "geopandas", "pandas", "scipy")


@dataclass(frozen=True, slots=True)
class Run:
    """One drill: a policy on the case of a seed, or on the case `file`, with the answers of the seed."""

    policy: str
    seed: int
    acceptance: float
    supply: str = ""
    spread: str = ""
    file: str = ""

    @property
    def cell(self) -> tuple[str, str, float]:
        """The row of the table that it belongs to."""
        return self.supply, self.spread, self.acceptance


@dataclass(frozen=True)
class Done:
    """A run with its measures, the hindsight bound of its case, curves and the coverage of villages."""

    run: Run
    measures: dict[str, float]
    bound_min: float
    served: list[float]
    villages: dict[str, float]


def grid(policies: Sequence[str], seeds: int, acceptances: Sequence[float] = ACCEPTANCES) -> list[Run]:
    """Every policy on every kind of random case, seeds 1 to `seeds`."""
    return [
        Run(policy, seed, acceptance, supply, spread)
        for seed in range(1, seeds + 1)
        for supply in SUPPLIES
        for spread in SPREADS
        for acceptance in acceptances
        for policy in policies
    ]


def own(policies: Sequence[str], seeds: int, acceptance: float, case: Case) -> list[Run]:
    """Every policy on a case of a team's own; seeds change who says yes."""
    text = text_of(case)
    return [Run(policy, seed, acceptance, file=text) for seed in range(1, seeds + 1) for policy in policies]


@cache
def state() -> str:
    """A hash of all that results depend on: the code and the libraries."""
    found = sha256(" ".join(f"{name} {version(name)}" for name in LIBRARIES).encode())
    for part in CODE:
        path = ROOT / part
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            found.update(file.read_bytes())
    return found.hexdigest()[:16]


def key_of(run: Run) -> str:
    """What a result is kept by: the run, and the state of the code that played it."""
    return sha256(f"{state()} {json.dumps(asdict(run), sort_keys=True)}".encode()).hexdigest()[:24]


def played(run: Run) -> Done:
    """Play a run."""
    case = _case(run)
    found = play(case, POLICIES[run.policy], Answers(run.seed, run.acceptance))
    minutes = [case.minutes * n / (STEPS - 1) for n in range(STEPS)]
    return Done(
        run,
        as_row(measured(found)),
        round(weighted_wait_bound(case, found.needs), 4),
        curve(found.needs, minutes),
        {village: round(cover.share, 4) for village, cover in coverage(found.needs).items()},
    )


def _case(run: Run) -> Case:
    return parsed(run.file) if run.file else random_case(run.seed, run.supply, run.spread)  # type: ignore[arg-type]


def kept(file: Path, runs: Iterable[Run]) -> dict[Run, Done]:
    """Those of the runs that the file holds, played by the code as it is."""
    wanted = {key_of(run): run for run in runs}
    found: dict[Run, Done] = {}
    for row in _rows(file):
        if run := wanted.get(row["key"]):
            found[run] = Done(run, **row["done"])
    return found


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    """The rows of a file; one that was cut off in the middle of writing is passed over."""
    for line in file.read_text().splitlines() if file.exists() else ():
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            continue


def play_all(runs: Sequence[Run], file: Path, workers: int | None = None) -> dict[Run, Done]:
    """All runs; those that the file lacks are played and added to it one by one."""
    found = kept(file, runs)
    todo = [run for run in runs if run not in found]
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as out, tqdm(total=len(runs), initial=len(found), unit="run", smoothing=0.05) as bar:
        if file.read_bytes()[-1:] not in {b"", b"\n"}:
            out.write("\n")  # a run that was cut off while writing
        for done in _in_processes(todo, workers or len(os.sched_getaffinity(0))):
            found[done.run] = done
            out.write(json.dumps({"key": key_of(done.run), "done": _stored(done)}) + "\n")
            out.flush()
            bar.update()
    return found


def _stored(done: Done) -> dict[str, Any]:
    return {name: value for name, value in asdict(done).items() if name != "run"}


def _in_processes(runs: Sequence[Run], workers: int) -> Iterator[Done]:
    """The runs played, as they come; a few in this very process are not worth starting others for."""
    if workers < 2 or len(runs) < 2:
        yield from map(played, runs)
        return
    with ProcessPoolExecutor(workers, multiprocessing.get_context("forkserver")) as pool:
        for future in as_completed([pool.submit(played, run) for run in runs]):
            yield future.result()
