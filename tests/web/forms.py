"""Every form of the product: where it is, what is typed into it that is wrong, and where that must be said.

`covers` names the places of the source that draw the form, as `places_of_forms` finds them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

WEB = Path(__file__).resolve().parents[2] / "web"
LONG = "x" * 401
"""Longer than any reason may be."""


@dataclass(frozen=True)
class Form:
    """A form and a wrong filling of it; `typed` is by selector within the page, as is `wrong`."""

    name: str
    covers: tuple[str, ...]
    path: str
    at: str
    wrong: str
    typed: dict[str, str] = field(default_factory=dict)
    who: str = "nobody"
    opens: tuple[str, ...] = ()
    ways: tuple[bool, ...] = (True,)
    """With a script, without one, or both."""
    is_kept: bool = True
    """Whether what was typed outlives an ended session; passwords do not."""
    has_anew: bool = True
    """Whether an ended session is told by the server's answer; else the page has found the problem by itself."""


BOTH, PLAIN = (True, False), (False,)
CASE, PLAN = "/konsol/kasus/{case}", "/konsol/rencana/{plan}"


def _case(label: str) -> str:
    return f".case-pane button:has-text('{label}')"


FORMS = (
    Form(
        "report",
        ("report.html:/lapor",),
        "/lapor",
        "#report",
        "#people",
        {"#people": "banyak", "#text": "Banjir", "#place_text": "Cugenang"},
        ways=BOTH,
    ),
    Form("track_find", ("track_find.html:/lacak",), "/lacak", "main form", "#code", {"#code": "SALAH"}, ways=BOTH),
    Form(
        "track_tell",
        ("track.html:/lacak/{{ report.code }}",),
        "/lacak/{code_open}",
        "form:has(#add_info)",
        "#add_info",
        opens=("summary:has(+ form #add_info)",),
        ways=BOTH,
    ),
    Form(
        "track_asked",
        (),
        "/lacak/{code_asked_people}",
        "form:has(#people)",
        "#people",
        {"#people": "banyak"},
        ways=BOTH,
    ),
    Form(
        "own_data",
        ("own_data.html:/lacak/{{ code | urlencode }}/data",),
        "/lacak/{code_open}/data",
        "#own",
        "#phone",
        {"#phone": "08129999", "#name": "Siti"},
        ways=PLAIN,
    ),
    Form(
        "sign_in",
        ("signin.html:/masuk",),
        "/masuk",
        "main form",
        "#password",
        {"#name": "siapa"},
        ways=BOTH,
    ),
    Form(
        "sign_up",
        ("volunteer_signup.html:/relawan",),
        "/relawan",
        "#sign-up",
        "#phone",
        {"#name": "Neng", "#phone": "12", "#home_text": "Kecamatan Cugenang, Kabupaten Cianjur"},
        ways=BOTH,
    ),
    Form(
        "pledge",
        ("gifts.html:/donasi?incident={{ figures.incident.slug | urlencode }}",),
        "/donasi",
        "#give",
        "#quantity",
        {"#item": "rice", "#quantity": "banyak", "#donor": "Ibu Sri"},
        ways=BOTH,
    ),
    Form(
        "gift_find",
        ("gifts.html:/donasi",),
        "/donasi",
        "form:has(#code)",
        "#code",
        {"#code": "SALAH"},
        ways=BOTH,
    ),
    Form(
        "ask_rumour",
        ("claims.html:/kabar",),
        "/kabar",
        "#ask",
        "#phone",
        {"#text": "Waduk Cirata jebol", "#phone": "12"},
        ways=BOTH,
    ),
    Form(
        "claim_desk",
        ("claim_desk.html:/konsol/kabar",),
        "/konsol/kabar",
        "#add",
        "#place_text",
        {"#text": "Jembatan putus", "#place_text": "Antah Berantah"},
        who="admin",
        ways=BOTH,
    ),
    Form(
        "claim_evidence",
        ("claim_check.html:{{ path }}/bukti",),
        "/konsol/kabar/{claim}",
        "form[action$='/bukti']",
        "#found",
        {"#found": "ya"},
        who="admin",
        ways=BOTH,
    ),
    Form(
        "claim_finding",
        ("claim_check.html:{{ path }}/langkah/usul",),
        "/konsol/kabar/{claim}",
        "#propose",
        "#place_text",
        {"#finding": "find_true", "#verdict": "Dilihat petugas", "#place_text": "di sana"},
        who="admin",
        ways=BOTH,
    ),
    Form(
        "gift_desk",
        ("gift_desk.html:/posko/donasi",),
        "/posko/donasi",
        "#receive",
        "#quantity",
        {"#item": "rice", "#quantity": "banyak", "#donor": "Pak Asep"},
        who="admin",
        ways=BOTH,
    ),
    Form(
        "gift_contact",
        ("gift_desk.html:/posko/donasi/{{ one.id }}",),
        "/posko/donasi",
        "details form:has([name=reason])",
        "details input[id^=reason-]",
        {"details input[id^=reason-]": "ya"},
        who="admin",
        opens=("details:has([name=reason]) summary",),
        ways=BOTH,
    ),
    Form(
        "password",
        ("account.html:/akun/sandi",),
        "/akun",
        "form[action='/akun/sandi']",
        "#new",
        {"#old": "yang lama", "#new": "pendek"},
        who="admin",
        ways=BOTH,
        is_kept=False,
    ),
    Form(
        "token",
        ("account.html:/akun/token",),
        "/akun",
        "form[action='/akun/token']",
        "#label",
        {"#label": LONG[:61]},
        who="admin",
        ways=BOTH,
    ),
    Form(
        "check_in",
        ("volunteer_home.html:check-in",),
        "/relawan/tugas",
        "#check-in",
        "#place_text",
        {"#vehicle": "truck"},
        who="belum",
        has_anew=False,
    ),
    Form(
        "check_in_plain",
        ("plain_work.html:start",),
        "/relawan/tugas",
        "form[action='/relawan/lapor-diri']",
        "#place_text-check-in-plain",
        {"#place_text-check-in-plain": "Qqqqq", "#plain-vehicle": "truck"},
        who="belum",
        ways=PLAIN,
    ),
    Form(
        "code_plain",
        ("plain_work.html:start",),
        "/relawan/tugas",
        "form[action$='/deliver']",
        "input[id^=code-]",
        {"input[id^=code-]": "12"},
        who="di-jalan",
        ways=PLAIN,
    ),
    Form(
        "fail_plain",
        ("plain_work.html:start",),
        "/relawan/tugas",
        "form[action$='/fail']",
        "input[id^=reason-]",
        {"input[id^=reason-]": "ya"},
        who="di-jalan",
        ways=PLAIN,
    ),
    Form(
        "hand_over",
        ("jobs.ts:handOver",),
        "/relawan/tugas",
        "#jobs form:has(.four)",
        ".four",
        {".four": "12"},
        who="di-jalan",
        has_anew=False,
    ),
    Form(
        "give_up",
        ("jobs.ts:failing",),
        "/relawan/tugas",
        "#jobs form:has([id^=reason-])",
        "#jobs input[id^=reason-]",
        {"#jobs input[id^=reason-]": "ya"},
        who="di-jalan",
        opens=("#jobs details:has([id^=reason-]) summary",),
        has_anew=False,
    ),
    Form(
        "desk_entry",
        ("console/desk_entry.tsx:Entry",),
        "/konsol",
        ".desk-entry",
        "#desk-people",
        {"#desk-text": "Jalan longsor", "#desk-people": "banyak", "#desk-name": "Pak Ujang", "#desk-place": "Cugenang"},
        who="admin",
        opens=("c",),
        has_anew=False,
    ),
    Form(
        "case_ask",
        ("console/case/actions.tsx:TextForm",),
        CASE,
        ".actions form",
        ".actions textarea",
        {".actions textarea": ""},
        who="admin",
        opens=(".actions [aria-expanded]:nth-of-type(3)",),
    ),
    Form(
        "case_correct",
        ("console/case/correction.tsx:Correction",),
        CASE,
        ".actions form",
        "#people",
        {"#people": "banyak"},
        who="admin",
        opens=(".actions [aria-expanded]:nth-of-type(2)",),
    ),
    Form(
        "case_tier",
        ("console/case/actions.tsx:TierForm",),
        CASE,
        ".actions form",
        "#tier-reason",
        {"#tier-reason": ""},
        who="admin",
        opens=(".actions [aria-expanded]:nth-of-type(5)",),
    ),
    Form(
        "case_assign",
        ("console/case/needs.tsx:AssignForm",),
        CASE,
        ".candidates form",
        "#assign-quantity",
        {"#assign-quantity": "banyak", "#assign-reason": "uji formulir"},
        who="admin",
        opens=(".needs .who-can", ".candidates button.link"),
    ),
    Form(
        "job_person",
        ("console/case/assignments.tsx:PersonForm",),
        "/konsol/kasus/{case_offered}",
        ".jobs form",
        "#offer-person",
        who="admin",
        opens=(".jobs button:nth-of-type(2)",),
    ),
    Form(
        "trial",
        ("console/plan/what_if.tsx:WhatIfPanel",),
        PLAN,
        ".what-if form",
        "#idea-0-quantity",
        {"#idea-0-quantity": "banyak"},
        who="admin",
        opens=(".plan-actions button:first-of-type",),
    ),
    Form(
        "wave",
        ("console/plan/waves.tsx:DraftForm",),
        PLAN,
        ".wave-form",
        "#wave-name",
        {"#wave-name": "x" * 201},
        who="admin",
        opens=(".plan-actions button:nth-of-type(2)",),
    ),
    Form(
        "ruling",
        ("console/plan/ruling_forms.tsx:RulingForm",),
        PLAN,
        ".ruling-form",
        "#ruling-quantity",
        {"#ruling-quantity": "banyak", "#ruling-reason": "sudah dijanjikan"},
        who="admin",
        opens=(".long-table .lt-place .lt-main", ".lt-actions button"),
    ),
    Form(
        "site",
        ("console/sites/add_site.tsx:AddSite",),
        "/posko",
        ".site-form",
        "#site-name",
        {"#site-name": "x" * 201, "#site-address": "Jalan Raya 1"},
        who="admin",
        opens=("main button[aria-expanded]",),
    ),
    Form(
        "receive",
        ("console/sites/stock_forms.tsx:StockForm",),
        "/posko/{site}",
        "form:has(#receive-item)",
        "#receive-quantity",
        {"#receive-item": "rice", "#receive-quantity": "banyak", "#receive-note": "dari truk"},
        who="penjaga",
        opens=(".part .row button.primary",),
    ),
    Form(
        "count_all",
        ("console/sites/count_all.tsx:CountAll",),
        "/posko/{site}",
        ".count-all",
        "input[id^=count-]",
        {"input[id^=count-]": "banyak", "#count-reason": "hitung malam"},
        who="penjaga",
        opens=(".part .row button:not(.primary)",),
        has_anew=False,
    ),
)

ELSEWHERE = {
    "account.html:/akun/dua-langkah": "a password is not kept (edges/test_accounts.py)",
    "account.html:/akun/dua-langkah/kode": "after the form before (edges/test_accounts.py)",
    "account.html:/akun/dua-langkah/cadangan": "of an account with an authenticator (edges/test_accounts.py)",
    "account.html:/akun/dua-langkah/lepas": "of an account with an authenticator (edges/test_accounts.py)",
    "account.html:/akun/sesi/{{ found.id }}/akhiri": "one button",
    "invitation.html:/undangan/{{ secret }}": "of an invitation of its own (edges/test_accounts.py)",
    "users.html:/petugas": "without a script as with one (edges/test_accounts.py)",
    "users.html:/petugas/{{ user.id }}/{{ name }}": "one button",
    "users.html:/petugas/{{ user.id }}/cabut-peran": "one button",
    "users.html:/petugas/{{ user.id }}/beri-peran": "of an account of its own (edges/test_accounts.py)",
    "access.html:/akses/wakil": "without a script as with one (edges/test_accounts.py)",
    "access.html:/akses/darurat": "without a script as with one (edges/test_accounts.py)",
    "access.html:/akses/{{ one.id }}/akhiri": "one button",
    "report_receipt.html:/lacak/{{ code }}": "buttons of places: nothing is typed (test_track_page.py)",
    "public_parts.html:{{ path }}": "a list of incidents: nothing is typed",
    "account.html:/keluar": "one button",
    "inbox.html:/konsol/masuk/{{ one.id }}/terima": "one button",
    "inbox.html:/konsol/masuk/{{ one.id }}/tarik": "one button",
    "inbox.html:/konsol/masuk/{{ one.id }}/kembalikan": "of a case that was passed on (test_inbox.py)",
    "moderation.html:begin": "of what is in quarantine (test_moderation.py)",
    "pass_on.html:/konsol/kasus/{{ case.id }}/oper": "of a case in a unit with others near (test_inbox.py)",
    "console/help.tsx:Help": "closes the help",
    "claim_check.html:{{ path }}/langkah/sahkan": "one button",
    "claim_check.html:{{ path }}/langkah/periksa": "one button",
    "claim_check.html:{{ path }}/langkah/kembalikan": "of a finding that was proposed (test_claim_pages.py)",
    "claim_check.html:{{ path }}/gabung": "one button",
    "claim_check.html:{{ path }}/nomor/{{ one.id }}": "one button",
    "claim_check.html:{{ path }}/dikabari/{{ one.id }}": "one button",
    "distress.ts:question": "an optional note, which nothing can be wrong with (test_volunteer_pages.py)",
    "console/parts.tsx:Form": "what all forms of the staff are drawn with",
    "console/plan/waves.tsx:SaveWave": "in a wave of its own (test_console_plan.py)",
    "console/plan/ruling_forms.tsx:EndRuling": "of a ruling of its own (test_console_plan.py)",
}
"""Forms that the table leaves out, and why."""


def places_of_forms() -> set[str]:
    """Where the source draws a form: the file, and its action or id, or the function around it."""
    return {*_in_templates(), *_in_scripts()}


def _in_templates() -> Iterator[str]:
    for path in (WEB / "templates").glob("*.html"):
        text = path.read_text("utf-8")
        for tag in re.finditer(r"<form\b([^>]*)>", text):
            action = re.search(r'action="([^"]*)"', tag[1])
            place = action[1] if action else (re.search(r'id="([^"]*)"', tag[1]) or [""] * 2)[1]
            if place == "{{ action }}":
                place = re.findall(r"macro (\w+)", text[: tag.start()])[-1]
            yield f"{path.name}:{place}"


def _in_scripts() -> Iterator[str]:
    for path in [*(WEB / "src").rglob("*.tsx"), *(WEB / "src").rglob("*.ts")]:
        text = path.read_text("utf-8")
        for found in re.finditer(r'<[Ff]orm\b[^<]|element\(\s*"form"', text):
            if not re.match(r"\s*(//|\*|/\*\*)", text[text.rfind("\n", 0, found.start()) + 1 :]):
                drawn_by = re.findall(r"function (\w+)", text[: found.start()])[-1]
                yield f"{path.relative_to(WEB / 'src')}:{drawn_by}"
