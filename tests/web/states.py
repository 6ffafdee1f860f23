"""Every page in every state that a person may meet it in, and a system in which all of them are there at once."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Stack
from tests.e2e.outsider import Person, report, rows, until
from tests.e2e.people import check_in, ready, wanting

NOWHERE = "00000000-0000-4000-8000-000000000001"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MAPS_DRAWN = """
() => [...document.querySelectorAll(".maplibregl-map")].every((map) => !map.checkVisibility() || map.dataset.drawn)
"""
CLAIM = "Kabarnya Waduk Cirata jebol malam ini"
EMPTY_INCIDENT, QUIET_INCIDENT = "belum-ada", "tenang"
"""A drill in which nothing was reported, and one in a city where nothing happened, which the public may see."""


@dataclass
class Scene:
    """A running system with something in every state; names of what a page's address needs."""

    stack: Stack
    admin: Person
    nobody: Person
    passwords: dict[str, str] = field(default_factory=dict)
    volunteers: dict[str, Person] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    def person(self, name: str, role: str) -> Person:
        added = self.stack.command("users", "add", name, "--role", role, "--area", "32.03")
        assert added.returncode == 0, added.stderr
        self.passwords[name] = added.stdout.split()[-1]
        return Person(self.stack.base_url, self.stack.command("users", "token", name).stdout.strip())

    def case(self, name: str, item: str, quantity: int, **more: object) -> int:
        """A report whose code is kept under `name`; the number of its case."""
        answer = self.nobody.post("/api/reports", report(**wanting({item: quantity}) | more), 201)
        self.codes[name] = answer["code"]
        board = self.admin.get("/api/board")
        return next(row["case_id"] for row in rows(board, "reports") if row["id"] == answer["id"])

    def job(self, name: str, lot: dict, quantity: int, *steps: str) -> None:
        """A job of a new volunteer called `name`, offered and taken through these steps."""
        volunteer = self.volunteers[name] = self.person(name, "volunteer")
        check_in(volunteer)
        case_id = self.case(name, lot["item"], quantity)
        self.admin.post(f"/api/cases/{case_id}/verify")
        need = next(row for row in rows(self.admin.get("/api/board"), "needs") if row["case_id"] == case_id)
        wanted = {"need_id": need["id"], "lot_id": lot["id"], "quantity": quantity, "reason": "untuk gambar"}
        job = self.admin.post("/api/assignments", wanted, 201)["id"]
        to = {"volunteer_id": volunteer.get("/api/me")["volunteer_id"]}
        # The system may have offered it first: nobody else is there and free.
        offered = self.admin.call("POST", f"/api/assignments/{job}/offer", to)
        assert offered.status in (200, 409), offered
        until(lambda: any(one["assignment_id"] == job for one in volunteer.get("/api/me/offers")["offers"]))
        for step in steps:
            self.step(volunteer, name, job, step)
        self.ids[name] = job

    def step(self, volunteer: Person, name: str, job: str, step: str) -> None:
        body: dict = {}
        if step == "deliver":
            code = self.nobody.get(f"/api/track/{self.codes[name]}")["delivery_code"]
            body = {"client_id": str(uuid.uuid4()), "code": code}
        volunteer.post(f"/api/assignments/{job}/{step}", body)


def set_up(stack: Stack, admin: Person, nobody: Person) -> Scene:
    """Everything that the states below show; takes some seconds."""
    scene = Scene(stack, admin, nobody)
    scene.passwords["admin"] = stack.admin_password
    # An offer stands until it was looked at in both sizes and languages.
    stack.command("incidents", "settings", "jabar", *(f"offers.{tier}.seconds=86400" for tier in range(4)))
    _supplies(scene)
    _reports(scene)
    _jobs(scene)
    _plan(scene)
    _claims(scene)
    _blocked(scene)
    admin.post("/api/volunteers", _sign_up("Asep Sunandar"), 201)
    stack.command("incidents", "add", EMPTY_INCIDENT, "--name", "Belum ada kabar", "--areas", "32.03", "--training")
    stack.command("incidents", "add", QUIET_INCIDENT, "--name", "Banjar siaga", "--areas", "32.79")
    gift = f"/api/public/gifts/{scene.codes['gift_sent']}"
    stack.wait_for(lambda: bool(nobody.get(gift)["delivered"]), "the gift's figures are not cut")
    return scene


def _sign_up(name: str) -> dict:
    return {"name": name, "phone": f"0812{uuid.uuid4().int % 10**8:08d}", "home_area": "32.03.01", "consent": True}


def _supplies(scene: Scene) -> None:
    site = scene.admin.post("/api/sites", {"name": "Gudang Cianjur", "kind": "warehouse", "area_code": "32.03.01"}, 201)
    post = scene.admin.post("/api/sites", {"name": "Posko Cugenang", "kind": "post", "area_code": "32.03.11"}, 201)
    scene.ids |= {"site": site["id"], "empty_site": post["id"]}
    for item, quantity in {"water": 2000, "rice": 300}.items():
        scene.admin.post("/api/stock/receive", {"site_id": site["id"], "item": item, "quantity": quantity}, 201)
    for name in ("gift_stored", "gift_sent"):
        given = {"site_id": site["id"], "item": "blanket", "quantity": 40}
        gift = scene.admin.post("/api/gifts", given, 201)
        scene.codes[name], scene.ids[name] = gift["code"], gift["lot_id"]


def _reports(scene: Scene) -> None:
    people = scene.case("asked_people", "rice", 30)
    scene.admin.post(f"/api/cases/{people}/ask", {"about": "people"})
    scene.case("received", "water", 40, danger={"trapped": True})
    scene.admin.post(f"/api/cases/{scene.case('verified', 'rice', 30, people=30)}/verify")
    asked = scene.case("asked", "infant_food", 12)
    scene.admin.post(f"/api/cases/{asked}/ask", {"text": "Jembatan masih bisa dilewati?"})
    scene.admin.post(f"/api/cases/{scene.case('rejected', 'tarpaulin', 5)}/reject", {"reason": "sudah ditangani desa"})
    scene.ids["case"] = str(scene.case("open", "blanket", 60, vulnerable={"elderly": 3, "infants": 2}, people=55))


def _jobs(scene: Scene) -> None:
    lots = scene.admin.get(f"/api/sites/{scene.ids['site']}/stock")["lots"]
    water = next(lot for lot in lots if lot["item"] == "water")
    blankets = next(lot for lot in lots if lot["id"] == scene.ids["gift_sent"])
    for name, quantity in (("menyerahkan", 10), ("selesai", 20)):
        scene.job(name, blankets, quantity, "accept", "depart", "deliver")
        scene.volunteers[name].call("DELETE", "/api/checkins/current")
    scene.nobody.post(f"/api/track/{scene.codes['selesai']}", {"action": "confirm"})
    scene.job("di-jalan", water, 40, "accept", "depart")
    scene.job("menerima", water, 30, "accept")
    scene.job("ditawari", water, 20)
    check_in(scene.person("siap", "volunteer"))
    for name, answered in (("tolong", False), ("ditolong", True)):
        caller = scene.person(name, "volunteer")
        check_in(caller)
        call = caller.post(
            "/api/me/distress", {"client_id": str(uuid.uuid4()), "note": "Ban bocor, longsor di depan"}, 201
        )
        if answered:
            scene.admin.post(f"/api/distress/{call['id']}/answer")
    for name, role in (("belum", "volunteer"), ("penjaga", "keeper")):
        scene.person(name, role)


def _plan(scene: Scene) -> None:
    for quantity in (80, 90):
        scene.admin.post(f"/api/cases/{scene.case(f'wants {quantity}', 'blanket', quantity)}/verify")
    approved = ready(scene.admin, scene.admin.post("/api/plans", {"area": "32.03"}, 202)["id"])
    first = [match["n"] for match in approved["matches"]][:1]
    scene.admin.post(f"/api/plans/{approved['id']}/approve", {"only": first})
    newest = ready(scene.admin, scene.admin.post("/api/plans", {"area": "32.03"}, 202)["id"])
    scene.ids |= {"approved": approved["id"], "plan": newest["id"]}


def _claims(scene: Scene) -> None:
    second = scene.person("pemeriksa", "verifier")
    taken = scene.admin.post("/api/claims", {"text": CLAIM, "area_code": "32.03"}, 201)
    claim, scene.codes["claim"] = taken["id"], taken["code"]
    scene.admin.post(f"/api/claims/{claim}/check")
    found = {"verdict": "Petugas bendungan: tinggi air biasa, tidak ada retakan."}
    scene.admin.post(f"/api/claims/{claim}/find_false", found)
    second.post(f"/api/claims/{claim}/confirm")
    cut = {"lon": 107.139, "lat": -6.822, "accuracy_m": 20}
    bridge = {"text": "Jembatan Cugenang putus", "place": cut, "kind": "bridge_cut"}
    scene.ids["claim"] = scene.admin.post("/api/claims", bridge, 201)["id"]
    scene.admin.post(f"/api/claims/{scene.ids['claim']}/check")
    seen = {"found": "Foto warga, sungai meluap", "source_url": "https://example.org/foto"}
    scene.admin.post(f"/api/claims/{scene.ids['claim']}/evidence", seen, 201)
    ask = {"client_id": str(uuid.uuid4()), "text": "Apakah benar jembatan Cugenang putus?"}
    scene.codes["ask"] = scene.nobody.post("/api/asks", ask, 201)["code"]


def _blocked(scene: Scene) -> None:
    """A sender who is blocked, and a report of theirs that waits to be read."""
    contact = {"name": "Ujang", "phone": "0813-9000-1234"}
    first = scene.nobody.post("/api/reports", report(**wanting({"rice": 3}) | {"contact": contact}), 201)
    why = {"kind": "phone", "hours": 24, "reason": "laporan palsu berulang dari nomor ini"}
    scene.admin.post(f"/api/reports/{first['id']}/block", why, 201)
    again = report(**wanting({"rice": 5}) | {"contact": contact})
    # From elsewhere: what comes from the machine itself waits for nobody.
    held = scene.nobody.call("POST", "/api/reports", again, {"X-Forwarded-For": "36.70.1.9"})
    assert held.status == 202, held
    scene.codes["blocked"] = held.body["code"]


def signed_in(page: Page, scene: Scene, who: str) -> Page:
    """The page of somebody who has signed in; anybody's for `nobody`."""
    if who != "nobody":
        answer = page.request.post("/api/session", data={"name": who, "password": scene.passwords[who]})
        assert answer.ok, answer.text()
    return page


@dataclass(frozen=True)
class State:
    """A page as somebody meets it: where it is, who looks, what they did, and what shows that it is there.

    `shows` says which of the states that every page must have designed it is; "" is the page with something in it.
    """

    name: str
    path: str
    who: str = "nobody"
    reach: Callable[[Page], None] | None = None
    there: str = "main h1, main h2"
    shows: str = ""

    def open(self, page: Page, scene: Scene, language: str) -> None:
        """Bring the page into the state."""
        known = scene.ids | {f"code_{name}": code for name, code in scene.codes.items()}
        path, _, fragment = self.path.format(**known).partition("#")
        mark = "&" if "?" in path else "?"
        page.goto(f"{path}{mark}lang={language}{fragment and '#' + fragment}")
        if self.reach:
            self.reach(page)
        expect(page.locator(self.there).first).to_be_visible()
        if self.shows == "loading" or self.path == "/gaya":
            return
        for waiting in (".waiting", ".working", ".map-note", ".link-state.starting"):
            expect(page.locator(waiting)).to_have_count(0)
        page.wait_for_function(MAPS_DRAWN)


def _send(page: Page) -> None:
    page.locator("main form").first.evaluate("form => { form.noValidate = true; form.requestSubmit() }")
    page.locator(".problem:not(:empty)").first.wait_for()


def _filled(page: Page) -> None:
    page.check("#d-rising")
    page.fill("#place_text", "Cugenang")
    page.locator("#areas button").first.click()
    page.fill("#text", "Air naik terus, jalan ke masjid terputus")
    page.check("#n-water")
    page.fill("#amount_water", "200")
    page.fill("#people", "40")


def _sent(page: Page) -> None:
    _filled(page)
    page.locator("#report").evaluate("form => form.requestSubmit()")
    page.locator(".receipt .code").wait_for()


def _cut_off(page: Page) -> None:
    page.context.set_offline(True)
    page.evaluate("dispatchEvent(new Event('offline'))")


def _without(*paths: str) -> Callable[[Page], None]:
    """Loaded again while these do not answer."""

    def reach(page: Page) -> None:
        page.wait_for_load_state("networkidle")
        for path in paths:
            page.route(path, lambda route: route.abort())
        page.reload()

    return reach


def _held(*paths: str) -> Callable[[Page], None]:
    """Loaded again while the answers of these do not come."""

    def reach(page: Page) -> None:
        page.wait_for_load_state("networkidle")
        for path in paths:
            page.route(path, lambda _: None)
        page.reload()

    return reach


def _kept(page: Page) -> None:
    _filled(page)
    _cut_off(page)
    page.locator("#report").evaluate("form => form.requestSubmit()")
    page.locator("#queue > *, .receipt").first.wait_for()


def _signed_up(page: Page) -> None:
    page.fill("#name", "Neng Uji")
    page.fill("#phone", f"0813{uuid.uuid4().int % 10**8:08d}")
    page.fill("#home_text", "Cugenang")
    page.locator("#areas button").first.click()
    page.check("#consent")
    page.locator("#sign-up").evaluate("form => form.requestSubmit()")
    page.locator(".notice.good").wait_for()


def _wrong_password(page: Page) -> None:
    page.fill("#name", "siapa")
    page.fill("#password", "bukan ini")
    _send(page)


def _opened(selector: str) -> Callable[[Page], None]:
    return lambda page: page.locator(selector).first.click()


def _rows_in_sight(page: Page) -> None:
    page.locator(".lt-main").first.wait_for()
    page.evaluate("document.querySelector('.plan-left').scrollTop = 1e6")


def _villages(page: Page) -> None:
    page.locator("#tab-villages").click()
    _rows_in_sight(page)


def _asked_for_help(page: Page) -> None:
    page.locator("#distress button").click()
    page.locator("#distress-note").wait_for()


def _list_open(name: str) -> Callable[[Page], None]:
    def reach(page: Page) -> None:
        page.locator(f"#{name} > summary").click()
        page.locator(f"#{name} .list > :not(.muted), #{name} .list > p").first.wait_for()

    return reach


def _goes_without_signal(page: Page) -> None:
    """Pressed where there is no signal: it says so, and keeps what there is."""
    page.locator(".offer .primary").first.wait_for()
    _cut_off(page)
    page.locator(".offer .primary").first.click()
    page.locator("#problem:not([hidden])").wait_for()


def _menu(place: int) -> Callable[[Page], None]:
    """What the console's further menu opens, by its place there."""

    def reach(page: Page) -> None:
        page.locator(".more-menu > summary").click()
        page.locator(f".more-list button:nth-child({place})").click()

    return reach


def _drawn(page: Page) -> None:
    page.frame_locator("figure.map iframe").locator(".leaflet-interactive").first.wait_for()


STATES = [
    State("beranda", "/"),
    State("lapor", "/lapor"),
    State("lapor-salah", "/lapor", reach=_send, shows="wrong"),
    State("lapor-terisi", "/lapor", reach=_filled),
    State("lapor-diterima", "/lapor", reach=_sent),
    State("lapor-di-hp", "/lapor", reach=_kept, there="#queue > *, main .card", shows="offline"),
    State("lacak", "/lacak"),
    State("lacak-salah", "/lacak/SALAH", there="#code-problem", shows="wrong"),
    State("lacak-diterima", "/lacak/{code_received}"),
    State("lacak-diperiksa", "/lacak/{code_verified}"),
    State("lacak-ditanya", "/lacak/{code_asked}"),
    State("lacak-ditanya-jumlah", "/lacak/{code_asked_people}"),
    State("lacak-ditolak", "/lacak/{code_rejected}"),
    State("lacak-di-jalan", "/lacak/{code_di-jalan}"),
    State("lacak-diserahkan", "/lacak/{code_menyerahkan}"),
    State("lacak-selesai", "/lacak/{code_selesai}"),
    State("lacak-diblokir", "/lacak/{code_blocked}", there="#block"),
    State("lacak-data", "/lacak/{code_received}/data"),
    State("privasi", "/privasi"),
    State("relawan", "/relawan"),
    State("relawan-salah", "/relawan", reach=_send, shows="wrong"),
    State("relawan-terdaftar", "/relawan", reach=_signed_up),
    State("masuk", "/masuk"),
    State("masuk-salah", "/masuk", reach=_wrong_password, shows="wrong"),
    State("tanpa-sinyal", "/offline", shows="offline"),
    State("tidak-ada", "/tidak-ada", shows="error"),
    State("peta", "/peta", reach=_drawn),
    State("peta-kosong", f"/peta?incident={QUIET_INCIDENT}", shows="empty"),
    State("peta-tidak-ada", "/peta?incident=tidak-ada", shows="error"),
    State("janji", "/janji"),
    State("donasi", "/donasi"),
    State("donasi-kosong", f"/donasi?incident={QUIET_INCIDENT}", shows="empty"),
    State("donasi-salah", "/donasi/SALAH", there="#code-problem", shows="wrong"),
    State("donasi-tersimpan", "/donasi/{code_gift_stored}"),
    State("donasi-sampai", "/donasi/{code_gift_sent}"),
    State("kabar", "/kabar"),
    State("kabar-jawaban", "/kabar/{code_claim}"),
    State("kabar-ditanyakan", "/kabar/{code_ask}"),
    State("kabar-salah", "/kabar/SALAH", there="#code-problem", shows="wrong"),
    State("jejak", "/jejak"),
    State("tugas-lapor-diri", "/relawan/tugas", "belum", there="#check-in", shows="empty"),
    State("tugas-menunggu", "/relawan/tugas", "siap", there="#checked-in"),
    State("tugas-ditawari", "/relawan/tugas", "ditawari", there=".offer"),
    State("tugas-tanpa-sinyal", "/relawan/tugas", "ditawari", _goes_without_signal, "#problem", "offline"),
    State("tugas-diterima", "/relawan/tugas", "menerima", there=".job"),
    State("tugas-di-jalan", "/relawan/tugas", "di-jalan", there=".job .four"),
    State("tugas-terputus", "/relawan/tugas", "di-jalan", _without("**/api/me/**"), "#network", "error"),
    State("tugas-memuat", "/relawan/tugas", "belum", _held("**/api/me/**"), "h1", "loading"),
    State("tugas-diserahkan", "/relawan/tugas", "menyerahkan", there=".job"),
    State("tugas-riwayat", "/relawan/tugas", "selesai", _list_open("history"), "#history[open]"),
    State("tugas-dekat", "/relawan/tugas", "siap", _list_open("near"), "#near[open]"),
    State("tugas-minta-tolong", "/relawan/tugas", "belum", _asked_for_help, "#distress form"),
    State("tugas-tolong", "/relawan/tugas", "tolong", there="#distress .notice.bad"),
    State("tugas-ditolong", "/relawan/tugas", "ditolong", there="#distress .notice.good"),
    State("tugas-bukan-relawan", "/relawan/tugas", "penjaga", shows="denied"),
    State("akun", "/akun", "belum"),
    State("akun-tanpa-masuk", "/akun", shows="denied"),
    State("undangan-lewat", "/undangan/tidak-ada", shows="error"),
    State("petugas", "/petugas", "admin"),
    State("petugas-tanpa-hak", "/petugas", "belum", shows="denied"),
    State("akses", "/akses", "admin"),
    State("akses-tanpa-hak", "/akses", "belum", shows="denied"),
    State("konsol", "/konsol", "admin", there=".row-card"),
    State("konsol-kosong", f"/konsol?incident={EMPTY_INCIDENT}", "admin", there=".empty", shows="empty"),
    State("konsol-memuat", "/konsol", "admin", _held("**/api/board*"), ".link-state", "loading"),
    State("konsol-gagal", "/konsol", "admin", _without("**/api/board*"), ".link-state.behind", "error"),
    State(
        "konsol-terputus",
        "/konsol",
        "admin",
        _without("**/socket.io/**", "**/api/events*"),
        ".link-state.behind",
        "offline",
    ),
    State("konsol-dinding", "/konsol?wall=1", "admin", there=".on-wall"),
    State(
        "konsol-telepon", "/konsol", "admin", _opened(".toolbar > button:has-text('+')"), "dialog[open], .desk-entry"
    ),
    State("konsol-tombol", "/konsol", "admin", _menu(4), "dialog[open]"),
    State("konsol-tanpa-hak", "/konsol", "belum", shows="denied"),
    State("kotak-masuk", "/konsol/masuk", "admin"),
    State("kasus-oper", "/konsol/kasus/{case}/oper", "admin"),
    State("meja-kabar", "/konsol/kabar", "admin"),
    State("meja-kabar-satu", "/konsol/kabar/{claim}", "admin"),
    State("meja-kabar-tanpa-hak", "/konsol/kabar", "belum", shows="denied"),
    State("kotak-masuk-tanpa-hak", "/konsol/masuk", "belum", shows="denied"),
    State("moderasi", "/konsol/moderasi", "admin", there="main .card"),
    State("moderasi-tanpa-hak", "/konsol/moderasi", "belum", shows="denied"),
    State("kasus", "/konsol/kasus/{case}", "admin", there=".case-pane .facts"),
    State("kasus-memuat", "/konsol/kasus/{case}", "admin", _held("**/api/cases/*"), ".case-pane", "loading"),
    State("kasus-gagal", "/konsol/kasus/{case}", "admin", _without("**/api/cases/*"), ".case-pane .notice", "error"),
    State("kasus-tidak-ada", "/konsol/kasus/999999", "admin", there=".case-pane .notice", shows="empty"),
    State("kasus-tanpa-hak", "/konsol/kasus/{case}", "belum", shows="denied"),
    State("rencana", "/konsol/rencana/{plan}", "admin", _rows_in_sight, ".long-table"),
    State("rencana-terbuka", "/konsol/rencana/{plan}", "admin", _opened("#tab-unmet"), ".long-table, .empty"),
    State("rencana-desa", "/konsol/rencana/{plan}", "admin", _villages, ".long-table, .empty"),
    State("rencana-andai", "/konsol/rencana/{plan}", "admin", _opened(".plan-actions button"), ".ideas"),
    State("rencana-kosong", f"/konsol/rencana?incident={EMPTY_INCIDENT}", "admin", there=".no-plan", shows="empty"),
    State(
        "rencana-memuat",
        "/konsol/rencana/{plan}",
        "admin",
        _held("**/api/plans*", "**/api/plans/**"),
        ".link-state",
        "loading",
    ),
    State(
        "rencana-gagal",
        "/konsol/rencana/{plan}",
        "admin",
        _without("**/api/plans*", "**/api/plans/**"),
        ".notice.bad",
        "error",
    ),
    State("rencana-tanpa-hak", "/konsol/rencana", "belum", shows="denied"),
    State("posko", "/posko", "penjaga", there=".site-card"),
    State("posko-memuat", "/posko", "penjaga", _held("**/api/sites*"), "main h1", "loading"),
    State("posko-gagal", "/posko", "penjaga", _without("**/api/sites*"), ".notice.warn", "error"),
    State("posko-satu", "/posko/{site}", "penjaga", there=".lots"),
    State("posko-kosong", "/posko/{empty_site}", "penjaga", shows="empty"),
    State("posko-satu-gagal", "/posko/{site}", "penjaga", _without("**/api/sites/**"), ".notice.warn", "error"),
    State("posko-tanpa-hak", "/posko", "belum", shows="denied"),
    State("posko-tidak-ada", f"/posko/{NOWHERE}", "penjaga", there="main .notice", shows="error"),
    State("posko-relawan", "/posko#relawan", "admin"),
    State("donasi-masuk", "/posko/donasi", "penjaga"),
    State("donasi-masuk-tanpa-hak", "/posko/donasi", "belum", shows="denied"),
    State("gaya", "/gaya", "admin"),
    State("daftar-ambil", "/rencana/{approved}/daftar-ambil", "admin"),
    State("daftar-ambil-tanpa-hak", "/rencana/{approved}/daftar-ambil", "belum", shows="denied"),
    State("rute", "/rencana/{approved}/rute", "admin"),
    State("rute-tanpa-hak", "/rencana/{approved}/rute", "belum", shows="denied"),
]
