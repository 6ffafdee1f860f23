"""`users add`, `users token`, `agencies add` and `agencies join`."""

from server.bootstrap import System
from server.domain.permissions import SYSTEM
from server.services import accounts, units, volunteering
from server.services.inputs import AgencyIn, parse


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


def add_agency(system: System, **fields: str) -> None:
    """A new agency. Raises Invalid, Conflict."""
    with system.writing() as tx:
        units.add_agency(tx, SYSTEM, parse(AgencyIn, fields))


def join_agency(system: System, code: str, name: str) -> None:
    """Put an account into an agency. Raises NotFound."""
    with system.writing() as tx:
        units.join_agency(tx, SYSTEM, code, name)
