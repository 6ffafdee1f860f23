"""Who else is looking at a case: two who decide the same thing should know of each other."""

from datetime import timedelta
from typing import Any

from server.domain.permissions import Actor, Permission, may
from server.services import clocks, queries
from server.store.unit_of_work import Tx

PRESENT = timedelta(seconds=25)
"""How long somebody counts as looking who said so once; pages say so every 8 s, so two may get lost."""


def look(tx: Tx, actor: Actor, case_id: int, *, away: bool = False) -> dict[str, Any]:
    """Say that one looks at a case, or does so no more; the answer names the others. Raises NotFound."""
    case = queries.require_case(tx, actor, case_id)
    if away:
        tx.looks.end(case_id, actor.name)
    else:
        tx.looks.say(case_id, actor.name, tx.now)
        if case["tier"] == 0 and may(actor, Permission.CASE_VERIFY, case["area"]):
            clocks.seen(tx, case_id)
    return {"others": list(tx.looks.others(case_id, actor.name, tx.now, PRESENT))}
