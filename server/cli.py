"""The commands of `python -m server`. Each only calls what does the work.

What a command needs is imported inside it: `--help` and the quick ones must not load the rest.
"""

# ruff: noqa: PLC0415 - see above

from pathlib import Path
from typing import Any

import click

from server.config import SettingError, Settings, from_env

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


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
def demo() -> None:
    """Play the demo's drill against the running system; `make demo` starts this by itself."""
    from server import embedded
    from server.commands import demo as drill

    with embedded.servers(settings()) as filled:
        drill.play(filled)


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


@cli.group()
def areas() -> None:
    """Administrative areas."""


@areas.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--level", type=click.Choice(["province", "regency", "district", "village"]))
def areas_load(file: Path, level: str | None) -> None:
    """Put the boundaries of a GeoJSON, GPKG or SHP FILE with official codes in place of approximate areas."""
    from geo.boundaries import BadBoundaries
    from server.commands import places
    from server.commands.working import working

    try:
        with working(settings()) as system:
            counts = places.load_areas(system, file, level)
    except BadBoundaries as error:
        raise click.ClickException(str(error)) from error
    click.echo(", ".join(f"{count} {name}" for name, count in counts.items()) + " loaded")


@cli.group()
def roads() -> None:
    """Roads of the base map."""


@roads.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def roads_load(file: Path) -> None:
    """Put the larger roads of a GeoJSON, GPKG or SHP FILE on the base map, in place of those there."""
    from geo.roads import BadRoads
    from server.commands import places
    from server.commands.working import working

    try:
        with working(settings()) as system:
            count = places.load_roads(system, file)
    except BadRoads as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{count} roads loaded")


@cli.group()
def incidents() -> None:
    """Incidents."""


@incidents.command("add")
@click.argument("slug")
@click.option("--name", required=True)
@click.option("--bounds", help="W,S,E,N in degrees")
@click.option("--areas", "codes", help="official area codes, with commas")
@click.option("--kind", default="other", show_default=True)
@click.option("--training", is_flag=True, help="Never reaches a public page.")
def incidents_add(
    slug: str, name: str, bounds: str | None, codes: str | None, kind: str, training: bool
) -> None:
    """Open an incident with its operating area (the province by default)."""
    from server.commands import places
    from server.commands.working import working

    with working(settings()) as system:
        places.add_incident(system, slug, name, bounds, codes, kind, training)
    click.echo(f"incident {slug} is open")


@incidents.command("close")
@click.argument("slug")
def incidents_close(slug: str) -> None:
    """Close an incident that is over; reports to it are read by those on standby."""
    _set_open(slug, is_open=False)


@incidents.command("open")
@click.argument("slug")
def incidents_open(slug: str) -> None:
    """Open a closed incident again."""
    _set_open(slug, is_open=True)


def _set_open(slug: str, *, is_open: bool) -> None:
    from server.commands import places
    from server.commands.working import working

    with working(settings()) as system:
        places.set_open(system, slug, is_open=is_open)
    click.echo(f"incident {slug} is {'open' if is_open else 'closed'}")


@incidents.command("settings")
@click.argument("slug")
@click.argument("figures", nargs=-1, metavar="[NAME=VALUE]...")
def incidents_settings(slug: str, figures: tuple[str, ...]) -> None:
    """Show an incident's timings and figures, each after its NAME=VALUE was set; null takes one back.

    For example: incidents settings jabar offers.0.seconds=90 plan.fairness=0.5 night.begins=18:30
    """
    from server.commands import places
    from server.commands.working import working

    with working(settings()) as system:
        for line in places.tune_incident(system, slug, figures):
            click.echo(line)


@cli.group("import")
def imports() -> None:
    """Files of reports, sites, stock and volunteers (docs/import.md)."""


def import_command(kind: str, **incident: Any) -> None:
    """Add `import KIND`; `incident` says of its option whether it must be given, or what it is when not."""

    @imports.command(kind, help=f"Bring the {kind} of a CSV, XLSX, GeoJSON or JSON FILE in, each once.")
    @click.argument("file", type=click.Path(path_type=Path))
    @click.option("--incident", help="its slug", **incident)
    @click.option("--mapping", help="a preset's name or a YAML file")
    @click.option("--dry-run", is_flag=True, help="Check everything and store nothing.")
    @click.option("--language", type=click.Choice(["id", "en"]), default="en", show_default=True)
    def command(file: Path, incident: str, mapping: str | None, dry_run: bool, language: str) -> None:
        from server.commands import imports as files
        from server.commands.working import refusals, working

        with refusals():
            prepared = files.prepared(kind, file, mapping)
        with working(settings()) as system:
            tally = files.import_file(
                system, kind, file, prepared, incident=incident, dry_run=dry_run, language=language
            )
        for line in tally.lines(prepared.columns.unused):
            click.echo(line)


import_command("reports", required=True)
import_command("sites", default="jabar", show_default=True)
import_command("stock", default="jabar", show_default=True)
import_command("volunteers", default="jabar", show_default=True)


@cli.group()
def users() -> None:
    """Accounts."""


@users.command("add")
@click.argument("name")
@click.option("--role", required=True)
@click.option("--area", default="32", show_default=True, help="official code (it holds there and below), or an agency")
def users_add(name: str, role: str, area: str) -> None:
    """Make an account and print its one-time password."""
    from server.commands import people
    from server.commands.working import working

    with working(settings()) as system:
        click.echo(people.add_user(system, name, role, area))


@users.command("token")
@click.argument("name")
def users_token(name: str) -> None:
    """Print a bearer token for scripts with the rights of the account."""
    from server.commands import people
    from server.commands.working import working

    with working(settings()) as system:
        click.echo(people.token(system, name))


@cli.group()
def agencies() -> None:
    """Agencies that cases can be passed to."""


@agencies.command("add")
@click.argument("code")
@click.option("--name", required=True, help="what people call it")
@click.option("--kind", required=True, help="bpbd, dinas, pmi or ngo")
@click.option("--area", default="32", show_default=True, help="official code of the area that it answers for")
def agencies_add(code: str, name: str, kind: str, area: str) -> None:
    """Make an agency."""
    from server.commands import people
    from server.commands.working import working

    with working(settings()) as system:
        people.add_agency(system, code=code, name=name, kind=kind, area=area)


@agencies.command("join")
@click.argument("code")
@click.argument("name")
def agencies_join(code: str, name: str) -> None:
    """Put an account into an agency."""
    from server.commands import people
    from server.commands.working import working

    with working(settings()) as system:
        people.join_agency(system, code, name)


@cli.group()
def audit() -> None:
    """The audit trail."""


@audit.command("verify")
@click.option("--heads", multiple=True, type=FILE, help="Heads saved earlier from /api/public/audit; may be repeated.")
@click.option("--head", multiple=True, metavar="POSITION:HASH", help="A head noted earlier; may be repeated.")
def audit_verify(heads: tuple[Path, ...], head: tuple[str, ...]) -> None:
    """Walk the hash chain past every published head and say whether anybody changed it."""
    from server.commands import trail
    from server.commands.working import working

    with working(settings()) as system:
        click.echo(trail.verified(system, heads, head))


@audit.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def audit_export(file: Path) -> None:
    """Write the whole trail to FILE, as web/tools/verify_audit.py reads it."""
    from server.commands import trail
    from server.commands.working import working

    with working(settings()) as system:
        click.echo(f"{trail.export(system, file)} entries in {file}")


@cli.group()
def drill() -> None:
    """Drills: cases that are played, or loaded to be looked at."""


@drill.command("run")
@click.option("--case", "file", type=click.Path(dir_okay=False, path_type=Path), help="a team's own case (JSON)")
@click.option("--seeds", type=click.IntRange(1, 10_000), default=30, show_default=True, help="pairs in each cell")
@click.option("--acceptance", type=click.FloatRange(0, 1), help="offers that are accepted; with --case, 0.2 else")
@click.option("--policy", "policies", multiple=True, help="instead of tanggap, priority_nearest and first_come")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default="var/drill", show_default=True)
@click.option("--lang", type=click.Choice(["id", "en"]), default="id", show_default=True, help="of the report")
@click.option("--workers", type=click.IntRange(1, 256), help="processes; as many as there are cores else")
def drill_run(
    file: Path | None,
    seeds: int,
    acceptance: float | None,
    policies: tuple[str, ...],
    out: Path,
    lang: str,
    workers: int | None,
) -> None:
    """Play cases by the product's policy and by others, print the table and write OUT/report.html.

    Random cases, scarce to ample, in one cluster or dispersed, with 5, 20 and 60 % of offers accepted; or the CASE.
    What was played is kept in OUT/runs.jsonl: a second start goes on.
    """
    from bench.drill.case import BadCase
    from server.commands import drill as drills

    try:
        drills.run(file, seeds, acceptance, policies, out, lang, workers)
    except BadCase as error:
        raise click.ClickException(str(error)) from error


@drill.command("load")
@click.argument("case", metavar="cianjur|FILE.json")
def drill_load(case: str) -> None:
    """Load a drill's CASE as a training incident; run again, it goes on where it stopped.

    `cianjur` is Cianjur 2022: 61,908 displaced in 32 districts. With real boundaries (`areas load`) every village
    has its place.
    """
    from bench.drill.case import BadCase
    from server.commands import loading
    from server.commands.working import working

    try:
        found = loading.found(case)
        with working(settings()) as system:
            slug = loading.load(system, found)
    except BadCase as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"incident {slug} holds the case: /konsol/rencana?incident={slug}")


@cli.command()
def reconcile() -> None:
    """Set going again what sat too long, and say what was found; fails when something must never be."""
    from server.commands.working import working
    from server.services import reconciling

    with working(settings()) as system, system.writing() as tx:
        found = reconciling.reconcile(tx)
    for name, value in found.items():
        click.echo(f"{name}: {value}")
    if wrong := reconciling.wrong(found):
        raise click.ClickException(f"this must never be: {', '.join(wrong)}")


@cli.command()
def backup() -> None:
    """Dump the database to DATA_DIR/backups now; the clock does it every night at 01.00 WIB."""
    from server.bootstrap import utc_now
    from server.commands import backup as backups
    from server.commands.working import working

    with working(settings()) as system:
        click.echo(backups.backup(system.settings, utc_now()))


@cli.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Put a backup FILE in place of the database; the system must be stopped."""
    from server import embedded
    from server.commands import backup as backups

    try:
        with embedded.servers(settings()) as filled:
            backups.restore(filled, file)
    except (embedded.ServerError, backups.CannotRestoreError) as error:
        raise click.ClickException(str(error)) from error
    click.echo("restored; start the system again with make run")
