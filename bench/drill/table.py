"""What many drills show together: means by cell and policy, and how sure the differences are."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bench.drill.measures import BETTER_WHEN_LESS, Difference, interval, saved_share
from bench.drill.runs import Done, Run

OURS: Final = "tanggap"
BASELINES: Final = ("priority_nearest", "first_come")
WAIT: Final = "weighted_wait_min"
NO_WORSE: Final = ("p95_wait_min", "in_clock", "gini")

Cell = tuple[str, str, float]


@dataclass(frozen=True)
class Compared:
    """Our policy against another in one cell: the share of weighted wait saved, and the difference of each measure
    (ours less theirs), over pairs of runs with the same case and the same answers.
    """

    baseline: str
    saved: Difference
    by_measure: Mapping[str, Difference]

    def is_worse(self, measure: str) -> bool:
        """Whether the whole interval lies on the bad side."""
        found = self.by_measure[measure]
        return found.low > 0 if BETTER_WHEN_LESS[measure] else found.high < 0


@dataclass(frozen=True)
class CellResult:
    """One row of the table: pairs of runs, the mean of every measure by policy, the bound and the comparisons."""

    cell: Cell
    seeds: int
    means: Mapping[str, Mapping[str, float]]
    bound_min: float
    compared: Sequence[Compared]


def table(found: Mapping[Run, Done]) -> list[CellResult]:
    """The rows, in the order in which cells were first played; only seeds that every policy has played count."""
    cells: dict[Cell, dict[str, dict[int, Done]]] = defaultdict(lambda: defaultdict(dict))
    for run in sorted(found, key=lambda run: (run.seed, run.policy)):
        cells[run.cell][run.policy][run.seed] = found[run]
    return [_row(cell, by_policy) for cell, by_policy in cells.items()]


def _row(cell: Cell, by_policy: Mapping[str, Mapping[int, Done]]) -> CellResult:
    seeds = sorted(set.intersection(*(set(done) for done in by_policy.values())))
    pairs = {policy: [done[seed] for seed in seeds] for policy, done in by_policy.items()}
    means = {policy: {name: _mean(_values(done, name)) for name in BETTER_WHEN_LESS} for policy, done in pairs.items()}
    compared = [_compared(pairs[OURS], pairs[other], other) for other in pairs if other != OURS and OURS in pairs]
    return CellResult(cell, len(seeds), means, _mean([one.bound_min for one in next(iter(pairs.values()))]), compared)


def _compared(ours: Sequence[Done], theirs: Sequence[Done], baseline: str) -> Compared:
    differences = {
        name: interval([a - b for a, b in zip(_values(ours, name), _values(theirs, name), strict=True)])
        for name in BETTER_WHEN_LESS
    }
    return Compared(baseline, saved_share(_values(ours, WAIT), _values(theirs, WAIT)), differences)


def _values(done: Iterable[Done], name: str) -> list[float]:
    return [one.measures[name] for one in done]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def text(rows: Sequence[CellResult]) -> str:
    """The table for a terminal: a line for each policy, with what ours saves against it."""
    lines = [_HEAD]
    for row in rows:
        compared = {one.baseline: one for one in row.compared}
        lines += [_line(row, policy, compared.get(policy)) for policy in row.means]
        lines.append(f"{_cell_name(row.cell):<26} {'hindsight bound':<18} {row.bound_min:8.0f}")
    return "\n".join(lines)


_HEAD = (
    f"{'case':<26} {'policy':<18} {'wait':>8} {'p95':>6} {'clock':>6} {'unserv':>6} {'gini':>6} {'worst':>6} "
    f"{'km':>7} {'offers':>7} {'solve_s':>7}  saved by {OURS} (95 %), worse in"
)


def _cell_name(cell: Cell) -> str:
    supply, spread, acceptance = cell
    return f"{supply} {spread} {acceptance:.0%}".strip()


def _line(row: CellResult, policy: str, compared: Compared | None) -> str:
    mean = row.means[policy]
    figures = (
        f"{mean[WAIT]:8.0f} {mean['p95_wait_min']:6.0f} {mean['in_clock']:6.3f} {mean['unserved']:6.3f} "
        f"{mean['gini']:6.3f} {mean['worst_village']:6.3f} {mean['km']:7.0f} {mean['offers']:7.0f} "
        f"{mean['solve_s']:7.2f}"
    )
    return f"{_cell_name(row.cell):<26} {policy:<18} {figures}  {_judged(compared)}".rstrip()


def _judged(compared: Compared | None) -> str:
    if compared is None:
        return ""
    saved = compared.saved
    worse = [name for name in NO_WORSE if compared.is_worse(name)]
    return f"{saved.mean:+.1%} ({saved.low:+.1%}..{saved.high:+.1%}) {' '.join(worse)}"
