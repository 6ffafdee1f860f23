"""What each kind of vehicle carries: working figures of ours, on the careful side.

On foot and by motorcycle: what a healthy person takes along safely. Boats: a rubber boat with crew.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server.domain.catalogue import ITEMS

NOTHING = 1e-6
"""What sums of weights and volumes are off by, being fractions."""


@dataclass(frozen=True)
class Load:
    """Weight in kilograms and volume in cubic metres."""

    weight_kg: float
    volume_m3: float

    def fits(self, room: "Load") -> bool:
        """Whether `room` takes this load."""
        return self.weight_kg <= room.weight_kg + NOTHING and self.volume_m3 <= room.volume_m3 + NOTHING


CAPACITY: Mapping[str, Load] = {
    "foot": Load(15, 0.05),
    "motorcycle": Load(60, 0.25),
    "car": Load(300, 0.8),
    "boat": Load(400, 1.5),
    "pickup": Load(1_000, 3.0),
    "truck": Load(4_000, 18.0),
}
LARGEST = CAPACITY["truck"]


def room_of(vehicle: str | None) -> Load:
    """What a volunteer with that vehicle (none: on foot) takes in one go."""
    return CAPACITY[vehicle or "foot"]


def largest_room(vehicles: Iterable[str | None]) -> Load:
    """What the largest of these vehicles takes; a truck's room when there is none."""
    return max(map(room_of, vehicles), key=lambda room: room.weight_kg, default=LARGEST)


def load_of(lines: Iterable[tuple[str, int]]) -> Load:
    """The load of items and their quantities."""
    parts = [(ITEMS[item], quantity) for item, quantity in lines]
    return Load(
        sum(item.weight_kg * quantity for item, quantity in parts),
        sum(item.volume_m3 * quantity for item, quantity in parts),
    )


def into_loads(rows: Sequence[Mapping[str, Any]], room: Load) -> list[list[dict[str, Any]]]:
    """Rows with `item` and `quantity` in vehicle loads, in order; what is larger than a load is split.

    A single unit larger than any vehicle of ours makes a load of its own: a person must find a way.
    """
    loads: list[list[dict[str, Any]]] = [[]]
    for row in rows:
        left = row["quantity"]
        while left:
            fits = _most_more(row["item"], loads[-1], room)
            if fits:
                part = min(left, fits)
                loads[-1].append({**row, "quantity": part})
                left -= part
            if left:
                loads.append([])
    return [load for load in loads if load]


def _most_more(item: str, load: Sequence[Mapping[str, Any]], room: Load) -> int:
    """How many units of an item still fit on top of a load; at least one on an empty one."""
    used, one = load_of((row["item"], row["quantity"]) for row in load), ITEMS[item]
    fits = [(room.weight_kg - used.weight_kg) / one.weight_kg] if one.weight_kg else []
    fits += [(room.volume_m3 - used.volume_m3) / one.volume_m3] if one.volume_m3 else []
    return max(0 if load else 1, int(min(fits) + 1e-9))


def can_carry(vehicle: str | None, load: Load) -> bool:
    """Whether a volunteer with that vehicle (none: on foot) takes the load in one go."""
    return load.fits(CAPACITY.get(vehicle or "foot", CAPACITY["foot"]))
