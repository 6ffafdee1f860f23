"""What the edges' tests start from: the application on a fresh database after the first start."""

import pytest

from server.app import create_app
from server.bootstrap import System
from server.commands import people


@pytest.fixture(scope="module")
def module_app(module_started):
    """One application for the tests of a file."""
    app = create_app(module_started)
    yield app
    app.extensions["tanggap"].engine.dispose()


@pytest.fixture
def app(started):
    """An application of one's own."""
    app = create_app(started)
    yield app
    app.extensions["tanggap"].engine.dispose()


@pytest.fixture
def token_of(app):
    """A maker of users, by role and area; it gives the header of their token."""

    def make(role, area, name=None):
        system: System = app.extensions["tanggap"]
        name = name or f"{role}-{area or 'all'}"
        people.add_user(system, name, role, area)
        return {"Authorization": f"Bearer {people.token(system, name)}"}

    return make
