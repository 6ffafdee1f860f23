"""What the services' tests start from: a system on a fresh database after the first start."""

import pytest

from server.bootstrap import System
from tests.services.world import World


@pytest.fixture
def system(started):
    """A system of its own, closed at the end."""
    found = System(started)
    yield found
    found.engine.dispose()


@pytest.fixture
def world(system):
    """A small disaster on that system."""
    return World(system)
