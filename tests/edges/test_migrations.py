"""The migrations lead to exactly the tables that the code knows, and every one can be taken back."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from server.bootstrap import System
from server.commands.migrate import migrate, migrate_back
from server.store.tables import metadata


def differences(settings):
    system = System(settings)
    with system.engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), metadata)
    system.engine.dispose()
    return found


def test_the_migrations_make_the_tables_that_the_code_knows(settings):
    assert differences(settings) == []


def test_every_migration_can_be_taken_back_and_done_again(settings):
    migrate_back(settings, "0001")
    assert differences(settings)
    migrate(settings)
    assert differences(settings) == []
    migrate_back(settings, "base")
    migrate(settings)
    assert differences(settings) == []
