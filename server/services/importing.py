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
from server.services.places import home_area
from server.store.unit_of_work import Tx


@dataclass(frozen=True)
class Outcome:
    """What became of one row.

    state: `stored`, `known` (already here with the same content), `changed` (already here; the file now
    says something else, and what was stored is kept) or `rejected`, with the problems by field or column.
    flags: what a person should look at although the row was stored.
    """

    entry: Entry
    state: str
    problems: Mapping[str, Problem] = field(default_factory=dict)
    flags: tuple[str, ...] = ()


class Taken:
    """The rows of one file that were taken so far, by identity, with their digest and number.

    Rows of a batch count once their transaction has committed: a batch that is tried again row by row
    must not find itself.
    """

    def __init__(self) -> None:
        self._committed: dict[str, tuple[str, int]] = {}
        self._batch: dict[str, tuple[str, int]] = {}

    def begin(self) -> None:
        """Forget the rows of a batch that was not committed."""
        self._batch.clear()

    def commit(self) -> None:
        """Keep the rows of the batch."""
        self._committed |= self._batch
        self._batch.clear()

    def seen(self, entry: Entry) -> tuple[str, int] | None:
        """Digest and number of the row that was taken under this row's identity."""
        return self._batch.get(entry.reference) or self._committed.get(entry.reference)

    def take(self, entry: Entry) -> None:
        """Remember the row."""
        self._batch[entry.reference] = (entry.digest, entry.number)


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
    taken.begin()
    into = intake.incident_for(tx, incident)
    require(actor, Permission.INCIDENT_EDIT, home_area(into))
    return [_report(tx, actor, entry, into, gazetteer, keys, taken) for entry in entries]


def client_id(incident_id: str, reference: str) -> str:
    """The client id of an imported row: always the same for the same row in the same incident."""
    return str(uuid5(NAMESPACE_URL, f"tanggap:import:{incident_id}:{reference}"))


def _repeated(entry: Entry, digest: str, number: int) -> Outcome:
    """A row whose identity another row of the file has: the same once more, or a clash."""
    if digest == entry.digest:
        return Outcome(entry, "known")
    return Outcome(entry, "rejected", {"": Problem("import_same_identity", {"row": number})})


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
    before = taken.seen(entry)
    if before is not None:
        return _repeated(entry, *before)
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


IMPORTS = {"reports": import_reports}
"""By kind of import: what stores a batch of its rows."""
