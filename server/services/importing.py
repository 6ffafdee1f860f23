"""Imports: mapped rows of a file become reports, each by the same service as one that a person sends.

A row's identity in its file becomes the report's client id and outside identity, so that a row comes
in once however often its file is imported, in whatever order. Every row ends in one of three ways:
rows in = stored + already stored + rejected.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from geo.areas import Gazetteer
from server.domain.errors import Conflict, Invalid, Problem
from server.domain.permissions import Actor, Permission, require
from server.imports.entries import Entry
from server.services import intake
from server.services.contacts import Keys
from server.services.inputs import ReportIn, parse
from server.store.unit_of_work import Tx


@dataclass(frozen=True)
class Outcome:
    """What became of one row.

    state: `stored`, `known` (already here with the same content), `changed` (already here; the file now
    says something else, and what was stored is kept) or `rejected`, with the problems by field or column.
    """

    entry: Entry
    state: str
    problems: Mapping[str, Problem] = field(default_factory=dict)


class Taken:
    """The rows of one file that were taken so far: two different ones may not have the same identity."""

    def __init__(self) -> None:
        self._taken: dict[str, tuple[str, int]] = {}

    def clash(self, entry: Entry) -> Problem | None:
        """The problem of a row whose identity a taken row of the file has, with other content."""
        digest, number = self._taken.get(entry.reference, (entry.digest, entry.number))
        return None if digest == entry.digest else Problem("import_same_identity", {"row": number})

    def take(self, entry: Entry) -> None:
        """Remember the row."""
        self._taken[entry.reference] = (entry.digest, entry.number)


def import_reports(
    tx: Tx,
    actor: Actor,
    entries: Sequence[Entry],
    *,
    incident: str,
    gazetteer: Gazetteer,
    keys: Keys,
    taken: Taken,
) -> list[Outcome]:
    """Store the reports of a batch of rows; returns what became of each, in their order.

    Raises Invalid for an unknown incident: then nothing of the batch is stored.
    """
    into = intake.incident_for(tx, incident)
    require(actor, Permission.INCIDENT_EDIT, intake.places.home_area(into))
    return [_report(tx, actor, entry, into, gazetteer, keys, taken) for entry in entries]


def client_id(incident_id: str, reference: str) -> str:
    """The client id of an imported row: always the same for the same row in the same incident."""
    return str(uuid5(NAMESPACE_URL, f"tanggap:import:{incident_id}:{reference}"))


def _report(
    tx: Tx,
    actor: Actor,
    entry: Entry,
    incident: Mapping[str, Any],
    gazetteer: Gazetteer,
    keys: Keys,
    taken: Taken,
) -> Outcome:
    if entry.problems:
        return Outcome(entry, "rejected", entry.problems)
    clash = taken.clash(entry)
    if clash is not None:
        return Outcome(entry, "rejected", {"": clash})
    body = dict(entry.body)
    origin = intake.Origin(entry.reference, body.pop("happened_at", None))
    identity = {"client_id": client_id(incident["id"], entry.reference), "incident": incident["slug"]}
    try:
        report = parse(ReportIn, body | identity)
        receipt = intake.receive(tx, actor, report, gazetteer=gazetteer, keys=keys, origin=origin)
    except Invalid as error:
        return Outcome(entry, "rejected", error.fields)
    except Conflict:
        taken.take(entry)
        return Outcome(entry, "changed")
    taken.take(entry)
    return Outcome(entry, "stored" if receipt.is_new else "known")
