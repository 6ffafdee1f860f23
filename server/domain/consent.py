"""Which words people were asked with before they gave us something about themselves.

The words stand in web/i18n under `privacy.consent.<what>`; a change of their meaning is a new version here, so that
each report, volunteer and pledge can be held against the words of its day (docs/privacy.md keeps the old ones).
"""

VERSION = "2026-11"
"""The version of the words that are shown now."""
KNOWN = (VERSION,)
"""Every version that was ever shown; a form kept on a phone may send an older one."""


def asked_with(told: str | None) -> str:
    """The version that somebody was asked with: the one that their form told, else the present one."""
    return told if told in KNOWN else VERSION
