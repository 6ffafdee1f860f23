"""What a screen of the staff knows before it asks for anything: rights, incidents with their clocks, items."""

from collections.abc import Mapping
from typing import Any

from server.domain import catalogue, sla
from server.domain.permissions import Actor, Permission, areas_for
from server.services import incidents
from server.store.unit_of_work import Tx


def workplace(tx: Tx, actor: Actor) -> dict[str, Any]:
    """`rights` maps each permission to the areas it is held in; screens hide by it, services decide."""
    rights = {str(permission): areas_for(actor, permission) for permission in Permission}
    return {
        "rights": {name: list(held) for name, held in rights.items() if held},
        "now": tx.now.isoformat(),
        "incidents": [{**incidents.public(row), "clocks": _clocks(row["settings"])} for row in tx.incidents.open()],
        "items": [
            {"code": item.code, "kind": item.kind.value, "unit": item.unit, "tier": item.tier}
            | catalogue.contents(item.code)
            for item in catalogue.ITEMS.values()
        ],
    }


def _clocks(settings: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Minutes to the first answer and until settled, by tier."""
    clocks = {tier: sla.clock_for(tier, settings) for tier in sla.CLOCKS}
    return {str(tier): {"seen": clock.seen, "settled": clock.settled} for tier, clock in clocks.items()}
