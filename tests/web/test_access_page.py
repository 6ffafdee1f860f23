"""Roles for some hours as people meet them: taken on a phone without scripts, told on the board there at once."""

import re

from playwright.sync_api import expect

from tests.web.conftest import DESK, violations


def somebody(stack, new_page, name, area, **options):
    """A page at which a fresh coordinator of the area is signed in."""
    added = stack.command("users", "add", name, "--role", "coordinator", "--area", area)
    assert added.returncode == 0, added.stderr
    page = new_page(**options)
    answer = page.request.post("/api/session", data={"name": name, "password": added.stdout.split()[-1]})
    assert answer.ok, answer.text()
    return page


def test_an_emergency_shows_on_the_board_at_once_and_a_shut_account_is_out(stack, new_page, admin):
    board = somebody(stack, new_page, "penerima", "32.04", viewport=DESK, service_workers="block")
    board.goto("/konsol")
    expect(board.locator(".link-state.live")).to_be_visible()
    helper = somebody(stack, new_page, "penolong", "32.03", java_script_enabled=False)
    helper.goto("/akses")
    helper.fill("#emergency #area", "32.04")
    helper.fill("#why", "perlu")
    helper.click("#emergency button")
    expect(helper.locator("#why-problem")).to_be_visible()
    expect(helper.locator("#emergency #area")).to_have_value("32.04")
    helper.fill("#why", "longsor, posko Bandung putus")
    helper.click("#emergency button")
    expect(helper.locator("article.card").first).to_contain_text("longsor, posko Bandung putus")
    notice = board.locator(".notice", has_text="Akses darurat: penolong")
    expect(notice).to_be_visible(timeout=5_000)
    expect(notice).to_contain_text(re.compile(r"Koordinator .+, sampai \d\d\.\d\d"))
    assert violations(board) == []
    users = admin.get("/api/users?q=penerima")["users"]
    admin.post(f"/api/users/{users[0]['id']}/disable", {})
    expect(board.locator(".notice.warn", has_text="Masuk").first).to_be_visible(timeout=10_000)
