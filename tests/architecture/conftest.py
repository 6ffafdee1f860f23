"""The application whose parts these tests look at."""

import pytest

from server.app import create_app


@pytest.fixture(scope="module")
def app(module_started):
    """One application for the tests of a file."""
    app = create_app(module_started)
    yield app
    app.extensions["tanggap"].engine.dispose()
