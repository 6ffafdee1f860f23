"""The API against its own OpenAPI: schemathesis makes up calls, and every answer must be a documented one.

Each is made as nobody or as somebody of one of the roles. `CONTRACT_CASES=20000` makes so many in all.
"""

import os
import re

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import positive_data_acceptance

from server import app
from server.api import contract
from server.commands import people
from server.domain.permissions import ROLES

assert app.EDGES, "importing the application fills the list of calls"
CALLS = sorted({(call.method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", call.path)) for call in contract.CALLS})
EXAMPLES = -(-int(os.environ.get("CONTRACT_CASES", 8 * len(CALLS))) // len(CALLS))
QUIET = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
)


@pytest.fixture(scope="module")
def schema(module_app):
    """The contract as the application serves it."""
    return schemathesis.openapi.from_wsgi("/api/openapi.json", module_app)


@pytest.fixture(scope="module")
def headers(module_app):
    """Of nobody, and of a token of somebody in each role, so that calls get past the door."""
    system = module_app.extensions["tanggap"]
    found = [{}, {"Authorization": f"Bearer {people.token(system, 'admin')}"}]
    for role in sorted(ROLES):
        people.add_user(system, f"contract-{role}", role, "32")
        found.append({"Authorization": f"Bearer {people.token(system, f'contract-{role}')}"})
    return found


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_every_answer_is_a_documented_one(schema, headers, method, path):
    operation = schema[path][method]

    @QUIET
    @given(case=operation.as_strategy(), whose=st.sampled_from(headers))
    def holds(case, whose):
        # The rules of the domain say more than a schema can: what they refuse is refused with its reason.
        case.call_and_validate(headers=whose, excluded_checks=[positive_data_acceptance])

    holds()


def test_the_contract_names_every_call(schema):
    documented = {(method.upper(), path) for path, methods in schema.raw_schema["paths"].items() for method in methods}
    assert documented == set(CALLS)
