"""Runs the migrations against the database that the caller named in `attributes["database_url"]`."""

from alembic import context
from sqlalchemy import create_engine, pool

from server.store import desk_tables  # noqa: F401 - tables of the same metadata
from server.store.tables import metadata

LOCK = 7_201_000
"""Advisory lock: two migrations at once would trip over each other."""


def run() -> None:
    """Migrate in one transaction."""
    url = context.config.attributes["database_url"].replace("postgresql://", "postgresql+psycopg://", 1)
    with create_engine(url, poolclass=pool.NullPool).connect() as connection:
        context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=False)
        with context.begin_transaction():
            connection.exec_driver_sql(f"select pg_advisory_xact_lock({LOCK})")
            context.run_migrations()


run()
