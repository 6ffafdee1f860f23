"""How every command gets a system and tells of a refusal: one clear line, exit code 1."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from server import embedded
from server.api.words import word
from server.bootstrap import System
from server.commands.migrate import migrate
from server.config import Settings
from server.domain.errors import DomainError, Invalid
from server.first_start import prepare


@contextmanager
def working(settings: Settings) -> Iterator[System]:
    """A system on the running servers, or on ones started for the time of the command."""
    try:
        with refusals(), embedded.servers(settings) as filled:
            migrate(filled)
            prepare(filled)
            system = System(filled, pool_size=2)
            try:
                yield system
            finally:
                system.engine.dispose()
    except embedded.ServerError as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def refusals() -> Iterator[None]:
    """A refusal within ends the command with its sentence."""
    try:
        yield
    except DomainError as error:
        raise click.ClickException(sentence(error)) from error


def sentence(error: DomainError) -> str:
    """A refusal in English, naming every wrong field."""
    if isinstance(error, Invalid):
        fields = (f"{n}: {word(f'errors.{p.code}', 'en', **p.params)}" for n, p in error.fields.items())
        return "; ".join(fields)
    return word(f"errors.{error.code}", "en", **error.params)
