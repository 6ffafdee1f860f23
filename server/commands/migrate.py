"""Brings the database's tables to the present version, or back to an earlier one."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from server.config import Settings

MIGRATIONS = Path(__file__).resolve().parents[1] / "store" / "migrations"


def migrate(settings: Settings, revision: str = "head") -> None:
    """Upgrades to a revision; returns at once where the database is already there."""
    command.upgrade(_configuration(settings), revision)


def migrate_back(settings: Settings, revision: str) -> None:
    """Takes back every migration after a revision; `base` takes back all."""
    command.downgrade(_configuration(settings), revision)


def _configuration(settings: Settings) -> Config:
    # In code and not in alembic.ini: the address of the database is known only here.
    configuration = Config()
    configuration.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    configuration.set_main_option("path_separator", "os")
    configuration.attributes["database_url"] = settings.database_url
    return configuration
