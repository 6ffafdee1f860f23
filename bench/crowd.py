"""A board full of open needs, written straight into the database: loading is not what is measured."""

import random

import psycopg
from sqlalchemy import bindparam, text, update

from bench.running import Running
from server import embedded
from server.bootstrap import System
from server.config import from_env
from server.domain.events import CaseChanged
from server.services import queries
from server.services.intake import STANDING
from server.store.tables import cases

FIRST_CASE, FIRST_NEED = 1_000_000, 10_000_000
_FILL = """
insert into cases (id, incident_id, area, lon, lat, accuracy_m, people, tier, opened_at, delivery_code, verified_at)
select %(first_case)s + n, i.id, '32.03.' || lpad((1 + n %% 32)::text, 2, '0'),
       107.0 + (n * 7919 %% 100000) / 200000.0, -7.0 + (n * 10473 %% 100000) / 250000.0, 50,
       5 + n %% 300, n %% 4, now() - n * interval '1 second', lpad((n %% 10000)::text, 4, '0'),
       case when n %% 3 = 0 then now() end
from generate_series(1, %(cases)s) n, incidents i where i.slug = 'jabar';
insert into reports (id, client_id, content_hash, code_index, incident_id, case_id, state, tier, area, channel,
                     received_at, due_at)
select substr(replace(upper(gen_random_uuid()::text), '-', ''), 1, 12), gen_random_uuid(), 'x', sha256(n::text::bytea),
       i.id, %(first_case)s + n, case when n %% 3 = 0 then 'verified' else 'received' end, n %% 4, '32.03', 'web',
       now() - n * interval '1 second', now() + n * interval '1 second'
from generate_series(1, %(cases)s) n, incidents i where i.slug = 'jabar';
insert into needs (id, incident_id, case_id, item, quantity, tier, basis, state, opened_at, due_at)
select %(first_need)s + 3 * n + k, i.id, %(first_case)s + n, (array['water', 'rice', 'blanket'])[k + 1],
       (1 + n * 31 %% 700) * (k + 1), n %% 4, 'bench', 'open', now(),
       date_trunc('second', now()) + (n %% 4) * interval '1 hour'
from generate_series(1, %(cases)s) n, generate_series(0, %(each)s - 1) k, incidents i where i.slug = 'jabar'
"""


def connected(system: Running) -> psycopg.Connection:
    """A connection to a running system's own database."""
    return psycopg.connect(embedded.database_url(from_env(dict(system.environment))))


def fill(system: Running, cases: int, each: int) -> None:
    """Put this many cases into the standing incident's Cianjur, each with one report and `each` (1 to 3) open needs.

    Tiers in equal parts, one case in three verified, each at a place of its own.
    """
    params = {"first_case": FIRST_CASE, "first_need": FIRST_NEED, "cases": cases, "each": each}
    with connected(system) as connection:
        for statement in _FILL.split(";"):
            connection.execute(statement, params)
        connection.commit()
        connection.autocommit = True
        for table in ("cases", "reports", "needs"):
            connection.execute(f"vacuum analyze {table}")


def stir(own: System, dice: random.Random, events: int) -> None:
    """Change this many cases of the crowd, each told by an event like any other change.

    Tier, people and the mark of verified move, with the version: what the board shows of a case.
    """
    with own.writing() as tx:
        top = tx.conn.execute(text("select max(id) from cases where id >= :first"), {"first": FIRST_CASE}).scalar_one()
        chosen = [dice.randint(FIRST_CASE + 1, top) for _ in range(events)]
        values = [{"b_id": n, "tier": dice.randint(0, 3), "people": dice.randint(1, 300)} for n in set(chosen)]
        tx.conn.execute(
            update(cases)
            .where(cases.c.id == bindparam("b_id"))
            .values(tier=bindparam("tier"), people=bindparam("people"), version=cases.c.version + 1),
            values,
        )
        rows = {row["id"]: row for row in queries.case_rows(tx, sorted(set(chosen)))}
        incident = tx.incidents.by_slug(STANDING)
        assert incident is not None
        for case_id in chosen:
            row = rows[case_id]
            tx.record(
                CaseChanged(
                    incident_id=incident["id"],
                    area=row["area"],
                    case_id=case_id,
                    action="note",
                    rows={"cases": [row]},
                )
            )
