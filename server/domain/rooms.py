"""The names of the rooms in which events are heard.

`server/live.py` lets sockets into rooms; `workers/relay.py` speaks into them.
"""

PUBLIC = "public"
ROOM_DEPTH = 3
"""Levels with a room of their own: province, regency, district; a village listens to its district."""


def area_room(incident_id: str, area: str) -> str:
    """The room of an incident's area; "" is everywhere."""
    return f"i:{incident_id}:{'.'.join(area.split('.')[:ROOM_DEPTH])}"


def rooms_above(incident_id: str, area: str) -> list[str]:
    """Every room in which an event of this area is heard: its own, those above it, and everywhere."""
    parts = area.split(".")[:ROOM_DEPTH] if area else []
    tops = [".".join(parts[:depth]) for depth in range(len(parts) + 1)]
    return [area_room(incident_id, top) for top in tops]


def volunteer_room(volunteer_id: str) -> str:
    """The room of one volunteer."""
    return f"v:{volunteer_id}"
