"""The commands of `python -m server`. Each only calls what does the work.

What a command needs is imported inside it: `--help` and the quick ones must not load the rest.
"""

# ruff: noqa: PLC0415 - see above

import click

from server.config import SettingError, Settings, from_env


@click.group()
def cli() -> None:
    """Tanggap: disaster response coordination."""


def settings() -> Settings:
    """The settings from the environment, or an end with one clear line."""
    try:
        return from_env()
    except SettingError as error:
        raise click.ClickException(str(error)) from error


@cli.command()
@click.option("--demo", is_flag=True, help="Also play a drill, and print logins for it.")
def run(demo: bool) -> None:
    """Run the whole system in the foreground, until Ctrl-C."""
    from server import embedded, supervise

    try:
        supervise.run(settings(), demo=demo)
    except (supervise.CannotRun, embedded.ServerError) as error:
        raise click.ClickException(str(error)) from error


@cli.command()
def web() -> None:
    """Run one web process, the one that WEB_NUMBER names."""
    from server import serving

    serving.serve(settings())


@cli.command()
def gateway() -> None:
    """Run the gateway on HOST and PORT."""
    from server import gateway as caddy

    caddy.serve(settings())


@cli.command()
@click.argument("revision", default="head")
def migrate(revision: str) -> None:
    """Bring the tables of the database to a REVISION."""
    from server import embedded
    from server.commands.migrate import migrate as upgrade

    with embedded.servers(settings()) as filled:
        upgrade(filled, revision)
