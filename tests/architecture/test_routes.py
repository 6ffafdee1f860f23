"""Every route names its guard, and the public ones are this written list."""

import re

from server.api import contract

PUBLIC_CALLS = {
    ("GET", "/api/areas"),
    ("GET", "/api/areas/<code>"),
    ("GET", "/api/areas/<code>/map"),
    ("GET", "/api/incidents"),
    ("GET", "/api/items"),
    ("GET", "/api/openapi.json"),
    ("GET", "/api/public/areas.csv"),
    ("GET", "/api/public/areas.geojson"),
    ("GET", "/api/public/audit"),
    ("GET", "/api/public/deliveries"),
    ("GET", "/api/public/deliveries.csv"),
    ("GET", "/api/public/gifts/<code>"),
    ("GET", "/api/public/gifts/<code>.csv"),
    ("GET", "/api/public/near"),
    ("GET", "/api/public/promises"),
    ("GET", "/api/public/summary"),
    ("GET", "/api/public/summary.csv"),
    ("GET", "/api/public/unmet"),
    ("GET", "/api/public/unmet.csv"),
    ("GET", "/api/track/<code>"),
    ("GET", "/healthz"),
    ("GET", "/metrics"),
    ("GET", "/readyz"),
    ("POST", "/api/asks"),
    ("GET", "/api/asks/<code>"),
    ("POST", "/api/pledges"),
    ("POST", "/api/reports"),
    ("POST", "/api/session"),
    ("POST", "/api/track/<code>"),
    ("POST", "/api/track/<code>/data"),
    ("POST", "/api/volunteers"),
    ("PUT", "/api/reports/<uuid:client_id>/photos/<int:n>"),
}


def test_public_calls_are_the_written_list(app):
    assert {(call.method, call.path) for call in contract.CALLS if call.guard == "public"} == PUBLIC_CALLS


def test_every_call_of_the_application_is_in_the_contract_or_a_page(app):
    known = {call.endpoint for call in contract.CALLS}
    strangers = [rule.endpoint for rule in app.url_map.iter_rules() if rule.endpoint not in known]
    unguarded = [name for name in strangers if not getattr(app.view_functions[name], "guard", None)]
    assert unguarded == []


def test_signed_in_calls_refuse_strangers(app):
    client = app.test_client()
    for call in contract.CALLS:
        if call.guard != "signed_in":
            continue
        path = re.sub(r"<int:\w+>", "1", call.path)
        path = re.sub(r"<(?:uuid:)?\w+>", "00000000-0000-4000-8000-000000000001", path)
        answer = client.open(path, method=call.method)
        assert answer.status_code == 401, (call.method, path, answer.status_code)
