"""Wrong input, a double click and an ended session on every form that the product has: the table is in forms.py."""

import os
import re
import uuid
from functools import cache

import pytest
from playwright.sync_api import Page, expect

from server.api.words import dictionary
from tests.e2e.outsider import rows
from tests.e2e.people import ready, warehouse
from tests.web.conftest import DESK, PHONE
from tests.web.forms import ELSEWHERE, FORMS, Form, places_of_forms
from tests.web.states import Scene

expect.set_options(timeout=20_000)
LANGUAGES = ("id", "en")
EVERY = "EVERY_FORM" in os.environ
"""Set to anything: each form in Indonesian too, which is what the browser asks for; English is the harder."""
WAYS = [
    pytest.param(form, language, scripts, id=f"{form.name}-{language}-{'script' if scripts else 'plain'}")
    for form in FORMS
    for language in LANGUAGES
    for scripts in form.ways
    if language == "en" or EVERY
]
SIGNED_IN = [
    pytest.param(form, scripts, id=f"{form.name}-{'script' if scripts else 'plain'}")
    for form in FORMS
    for scripts in form.ways
    if form.who != "nobody"
]
WRONG = """
field => {
  const told = (field.getAttribute("aria-describedby") ?? "").split(/\\s+/).filter((id) => id.endsWith("-problem"));
  const problem = document.getElementById(told[0] ?? "");
  return {
    isInvalid: field.getAttribute("aria-invalid") === "true",
    isFocused: field === document.activeElement,
    says: problem?.checkVisibility() ? problem.textContent.trim() : "",
  };
}
"""
AT_ONCE = """
form => {
  const button = form.querySelector("button:not([type=button])");
  for (let n = 0; n < 2; n++) form.requestSubmit(button);
}
"""
"""A double click whose second press comes before the page can answer the first."""


def test_the_table_knows_every_form_of_the_product():
    known = {place for form in FORMS for place in form.covers} | set(ELSEWHERE)
    assert places_of_forms() == known


@pytest.fixture(scope="module")
def scene(stack, admin, nobody) -> Scene:
    """A system in which every form of the table has what it is about."""
    made = Scene(stack, admin, nobody, passwords={"admin": stack.admin_password})
    site = made.ids["site"] = warehouse(admin, "Gudang Formulir", {"water": 500, "blanket": 500, "rice": 100})
    lots = {lot["item"]: lot for lot in admin.get(f"/api/sites/{site}/stock")["lots"]}
    made.ids["case"] = str(made.case("open", "blanket", 60))
    admin.post(f"/api/cases/{made.case('planned', 'blanket', 80)}/verify")
    made.ids["plan"] = ready(admin, admin.post("/api/plans", {"area": "32.03"}, 202)["id"])["id"]
    admin.post(f"/api/cases/{made.case('asked_people', 'rice', 30)}/ask", {"about": "people"})
    made.ids["case_offered"] = str(offered(made, lots["rice"]))
    claim = admin.post("/api/claims", {"text": "Jembatan Cugenang putus", "area_code": "32.03"}, 201)["id"]
    admin.post(f"/api/claims/{claim}/check")
    made.ids["claim"] = claim
    made.job("di-jalan", lots["water"], 40, "accept", "depart")
    made.person("belum", "volunteer")
    made.person("penjaga", "keeper")
    pledged = {"client_id": str(uuid.uuid4()), "kind": "money", "rupiah": 50_000, "phone": "081299990000"}
    nobody.post("/api/pledges", pledged, 201)
    return made


def offered(scene: Scene, lot: dict) -> int:
    """The number of a case with an assignment that nobody has yet."""
    case_id = scene.case("offered", lot["item"], 10)
    scene.admin.post(f"/api/cases/{case_id}/verify")
    need = next(row for row in rows(scene.admin.get("/api/board"), "needs") if row["case_id"] == case_id)
    wanted = {"need_id": need["id"], "lot_id": lot["id"], "quantity": 10, "reason": "untuk formulir"}
    scene.admin.post("/api/assignments", wanted, 201)
    return case_id


@pytest.fixture
def at(scene, browser):
    """Opens a form's page, signed in, in a language."""
    contexts = []

    def open_at(form: Form, language: str, scripts: bool) -> Page:
        context = browser.new_context(
            viewport=DESK if form.path.startswith(("/konsol", "/posko")) else PHONE,
            locale="id-ID",
            base_url=scene.stack.base_url,
            java_script_enabled=scripts,
            service_workers="block",
        )
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        sign_in(page, scene, form)
        go(page, scene, form, language)
        return page

    yield open_at
    for context in contexts:
        context.close()


def sign_in(page: Page, scene: Scene, form: Form) -> None:
    if form.who != "nobody":
        answer = page.request.post("/api/session", data={"name": form.who, "password": scene.passwords[form.who]})
        assert answer.ok, answer.text()


def go(page: Page, scene: Scene, form: Form, language: str) -> None:
    known = scene.ids | {f"code_{name}": code for name, code in scene.codes.items()}
    page.goto(f"{form.path.format(**known)}?lang={language}")
    reach(page, form)


def reach(page: Page, form: Form) -> None:
    """What a person presses to come to the form."""
    if page.locator(form.at).first.is_visible():
        return
    for opener in form.opens:
        if len(opener) == 1:
            expect(page.locator(".row-card").first).to_be_visible()
            page.keyboard.press(opener)
        else:
            page.locator(opener).first.click()
    expect(page.locator(form.at).first).to_be_visible()


def fill(page: Page, form: Form) -> None:
    for selector, text in form.typed.items():
        field = page.locator(selector).first
        folded = field.locator("xpath=ancestor::details[not(@open)]")
        if folded.count():
            folded.first.locator("summary").first.click()
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(text)
        else:
            # As no browser lets be typed what is longer than the page allows.
            field.evaluate("field => field.removeAttribute('maxlength')")
            field.fill(text)


def press(page: Page, form: Form) -> None:
    page.locator(form.at).first.locator("button:not([type=button])").first.click()


def has_kept(page: Page, form: Form) -> None:
    for selector, text in form.typed.items():
        field = page.locator(selector).first
        if field.get_attribute("type") != "password":
            expect(field).to_have_value(text)


@cache
def sentences(language: str) -> re.Pattern[str]:
    """Whatever the catalogue says in that language."""

    def flat(node):
        yield from (node,) if isinstance(node, str) else (text for one in node.values() for text in flat(one))

    found = {re.sub(r"\\\{\w+\\\}", ".+", re.escape(text)) for text in flat(dictionary(language))}
    return re.compile("|".join(sorted(found - {".+"})))


def is_told(page: Page, form: Form, language: str) -> None:
    """Beside the field, in the reader's language, with the focus there."""
    wrong = page.locator(form.wrong).first
    expect(wrong).to_have_attribute("aria-invalid", "true")
    expect(wrong).to_be_focused()
    found = wrong.evaluate(WRONG)
    assert found["says"], f"{form.wrong} is described by no problem that is in sight"
    assert sentences(language).fullmatch(found["says"]), found["says"]
    other = next(one for one in LANGUAGES if one != language)
    assert not sentences(other).fullmatch(found["says"]), found["says"]


@pytest.mark.parametrize(("form", "language", "scripts"), WAYS)
def test_wrong_input_is_told_beside_the_field_and_nothing_typed_is_lost(at, form, language, scripts):
    page = at(form, language, scripts)
    fill(page, form)
    sent = []
    page.on("request", lambda request: request.method == "POST" and sent.append(request.url))
    if scripts:
        page.locator(form.at).first.evaluate(AT_ONCE)
    else:
        press(page, form)
    is_told(page, form, language)
    has_kept(page, form)
    assert len([url for url in sent if not url.endswith("/look")]) <= 1


@pytest.mark.parametrize(("form", "scripts"), SIGNED_IN)
def test_an_ended_session_loses_nothing(at, scene, form, scripts):
    page = at(form, "id", scripts)
    fill(page, form)
    language_only = [one for one in page.context.cookies() if one["name"] == "lang"]
    page.context.clear_cookies()
    page.context.add_cookies(language_only)
    press(page, form)
    if page.locator("input[name=next]").count():
        comes_back(page, scene, form)
    else:
        goes_on(page, scene, form)


def comes_back(page: Page, scene: Scene, form: Form) -> None:
    """The form was sent as a page: its page is there again after signing in, filled in."""
    after = page.locator("input[name=next]").get_attribute("value")
    sign_in(page, scene, form)
    page.goto(after)
    if form.is_kept:
        has_kept(page, form)
    fill(page, form)
    press(page, form)
    is_told(page, form, "id")


def goes_on(page: Page, scene: Scene, form: Form) -> None:
    """The form was sent by a script: it goes on once somebody has signed in, in another tab; and outlives a reload."""
    if form.has_anew:
        expect(page.get_by_role("alert").filter(has_text="Sesi Anda berakhir").first).to_be_visible()
    has_kept(page, form)
    sign_in(page, scene, form)
    press(page, form)
    is_told(page, form, "id")
    page.reload()
    reach(page, form)
    has_kept(page, form)
