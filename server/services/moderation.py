"""The moderation queue: reports in quarantine are let in or turned down, new photos are looked at, senders blocked.

What is alike is one group, decided at one go. A block only makes a sender's reports wait here; T0 is on the board all
the same. The sender reads on the tracking page until when and why, and may object; another person answers.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from server.domain import events
from server.domain.catalogue import NeedLine
from server.domain.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from server.domain.permissions import Actor, Permission, areas_for, may, require
from server.services import cases, intake, queries
from server.services.inputs import CaseActionIn
from server.services.inputs_moderation import AppealAnswerIn, BlockIn, ChoiceIn
from server.store.unit_of_work import Tx

GROUPS, SAMPLES, PHOTOS = 40, 5, 40
"""How much of the queue is shown at once."""
AT_ONCE, CASES_AT_ONCE = 2000, 200
"""Reports that one press lets in or turns down, and of those on the board already."""
LONGEST = {"device": timedelta(days=30), "phone": timedelta(days=30), "address": timedelta(hours=6)}
"""A block's longest time by kind: thousands of people may share an address."""
SENDERS_KEPT = timedelta(days=7)
"""How long a report keeps the digests of its device and address."""
SHOWN_OF_BLOCK = ("id", "kind", "area", "reason", "by", "appeal", "answer", "answered_by")
Row = Mapping[str, Any]


def queue(tx: Tx, actor: Actor) -> dict[str, Any]:
    """What waits for the person: groups of reports with some of each, photos, and senders that are blocked.

    Raises NotSignedIn, Forbidden.
    """
    tops = _tops(actor, Permission.CASE_VERIFY)
    groups = tx.moderation.groups(tops, GROUPS)
    samples: dict[str, list[dict[str, Any]]] = {}
    for row in tx.moderation.samples(tops, [group["group"] for group in groups], SAMPLES):
        samples.setdefault(row["group"], []).append(_shown(actor, row))
    photos = tx.moderation.new_photos(areas_for(actor, Permission.PHOTO_MODERATE), PHOTOS)
    blocked = tx.moderation.blocked(areas_for(actor, Permission.SENDER_BLOCK), tx.now)
    return {
        "groups": [
            {"group": row["group"], "kind": row["group"].partition(":")[0], "n": row["n"], "t0": row["t0"]}
            | {"first_at": row["first_at"].isoformat(), "last_at": row["last_at"].isoformat()}
            | {"samples": samples.get(row["group"], [])}
            for row in groups
        ],
        "photos": [{**row, "added_at": row["added_at"].isoformat()} for row in photos],
        "blocks": [_shown_block(actor, row) for row in blocked],
    }


def _tops(actor: Actor, permission: Permission) -> tuple[str, ...]:
    tops = areas_for(actor, permission)
    if not tops:
        require(actor, permission, "")
    return tops


def _shown(actor: Actor, row: Row) -> dict[str, Any]:
    names = ("id", "tier", "text", "place_text", "area", "people", "case_id", "phone_last3", "over", "signals")
    kinds = [("phone", row["phone_last3"]), ("device", row["has_device"]), ("address", row["has_address"])]
    can_block = may(actor, Permission.SENDER_BLOCK, row["area"])
    return {
        **{name: row[name] for name in names},
        "incident": row["slug"],
        "received_at": row["received_at"].isoformat(),
        "blockable": [kind for kind, there in kinds if there and can_block],
    }


def _shown_block(actor: Actor, row: Row) -> dict[str, Any]:
    return {
        **{name: row[name] for name in SHOWN_OF_BLOCK},
        "at": row["at"].isoformat(),
        "until": row["until"].isoformat(),
        "appealed_at": row["appealed_at"].isoformat() if row["appealed_at"] else None,
        "is_open": row["appealed_at"] is not None and row["answered_at"] is None,
        "is_own": row["by"] == actor.name,
    }


def let_in(tx: Tx, actor: Actor, body: ChoiceIn) -> dict[str, int]:
    """Let reports go to the board, as if they came now but with the clock of when they came.

    Raises Invalid naming `reports` when none of them waits, Forbidden.
    """
    rows = _chosen(tx, actor, body)
    for row in rows:
        if row["case_id"] is not None:
            _believe(tx, row)
    intake.let_in(tx, [(row, [NeedLine(**need) for need in row["asked"]]) for row in rows if row["case_id"] is None])
    return _decided(tx, actor, rows, "let_in", None)


def _believe(tx: Tx, row: Row) -> None:
    """A T0 that is on the board already is like any other from now on."""
    tx.reports.change(row["id"], flags=[flag for flag in row["flags"] if flag != "quarantined"])
    where = {"incident_id": row["incident_id"], "area": row["area"]}
    rows = {"reports": queries.report_rows(tx, [row["id"]])}
    tx.record(
        events.ReportChanged(**where, rows=rows, report_id=row["id"], case_id=row["case_id"], action="let_in")
    )


def reject(tx: Tx, actor: Actor, body: ChoiceIn, gazetteer: Any) -> dict[str, int]:
    """Turn reports down with a reason that their reporters read. Raises Invalid naming `reason` or `reports`."""
    if not body.reason:
        raise Invalid({"reason": Problem("required")})
    rows = _chosen(tx, actor, body)
    held = [row["id"] for row in rows if row["case_id"] is None]
    tx.moderation.reject(held, tx.now, body.reason)
    on_board = [row for row in rows if row["case_id"] is not None and _is_alone(tx, row)][:CASES_AT_ONCE]
    rows = [row for row in rows if row["case_id"] is None] + on_board
    for row in on_board:
        if row["state"] in cases.WAITING:
            cases.act(tx, actor, row["case_id"], "reject", CaseActionIn(reason=body.reason), gazetteer)
    return _decided(tx, actor, rows, "rejected", body.reason)


def _is_alone(tx: Tx, row: Row) -> bool:
    """Whether nobody else's report hangs on its case: such a case is judged on its own page, not with a heap."""
    return all(one["id"] == row["id"] or one["state"] == "rejected" for one in tx.reports.of_case(row["case_id"]))


def _chosen(tx: Tx, actor: Actor, body: ChoiceIn) -> list[Row]:
    tops = _tops(actor, Permission.CASE_VERIFY)
    until = body.until or tx.now
    rows = tx.moderation.chosen(tops, body.reports, body.group, until, AT_ONCE)
    if not rows:
        raise Invalid({"reports" if body.reports is not None else "group": Problem("nothing_waits")})
    return list(rows)


def _decided(tx: Tx, actor: Actor, rows: Sequence[Row], state: str, reason: str | None) -> dict[str, int]:
    by_area: dict[str, list[str]] = {}
    for row in rows:
        by_area.setdefault(row["area"], []).append(row["id"])
    tx.moderation.decide([row["id"] for row in rows], state, actor.name, tx.now, reason)
    for area, ids in by_area.items():
        why = {"reason": reason} if reason else {}
        tx.audit(actor, f"quarantine:{state}", area, f"report:{ids[0]}", reports=ids, **why)
    return {"decided": len(rows), "left": tx.moderation.waiting()}


def block(tx: Tx, actor: Actor, report_id: str, body: BlockIn) -> dict[str, Any]:
    """Let the reports of who sent this one wait in quarantine for some hours.

    Raises NotFound, Forbidden, Invalid naming `kind` or `hours`, Conflict when the sender is blocked already.
    """
    report = tx.reports.get(report_id)
    if report is None or not may(actor, Permission.BOARD_READ, report["area"]):
        raise NotFound
    require(actor, Permission.SENDER_BLOCK, report["area"])
    key = report["phone_index"] if body.kind == "phone" else report[f"{body.kind}_key"]
    if key is None:
        raise Invalid({"kind": Problem("unknown_sender")})
    if timedelta(hours=body.hours) > LONGEST[body.kind]:
        raise Invalid({"hours": Problem("too_large", {"most": int(LONGEST[body.kind].total_seconds() // 3600)})})
    tx.moderation.end_over(body.kind, bytes(key), tx.now)
    if tx.moderation.in_force([(body.kind, bytes(key))], tx.now):
        raise Conflict("blocked_already")
    row = {
        "id": tx.new_id(),
        "kind": body.kind,
        "key": bytes(key),
        "report_id": report_id,
        "area": report["area"],
        "reason": body.reason,
        "by": actor.name,
        "at": tx.now,
        "until": tx.now + timedelta(hours=body.hours),
    }
    tx.moderation.block(row)
    told = {"kind": body.kind, "hours": body.hours, "reason": body.reason, "report": report_id}
    tx.audit(actor, "sender:block", report["area"], f"block:{row['id']}", **told)
    return _block_now(tx, actor, row["id"])


def end_block(tx: Tx, actor: Actor, block_id: str, reason: str) -> dict[str, Any]:
    """Take a block back before its time. Raises NotFound, Conflict when it is over."""
    row = _block_for(tx, actor, block_id)
    _end(tx, actor, row)
    tx.audit(actor, "sender:unblock", row["area"], f"block:{block_id}", reason=reason)
    return _block_now(tx, actor, block_id)


def answer_appeal(tx: Tx, actor: Actor, block_id: str, body: AppealAnswerIn) -> dict[str, Any]:
    """Lift a block that its sender objected to, or let it stand; never by who blocked.

    Raises NotFound, Forbidden for who blocked, Conflict when nothing is to be answered.
    """
    row = _block_for(tx, actor, block_id)
    if row["appealed_at"] is None or row["answered_at"] is not None or row["until"] <= tx.now:
        raise Conflict("no_appeal")
    if row["by"] == actor.name:
        raise Forbidden("another_person")
    tx.moderation.change_block(block_id, answer=body.reason, answered_by=actor.name, answered_at=tx.now)
    if body.lift:
        _end(tx, actor, row)
    tx.audit(actor, "sender:appeal", row["area"], f"block:{block_id}", lift=body.lift, reason=body.reason)
    return _block_now(tx, actor, block_id)


def _block_for(tx: Tx, actor: Actor, block_id: str) -> Row:
    row = tx.moderation.block_of(block_id, lock=True)
    if row is None or not may(actor, Permission.SENDER_BLOCK, row["area"]):
        raise NotFound
    return row


def _block_now(tx: Tx, actor: Actor, block_id: str) -> dict[str, Any]:
    return _shown_block(actor, tx.moderation.block_of(block_id) or {})


def _end(tx: Tx, actor: Actor, row: Row) -> None:
    if row["ended_at"] is not None or row["until"] <= tx.now:
        raise Conflict("block_over")
    tx.moderation.change_block(row["id"], ended_at=tx.now, ended_by=actor.name)


def forget_senders(tx: Tx) -> int:
    """Drop the digests of devices and addresses that are old; returns of how many reports."""
    return tx.moderation.forget_senders(tx.now - SENDERS_KEPT)
