"""The hand-over with its proof: the recipient's four digits, or a photo with the place and time."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from geo.crs import metres
from server.domain.errors import Conflict, Invalid, NotFound, Problem
from server.domain.permissions import Actor
from server.services import moves
from server.services.inputs_dispatch import DeliverIn
from server.services.moves import Row
from server.store.unit_of_work import Tx

CODE_TRIES = 5
"""Wrong codes after which only a photo proves the hand-over."""
CLOCK_AHEAD = timedelta(minutes=5)
FAR_M = 2_000
"""A hand-over farther than this from the case, and than its place is sure, is flagged."""


@dataclass(frozen=True)
class HandOver:
    """The assignment after a hand-over was reported; `tries_left` is set when the code was wrong."""

    assignment: Mapping[str, Any]
    is_new: bool = True
    tries_left: int | None = None


def deliver(tx: Tx, actor: Actor, assignment_id: str, body: DeliverIn) -> HandOver:
    """The goods were handed over, or the service was done, with proof; a given `client_id` makes it count once.

    A wrong code is counted and not an error here, so that the count is kept.
    Raises Invalid naming the proof that lacks, Conflict with the present state.
    """
    moves.known(tx, assignment_id, lambda row: moves.require_carrier_or_manager(actor, row))
    row = moves.held(tx, assignment_id, with_goods=True)
    moves.require_carrier_or_manager(actor, row)
    client_id = str(body.client_id or tx.new_id())
    if (known := tx.assignments.delivery(client_id)) is not None:
        if known["assignment_id"] != assignment_id:
            raise Conflict("client_id_taken", state=moves.present(tx, assignment_id))
        return HandOver(moves.present(tx, assignment_id), is_new=False)
    moves.check_version(tx, row, body.version)
    moves.check(tx, row, "deliver")
    case = tx.cases.get(row["case_id"])
    if case is None:
        raise NotFound
    lines = tx.assignments.lines(assignment_id)
    handed = _handed(lines, body)
    photo_id = tx.photos.of_assignment(assignment_id)
    if (tries_left := _wrong_code(tx, row, case, body)) is not None:
        return HandOver(moves.present(tx, assignment_id), tries_left=tries_left)
    if body.code is None:
        _check_photo(photo_id, body)
    moves.move(tx, row, "deliver")
    tx.assignments.add_delivery(_delivery_row(tx, actor, row, case, body, photo_id) | {"client_id": client_id})
    back = _hand_over(tx, actor, row, lines, handed)
    told = moves.told(tx, actor, row, "deliver", step="delivered", back=back, proof="code" if body.code else "photo")
    return HandOver(told)


def _wrong_code(tx: Tx, row: Row, case: Row, body: DeliverIn) -> int | None:
    """None when no code is in play or it fits; else the tries that are left, with this one counted."""
    if body.code is None:
        return None
    if row["code_tries"] >= CODE_TRIES:
        raise Invalid({"code": Problem("too_many_codes")})
    if hmac.compare_digest(body.code.encode(), case["delivery_code"].encode()):
        return None
    tx.assignments.count_code_try(row["id"])
    return CODE_TRIES - int(row["code_tries"]) - 1


def _check_photo(photo_id: str | None, body: DeliverIn) -> None:
    wrong = {"code": Problem("code_or_photo")} if photo_id is None else {}
    if body.place is None:
        wrong["place"] = Problem("required")
    if wrong:
        raise Invalid(wrong)


def _handed(lines: list[Row], body: DeliverIn) -> dict[int, int]:
    """What was handed over of each line, by its number; what lacks is taken from the last lines."""
    left = {line["n"]: line["quantity"] for line in lines}
    wrong: dict[str, Problem] = {}
    for at, given in enumerate(body.lines or ()):
        mine = [line for line in lines if line["need_id"] == given.need_id]
        short = sum(line["quantity"] for line in mine) - given.quantity
        if not mine:
            wrong[f"lines.{at}.need_id"] = Problem("unknown_need")
        elif short < 0:
            most = sum(line["quantity"] for line in mine)
            wrong[f"lines.{at}.quantity"] = Problem("too_large", {"most": most})
        for line in reversed(mine):
            less = min(short, line["quantity"]) if short > 0 else 0
            left[line["n"]], short = line["quantity"] - less, short - less
    if not wrong and not any(left.values()):
        wrong["lines"] = Problem("nothing_handed_over")
    if wrong:
        raise Invalid(wrong)
    return left


def _hand_over(tx: Tx, actor: Actor, row: Row, lines: list[Row], handed: Mapping[int, int]) -> bool:
    """Move what was handed over to the recipient and the rest back to its site; whether any came back."""
    given = [{**line, "quantity": handed[line["n"]]} for line in lines]
    rest = [{**line, "quantity": line["quantity"] - handed[line["n"]]} for line in lines]
    moves.shift(tx, actor, row, given, "transit", "recipient", "deliver")
    moves.shift(tx, actor, row, rest, "transit", "site", "return")
    for line in rest:
        if line["quantity"]:
            tx.assignments.set_line(row["id"], line["n"], handed[line["n"]])
    return any(line["quantity"] for line in rest)


def _delivery_row(
    tx: Tx, actor: Actor, row: Row, case: Row, body: DeliverIn, photo_id: str | None
) -> dict[str, Any]:
    at = body.at or tx.now
    flags = ["clock_ahead"] if at > tx.now + CLOCK_AHEAD else []
    flags += ["clock_behind"] if at < row["created_at"] else []
    flags += ["far_from_case"] if _far(case, body) else []
    return {
        "id": tx.new_id(),
        "assignment_id": row["id"],
        "proof": "code" if body.code else "photo",
        "photo_id": photo_id,
        "lon": body.place.lon if body.place else None,
        "lat": body.place.lat if body.place else None,
        "accuracy_m": body.place.accuracy_m if body.place else None,
        "flags": flags,
        "by": actor.name,
        "handed_over_at": at,
        "recorded_at": tx.now,
    }


def _far(case: Row, body: DeliverIn) -> bool:
    if body.place is None or case["lon"] is None:
        return False
    away = float(metres(case["lon"], case["lat"], body.place.lon, body.place.lat))
    return away > FAR_M + (case["accuracy_m"] or 0) + (body.place.accuracy_m or 0)
