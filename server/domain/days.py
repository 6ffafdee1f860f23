"""The day here: West Java keeps UTC+7 (WIB) all year, and needs no table of time zones for it."""

from datetime import date, datetime, timedelta, timezone

WIB = timezone(timedelta(hours=7), "WIB")


def day_of(moment: datetime) -> date:
    """The calendar day in West Java at a moment."""
    return moment.astimezone(WIB).date()
