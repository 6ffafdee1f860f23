"""What a person may ask about themselves, by the code that they got and the phone that they gave: all, corrected, gone.

For reports and for pledges. An unknown code, a wrong phone and a code of somebody who gave none look the same, and
each is a counted try. Who gave no phone proves themselves by the code alone. Deleting takes the person out and leaves
what counts; help that is under way keeps the place that it goes to until the case is settled (`retention`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from hmac import compare_digest
from pathlib import Path
from typing import Any, Literal

from server.domain.errors import Invalid, NotFound, Problem
from server.domain.permissions import ANYONE, Actor
from server.services import accounts, codes, contacts, photos, tracking
from server.services.inputs import OwnDataIn
from server.store.unit_of_work import Tx

TRIES, WITHIN = 5, timedelta(hours=1)
"""Wrong tries of one code."""
TRIES_OF_ADDRESS = 30
"""Wrong tries from one address: thousands share one in Indonesian mobile networks."""
GONE = "data_erased"
"""The step of a report's history that says so."""


@dataclass(frozen=True)
class Own:
    """What is about the person: a report or a pledge."""

    kind: Literal["report", "pledge"]
    code: str
    row: Mapping[str, Any]

    @property
    def subject(self) -> str:
        """How the audit trail calls it."""
        return f"{self.kind}:{self.row['id']}"

    @property
    def name_sealed(self) -> bytes | None:
        """The name that the person gave."""
        sealed: bytes | None = self.row["name_sealed" if self.kind == "report" else "donor_sealed"]
        return sealed


def find(tx: Tx, code: str, phone: str | None, address: str, keys: contacts.Keys) -> Own | None:
    """What the code is about, if the phone is the one that was given with it; None, and a try counted, if not.

    Raises TooMany when the code or the address has used up its tries.
    """
    plain = codes.normalised(code) or ""
    of_code, of_address = f"own:{codes.index_of(plain or code, keys).hex()}", f"own:{address}"
    accounts.check_tries(tx, of_code, TRIES, WITHIN)
    accounts.check_tries(tx, of_address, TRIES_OF_ADDRESS, WITHIN)
    own = _of_code(tx, plain, keys)
    if _is_theirs(own, phone, keys) and own is not None:
        return own
    for key in (of_code, of_address):
        tx.accounts.count_try(key, tx.now)
    return None


def give(tx: Tx, own: Own, keys: contacts.Keys) -> dict[str, Any]:
    """Everything that is kept about the person, in plain words and codes; audited."""
    tx.audit(ANYONE, "person:give", own.row.get("area", ""), own.subject)
    contact = {"name": own.name_sealed, "phone": own.row["phone_sealed"]}
    found = {
        "code": own.code,
        "kind": own.kind,
        "contact": {name: contacts.open_sealed(enc, keys) if enc else None for name, enc in contact.items()},
        "consent": own.row["consent"],
    }
    return found | (_report_data(tx, own.row) if own.kind == "report" else _pledge_data(own.row))


def images_of(tx: Tx, own: Own, folder: Path) -> dict[str, bytes]:
    """The photos that the person sent, by file name."""
    if own.kind == "pledge":
        return {}
    rows = [row for row in tx.photos.of_case(own.row["case_id"]) if row["report_id"] == own.row["id"]]
    return {f"foto-{row['n']}.jpg": photos.bytes_of(folder, row["id"]) for row in rows}


def correct(tx: Tx, own: Own, body: OwnDataIn, keys: contacts.Keys) -> None:
    """Put another name or phone in place; what is left out stays. Raises Invalid naming `name` or `new_phone`."""
    if not (body.name or body.new_phone):
        raise Invalid({"name": Problem("required")})
    values: dict[str, Any] = {}
    if body.name:
        values["name_sealed" if own.kind == "report" else "donor_sealed"] = contacts.seal_text(body.name, keys)
    if body.new_phone:
        sealed = contacts.seal_phone(contacts.normalise_phone(body.new_phone, name="new_phone"), keys)
        values |= {"phone_sealed": sealed.enc, "phone_last3": sealed.last3}
        values |= {"phone_index": sealed.index} if own.kind == "report" else {}
    _change(tx, own, values)
    changed = [name for name in ("name", "new_phone") if getattr(body, name)]
    tx.audit(ANYONE, "person:correct", own.row.get("area", ""), own.subject, changed=changed)


def erase(tx: Tx, own: Own) -> None:
    """Take the person out: contact, words, photos and the exact place. Counts, needs and states stay."""
    tx.audit(ANYONE, "person:erase", own.row.get("area", ""), own.subject)
    if own.kind == "pledge":
        _change(tx, own, dict.fromkeys(("donor_sealed", "phone_sealed", "phone_last3", "shown_as")))
        tx.persons.forget_donor(own.code)
        return
    # Again, too: something may have come since.
    tx.persons.forget_reports([own.row["id"]], tx.now)
    if own.row["case_id"] is not None:
        tx.persons.forget_cases(own.row["case_id"])
    if own.row["anonymised_at"] is None:
        tx.reports.note(own.row["id"], tx.now, GONE)
    if own.row["case_id"] is not None:
        tracking.tell_changed(tx, own.row, "erase")


def of_account(tx: Tx, actor: Actor, keys: contacts.Keys) -> dict[str, Any]:
    """Everything that is kept about who is signed in: the account, and the volunteer that they are; audited.

    Raises NotFound, Forbidden for a token made for something else.
    """
    user = tx.accounts.user(accounts.own_id(actor))
    if user is None:
        raise NotFound
    tx.audit(actor, "person:give", "", f"user:{user['id']}")
    account = {
        **{name: user[name] for name in ("name", "created_at")},
        "second_factor": user["totp_sealed"] is not None,
        "roles": [{"role": held.role, "area": held.area} for held in actor.grants],
    }
    volunteer = tx.volunteers.get(actor.volunteer_id) if actor.volunteer_id else None
    return {"account": account, "volunteer": _volunteer_data(tx, volunteer, keys) if volunteer else None}


def _volunteer_data(tx: Tx, row: Mapping[str, Any], keys: contacts.Keys) -> dict[str, Any]:
    told = ("state", "alias", "home_area", "skills", "vehicle", "consent", "consent_at", "created_at")
    contact = {"name": row["name_sealed"], "phone": row["phone_sealed"]}
    return {
        **{name: row[name] for name in told},
        "contact": {name: contacts.open_sealed(enc, keys) if enc else None for name, enc in contact.items()},
        "on_duty": tx.persons.tracks(row["id"]),
        "contact_looked_at": tx.audit_log.times_of("contact:reveal", f"volunteer:{row['id']}"),
    }


def erase_again(tx: Tx, subject: str) -> bool:
    """Take out a person who asked for it before the backup that was restored; whether there is anything of them."""
    kind, _, known = subject.partition(":")
    row = tx.reports.get(known) if kind == "report" else tx.pledges.get(known)
    if row is None:
        return False
    erase(tx, Own("report", "", row) if kind == "report" else Own("pledge", row["code"], row))
    return True


def _of_code(tx: Tx, plain: str, keys: contacts.Keys) -> Own | None:
    report = tx.reports.by_code_index(codes.index_of(plain, keys))
    if report is not None:
        return Own("report", plain, report)
    pledge = tx.pledges.by_code(plain)
    return Own("pledge", plain, pledge) if pledge is not None else None


def _is_theirs(own: Own | None, phone: str | None, keys: contacts.Keys) -> bool:
    """Whether the phone is the one that was given; takes the same time whether there is anything or not."""
    try:
        told = contacts.normalise_phone(phone) if phone else ""
    except Invalid:
        told = "?"
    sealed = own.row["phone_sealed"] if own else None
    known = contacts.open_sealed(sealed, keys) if sealed else ""
    return compare_digest(contacts.phone_index(told, keys), contacts.phone_index(known, keys)) and own is not None


def _change(tx: Tx, own: Own, values: Mapping[str, Any]) -> None:
    (tx.reports if own.kind == "report" else tx.pledges).change(own.row["id"], **values)


def _report_data(tx: Tx, row: Mapping[str, Any]) -> dict[str, Any]:
    told = ("received_at", "happened_at", "state", "tier", "text", "place_text", "area", "lon", "lat", "accuracy_m",
            "people", "vulnerable", "danger", "channel", "on_behalf", "rating", "anonymised_at")  # fmt: skip
    notes = [note for note in tx.cases.notes(row["case_id"]) if note["report_id"] == row["id"]]
    return {
        **{name: row[name] for name in told},
        "needs": [
            {name: need[name] for name in ("item", "quantity", "state")} for need in tx.cases.needs_of(row["case_id"])
        ],
        "added": [{"at": note["at"], "text": note["text"]} for note in notes],
        "history": [{name: step[name] for name in ("at", "step", "params")} for step in tx.reports.history(row["id"])],
        "contact_looked_at": tx.audit_log.times_of("contact:reveal", f"report:{row['id']}"),
    }


def _pledge_data(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("pledged_at", "item", "quantity", "rupiah", "shown_as")}
