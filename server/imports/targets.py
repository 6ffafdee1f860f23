"""What a file may be mapped to: the fields of each kind of import and how a cell is read for them."""

from collections.abc import Mapping

from server.domain.catalogue import ITEMS
from server.domain.priority import DANGERS, VULNERABLE

_PLACE = {
    "place": "pair",
    "place.lat": "number",
    "place.lon": "number",
    "place.accuracy_m": "number",
    "area_code": "area_code",
}
_REPORTS = {
    **_PLACE,
    "text": "text",
    "place_text": "text",
    "people": "integer",
    **{f"vulnerable.{group}": "integer" for group in VULNERABLE},
    **{f"danger.{name}": "yes_no" for name in DANGERS},
    "needs": "items",
    **{f"needs.{code}": "quantity" for code in ITEMS},
    "contact.name": "text",
    "contact.phone": "text",
    "on_behalf": "yes_no",
    "channel": "text",
    "happened_at": "time",
}
_SITES = {
    **_PLACE,
    "name": "text",
    "kind": "text",
    "address": "text",
    "is_public": "yes_no",
    "declared_area": "area_code",
}
_STOCK = {
    "site": "text",
    "item": "item",
    "quantity": "amount",
    "expiry": "date",
    "donor": "text",
    "note": "text",
}
_VOLUNTEERS = {
    "name": "text",
    "phone": "text",
    "home_area": "area_code",
    "skills": "list",
    "vehicle": "text",
    "consent": "yes_no",
}
TARGETS: Mapping[str, Mapping[str, str]] = {
    "reports": _REPORTS,
    "sites": _SITES,
    "stock": _STOCK,
    "volunteers": _VOLUNTEERS,
}
"""By kind of import: each field and the conversion its cells go through, unless the mapping names another."""
