"""The API against its own OpenAPI: schemathesis makes up calls, and every answer must be a documented one."""

import re

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from server import app
from server.api import contract
from server.commands import people

EXAMPLES = 8
QUIET = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
)
assert app.EDGES, "importing the application fills the list of calls"
CALLS = sorted({(call.method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", call.path)) for call in contract.CALLS})


@pytest.fixture(scope="module")
def schema(module_app):
    """The contract as the application serves it."""
    return schemathesis.openapi.from_wsgi("/api/openapi.json", module_app)


@pytest.fixture(scope="module")
def admin(module_app):
    """The header of an admin's token, so that calls get past the door."""
    return {"Authorization": f"Bearer {people.token(module_app.extensions['tanggap'], 'admin')}"}


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_every_answer_is_a_documented_one(schema, admin, method, path):
    operation = schema[path][method]

    @QUIET
    @given(case=operation.as_strategy())
    def holds(case):
        # The rules of the domain say more than a schema can: what they refuse is refused with its reason.
        case.call_and_validate(headers=admin, excluded_checks=[positive_data_acceptance])

    holds()


def test_the_contract_names_every_call(schema):
    documented = {(method.upper(), path) for path, methods in schema.raw_schema["paths"].items() for method in methods}
    assert documented == set(CALLS)
