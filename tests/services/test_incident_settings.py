"""Timings and figures of an incident: every wrong one is named, every change is written down with what was before."""

import pytest

from server.domain.errors import Forbidden, Invalid, NotFound
from server.domain.permissions import SYSTEM
from server.services import incidents
from server.services.inputs import parse
from server.services.inputs_settings import SettingsIn
from tests.services.world import COORDINATOR


def change(world, wanted, actor=SYSTEM, slug="jabar"):
    with world.system.writing() as tx:
        return incidents.change_settings(tx, actor, slug, parse(SettingsIn, wanted))


def entries(world):
    query = "select details from audit where action = 'incident:settings' order by id"
    with world.system.reading() as tx:
        return tx.conn.exec_driver_sql(query).scalars().all()


def test_without_own_figures_the_design_s_hold(world):
    with world.system.reading() as tx:
        found = incidents.settings(tx, SYSTEM, "jabar")
    assert found["own"] == {}
    assert found["settings"]["offers"]["0"] == {"size": 5, "seconds": 120}
    assert found["settings"]["offers"]["3"] == {"size": 1, "seconds": 3600}
    assert found["settings"]["offers"]["ask_a_person_after"] == 3
    assert found["settings"]["clocks"]["0"] == {"seen": 5, "offer": 10, "settled": 20}
    assert set(found["settings"]) == {"offers", "night", "overdue", "plan", "clocks"}


def test_a_change_keeps_the_rest_and_is_written_down(world):
    change(world, {"offers": {"0": {"seconds": 60}}, "night": {"begins": "17:30"}})
    found = change(world, {"offers": {"0": {"size": 3}}, "night": None})
    assert found["own"] == {"offers": {"0": {"seconds": 60, "size": 3}}}
    assert found["settings"]["offers"]["0"] == {"size": 3, "seconds": 60}
    assert found["settings"]["night"] == {"begins": "18:00", "ends": "05:30"}
    first, second = entries(world)
    assert first["before"] == {}
    assert second["before"] == first["after"]
    assert second["after"] == found["own"]


def test_every_wrong_figure_is_named_and_nothing_changes(world):
    wrong = {
        "offers": {"0": {"size": 0, "seconds": "soon"}, "4": {"size": 1}},
        "night": {"begins": "24:00"},
        "overdue": {"slack_minutes": -1},
        "plan": {"fairness": -0.1, "seconds": float("nan")},
        "clocks": {"1": {"seen": 1.5}},
        "colour": "red",
    }
    with pytest.raises(Invalid) as refused:
        change(world, wrong)
    assert set(refused.value.fields) == {
        "offers.0.size", "offers.0.seconds", "offers.4", "night.begins", "overdue.slack_minutes", "plan.fairness",
        "plan.seconds", "clocks.1.seen", "colour",
    }  # fmt: skip
    assert entries(world) == []


def test_only_who_answers_for_the_incident_may(world):
    with pytest.raises(Forbidden):
        change(world, {"plan": {"fairness": 1}}, COORDINATOR)
    with pytest.raises(NotFound):
        change(world, {"plan": {"fairness": 1}}, slug="tidak-ada")
    with world.system.reading() as tx, pytest.raises(Forbidden):
        incidents.settings(tx, COORDINATOR, "jabar")
