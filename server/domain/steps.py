"""The steps of a report's history, as its reporter reads them: keys of web/i18n `steps.*`."""

TRIAGE = ("received", "verified", "rejected", "asked", "merged", "split", "cancelled_by_reporter")
OWN = ("info_added", "not_received", "reopened", "rated")
HELP = ("planned", "offered", "accepted", "en_route", "delivered", "confirmed", "failed")
RAISED = tuple(f"raised_{level}" for level in ("district", "regency", "province"))
STEPS = frozenset((*TRIAGE, "handed_over", *OWN, *HELP, *RAISED))
