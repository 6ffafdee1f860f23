"""Seeing which cases that came in may be the same as others, a little at a time."""

import time
from datetime import datetime, timedelta

from server.bootstrap import System
from server.services import sameness

AT_A_TIME_S = 2.0
"""So long at most the dispatcher, or the clock, compares before it looks at what else is to be done."""
LEFT = timedelta(minutes=1)
"""What is not compared so long after it was opened is the clock's to do; before, the dispatcher is at it."""


def compare(system: System, incident_id: str, *, before: datetime | None = None) -> None:
    """Compare cases of an incident that nobody has compared; what is left is for the next time."""
    until = time.monotonic() + AT_A_TIME_S
    while time.monotonic() < until:
        with system.reading() as tx:
            found = sameness.compare(tx, incident_id, before=before)
        if not found:
            return
        with system.writing() as tx:
            sameness.mark(tx, found)


def compare_left(system: System) -> None:
    """The same for every open incident: what no report calls for any more."""
    with system.reading() as tx:
        incidents = [row["id"] for row in tx.incidents.open()]
    for incident_id in incidents:
        compare(system, incident_id, before=system.now() - LEFT)
