"""No page is missing from the sheet of pictures, and each has the states that a person may meet it in."""

from collections import defaultdict

import pytest

from tests.web.states import NOWHERE, STATES

WITHIN_ANOTHER = {
    "/peta/gambar": "the map in the frame of /peta",
    "/peta/sematan": "the same map for others' pages",
    "/peta/gambar.png": "a picture",
    "/peta/gambar.svg": "a picture",
    "/kabar/<code>/kartu.png": "a picture",
    "/kabar/<code>/kartu.svg": "a picture",
    "/jejak/umpan.xml": "the feed of /jejak",
    "/jejak/verify_audit.py": "the program that /jejak gives",
    "/donasi/<code>/peta.svg": "the map on /donasi/<code>",
    "/donasi/<code>/foto/<uuid:photo_id>": "a photo on /donasi/<code>",
}
NOT_PAGES = ("/api/", "/static/", "/assets/", "/healthz", "/readyz", "/metrics")
ASKED_FROM_A_SCRIPT = {
    "/konsol": {"empty", "loading", "error", "offline", "denied"},
    "/konsol/kasus/<int:case_id>": {"empty", "loading", "error", "denied"},
    "/konsol/rencana": {"empty", "denied"},
    "/konsol/rencana/<uuid:plan_id>": {"loading", "error"},
    "/posko": {"loading", "error", "denied"},
    "/posko/<uuid:site_id>": {"empty", "error"},
    "/relawan/tugas": {"empty", "loading", "error", "offline", "denied"},
    "/lapor": {"wrong", "offline"},
    "/peta": {"empty", "error"},
    "/donasi": {"empty"},
}
"""What a page that a script fills shows when there is nothing, not yet, not at all, or not for this reader."""


@pytest.fixture(scope="module")
def shown(app):
    """The kinds of states of each page, by its rule."""
    found = defaultdict(set)
    matching = app.url_map.bind("localhost")
    anything = defaultdict(lambda: NOWHERE, case="1")
    for state in STATES:
        path = state.path.partition("#")[0].partition("?")[0].format_map(anything)
        if matching.test(path, "GET"):
            rule, _ = matching.match(path, "GET", return_rule=True)
            found[rule.rule].add(state.shows)
    return found


def test_every_page_is_pictured(app, shown):
    pages = {rule.rule for rule in app.url_map.iter_rules() if "GET" in rule.methods}
    pages = {page for page in pages if not page.startswith(NOT_PAGES)}
    assert pages - WITHIN_ANOTHER.keys() - shown.keys() == set()
    assert WITHIN_ANOTHER.keys() <= pages


def test_pages_are_pictured_in_the_states_that_they_have(shown):
    assert {page: kinds - shown[page] for page, kinds in ASKED_FROM_A_SCRIPT.items() if kinds - shown[page]} == {}
