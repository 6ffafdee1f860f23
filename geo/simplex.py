"""The network simplex for the transportation problem, compiled.

A plan is kept as a spanning tree of needs, supplies and a root that stands for what stays open and what is left over:
units flow from supplies to needs, from a supply to the root (left over) and from the root to a need (left open). The
tree holds all flow and gives every node a price, so a pair costs less than nothing exactly when it is worth taking in.
Taking one in moves as much as it can around the ring that it closes, and the link that ran dry leaves the tree.
A better plan starts from the tree of the last one: new pairs need few steps, whatever was there before.

The tree is kept strongly feasible (Cunningham 1976): links without flow point to the root, and of several that run
dry together the last one on the way around leaves. So it never turns in circles among plans that cost the same, and the
same input gives the same plan. All numbers are whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, NamedTuple, TypeVar, cast

import numba
import numpy as np

from geo.flow import Arcs, CostRange, Flow, Ints, Quantities, total_cost

FAR: Final = 1 << 62
NOBODY: Final = -1

LEAST_BLOCK: Final = 10
AT_ONCE: Final = 10_000
"""Pairs among which one is chosen; steps between two looks at the stopwatch."""

Compiled = TypeVar("Compiled", bound=Callable[..., object])


def _compiled(function: Compiled) -> Compiled:
    """Compiled at its first call; what was compiled is kept beside the source, or in the user's cache."""
    return cast("Compiled", numba.njit(cache=True, nogil=True)(function))


class Tree(NamedTuple):
    """Nodes are the needs, the supplies and last the root. `parent`; `flow` on the link to it: a need's comes from
    there, a supply's goes there; `unit`, what a unit on that link costs. `price` and `depth` below the root of each
    supply, and of the root; a need's follow from its parent's, because most needs have nothing below them and would
    only be counted along. Those are in no list either: of the other nodes below one `child` is the first, `after` and
    `before` link them.
    """

    parent: Ints
    flow: Ints
    unit: Ints
    price: Ints
    depth: Ints
    child: Ints
    after: Ints
    before: Ints


class Simplex:
    """A plan that gets cheaper, over the pairs that it is shown. At first all is open."""

    def __init__(self, units: Quantities) -> None:
        self._units, self._needs, self._tree = units, len(units.asked), _bare(units)
        self._unmet = _plain(units.unmet)

    @property
    def price(self) -> Ints:
        """Of a unit of each supply: with those of `pays`, no pair that was shown costs less than nothing."""
        return np.maximum(self._tree.price[self._needs : -1], 0)

    @property
    def pays(self) -> Ints:
        """What the last unit of each need costs."""
        tree, needs = self._tree, self._needs
        return np.asarray(tree.unit[:needs] + tree.price[tree.parent[:needs]])

    def begin(self, arcs: Arcs) -> None:
        """Give each pair in turn as much as its need still asks and its supply still has."""
        _take_in_turn(self._tree, *_columns(arcs), self._needs)

    def improve(self, arcs: Arcs, is_over: Callable[[], bool]) -> None:
        """Make it the cheapest over these pairs and those in use, or as cheap as it gets until `is_over`."""
        if _reaches_too_far(self._units, arcs):
            raise CostRange("costs too large to be added up along a way through all needs and supplies")
        block, columns = max(LEAST_BLOCK, math.isqrt(len(arcs))), _columns(arcs)
        while not _improve(self._tree, *columns, self._unmet, block, AT_ONCE):
            if is_over():
                return

    def plan(self) -> tuple[Arcs, Flow]:
        """The pairs in use, sorted, and the units on them."""
        tree, needs = self._tree, self._needs
        node = np.flatnonzero(tree.flow[:-1] > 0)
        above, root = tree.parent[node], len(tree.parent) - 1
        need, supply = np.minimum(node, above), np.maximum(node, above)
        paired = (need < needs) & (supply < root)
        still_open = np.zeros(needs, np.int64)
        is_open = (node < needs) & (above == root)
        still_open[node[is_open]] = tree.flow[node[is_open]]
        need, supply, amount = need[paired], supply[paired], tree.flow[node[paired]]
        order = np.lexsort((supply, need))
        need, supply, amount = need[order], supply[order], amount[order]
        arcs = Arcs(need, supply - needs, tree.unit[node[paired]][order])
        return arcs, Flow(amount, still_open, total_cost(self._units, arcs, amount, still_open))


def compile_now() -> None:
    """Compile what is to be compiled, or load it. Else the first plan of a process would wait for it."""
    one = np.ones(1, np.int64)
    simplex = Simplex(Quantities(one, one, one))
    pair = Arcs(one - 1, one - 1, one - 1)
    simplex.begin(pair)
    simplex.improve(pair, lambda: False)


def _plain(column: Ints) -> Ints:
    """A column as the compiled steps take it: of any other layout they would be compiled once more."""
    return np.require(column, np.int64, ["C", "W"])


def _columns(arcs: Arcs) -> tuple[Ints, Ints, Ints]:
    return _plain(arcs.need), _plain(arcs.supply), _plain(arcs.cost)


def _reaches_too_far(units: Quantities, arcs: Arcs) -> bool:
    nodes = len(units.asked) + len(units.free)
    return int(units.unmet.max(initial=0)) + nodes * int(arcs.cost.max(initial=0)) >= FAR


def _bare(units: Quantities) -> Tree:
    """Everything open and left over: all nodes are below the root, the supplies in its list."""
    needs, supplies = len(units.asked), len(units.free)
    root = needs + supplies
    parent, depth = np.full(root + 1, root), np.ones(root + 1, np.int64)
    parent[root], depth[root] = NOBODY, 0
    child = np.full(root + 1, NOBODY)
    after, before = np.arange(1, root + 2), np.arange(-1, root)
    if supplies:
        child[root], before[needs], after[root - 1] = needs, NOBODY, NOBODY
    unit = np.r_[units.unmet, np.zeros(supplies + 1, np.int64)]
    price = np.zeros(root + 1, np.int64)
    return Tree(parent, np.r_[units.asked, units.free, 0], unit, price, depth, child, after, before)


@_compiled
def _take_in_turn(tree: Tree, need: Ints, supply: Ints, cost: Ints, needs: int) -> None:
    """See `Simplex.begin`."""
    root = len(tree.parent) - 1
    for at in range(len(need)):
        here, there = need[at], needs + supply[at]
        is_open = tree.parent[here] == root and tree.flow[here] > 0
        if is_open and tree.parent[there] == root and tree.flow[there] > 0:
            _enter(tree, there, here, cost[at], needs)


@_compiled
def _improve(tree: Tree, need: Ints, supply: Ints, cost: Ints, unmet: Ints, block: int, most: int) -> bool:
    """Take in what saves, up to `most` times; whether nothing is left that saves, so that the plan is the cheapest
    over these pairs. Of each `block` of pairs the one that saves most is taken.
    """
    needs, root, pairs = len(unmet), len(tree.parent) - 1, len(need)
    links = pairs + root
    at, seen, taken = 0, 0, 0
    while seen < links and taken < most:
        least, tail, head, price = 0, NOBODY, NOBODY, 0
        for _ in range(min(block, links - seen)):
            if at < pairs:
                source, sink, unit = needs + supply[at], need[at], cost[at]
            elif at < pairs + needs:
                source, sink, unit = root, at - pairs, unmet[at - pairs]
            else:
                source, sink, unit = at - pairs, root, 0
            reduced = unit + tree.price[source] - _price(tree, sink)
            if reduced < least:
                least, tail, head, price = reduced, source, sink, unit
            at = at + 1 if at + 1 < links else 0
            seen += 1
        if tail != NOBODY:
            _enter(tree, tail, head, price, needs)
            taken += 1
            seen = 0
    return seen >= links


@_compiled
def _price(tree: Tree, sink: int) -> int:
    """Of a need, or of the root: 0."""
    above = tree.parent[sink]
    return 0 if above == NOBODY else tree.unit[sink] + tree.price[above]


@_compiled
def _enter(tree: Tree, tail: int, head: int, unit: int, needs: int) -> None:
    """Take in the link from `tail` to `head`, on which a unit costs `unit`."""
    out, amount, is_heads = _ring(tree, tail, head, needs)
    reduced = unit + tree.price[tail] - _price(tree, head)
    if is_heads:
        _rehang(tree, head, tail, out, amount, unit, needs)
        _reprice(tree, head, reduced, needs)
    else:
        _rehang(tree, tail, head, out, amount, unit, needs)
        _reprice(tree, tail, -reduced, needs)


@_compiled
def _ring(tree: Tree, tail: int, head: int, needs: int) -> tuple[int, int, bool]:
    """Move as much as can be around the ring that a link closes. The link that runs dry (by its lower node), after how
    many units, and whether it is on the head's side. The ring runs down from where the ways up meet to the tail, and
    from the head back up: against the links of supplies on the tail's side and those of needs on the head's.
    """
    parent, flow = tree.parent, tree.flow
    by_tail, by_head, tail_out, head_out = FAR, FAR, NOBODY, NOBODY
    left, right = tail, head
    while left != right:
        if _depth(tree, left, needs) >= _depth(tree, right, needs):
            if left >= needs and flow[left] < by_tail:
                by_tail, tail_out = flow[left], left
            left = parent[left]
        else:
            if right < needs and flow[right] <= by_head:
                by_head, head_out = flow[right], right
            right = parent[right]
    amount = min(by_head, by_tail)
    if amount:
        while tail != left:
            flow[tail] += -amount if tail >= needs else amount
            tail = parent[tail]
        while head != left:
            flow[head] += -amount if head < needs else amount
            head = parent[head]
    return (head_out, amount, True) if by_head <= by_tail else (tail_out, amount, False)


@_compiled
def _depth(tree: Tree, node: int, needs: int) -> int:
    return int(tree.depth[node]) if node >= needs else int(tree.depth[tree.parent[node]]) + 1


@_compiled
def _rehang(tree: Tree, top: int, onto: int, out: int, amount: int, unit: int, needs: int) -> None:
    """Cut the part below `out` off and hang it up by its node `top`, with `amount` on the new link."""
    node, is_listed = top, _has_place(tree, top, needs)
    while True:
        above, flowed, cost = tree.parent[node], tree.flow[node], tree.unit[node]
        if is_listed:
            _unlist(tree, node)
        tree.parent[node], tree.flow[node], tree.unit[node] = onto, amount, unit
        if _has_place(tree, node, needs):
            if not _has_place(tree, onto, needs):
                _list(tree, onto)
            _list(tree, node)
        if node == out:
            break
        # What stood above a node had it below, so it was in a list.
        onto, node, amount, unit, is_listed = node, above, flowed, cost, True
    if not _has_place(tree, above, needs):
        _unlist(tree, above)


@_compiled
def _has_place(tree: Tree, node: int, needs: int) -> bool:
    """Whether a node is in its parent's list: supplies are, and needs with something below."""
    return node >= needs or tree.child[node] != NOBODY


@_compiled
def _list(tree: Tree, node: int) -> None:
    """Put a node into its parent's list."""
    above = tree.parent[node]
    first = tree.child[above]
    tree.after[node], tree.before[node], tree.child[above] = first, NOBODY, node
    if first != NOBODY:
        tree.before[first] = node


@_compiled
def _unlist(tree: Tree, node: int) -> None:
    """Take a node out of its parent's list."""
    before, after = tree.before[node], tree.after[node]
    if before != NOBODY:
        tree.after[before] = after
    else:
        tree.child[tree.parent[node]] = after
    if after != NOBODY:
        tree.before[after] = before


@_compiled
def _reprice(tree: Tree, top: int, by: int, needs: int) -> None:
    """New prices and depths for a part that hangs elsewhere."""
    parent, child, after = tree.parent, tree.child, tree.after
    node = top
    while True:
        if node >= needs:
            tree.price[node] += by
            tree.depth[node] = _depth(tree, parent[node], needs) + 1
        if child[node] != NOBODY:
            node = child[node]
            continue
        while node != top and after[node] == NOBODY:
            node = parent[node]
        if node == top:
            return
        node = after[node]
