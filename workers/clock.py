"""What happens by the clock: silent offers end, figures are published, what got stuck is set going.

One clock works at a time, by a claim that lasts as long as its connection. Every duty has a thread of
its own, so that a long one (a backup, maps) holds up no other.
"""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import DBAPIError

from server.bootstrap import Begin, System
from server.commands.backup import backup
from server.config import Settings
from server.services import (
    accounts,
    audit,
    blocked,
    clocks,
    moderation,
    offers,
    overdue,
    photos,
    reconciling,
    retention,
)
from workers import comparing, publicmap

log = structlog.get_logger()
HERE = ZoneInfo("Asia/Jakarta")
BACKUP_HOUR = 1


@dataclass(frozen=True)
class Duty:
    """Something to be done every so many seconds."""

    name: str
    every_s: float
    do: Callable[[System], object]


def end_silent_offers(system: System) -> int:
    """Close the offers whose deadline is over."""
    with system.writing() as tx:
        return offers.expire_due(tx)


def raise_alarms(system: System) -> int:
    """Call a coordinator for volunteers of whom nothing was heard in time."""
    with system.writing() as tx:
        return overdue.raise_alarms(tx)


def open_roads_again(system: System) -> int:
    """Tell volunteers on the way that the road that was closed is not any more."""
    with system.writing() as tx:
        return blocked.open_again(tx)


def call_next_level(system: System) -> int:
    """Tell the next level of every case whose clock ran out; returns how many cases."""
    with system.writing() as tx:
        return clocks.sweep(tx)


def publish_audit_head(system: System) -> bool:
    """Publish the audit trail's head once an hour; the log keeps it too, outside of the database."""
    with system.writing() as tx:
        head = audit.publish_head(tx)
    if head:
        log.info("audit_head", **head)
    return head is not None


def forget_sign_ins(system: System) -> None:
    """Remove sessions, invitations and counted tries that have run out."""
    with system.writing() as tx:
        accounts.forget(tx)


def reconcile(system: System) -> None:
    """Set going again what sat too long, and say aloud what must never be."""
    too_long = timedelta(seconds=system.settings.stuck_after_s)
    with system.writing() as tx:
        found = reconciling.reconcile(tx, too_long=too_long)
    if wrong := reconciling.wrong(found):
        log.error("reconcile_found_wrong", **{name: found[name] for name in wrong})


def forget_persons(system: System) -> int:
    """Forget what its time is over for; returns of how many reports."""
    settings, count = system.settings, 0
    keep = retention.Keep(
        contacts=timedelta(days=settings.keep_contacts_days),
        tracks=timedelta(days=settings.keep_tracks_days),
        fixes=timedelta(hours=settings.keep_fixes_hours),
    )
    while True:
        with system.writing() as tx:
            found = retention.forget_due(tx, keep, system.keys)
        count += found.get("reports", 0)
        if found:
            log.info("persons_forgotten", **found)
        if found.get("reports", 0) < retention.AT_ONCE:
            return count


def sweep_photos(system: System) -> int:
    """Remove images whose row never came, because their process died in between."""
    with system.reading() as tx:
        return photos.sweep(tx, system.settings.photo_dir)


def forget_senders(system: System) -> int:
    """Drop what tells devices and addresses of reports that are old."""
    with system.writing() as tx:
        return moderation.forget_senders(tx)


def back_up(system: System) -> bool:
    """Dump the database once a night; whether it was time."""
    due = backup_due(system.settings.data_dir.glob("backups/tanggap-*.dump"), system.now())
    if due:
        backup(system.settings, system.now())
    return due


def backup_due(files: Iterable[Path], now: datetime) -> bool:
    """Whether no backup was made since the last 01.00 in West Java."""
    here = now.astimezone(HERE)
    last = here.replace(hour=BACKUP_HOUR, minute=0, second=0, microsecond=0)
    since = last if last <= here else last - timedelta(days=1)
    made = (datetime.strptime(path.name, "tanggap-%Y%m%dT%H%M%SZ.dump").replace(tzinfo=UTC) for path in files)
    return not any(at >= since for at in made)


def duties_of(settings: Settings) -> tuple[Duty, ...]:
    """All that the clock has to do."""
    return (
        Duty("end_silent_offers", 1, end_silent_offers),
        Duty("raise_alarms", 2, raise_alarms),
        Duty("open_roads_again", 5, open_roads_again),
        Duty("call_next_level", 1, call_next_level),
        Duty("compare_cases", 5, comparing.compare_left),
        Duty("publish_audit_head", 10, publish_audit_head),
        Duty("publish", 1, publicmap.publish_due),
        Duty("reconcile", settings.stuck_after_s / 2, reconcile),
        Duty("forget_sign_ins", 600, forget_sign_ins),
        Duty("back_up", 60, back_up),
        Duty("forget_persons", 600, forget_persons),
        Duty("sweep_photos", 3600, sweep_photos),
        Duty("forget_senders", 3600, forget_senders),
    )


def run(system: System) -> None:
    """Does not return; another clock's turn and a database that is away are waited for."""
    duties = duties_of(system.settings)
    while True:
        try:
            with system.alone() as begin:
                _work(system, begin, duties)
        except DBAPIError as error:
            log.warning("clock_without_database", kind=type(error).__name__)
            time.sleep(1)


def _work(system: System, begin: Begin, duties: tuple[Duty, ...]) -> None:
    while not _claimed(begin):
        time.sleep(1)
    log.info("clock_begins")
    over = threading.Event()
    threads = [threading.Thread(target=_keep, args=(system, duty, over), daemon=True) for duty in duties]
    for thread in threads:
        thread.start()
    try:
        while True:
            with begin() as tx:
                # The claim lives as long as the connection answers.
                tx.assignments.clock()
            time.sleep(1)
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _keep(system: System, duty: Duty, over: threading.Event) -> None:
    """Do a duty again and again until the turn is over; what goes wrong is logged and tried again."""
    while not over.wait(duty.every_s):
        try:
            duty.do(system)
        except Exception:  # one duty that fails once must not end the clock
            log.exception("duty_failed", duty=duty.name)


def _claimed(begin: Begin) -> bool:
    with begin() as tx:
        return tx.turns.take("clock")
