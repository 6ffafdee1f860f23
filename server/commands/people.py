"""`users add` and `users token`."""

from server.bootstrap import System
from server.domain.permissions import SYSTEM
from server.services import accounts, volunteering


def add_user(system: System, name: str, role: str, area: str) -> str:
    """A new account; returns its one-time password. A volunteer gets a volunteer's record with it.

    Raises Invalid, Conflict.
    """
    with system.writing() as tx:
        once = accounts.add_user(tx, SYSTEM, name, role, area)
        if role == "volunteer":
            volunteering.record_for_user(tx, SYSTEM, name, area, system.keys)
    return once


def token(system: System, name: str) -> str:
    """A bearer token with the rights of the named account. Raises NotFound."""
    with system.writing() as tx:
        return accounts.token_for(tx, name)
