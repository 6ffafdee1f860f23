"""Those who ask at the same time are served together, and none for another's fault."""

import threading
from concurrent.futures import CancelledError

from server.together import MOST, Together


def asked(place, items):
    """What each item got, by threads that all ask while the first round is held up."""
    found = {}

    def ask(item):
        try:
            found[item] = place.do(item)
        except BaseException as error:  # noqa: BLE001 - what it got
            found[item] = error

    threads = [threading.Thread(target=ask, args=(item,)) for item in items]
    for thread in threads:
        thread.start()
    return threads, found


def held(work):
    """A place whose first round waits until it may begin, and how many items each round had."""
    began, may_go, sizes = threading.Event(), threading.Event(), []

    def slowly(items):
        sizes.append(len(items))
        began.set()
        may_go.wait(10)
        return work(items)

    return Together(slowly), began, may_go, sizes


def served(work, items):
    place, began, may_go, sizes = held(work)
    first, found = asked(place, items[:1])
    assert began.wait(10)
    rest, others = asked(place, items[1:])
    for _ in range(1000):
        if len(place._waiting) == len(items) - 1:
            break
        threading.Event().wait(0.01)
    may_go.set()
    for thread in first + rest:
        thread.join(10)
        assert not thread.is_alive()
    return found | others, sizes


def test_alone_one_is_served_at_once():
    assert Together(lambda items: [item * 2 for item in items]).do(21) == 42


def test_who_comes_while_a_round_is_under_way_is_served_in_the_next_one_together():
    found, sizes = served(lambda items: [item * 2 for item in items], list(range(21)))
    assert found == {n: n * 2 for n in range(21)}
    assert sizes == [1, 20]


def test_more_than_a_round_takes_are_all_served():
    items = list(range(2 * MOST))
    found, sizes = served(lambda items: [item * 2 for item in items], items)
    assert found == {n: n * 2 for n in items}
    assert sizes == [1, MOST, MOST - 1]


def test_each_gets_its_own_refusal():
    found, _ = served(lambda items: [ValueError(item) if item % 2 else item for item in items], list(range(6)))
    assert [found[n] for n in (0, 2, 4)] == [0, 2, 4]
    assert all(isinstance(found[n], ValueError) and found[n].args == (n,) for n in (1, 3, 5))


def test_one_that_breaks_its_round_harms_no_other():
    def work(items):
        if 3 in items:
            raise RuntimeError("three")
        return items

    found, sizes = served(work, list(range(6)))
    assert isinstance(found.pop(3), RuntimeError)
    assert found == {n: n for n in (0, 1, 2, 4, 5)}
    assert sizes == [1, 5, 1, 1, 1, 1, 1]


def test_a_round_that_is_ended_from_outside_leaves_nobody_waiting():
    def work(items):
        if items != ["first"]:
            raise SystemExit
        return items

    found, sizes = served(work, ["first", "a", "b"])
    assert found.pop("first") == "first"
    assert sizes == [1, 2]
    assert {type(error) for error in found.values()} == {SystemExit, CancelledError}
