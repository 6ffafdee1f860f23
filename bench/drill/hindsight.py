"""How little priority-weighted waiting any policy could have reached that knew all in advance.

For each item, units of needs are carried from lots at the least cost, a transportation problem. A unit of a need from
a lot costs the wait from the report until both the report and the lot are there, and then the way by the fastest
vehicle of the case. It is a lower bound on what any policy reaches, for each of these is at most what happens: nothing
is carried before it is there or known; no vehicle is faster; closures only lengthen ways; volunteers are never too
few, always beside the site, and always accept; and a unit goes to one need only. What stays open waits to the end.
A service counts from when somebody with the skills is first there, with the least time that a vehicle takes to start.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_matrix

from bench.drill.case import Case, Report, Volunteer
from bench.drill.ways import Ways
from bench.drill.world import Need
from geo import travel
from geo.crs import Floats
from server.domain.catalogue import ITEMS, Kind


def weighted_wait_bound(case: Case, needs: Sequence[Need]) -> float:
    """Minutes of priority-weighted mean wait below which no policy gets; `needs` as a run leaves them."""
    groups: dict[str, list[Need]] = defaultdict(list)
    for need in needs:
        groups[need.item].append(need)
    weights = sum(need.weight(need.opened_at) for need in needs)
    ways = Ways(case)
    return sum(_of_item(case, ways, item, members) for item, members in groups.items()) / weights


def _of_item(case: Case, ways: Ways, item: str, needs: Sequence[Need]) -> float:
    """The least sum of weighted waits of one item's needs."""
    each = np.array([need.weight(need.opened_at) / need.quantity for need in needs])
    reported = np.array([need.at_min for need in needs])
    until_end = case.minutes - reported
    quantity = np.array([need.quantity for need in needs], float)
    if ITEMS[item].kind is Kind.SERVICE:
        waits = np.array([_service_wait(case, case.reports[need.report], item) for need in needs])
        return float(each @ (quantity * np.minimum(waits, until_end)))
    lots = [lot for lot in case.stock if lot.item == item]
    if not lots:
        return float(each @ (quantity * until_end))
    there = np.array([lot.at_min for lot in lots])
    on_the_way = np.array([[_least_minutes(case, ways, lot.site, need.report) for lot in lots] for need in needs])
    waits = np.maximum(there[None, :] - reported[:, None], 0) + on_the_way
    saved = np.maximum(until_end[:, None] - waits, 0) * each[:, None]
    return float(each @ (quantity * until_end)) - _most_saved(saved, quantity, np.array([lot.quantity for lot in lots]))


def _most_saved(saved: Floats, wanted: Floats, free: Floats) -> float:
    """The most that carrying units can save: a transportation problem as a linear programme."""
    rows, columns = saved.shape
    pair = np.arange(rows * columns)
    of_need = coo_matrix((np.ones(len(pair)), (pair // columns, pair)), (rows, len(pair)))
    of_lot = coo_matrix((np.ones(len(pair)), (pair % columns, pair)), (columns, len(pair)))
    table = coo_matrix(np.concatenate([of_need.toarray(), of_lot.toarray()]))
    found = linprog(-saved.ravel(), A_ub=table, b_ub=np.concatenate([wanted, free]), method="highs")
    return float(-found.fun)


def _least_minutes(case: Case, ways: Ways, site: int, report: int) -> float:
    """From the site to the place by the fastest vehicle of the case, loading included; never when there is none."""
    start, end = ways.site[site], ways.report[report]
    return min((ways.to(end, by)[start] for by in {one.vehicle for one in case.volunteers}), default=float("inf"))


def _service_wait(case: Case, report: Report, item: str) -> float:
    """Until the first who can do it is there and has started."""
    able = [one for one in case.volunteers if ITEMS[item].skills <= set(one.skills) and one.to_min > report.at_min]
    return min((_starts(one, report) for one in able), default=float("inf"))


def _starts(one: Volunteer, report: Report) -> float:
    return max(one.from_min - report.at_min, 0.0) + travel.vehicle(one.vehicle).start_min
