"""Signing in, one's own account, and out again, in a browser without scripts."""

import re
import uuid

import pytest
from playwright.sync_api import expect

from tests.e2e.outsider import Person

NEW_PASSWORD = "kuda lumping makan rumput"


@pytest.fixture
def somebody(stack):
    """A fresh coordinator: name and one-time password."""
    name = f"kori-{uuid.uuid4().hex[:6]}"
    added = stack.command("users", "add", name, "--role", "coordinator", "--area", "32.03")
    assert added.returncode == 0, added.stderr
    return name, added.stdout.strip().split()[-1]


def sign_in(page, name, password, path="/masuk"):
    page.goto(path)
    page.fill("#name", name)
    page.fill("#password", password)
    page.click("main button.primary")


def test_wrong_password_is_said_and_the_name_kept(plain_phone, somebody):
    sign_in(plain_phone, somebody[0], "salah")
    expect(plain_phone.locator("#password-problem")).to_be_visible()
    expect(plain_phone.locator("#name")).to_have_value(somebody[0])


def test_first_sign_in_asks_for_a_new_password_and_then_goes_where_one_wanted(plain_phone, somebody):
    name, once = somebody
    sign_in(plain_phone, name, once, "/posko")
    expect(plain_phone).to_have_url(re.compile("/akun$"))
    expect(plain_phone.locator(".notice.warn")).to_contain_text("sekali pakai")
    plain_phone.locator("#new").evaluate("field => field.removeAttribute('minlength')")
    plain_phone.fill("#old", once)
    plain_phone.fill("#new", "pendek")
    plain_phone.click("form[action='/akun/sandi'] button")
    expect(plain_phone.locator("#new-problem")).to_contain_text("15")
    plain_phone.fill("#old", once)
    plain_phone.fill("#new", NEW_PASSWORD)
    plain_phone.click("form[action='/akun/sandi'] button")
    expect(plain_phone.locator("[role=status]")).to_contain_text("sudah diganti")
    sign_in(plain_phone, name, NEW_PASSWORD, "/posko")
    expect(plain_phone).to_have_url(re.compile("/posko$"))
    expect(plain_phone.locator(".bar nav")).to_contain_text("Konsol")


@pytest.mark.parametrize("elsewhere", ["https://example.org/", "//example.org", "/\\example.org"])
def test_signing_in_leads_to_our_own_pages_only(plain_phone, stack, somebody, elsewhere):
    sign_in(plain_phone, *somebody, f"/masuk?next={elsewhere}")
    assert plain_phone.url.startswith(stack.base_url)


def test_token_is_shown_once_and_works(plain_phone, stack, somebody):
    sign_in(plain_phone, *somebody)
    plain_phone.goto("/akun")
    plain_phone.fill("#label", "skrip uji")
    plain_phone.click("text=Buat token")
    token = plain_phone.locator("#token").inner_text()
    assert Person(stack.base_url, token).get("/api/me")["name"] == somebody[0]
    plain_phone.goto("/akun")
    expect(plain_phone.locator("#token")).to_have_count(0)
    expect(plain_phone.locator("table")).to_contain_text("skrip uji")


def test_signing_out_ends_the_session(plain_phone, somebody):
    sign_in(plain_phone, *somebody)
    plain_phone.goto("/akun")
    cookies = plain_phone.context.cookies()
    plain_phone.click("text=Keluar")
    expect(plain_phone.locator(".bar nav")).to_contain_text("Masuk")
    plain_phone.context.add_cookies(cookies)
    plain_phone.goto("/akun")
    expect(plain_phone).to_have_url(re.compile("/masuk"))
