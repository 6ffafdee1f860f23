"""Changes of stock; each is ledger rows with a reason, made once for a `client_id`."""

from typing import Any

from flask import jsonify

from server.api.contract import route, system
from server.api.identity import actor
from server.services import supply
from server.services.inputs_supply import AdjustIn, BreakIn, ReceiveIn, TransferIn, WriteOffIn
from server.services.ledger import Done

ANSWERS = {201: "Done: the lots as they are now", 200: "This client_id did it before: the lots as they are now"}


def _answer(done: Done) -> Any:
    return jsonify(done.answer), 201 if done.is_new else 200


@route("POST", "/api/stock/receive", guard="signed_in", body=ReceiveIn, answers=ANSWERS)
def receive(body: ReceiveIn) -> Any:
    """Goods came to a site."""
    with system().writing() as tx:
        return _answer(supply.receive(tx, actor(), body))


@route("POST", "/api/stock/adjust", guard="signed_in", body=AdjustIn, answers=ANSWERS)
def adjust(body: AdjustIn) -> Any:
    """A count found more or less than the ledger says."""
    with system().writing() as tx:
        return _answer(supply.adjust(tx, actor(), body))


@route("POST", "/api/stock/transfer", guard="signed_in", body=TransferIn, answers=ANSWERS)
def transfer(body: TransferIn) -> Any:
    """Goods go from one site to another."""
    with system().writing() as tx:
        return _answer(supply.transfer(tx, actor(), body))


@route("POST", "/api/stock/write_off", guard="signed_in", body=WriteOffIn, answers=ANSWERS)
def write_off(body: WriteOffIn) -> Any:
    """Goods are expired, damaged or lost."""
    with system().writing() as tx:
        return _answer(supply.write_off(tx, actor(), body))


@route("POST", "/api/stock/break_kit", guard="signed_in", body=BreakIn, answers=ANSWERS)
def break_kit(body: BreakIn) -> Any:
    """Kits are opened; what they hold is new lots of the site."""
    with system().writing() as tx:
        return _answer(supply.break_kit(tx, actor(), body))
