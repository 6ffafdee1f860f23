"""Incidents as who answers for them sees them: their timings and figures."""

from typing import Any

from flask import jsonify

from server.api.contract import route, system
from server.api.identity import actor
from server.services import incidents
from server.services.inputs_settings import SettingsIn

FIGURES = {200: "`settings`: all figures, `own`: those that the incident has set for itself"}


@route("GET", "/api/incidents/<slug>/settings", guard="signed_in", answers=FIGURES)
def settings(slug: str) -> Any:
    """An incident's timings and figures."""
    with system().reading() as tx:
        return jsonify(incidents.settings(tx, actor(), slug))


@route("PATCH", "/api/incidents/<slug>/settings", guard="signed_in", body=SettingsIn, answers=FIGURES)
def change_settings(slug: str, body: SettingsIn) -> Any:
    """Set an incident's timings and figures; null takes one back to what holds everywhere."""
    with system().writing() as tx:
        return jsonify(incidents.change_settings(tx, actor(), slug, body))


@route("POST", "/api/incidents/<slug>/close", guard="signed_in", answers={200: "The incident now"})
def close(slug: str) -> Any:
    """Close an incident that is over; reports to it go to those on standby."""
    with system().writing() as tx:
        return jsonify(incidents.set_open(tx, actor(), slug, is_open=False))


@route("POST", "/api/incidents/<slug>/open", guard="signed_in", answers={200: "The incident now"})
def open_again(slug: str) -> Any:
    """Open a closed incident again."""
    with system().writing() as tx:
        return jsonify(incidents.set_open(tx, actor(), slug, is_open=True))
