"""A drill's case in the system: everything as people would have brought it in, once however often it is loaded."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bench.drill.case import BadCase, Case, Need, Report, Site, Stock, Village, Volunteer
from server.commands import loading
from server.domain.permissions import SYSTEM
from server.services import planning, plans
from server.services.inputs_dispatch import PlanIn

NEAR = {"lon": 107.14, "lat": -6.82}


@pytest.fixture
def case():
    return Case(
        name="Uji Banjir",
        starts=datetime(2026, 1, 1, 8, tzinfo=UTC),
        hours=24,
        villages=(Village("Desa Uji", 107.14, -6.82, 40),),
        sites=(Site("Gudang Uji", "warehouse", **NEAR), Site("Posko Uji", "post", 107.2, -6.9)),
        stock=(Stock(0, "blanket", 30), Stock(1, "ready_meal", 50, 0.0, 3 * 1440.0)),
        reports=(
            Report(0.0, 0, 107.141, -6.821, 1, 20, (Need("blanket", 20), Need("ready_meal", 40))),
            Report(30.0, 0, 107.139, -6.819, 3, 20, (Need("blanket", 20),), {"infants": 2}),
        ),
        volunteers=(Volunteer(0.0, 480.0, 107.14, -6.82, ("medical",), "pickup"),),
    )


def board(system, slug):
    """What the incident holds, by table."""
    with system.reading() as tx:
        row = tx.incidents.by_slug(slug)
        query = """select (select count(*) from sites where incident_id = %(id)s) as sites,
                          (select count(*) from lots l join sites s on s.id = l.site_id
                           where s.incident_id = %(id)s) as lots,
                          (select count(*) from cases where incident_id = %(id)s) as cases,
                          (select count(*) from checkins where incident_id = %(id)s) as checkins"""
        return row, dict(tx.conn.exec_driver_sql(query, {"id": row["id"]}).mappings().one())


def test_a_case_is_loaded_once_however_often(system, case):
    slug = loading.load(system, case)
    row, there = board(system, slug)
    assert slug == "latihan-uji-banjir"
    assert row["is_training"]
    assert there == {"sites": 2, "lots": 2, "cases": 2, "checkins": 1}
    assert loading.load(system, case) == slug
    assert board(system, slug)[1] == there


def test_needs_are_verified_with_the_tier_of_the_case_and_can_be_planned(system, case):
    slug = loading.load(system, case)
    with system.writing() as tx:
        plan_id = plans.request(tx, SYSTEM, PlanIn(incident=slug))["id"]
    with system.reading() as tx:
        situation = planning.read(tx, plan_id)
    with system.writing() as tx:
        planning.write(tx, situation, planning.solve(situation))
    with system.reading() as tx:
        plan = plans.show(tx, SYSTEM, plan_id)
    served = sorted((match["item"], match["tier"], match["quantity"]) for match in plan["matches"])
    assert served == [("blanket", 1, 20), ("blanket", 3, 10), ("ready_meal", 1, 40)]
    assert [(one["item"], one["tier"], one["quantity"]) for one in plan["unmet"]] == [("blanket", 3, 10)]


def test_volunteers_whose_time_is_up_are_checked_in_again(system, case):
    slug = loading.load(system, case)
    with system.writing() as tx:
        tx.conn.exec_driver_sql("update checkins set until = now() - interval '1 hour'")
    loading.load(system, case)
    assert board(system, slug)[1]["checkins"] == 2


def test_what_cannot_be_is_refused_by_its_field(system, case):
    at_sea = replace(case.sites[0], lon=107.0, lat=-8.5)
    with pytest.raises(BadCase, match=r"^sites\.0: place: place_in_sea"):
        loading.load(system, replace(case, sites=(at_sea, *case.sites[1:])))


def test_a_real_incident_is_never_filled_with_a_drill(system, case):
    with system.writing() as tx:
        loading.load(system, case)
        tx.conn.exec_driver_sql("update incidents set is_training = false where slug = 'latihan-uji-banjir'")
    with pytest.raises(BadCase, match="is no training"):
        loading.load(system, case)
