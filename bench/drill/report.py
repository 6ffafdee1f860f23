"""The drill's page: one file with the table, plots and what they mean, in Indonesian or English.

The words are those of web/i18n under `drill`.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any, Final

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from bench.drill.case import HOURS, parsed
from bench.drill.measures import BETTER_WHEN_LESS
from bench.drill.runs import STEPS, Done, Run
from bench.drill.table import OURS, WAIT, CellResult, Compared
from server.api.words import dictionary, word

COLOURS: Final = {"tanggap": "#0b6e4f", "priority_nearest": "#c8553d", "first_come": "#6c757d"}
OTHERS: Final = ("#5b5ea6", "#b8860b", "#7b3f61")
SHARES: Final = frozenset({"in_clock", "unserved", "worst_village"})
STYLE: Final = """
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:110rem;padding:1rem;color:#1b1b1b;background:#fff}
h1{font-size:1.6rem;line-height:1.2}h2{font-size:1.2rem;margin-top:2rem}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.85rem;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .5rem;border-bottom:1px solid #d5d5d5;text-align:right;vertical-align:top}
td{white-space:nowrap}td.name,th{text-align:left}th{background:#f3f3f3}
tr.first td{border-top:2px solid #8a8a8a}
.good{color:#0b5c42}.bad{color:#a3341d}figure{margin:1rem 0}svg{max-width:100%;height:auto}dt{font-weight:600}
"""


def page(rows: Sequence[CellResult], found: Mapping[Run, Done], language: str, about: str, at: str) -> str:
    """The whole page. `about`: the machine; `at`: when it was made."""
    say = _Say(language)
    seeds = max((row.seeds for row in rows), default=0)
    parts = [
        f"<h1>{say('title')}</h1><p>{say('lead', seeds=seeds)}</p><p>{say('made', at=at, machine=about)}</p>",
        f'<div class="scroll">{_table(rows, say)}</div>',
        *(f"<figure><figcaption>{title}</figcaption>{drawing}</figure>" for title, drawing in _plots(rows, found, say)),
        f"<h2>{say('meaning')}</h2><dl>{''.join(_meanings(say))}</dl>",
        f"<h2>{say('caveats_title')}</h2><ul>{''.join(_caveats(say))}</ul>",
    ]
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{say("title")}</title>'
    head += f"<style>{STYLE}</style>"
    return f'<!doctype html><html lang="{language}"><head>{head}</head><body>{"".join(parts)}</body></html>\n'


class _Say:
    """Words of one language, safe to stand in a page."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, key: str, **gaps: Any) -> str:
        return escape(word(f"drill.{key}", self.language, **gaps))

    def plain(self, key: str) -> str:
        """For a drawing, which escapes by itself."""
        return word(f"drill.{key}", self.language)

    def policy(self, name: str) -> str:
        """What a policy is called, or its own name where nobody gave it another."""
        return str(dictionary(self.language)["drill"]["policies"].get(name, name))

    def cell(self, row: CellResult) -> str:
        """What a row of the table is called."""
        supply, spread, acceptance = row.cell
        kind = f"{self.plain(f'supply.{supply}')}, {self.plain(f'spread.{spread}')}" if supply else self.plain("own")
        return f"{kind}, {acceptance:.0%}"


def _meanings(say: _Say) -> Iterator[str]:
    for name in BETTER_WHEN_LESS:
        yield f"<dt>{say(f'measures.{name}')}</dt><dd>{say(f'means.{name}')}</dd>"


def _caveats(say: _Say) -> Iterator[str]:
    for name in dictionary(say.language)["drill"]["caveats"]:
        yield f"<li>{say(f'caveats.{name}')}</li>"


def _table(rows: Sequence[CellResult], say: _Say) -> str:
    names = [say(name) for name in ("case", "policy", "saved", "worse")]
    names += [say(f"measures.{name}") for name in BETTER_WHEN_LESS]
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    body = "".join(line for row in rows for line in _lines(row, say))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _lines(row: CellResult, say: _Say) -> Iterator[str]:
    compared = {one.baseline: one for one in row.compared}
    for n, (policy, mean) in enumerate(row.means.items()):
        figures = "".join(f"<td>{_figure(name, mean[name])}</td>" for name in BETTER_WHEN_LESS)
        names = f'<td class="name">{escape(say.cell(row))}</td><td class="name">{escape(say.policy(policy))}</td>'
        row_begins = "<tr>" if n else '<tr class="first">'
        yield f"{row_begins}{names}{_judged(compared.get(policy), say)}{figures}</tr>"
    empty = "<td></td>" * (len(BETTER_WHEN_LESS) - 1)
    names = f'<td class="name">{escape(say.cell(row))}</td><td class="name">{say("bound")}</td>'
    yield f"<tr>{names}<td></td><td></td><td>{row.bound_min:.0f}</td>{empty}</tr>"


def _figure(name: str, value: float) -> str:
    if name in SHARES:
        return f"{value:.1%}"
    return f"{value:.3f}" if name == "gini" else f"{value:,.1f}" if name == "solve_s" else f"{value:,.0f}"


def _judged(one: Compared | None, say: _Say) -> str:
    """What ours saves against the policy of the line, and in what it is worse with the whole interval."""
    if one is None:
        return "<td></td><td></td>"
    kind = "good" if one.saved.low > 0 else "bad" if one.saved.high < 0 else ""
    saved = f"{one.saved.mean:+.1%} ({one.saved.low:+.1%} … {one.saved.high:+.1%})"
    worse = ", ".join(say(f"measures.{name}") for name in one.by_measure if one.is_worse(name)) or say("nothing")
    return f'<td class="{kind}">{saved}</td><td class="name">{worse}</td>'


def _plots(rows: Sequence[CellResult], found: Mapping[Run, Done], say: _Say) -> Iterator[tuple[str, str]]:
    yield say("plots.wait"), _svg(_bars(rows, WAIT, say))
    yield say("plots.saved"), _svg(_savings(rows, say))
    yield say("plots.served"), _svg(_curves(rows, found, say))
    yield say("plots.gini"), _svg(_bars(rows, "gini", say))
    if len(rows) == 1:
        yield say("plots.villages"), _svg(_villages(found, say))


def _svg(figure: Figure) -> str:
    """The drawing as SVG, the same for the same figures."""
    out = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "drill", "svg.fonttype": "none"}):
        figure.savefig(out, format="svg", bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)
    text = out.getvalue()
    return text[text.index("<svg") :]


def _colour(policy: str, n: int) -> str:
    return COLOURS.get(policy, OTHERS[n % len(OTHERS)])


def _bars(rows: Sequence[CellResult], name: str, say: _Say) -> Figure:
    figure, axes = plt.subplots(figsize=(11, 0.6 + 0.45 * len(rows)))
    policies = list(rows[0].means)
    for n, policy in enumerate(policies):
        places = [at + (n - 1) * 0.25 for at in range(len(rows))]
        values = [row.means[policy][name] for row in rows]
        axes.barh(places, values, 0.24, color=_colour(policy, n), label=say.policy(policy))
    _by_cell(axes, rows, say)
    axes.set_xlabel(say.plain(f"measures.{name}"))
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    return figure


def _savings(rows: Sequence[CellResult], say: _Say) -> Figure:
    figure, axes = plt.subplots(figsize=(11, 0.6 + 0.45 * len(rows)))
    for n, policy in enumerate(one for one in rows[0].means if one != OURS):
        saved = [next(one.saved for one in row.compared if one.baseline == policy) for row in rows]
        places = [at + (n - 0.5) * 0.3 for at in range(len(rows))]
        ends = [[100 * (one.mean - one.low) for one in saved], [100 * (one.high - one.mean) for one in saved]]
        means, colour = [100 * one.mean for one in saved], _colour(policy, n)
        axes.errorbar(means, places, xerr=ends, fmt="o", color=colour, capsize=3, label=say.policy(policy))
    axes.axvline(0, color="#1b1b1b", linewidth=0.8)
    _by_cell(axes, rows, say)
    axes.set_xlabel("%")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    return figure


def _by_cell(axes: Any, rows: Sequence[CellResult], say: _Say) -> None:
    axes.set_yticks(range(len(rows)), [say.cell(row) for row in rows])
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)


def _curves(rows: Sequence[CellResult], found: Mapping[Run, Done], say: _Say) -> Figure:
    """What was served by each hour, a small plot for each cell; every line is the mean of its runs."""
    wide = min(3, len(rows))
    high = -(-len(rows) // wide)
    figure, many = plt.subplots(high, wide, figsize=(3.8 * wide, 2.5 * high), squeeze=False, sharey=True)
    for axes, row in zip(many.flat, rows, strict=False):
        for n, policy in enumerate(row.means):
            done = [one for one in found.values() if one.run.cell == row.cell and one.run.policy == policy]
            hours = [_hours(done[0].run) * step / (STEPS - 1) for step in range(STEPS)]
            served = [sum(one.served[step] for one in done) / len(done) for step in range(STEPS)]
            axes.plot(hours, [100 * share for share in served], color=_colour(policy, n), label=say.policy(policy))
        axes.set_title(say.cell(row), fontsize=8)
        axes.set_ylim(0, 100)
        axes.spines[["top", "right"]].set_visible(False)
    for axes in many.flat[len(rows) :]:
        axes.set_visible(False)
    many[0, 0].legend(fontsize=7, frameon=False)
    figure.supxlabel(say.plain("plots.hours"), fontsize=9)
    figure.supylabel("%", fontsize=9)
    figure.tight_layout()
    return figure


def _hours(run: Run) -> float:
    """How long the run's case lasts."""
    return parsed(run.file).hours if run.file else HOURS


def _villages(found: Mapping[Run, Done], say: _Say) -> Figure:
    """How much of what each village asked for came, for a case whose villages are the same in all runs."""
    policies = list(dict.fromkeys(run.policy for run in found))
    names = sorted({name for done in found.values() for name in done.villages})
    figure, axes = plt.subplots(figsize=(11, 1 + 0.3 * len(names)))
    for n, policy in enumerate(policies):
        done = [one for one in found.values() if one.run.policy == policy]
        shares = [100 * sum(one.villages.get(name, 0.0) for one in done) / len(done) for name in names]
        axes.plot(shares, range(len(names)), "o", color=_colour(policy, n), label=say.policy(policy))
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.set_xlabel("%")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    return figure
