"""Which work asks first when hands are few."""

from tests.services.world import World
