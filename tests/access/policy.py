"""The one table of who may call what: for every call and page its place and the right that it needs there.

`where` says in which area the right is looked for:
  anybody      no right at all, also without signing in
  signed_in    any account
  volunteering an account that is a volunteer's own
  asked        the area that is asked for (`area`)
  somewhere    any area of the person's
  everywhere   all areas
  province     the whole operating area of the standing incident
  (a noun)     the area of that thing; who may not see it gets the answer of a thing that does not exist
  own          a thing of one's own: what others have does not exist

`sees` is the right by which a thing is known at all: whoever has that and not `needs` is refused with 403.
`also` is a second right that is needed in the same place; `first` one that is needed somewhere before the thing is
looked for.
"""

from dataclasses import dataclass

from server.domain.permissions import Permission

P = Permission

NOUNS = (
    "case", "report", "need", "assignment", "claim", "ask", "distress", "photo", "plan", "wave", "pledge", "ruling",
    "site", "lot", "volunteer", "hazard", "closure", "referral", "user", "loan", "block",
)  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """What a call needs, where, and by what right its thing is known."""

    where: str
    needs: P | None = None
    sees: P | None = None
    also: P | None = None
    first: P | None = None


ANYBODY, SIGNED_IN, VOLUNTEER, OWN = Rule("anybody"), Rule("signed_in"), Rule("volunteering"), Rule("own")


def of(noun: str, needs: P, sees: P = P.BOARD_READ) -> Rule:
    """A right in the area of a thing."""
    return Rule(noun, needs, sees)


def _asked(needs: P) -> Rule:
    return Rule("asked", needs)


POLICY: dict[str, Rule] = {
    # What anybody may do.
    "GET /api/areas": ANYBODY,
    "GET /api/areas/<code>": ANYBODY,
    "GET /api/areas/<code>/map": ANYBODY,
    "GET /api/incidents": ANYBODY,
    "GET /api/items": ANYBODY,
    "GET /api/openapi.json": ANYBODY,
    "GET /api/public/areas.csv": ANYBODY,
    "GET /api/public/areas.geojson": ANYBODY,
    "GET /api/public/audit": ANYBODY,
    "GET /api/public/deliveries": ANYBODY,
    "GET /api/public/deliveries.csv": ANYBODY,
    "GET /api/public/gifts/<code>": ANYBODY,
    "GET /api/public/gifts/<code>.csv": ANYBODY,
    "GET /api/public/near": ANYBODY,
    "GET /api/public/promises": ANYBODY,
    "GET /api/public/summary": ANYBODY,
    "GET /api/public/summary.csv": ANYBODY,
    "GET /api/public/unmet": ANYBODY,
    "GET /api/public/unmet.csv": ANYBODY,
    "GET /api/asks/<code>": ANYBODY,
    "POST /api/asks": ANYBODY,
    "GET /api/track/<code>": ANYBODY,
    "GET /healthz": ANYBODY,
    "GET /metrics": ANYBODY,
    "GET /readyz": ANYBODY,
    "POST /api/pledges": ANYBODY,
    "POST /api/reports": ANYBODY,
    "POST /api/session": ANYBODY,
    "POST /api/track/<code>": ANYBODY,
    "POST /api/track/<code>/data": ANYBODY,
    "POST /api/volunteers": ANYBODY,
    "PUT /api/reports/<uuid:client_id>/photos/<int:n>": ANYBODY,
    "GET /": ANYBODY,
    "GET /donasi": ANYBODY,
    "GET /donasi/<code>": ANYBODY,
    "GET /donasi/<code>/foto/<uuid:photo_id>": ANYBODY,
    "GET /donasi/<code>/peta.svg": ANYBODY,
    "GET /janji": ANYBODY,
    "GET /jejak": ANYBODY,
    "GET /jejak/umpan.xml": ANYBODY,
    "GET /jejak/verify_audit.py": ANYBODY,
    "GET /kabar": ANYBODY,
    "GET /kabar/<code>": ANYBODY,
    "GET /kabar/<code>/kartu.png": ANYBODY,
    "GET /kabar/<code>/kartu.svg": ANYBODY,
    "POST /kabar": ANYBODY,
    "GET /lacak": ANYBODY,
    "GET /lacak/<code>": ANYBODY,
    "GET /lacak/<code>/data": ANYBODY,
    "GET /lapor": ANYBODY,
    "GET /masuk": ANYBODY,
    "GET /offline": ANYBODY,
    "GET /peta": ANYBODY,
    "GET /privasi": ANYBODY,
    "GET /peta/gambar": ANYBODY,
    "GET /peta/gambar.png": ANYBODY,
    "GET /peta/gambar.svg": ANYBODY,
    "GET /peta/sematan": ANYBODY,
    "GET /relawan": ANYBODY,
    "POST /donasi": ANYBODY,
    "POST /lacak/<code>": ANYBODY,
    "POST /lacak/<code>/data": ANYBODY,
    "POST /lapor": ANYBODY,
    "GET /undangan/<secret>": ANYBODY,
    "POST /undangan/<secret>": ANYBODY,
    "POST /masuk": ANYBODY,
    "POST /relawan": ANYBODY,
    # One's own account and work.
    "DELETE /api/session": SIGNED_IN,
    "GET /api/me": SIGNED_IN,
    "GET /api/me/data": SIGNED_IN,
    "POST /api/me/password": SIGNED_IN,
    "POST /api/me/tokens": SIGNED_IN,
    "POST /api/me/totp": SIGNED_IN,
    "POST /api/me/totp/confirm": SIGNED_IN,
    "DELETE /api/me/totp": SIGNED_IN,
    "POST /api/me/recovery": SIGNED_IN,
    "GET /api/me/sessions": SIGNED_IN,
    "DELETE /api/me/sessions/<session_id>": SIGNED_IN,
    "GET /akun": SIGNED_IN,
    "POST /akun/dua-langkah": SIGNED_IN,
    "POST /akun/dua-langkah/kode": SIGNED_IN,
    "POST /akun/dua-langkah/cadangan": SIGNED_IN,
    "POST /akun/dua-langkah/lepas": SIGNED_IN,
    "POST /akun/sesi/<session_id>/akhiri": SIGNED_IN,
    "POST /akun/sandi": SIGNED_IN,
    "POST /akun/token": SIGNED_IN,
    "POST /keluar": SIGNED_IN,
    "GET /gaya": SIGNED_IN,
    "GET /api/basemap/areas.geojson": SIGNED_IN,
    "GET /api/basemap/land.geojson": SIGNED_IN,
    "GET /api/basemap/names.geojson": SIGNED_IN,
    "GET /api/basemap/roads.geojson": SIGNED_IN,
    "DELETE /api/checkins/current": VOLUNTEER,
    "GET /api/checkins/current": VOLUNTEER,
    "PATCH /api/checkins/current": VOLUNTEER,
    "POST /api/checkins": VOLUNTEER,
    "GET /api/me/assignments": VOLUNTEER,
    "GET /api/me/distress": VOLUNTEER,
    "GET /api/me/history": VOLUNTEER,
    "GET /api/me/near": VOLUNTEER,
    "GET /api/me/offers": VOLUNTEER,
    "POST /api/me/distress": VOLUNTEER,
    "GET /relawan/tugas": VOLUNTEER,
    "POST /relawan/lapor-diri": VOLUNTEER,
    "POST /relawan/pulang": VOLUNTEER,
    "POST /relawan/tolong": VOLUNTEER,
    "POST /relawan/tugas/<uuid:assignment_id>/<action>": OWN,
    "GET /api/me/assignments/<uuid:assignment_id>/contact": OWN,
    "POST /api/assignments/<uuid:assignment_id>/accept": OWN,
    "POST /api/assignments/<uuid:assignment_id>/decline": OWN,
    # What staff see and decide, in their areas.
    "GET /api/board": _asked(P.BOARD_READ),
    "GET /api/claims": _asked(P.BOARD_READ),
    "GET /api/clocks/forecast": _asked(P.BOARD_READ),
    "GET /api/clocks/league": _asked(P.BOARD_READ),
    "POST /api/agencies": _asked(P.USER_EDIT),
    # Accounts of an area, and roles for some hours.
    "GET /api/users": Rule("somewhere", P.USER_EDIT),
    "POST /api/users": _asked(P.USER_EDIT),
    "POST /api/users/<uuid:user_id>/<action>": Rule("user", P.USER_EDIT, P.USER_EDIT, first=P.USER_EDIT),
    "GET /petugas": Rule("somewhere", P.USER_EDIT),
    "POST /petugas": _asked(P.USER_EDIT),
    "POST /petugas/<uuid:user_id>/<action>": Rule("user", P.USER_EDIT, P.USER_EDIT, first=P.USER_EDIT),
    "GET /api/access": _asked(P.BOARD_READ),
    # A coordinator's role, which who gives roles lends, too.
    "POST /api/access": _asked(P.ASSIGNMENT_MANAGE),
    "POST /api/access/emergency": Rule("somewhere", P.BOARD_READ),
    "POST /api/access/<uuid:loan_id>/end": of("loan", P.ASSIGNMENT_MANAGE),
    "GET /akses": Rule("somewhere", P.BOARD_READ),
    "POST /akses/wakil": _asked(P.ASSIGNMENT_MANAGE),
    "POST /akses/darurat": Rule("somewhere", P.BOARD_READ),
    "POST /akses/<uuid:loan_id>/akhiri": of("loan", P.ASSIGNMENT_MANAGE),
    "GET /api/agencies": Rule("somewhere", P.BOARD_READ),
    "GET /api/inbox": Rule("somewhere", P.CASE_EDIT),
    "GET /konsol/masuk": Rule("somewhere", P.CASE_EDIT),
    "GET /api/moderation": Rule("somewhere", P.CASE_VERIFY),
    "GET /konsol/moderasi": Rule("somewhere", P.CASE_VERIFY),
    # Reports of other areas among those that are named are passed over like unknown ones.
    "POST /api/moderation/let_in": Rule("somewhere", P.CASE_VERIFY),
    "POST /api/moderation/reject": Rule("somewhere", P.CASE_VERIFY),
    "POST /konsol/moderasi/laporan/<action>": Rule("somewhere", P.CASE_VERIFY),
    "GET /api/events": _asked(P.BOARD_READ),
    "GET /api/gifts": _asked(P.SITE_READ),
    "GET /api/hazards": _asked(P.BOARD_READ),
    "GET /api/pledges": Rule("somewhere", P.GIFT_EDIT),
    "GET /api/roads/closures": _asked(P.BOARD_READ),
    "GET /api/sites": _asked(P.SITE_READ),
    "GET /api/volunteers": _asked(P.VOLUNTEER_READ),
    "POST /api/plans": _asked(P.PLAN_MAKE),
    "POST /api/plans/what-if": _asked(P.PLAN_MAKE),
    "POST /api/waves": _asked(P.PLAN_MAKE),
    "POST /api/claims": _asked(P.CLAIM_EDIT),
    "POST /api/hazards": _asked(P.HAZARD_EDIT),
    "POST /api/roads/closures": _asked(P.HAZARD_EDIT),
    "POST /api/sites": _asked(P.SITE_EDIT),
    "GET /api/audit": Rule("somewhere", P.AUDIT_READ),
    "GET /api/audit/export": Rule("everywhere", P.AUDIT_READ),
    "GET /api/distress": Rule("somewhere", P.ASSIGNMENT_MANAGE),
    "GET /api/plans": Rule("somewhere", P.BOARD_READ),
    "GET /api/rulings": Rule("somewhere", P.BOARD_READ),
    "GET /api/waves": Rule("somewhere", P.BOARD_READ),
    "GET /api/incidents/<slug>/settings": Rule("province", P.INCIDENT_EDIT),
    # Never the standing incident: who may is told that it cannot be.
    "POST /api/incidents/<slug>/close": Rule("province", P.INCIDENT_EDIT),
    "POST /api/incidents/<slug>/open": Rule("province", P.INCIDENT_EDIT),
    "PATCH /api/incidents/<slug>/settings": Rule("province", P.INCIDENT_EDIT),
    # A pledge names no place before it is brought.
    "POST /api/pledges/<uuid:pledge_id>/reveal": Rule("somewhere", P.CONTACT_REVEAL),
    "GET /api/cases/<int:case_id>": of("case", P.BOARD_READ),
    "POST /api/cases/<int:case_id>/ask": of("case", P.CASE_EDIT),
    "POST /api/cases/<int:case_id>/look": of("case", P.BOARD_READ),
    "POST /api/cases/<int:case_id>/merge": of("case", P.CASE_EDIT),
    "POST /api/cases/<int:case_id>/note": of("case", P.CASE_EDIT),
    "GET /api/cases/<int:case_id>/units": of("case", P.BOARD_READ),
    "POST /api/cases/<int:case_id>/pass": of("case", P.CASE_EDIT),
    "GET /konsol/kasus/<int:case_id>/oper": Rule("case", P.CASE_EDIT, P.BOARD_READ, first=P.CASE_EDIT),
    "POST /konsol/kasus/<int:case_id>/oper": of("case", P.CASE_EDIT),
    "POST /api/referrals/<uuid:referral_id>/accept": of("referral", P.CASE_EDIT),
    "POST /api/referrals/<uuid:referral_id>/return": of("referral", P.CASE_EDIT),
    "POST /api/referrals/<uuid:referral_id>/withdraw": of("referral", P.CASE_EDIT),
    "POST /konsol/masuk/<uuid:referral_id>/<action>": Rule("referral", P.CASE_EDIT, P.BOARD_READ, first=P.CASE_EDIT),
    "POST /api/cases/<int:case_id>/reject": of("case", P.CASE_VERIFY),
    "POST /api/cases/<int:case_id>/set_tier": of("case", P.CASE_EDIT),
    "POST /api/cases/<int:case_id>/split": of("case", P.CASE_EDIT),
    "POST /api/cases/<int:case_id>/take_back": of("case", P.CASE_VERIFY),
    "POST /api/cases/<int:case_id>/keep_apart": of("case", P.CASE_VERIFY),
    "POST /api/cases/<int:case_id>/verify": of("case", P.CASE_VERIFY),
    "POST /api/reports/<report_id>/reveal": of("report", P.CONTACT_REVEAL),
    "POST /api/reports/<report_id>/block": of("report", P.SENDER_BLOCK),
    "POST /konsol/moderasi/pengirim/<report_id>": of("report", P.SENDER_BLOCK),
    "POST /api/blocks/<uuid:block_id>/appeal": of("block", P.SENDER_BLOCK, P.SENDER_BLOCK),
    "POST /api/blocks/<uuid:block_id>/end": of("block", P.SENDER_BLOCK, P.SENDER_BLOCK),
    "POST /konsol/moderasi/blokir/<uuid:block_id>/<action>": of("block", P.SENDER_BLOCK, P.SENDER_BLOCK),
    "GET /api/needs/<int:need_id>/candidates": of("need", P.VOLUNTEER_READ),
    "POST /api/assignments": of("need", P.ASSIGNMENT_MANAGE),
    "POST /api/rulings": of("need", P.ASSIGNMENT_MANAGE),
    "POST /api/rulings/<uuid:ruling_id>/end": of("ruling", P.ASSIGNMENT_MANAGE),
    "POST /api/assignments/<uuid:assignment_id>/all_well": of("assignment", P.ASSIGNMENT_MANAGE),
    "POST /api/assignments/<uuid:assignment_id>/cancel": of("assignment", P.ASSIGNMENT_MANAGE),
    "POST /api/assignments/<uuid:assignment_id>/confirm": of("assignment", P.ASSIGNMENT_MANAGE),
    "POST /api/assignments/<uuid:assignment_id>/deliver": of("assignment", P.ASSIGNMENT_MANAGE),
    # Who keeps the stock hands it out.
    "POST /api/assignments/<uuid:assignment_id>/depart": of("assignment", P.STOCK_EDIT),
    "POST /api/assignments/<uuid:assignment_id>/fail": of("assignment", P.ASSIGNMENT_MANAGE),
    "POST /api/assignments/<uuid:assignment_id>/offer": of("assignment", P.ASSIGNMENT_MANAGE),
    "POST /api/assignments/<uuid:assignment_id>/reassign": of("assignment", P.ASSIGNMENT_MANAGE),
    "PUT /api/assignments/<uuid:assignment_id>/photos/<int:n>": of("assignment", P.ASSIGNMENT_MANAGE),
    "GET /api/claims/<uuid:claim_id>": of("claim", P.BOARD_READ),
    "POST /api/claims/<uuid:claim_id>/<action>": of("claim", P.CLAIM_EDIT),
    "POST /api/claims/<uuid:claim_id>/evidence": of("claim", P.CLAIM_EDIT),
    "POST /api/claims/<uuid:claim_id>/join": of("claim", P.CLAIM_EDIT),
    "POST /api/asks/<uuid:ask_id>/reached": of("ask", P.CONTACT_REVEAL),
    "POST /api/asks/<uuid:ask_id>/reveal": of("ask", P.CONTACT_REVEAL),
    "GET /konsol/kabar": Rule("somewhere", P.CLAIM_EDIT),
    "POST /konsol/kabar": Rule("asked", P.CLAIM_EDIT),
    "GET /konsol/kabar/<uuid:claim_id>": of("claim", P.BOARD_READ),
    "POST /konsol/kabar/<uuid:claim_id>/bukti": of("claim", P.CLAIM_EDIT),
    "POST /konsol/kabar/<uuid:claim_id>/dikabari/<uuid:ask_id>": of("claim", P.CLAIM_EDIT),
    "POST /konsol/kabar/<uuid:claim_id>/gabung": of("claim", P.CLAIM_EDIT),
    "POST /konsol/kabar/<uuid:claim_id>/langkah/<action>": of("claim", P.CLAIM_EDIT),
    "POST /konsol/kabar/<uuid:claim_id>/nomor/<uuid:ask_id>": of("claim", P.CLAIM_EDIT),
    "POST /api/distress/<uuid:call_id>/answer": of("distress", P.ASSIGNMENT_MANAGE, P.ASSIGNMENT_MANAGE),
    "POST /api/distress/<uuid:call_id>/end": of("distress", P.ASSIGNMENT_MANAGE, P.ASSIGNMENT_MANAGE),
    "POST /api/distress/<uuid:call_id>/reveal": of("distress", P.ASSIGNMENT_MANAGE, P.ASSIGNMENT_MANAGE),
    "POST /api/hazards/<uuid:hazard_id>/end": of("hazard", P.HAZARD_EDIT),
    "POST /api/roads/closures/<uuid:hazard_id>/end": of("closure", P.HAZARD_EDIT),
    "GET /api/photos/<uuid:photo_id>": of("photo", P.BOARD_READ),
    "POST /api/photos/<uuid:photo_id>/hide": of("photo", P.PHOTO_MODERATE),
    "POST /api/photos/<uuid:photo_id>/show": of("photo", P.PHOTO_MODERATE),
    "POST /konsol/moderasi/foto/<uuid:photo_id>/<action>": of("photo", P.PHOTO_MODERATE),
    "GET /api/plans/<uuid:plan_id>": of("plan", P.BOARD_READ),
    "POST /api/plans/<uuid:plan_id>/approve": of("plan", P.PLAN_APPROVE),
    "POST /api/waves/<uuid:plan_id>/edit": of("wave", P.PLAN_APPROVE),
    "GET /rencana/<uuid:plan_id>/daftar-ambil": of("plan", P.BOARD_READ),
    "GET /rencana/<uuid:plan_id>/rute": of("plan", P.BOARD_READ),
    "GET /api/sites/<uuid:site_id>": of("site", P.SITE_READ, P.SITE_READ),
    "GET /api/sites/<uuid:site_id>/ledger": of("site", P.SITE_READ, P.SITE_READ),
    "GET /api/sites/<uuid:site_id>/pickups": of("site", P.SITE_READ, P.SITE_READ),
    "GET /api/sites/<uuid:site_id>/stock": of("site", P.SITE_READ, P.SITE_READ),
    "PATCH /api/sites/<uuid:site_id>": of("site", P.SITE_EDIT, P.SITE_READ),
    "POST /api/stock/receive": of("site", P.STOCK_EDIT, P.SITE_READ),
    "POST /api/gifts": of("site", P.GIFT_EDIT, P.SITE_READ),
    "POST /api/stock/adjust": of("lot", P.STOCK_EDIT, P.SITE_READ),
    "POST /api/stock/break_kit": of("lot", P.STOCK_EDIT, P.SITE_READ),
    "POST /api/stock/transfer": of("lot", P.STOCK_EDIT, P.SITE_READ),
    "POST /api/stock/write_off": of("lot", P.STOCK_EDIT, P.SITE_READ),
    "POST /api/volunteers/<uuid:volunteer_id>/accept": of("volunteer", P.VOLUNTEER_ACCEPT, P.VOLUNTEER_READ),
    "POST /api/volunteers/<uuid:volunteer_id>/refuse": of("volunteer", P.VOLUNTEER_ACCEPT, P.VOLUNTEER_READ),
    "POST /api/volunteers/<uuid:volunteer_id>/reveal": of("volunteer", P.CONTACT_REVEAL, P.VOLUNTEER_READ),
    # Pages of staff: shells that calls above fill.
    "GET /konsol": Rule("somewhere", P.BOARD_READ),
    "GET /konsol/kasus/<int:case_id>": Rule("somewhere", P.BOARD_READ),
    "GET /konsol/rencana": Rule("somewhere", P.BOARD_READ),
    "GET /konsol/rencana/<uuid:plan_id>": Rule("somewhere", P.BOARD_READ),
    "GET /posko": Rule("somewhere", P.SITE_READ),
    "GET /posko/<uuid:site_id>": Rule("somewhere", P.SITE_READ),
    "GET /posko/donasi": Rule("somewhere", P.GIFT_EDIT),
    "POST /posko/donasi": of("site", P.GIFT_EDIT, P.SITE_READ),
    "POST /posko/donasi/<uuid:pledge_id>": Rule("somewhere", P.CONTACT_REVEAL, also=P.GIFT_EDIT),
}
"""Every call and page."""

SOCKET: dict[str, Rule] = {
    "connect": ANYBODY,
    "subscribe": _asked(P.BOARD_READ),
}
"""Every event that a client may send."""
