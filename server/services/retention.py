"""Forgetting on time: what the help no longer needs of persons goes, what counts stays.

Contacts, words and photos go so many days after the case was settled; tracks and exact fixes of volunteers sooner
(`Keep`, set in the environment). The clock does it every ten minutes, and the audit trail says how much.
"""

from dataclasses import dataclass
from datetime import timedelta

from server.domain.permissions import SYSTEM
from server.services import contacts
from server.store.unit_of_work import Tx

AT_ONCE = 500
"""Reports forgotten in one transaction."""


@dataclass(frozen=True)
class Keep:
    """How long what is kept of persons: contacts after the end of the case, a volunteer's tracks, their exact fixes."""

    contacts: timedelta
    tracks: timedelta
    fixes: timedelta


def forget_due(tx: Tx, keep: Keep, keys: contacts.Keys) -> dict[str, int]:
    """Forget what is due; how many of each kind, and nothing where there was none.

    Of reports at most AT_ONCE: where there may be more of them, all else is for the time when there are not.
    """
    due = tx.persons.over(tx.now - keep.contacts, AT_ONCE)
    if due:
        tx.persons.forget_reports([row["id"] for row in due], tx.now)
    counts = {"reports": len(due)}
    if len(due) < AT_ONCE:
        counts |= tx.persons.forget_cases()
        counts |= tx.persons.sweep(
            contacts=tx.now - keep.contacts,
            tracks=tx.now - keep.tracks,
            fixes=tx.now - keep.fixes,
            nobody=contacts.seal_text("-", keys),
        )
    found = {name: count for name, count in counts.items() if count}
    if found:
        tx.audit(SYSTEM, "person:forget", "", "retention", **found)
    return found
