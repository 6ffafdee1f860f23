"""Pledges: said by anybody, once, and come when a gift with their code was taken in."""

import uuid

import pytest
from sqlalchemy import func, select

from server.domain.errors import Conflict, Forbidden, Invalid, NotFound, TooMany
from server.domain.permissions import ANYONE, SYSTEM, Actor, Grant
from server.services import gifts, incidents, pledges
from server.services.inputs import IncidentIn, parse
from server.services.inputs_supply import GiftIn, ListIn, PledgeIn
from server.store import tables

BLANKETS = {"kind": "goods", "item": "blanket", "quantity": 80}
MONEY = {"kind": "money", "rupiah": 500_000, "phone": "0812 3456 7890"}
KEEPER = Actor("dewi", grants=(Grant("keeper", "32.03"),))
COORDINATOR = Actor("ayu", grants=(Grant("coordinator", "32"),))


def promise(world, address="10.0.0.1", **fields):
    body = parse(PledgeIn, {"client_id": str(uuid.uuid4()), **fields})
    with world.system.writing() as tx:
        return pledges.promise(tx, ANYONE, body, address, world.system.keys)


def follow(world, code):
    gazetteer = world.system.gazetteer()
    with world.system.reading() as tx:
        return gifts.follow(tx, code, gazetteer), gifts.where_to_bring(tx, code, gazetteer)


def receive(world, site_id, **fields):
    body = parse(GiftIn, {"site_id": site_id, "item": "blanket", "quantity": 60, **fields})
    with world.system.writing() as tx:
        return gifts.receive(tx, SYSTEM, body, world.system.keys).answer


def test_a_pledge_has_a_code_and_says_that_it_has_not_come(world):
    done = promise(world, **BLANKETS, shown_as="Keluarga S.")
    found, _ = follow(world, done.answer["code"])
    assert (found["state"], found["item"], found["quantity"], found["shown_as"]) == (
        "pledged", "blanket", 80, "Keluarga S.",
    )  # fmt: skip
    assert found["lots"] == []


def test_a_gift_takes_its_pledge_s_code_and_what_came_counts(world):
    code = promise(world, **BLANKETS, shown_as="Keluarga S.", donor="Ibu Sri").answer["code"]
    gift = receive(world, world.site(), pledge=code.lower())
    assert gift["code"] == code
    found, _ = follow(world, code)
    assert (found["state"], found["quantity"], found["pledged"], found["shown_as"]) == (
        "received", 60, 80, "Keluarga S.",
    )  # fmt: skip
    assert "Sri" not in str(found)
    with world.system.reading() as tx:
        assert code not in str(pledges.listed(tx, KEEPER, ListIn()))
        assert tx.stock.gift(gift["id"])["donor_sealed"] is not None
    with pytest.raises(Invalid) as refused:
        receive(world, world.site(), pledge=code)
    assert refused.value.fields["pledge"].code == "pledge_came"


@pytest.mark.parametrize("code", ["nonsense", "0000000000"])
def test_a_gift_under_an_unknown_pledge_is_refused_and_keeps_nothing(world, code):
    site_id = world.site()
    with pytest.raises(Invalid) as refused:
        receive(world, site_id, pledge=code)
    assert refused.value.fields["pledge"].code == "unknown_pledge"
    with world.system.reading() as tx:
        assert tx.stock.lots_of_site(site_id) == []


def test_pledged_money_is_never_taken_in_as_goods(world):
    code = promise(world, **MONEY).answer["code"]
    with pytest.raises(Invalid):
        receive(world, world.site(), pledge=code)
    found, sites = follow(world, code)
    assert (found["rupiah"], found["item"], sites) == (500_000, None, [])
    assert "7890" not in str(found)


def test_where_to_bring_names_only_sites_that_agreed(world):
    code = promise(world, **BLANKETS).answer["code"]
    known, hidden = world.site(name="Gudang Umum"), world.site(name="Rumah Pak Asep")
    with world.system.writing() as tx:
        tx.sites.change(known, is_public=True)
    sites = str(follow(world, code)[1])
    assert "Gudang Umum" in sites
    assert "Asep" not in sites
    receive(world, hidden, pledge=code)
    assert follow(world, code)[1] == []


def test_the_same_pledge_sent_twice_is_one(world):
    once = {"client_id": str(uuid.uuid4())}
    first, again = promise(world, **BLANKETS, **once), promise(world, **BLANKETS, **once)
    assert (first.is_new, again.is_new, first.answer) == (True, False, again.answer)
    with pytest.raises(Conflict):
        promise(world, **{**BLANKETS, "quantity": 81}, **once)
    with world.system.reading() as tx:
        assert tx.conn.execute(select(func.count()).select_from(tables.pledges)).scalar() == 1


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"kind": "goods"}, {"item": "required", "quantity": "required"}),
        ({"kind": "goods", "item": "medical", "quantity": 5}, {"item": "item_is_service"}),
        ({"kind": "goods", "item": "unicorn", "quantity": 5}, {"item": "unknown_item"}),
        ({"kind": "money"}, {"rupiah": "required", "phone": "required"}),
        ({"kind": "money", "rupiah": 5, "phone": "abc"}, {"phone": "phone_wrong"}),
        ({**BLANKETS, "phone": "12"}, {"phone": "phone_wrong"}),
        ({**BLANKETS, "quantity": 0}, {"quantity": "too_small"}),
    ],
)
def test_a_wrong_pledge_names_every_wrong_field(world, fields, wrong):
    with pytest.raises(Invalid) as refused:
        promise(world, **fields)
    assert {name: problem.code for name, problem in refused.value.fields.items()} == wrong


def test_one_address_cannot_fill_the_list(world):
    for _ in range(pledges.MOST):
        promise(world, **BLANKETS)
    with pytest.raises(TooMany):
        promise(world, **BLANKETS)
    assert promise(world, address="10.0.0.2", **BLANKETS).is_new


def test_staff_see_pledges_and_only_some_the_contact(world):
    done = promise(world, **MONEY, donor="Ibu Sri").answer
    with world.system.reading() as tx:
        (row,) = pledges.listed(tx, KEEPER, ListIn())["pledges"]
    assert (row["code"], row["phone_last3"]) == (done["code"], "890")
    assert "Sri" not in str(row)
    with world.system.writing() as tx:
        assert pledges.reveal_contact(tx, COORDINATOR, row["id"], "menelepon", world.system.keys) == {
            "name": "Ibu Sri", "phone": "+6281234567890",
        }  # fmt: skip
    with world.system.writing() as tx, pytest.raises(Forbidden):
        pledges.reveal_contact(tx, KEEPER, row["id"], "ingin tahu", world.system.keys)
    with world.system.reading() as tx, pytest.raises(Forbidden):
        pledges.listed(tx, Actor("budi", grants=(Grant("volunteer", "32"),)), ListIn())


def test_a_pledge_in_a_training_is_not_public(world):
    with world.system.writing() as tx:
        body = parse(IncidentIn, {"slug": "latihan", "name": "L", "training": True})
        incidents.add(tx, SYSTEM, body, world.system.gazetteer())
    code = promise(world, **BLANKETS, incident="latihan").answer["code"]
    with pytest.raises(NotFound):
        follow(world, code)
