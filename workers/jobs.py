"""The jobs: each takes ids, looks at the state first, and does nothing when it has moved on."""

import time

from server.bootstrap import System
from server.faults import fault
from server.services import offers, planning
from workers import comparing

_system: list[System] = []


def use(system: System) -> None:
    """Do the jobs of this process on that system."""
    _system[:] = [system]


def make_plan(plan_id: str) -> None:
    """Work out a plan that was asked for: read, match with no transaction open, write."""
    system = _system[0]
    with system.reading() as tx:
        situation = planning.read(tx, plan_id)
    if situation is None:
        return
    solved = planning.solve(situation)
    fault(system.settings, "worker:before_write")
    with system.writing() as tx:
        planning.write(tx, situation, solved)
    fault(system.settings, "worker:after_write")


def replan(incident_id: str) -> None:
    """Ask for a new plan because something changed, resting first when the planner has worked a lot."""
    with _system[0].writing() as tx:
        rest_s = planning.replan(tx, incident_id)
    if rest_s > 0:
        time.sleep(rest_s)
        with _system[0].writing() as tx:
            planning.replan(tx, incident_id)


def replan_served(incident_id: str) -> None:
    """Ask for new plans of every incident that the sites and volunteers of one serve."""
    with _system[0].reading() as tx:
        served = planning.served_by(tx, incident_id)
    for one in served:
        replan(one)


def make_offers(assignment_id: str) -> None:
    """Ask the next volunteers for an assignment."""
    system = _system[0]
    with system.writing() as tx:
        offers.make_round(tx, assignment_id)
        fault(system.settings, "worker:before_commit")
    fault(system.settings, "worker:after_write")


def offer_waiting(incident_id: str) -> None:
    """Ask for the assignments for which nobody was there before."""
    with _system[0].reading() as tx:
        served = planning.served_by(tx, incident_id)
    with _system[0].writing() as tx:
        offers.offer_waiting(tx, served)


def compare_cases(incident_id: str) -> None:
    """See which cases that came in may be the same as others; the clock goes on with what is left."""
    comparing.compare(_system[0], incident_id)
