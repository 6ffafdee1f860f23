"""What is known of persons, to be forgotten when its time is over: contacts, words, exact places, tracks.

What stays is what counts: rows, states, people, needs and areas. A place is kept to two decimals of a degree, about
a kilometre.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from server.store.rows import Row, every

_ROUGHLY = """
  lon = round(lon::numeric, 2), lat = round(lat::numeric, 2), accuracy_m = greatest(accuracy_m, 1000)
"""
_IS_EXACT = "(lon <> round(lon::numeric, 2) or lat <> round(lat::numeric, 2))"


def _sql(statement: str) -> str:
    """A statement with what makes a place rough, and what tells an exact one."""
    return statement.replace("ROUGHLY", _ROUGHLY).replace("IS_EXACT", _IS_EXACT)


# Also what came after a person was forgotten once: a correction, another word, a photo.
_OVER = _sql("""
select r.id, r.case_id from reports r left join clocks k on k.case_id = r.case_id
where (r.anonymised_at is null or coalesce(r.name_sealed, r.phone_sealed) is not null
  or coalesce(r.text, r.place_text, r.question) is not null or IS_EXACT
  or exists (select 1 from case_notes n where n.report_id = r.id)
  or exists (select 1 from photos p where p.report_id = r.id))
and (
  k.stage is null and k.settled_at < :before
    and not exists (select 1 from needs n where n.case_id = r.case_id and n.state = 'open')
  or r.state in ('rejected', 'quarantined')
    and (select coalesce(max(h.at), r.received_at) from report_history h where h.report_id = r.id) < :before)
order by r.received_at, r.id limit :most
""")
_FORGET_REPORTS = _sql("""
update reports set name_sealed = null, phone_sealed = null, phone_index = null, phone_last3 = null, text = null,
  place_text = null, question = null, device_key = null, address_key = null, anonymised_at = :now,
  version = version + 1, ROUGHLY
where id = any(:ids)
""")
_NOTES_OF = "delete from case_notes where report_id = any(:ids)"
# What staff wrote on cases that wait for nothing and whose reporters are all forgotten.
_NOTES = """
delete from case_notes c where report_id is null and (cast(:only as bigint) is null or c.case_id = :only)
  and exists (select 1 from reports r where r.case_id = c.case_id)
  and not exists (select 1 from reports r where r.case_id = c.case_id and r.anonymised_at is null)
  and not exists (select 1 from needs n where n.case_id = c.case_id and n.state = 'open')
  and not exists (select 1 from clocks k where k.case_id = c.case_id and k.stage is not null)
"""
_PHOTOS_OF = "delete from photos where report_id = any(:ids)"
# A case whose reporters are all forgotten needs its exact place as long as somebody is to go there.
_ROUGH_CASES = _sql("""
update cases c set ROUGHLY, version = version + 1
where IS_EXACT and (cast(:only as bigint) is null or :only in (c.id, c.merged_into))
  and (c.merged_into is not null or exists (select 1 from reports r where r.case_id = c.id))
  and not exists (
    select 1 from reports r where r.case_id in (c.id, c.merged_into) and r.anonymised_at is null)
  and not exists (select 1 from needs n where n.case_id = c.id and n.state = 'open')
returning c.id
""")
_HANDED_OVER = """
with gone as (
  select d.id, p.id as photo from deliveries d join assignments a on a.id = d.assignment_id
  left join photos p on p.assignment_id = a.id
  where (d.photo_id is not null or p.id is not null) and (cast(:only as bigint) is null or a.case_id = :only)
    and exists (select 1 from reports r where r.case_id = a.case_id)
    and not exists (select 1 from reports r where r.case_id = a.case_id and r.anonymised_at is null)
    and not exists (select 1 from needs n where n.case_id = a.case_id and n.state = 'open')
), told as (
  update deliveries set photo_id = null where id in (select id from gone) returning id
)
select distinct photo from gone where photo is not null
"""

_SWEEPS = {
    "pledges": """
update pledges set donor_sealed = null, phone_sealed = null, phone_last3 = null
where pledged_at < :contacts and (donor_sealed is not null or phone_sealed is not null)
""",
    "askers": """
update claim_asks set phone_sealed = null, phone_last3 = null where asked_at < :contacts and phone_sealed is not null
""",
    "gifts": "update gifts set donor_sealed = null where received_at < :contacts and donor_sealed is not null",
    "volunteers": """
update volunteers set name_sealed = :nobody, alias = '-', phone_sealed = null, phone_index = null, phone_last3 = null,
  version = version + 1
where state = 'refused' and created_at < :contacts and phone_sealed is not null
""",
    "fixes": _sql("""
update checkins set ROUGHLY where coalesce(ended_at, until) < :fixes and IS_EXACT
"""),
    "calls": _sql("""
update distress_calls set ROUGHLY where ended_at < :fixes and IS_EXACT
"""),
    "tracks": "delete from checkins where coalesce(ended_at, until) < :tracks",
    "calls_places": """
update distress_calls set lon = null, lat = null, accuracy_m = null, note = null
where ended_at < :tracks and (lon is not null or note is not null)
""",
    "deliveries": _sql("update deliveries set ROUGHLY where recorded_at < :tracks and IS_EXACT"),
    "events": """
delete from outbox where id in (select id from outbox order by id limit 20000)
and at < :tracks and sent_at is not null and position < (select max(position) from outbox)
""",
}


class Persons:
    """Forgets persons."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def over(self, before: datetime, most: int) -> list[Row]:
        """Reports (id, case_id) not yet forgotten whose case was settled, or that were rejected, before then."""
        return every(self.conn, text(_OVER), {"before": before, "most": most})

    def forget_reports(self, ids: Sequence[str], now: datetime) -> None:
        """Take contact, words, photos and the exact place out of these reports, and what their reporters added."""
        for statement in (_FORGET_REPORTS, _NOTES_OF, _PHOTOS_OF):
            known = text(statement).bindparams(bindparam("ids", type_=ARRAY(Text)))
            self.conn.execute(known, {"ids": list(ids)} | ({"now": now} if ":now" in statement else {}))

    def forget_cases(self, only: int | None = None) -> dict[str, int]:
        """Of settled cases, all of whose reporters are forgotten: photos of hand-overs, notes and the exact place go.

        How many of each kind. only: of this case, and what was merged into it, instead of all.
        """
        which = {"only": only}
        photos = list(self.conn.execute(text(_HANDED_OVER), which).scalars())
        self.conn.execute(text("delete from photos where id = any(cast(:ids as uuid[]))"), {"ids": photos})
        notes = self.conn.execute(text(_NOTES), which, execution_options={"preserve_rowcount": True}).rowcount
        cases = len(self.conn.execute(text(_ROUGH_CASES), which).all())
        return {"hand_over_photos": len(photos), "notes": int(notes), "cases": cases}

    def tracks(self, volunteer_id: str) -> list[Row]:
        """Where a volunteer was on duty, as far as it is still known, the oldest first."""
        query = text("""
            select area, lon, lat, accuracy_m, skills, vehicle, started_at, until, ended_at from checkins
            where volunteer_id = :who order by started_at
        """)
        return every(self.conn, query, {"who": volunteer_id})

    def forget_donor(self, code: str) -> None:
        """Take the donor's name out of the gift with that code."""
        self.conn.execute(text("update gifts set donor_sealed = null, shown_as = null where code = :c"), {"c": code})

    def sweep(self, **when: Any) -> dict[str, int]:
        """Forget what its time is over for; how many rows of each kind.

        when: `contacts`, `tracks`, `fixes`: what is older goes; `nobody`, a sealed name that names nobody.
        """
        counts = {}
        for name, statement in _SWEEPS.items():
            named = {key: value for key, value in when.items() if f":{key}" in statement}
            done = self.conn.execute(text(statement), named, execution_options={"preserve_rowcount": True})
            counts[name] = int(done.rowcount)
        return counts
