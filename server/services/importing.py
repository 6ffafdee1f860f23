"""Imports: mapped rows of a file, each stored by the same service as one that a person sends.

A row's identity in its file is kept as its outside identity (a report's client id is made of it, too),
so that it comes in once however often its file is imported, in whatever order. Every row ends in one of
three ways: rows in = stored + already stored + rejected.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import NAMESPACE_URL, uuid5

from geo.areas import Gazetteer
from server.domain.errors import Conflict, Invalid, Problem
from server.domain.permissions import Actor, Permission, require
from server.imports.entries import Entry
from server.services import bulk, intake, supply, volunteering
from server.services.bulk import RowResult
from server.services.contacts import Keys
from server.services.inputs import ReportIn, parse
from server.services.places import home_area
from server.store.unit_of_work import Tx

Take = Callable[[Entry], RowResult]


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


class Import(Protocol):
    """Stores a batch of rows; returns what became of each, in their order.

    Raises Invalid for an unknown incident: then nothing of the batch is stored.
    """

    def __call__(  # noqa: D102 - told above
        self,
        tx: Tx,
        actor: Actor,
        entries: Sequence[Entry],
        *,
        incident: str,
        gazetteer: Gazetteer,
        keys: Keys,
        taken: Taken,
    ) -> list[Outcome]: ...


def import_reports(
    tx: Tx, actor: Actor, entries: Sequence[Entry], *, incident: str, gazetteer: Gazetteer, keys: Keys, taken: Taken
) -> list[Outcome]:
    """Rows as reports, with the checks and flags of any other."""
    into = intake.incident_for(tx, incident)
    require(actor, Permission.INCIDENT_EDIT, home_area(into))

    def take(entry: Entry) -> RowResult:
        fields = {**entry.body, "client_id": client_id(into["id"], entry.reference), "incident": into["slug"]}
        origin = intake.Origin(entry.reference, fields.pop("happened_at", None))
        try:
            body = parse(ReportIn, fields)
            receipt = intake.receive(tx, actor, body, gazetteer=gazetteer, keys=keys, origin=origin)
        except Invalid as error:
            return RowResult("rejected", error.fields)
        except Conflict:
            return RowResult("changed")
        return RowResult("stored") if receipt.is_new else bulk.KNOWN

    return _each(entries, taken, take)


def import_sites(
    tx: Tx, actor: Actor, entries: Sequence[Entry], *, incident: str, gazetteer: Gazetteer, keys: Keys, taken: Taken
) -> list[Outcome]:
    """Rows as sites; wrong and doubled places are flagged, not hidden."""
    del keys
    into = intake.incident_for(tx, incident)
    return _each(entries, taken, lambda entry: _only(supply.add_sites(tx, actor, into, _row(entry), gazetteer)))


def import_stock(
    tx: Tx, actor: Actor, entries: Sequence[Entry], *, incident: str, gazetteer: Gazetteer, keys: Keys, taken: Taken
) -> list[Outcome]:
    """Rows as goods that came to a site, by the ledger."""
    del gazetteer
    into = intake.incident_for(tx, incident)
    return _each(entries, taken, lambda entry: _only(supply.receive_many(tx, actor, into, _row(entry), keys)))


def import_volunteers(
    tx: Tx, actor: Actor, entries: Sequence[Entry], *, incident: str, gazetteer: Gazetteer, keys: Keys, taken: Taken
) -> list[Outcome]:
    """Rows as volunteers who wait to be accepted."""
    into = intake.incident_for(tx, incident)
    return _each(
        entries, taken, lambda entry: _only(volunteering.add_many(tx, actor, into, _row(entry), gazetteer, keys))
    )


IMPORTS: Mapping[str, Import] = {
    "reports": import_reports,
    "sites": import_sites,
    "stock": import_stock,
    "volunteers": import_volunteers,
}
"""By kind of import: what stores a batch of its rows."""


def client_id(incident_id: str, reference: str) -> str:
    """The client id of an imported row: always the same for the same row in the same incident."""
    return str(uuid5(NAMESPACE_URL, f"tanggap:import:{incident_id}:{reference}"))


def _each(entries: Sequence[Entry], taken: Taken, take: Take) -> list[Outcome]:
    taken.begin()
    return [_outcome(entry, taken, take) for entry in entries]


def _outcome(entry: Entry, taken: Taken, take: Take) -> Outcome:
    if entry.problems:
        return Outcome(entry, "rejected", entry.problems)
    before = taken.seen(entry)
    if before is not None:
        return _repeated(entry, *before)
    result = take(entry)
    if result.state != "rejected":
        taken.take(entry)
    return Outcome(entry, result.state, result.problems, result.flags)


def _repeated(entry: Entry, digest: str, number: int) -> Outcome:
    """A row whose identity another row of the file has: the same once more, or a clash."""
    if digest == entry.digest:
        return Outcome(entry, "known")
    return Outcome(entry, "rejected", {"": Problem("import_same_identity", {"row": number})})


def _row(entry: Entry) -> list[bulk.Entry]:
    return [(entry.reference, entry.body)]


def _only(results: list[RowResult]) -> RowResult:
    (result,) = results
    return result
