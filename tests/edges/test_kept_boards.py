"""Boards that are kept for a moment: who gets one, and how old it may be."""

import threading
from collections.abc import Callable

from server.api.kept_boards import MOST, KeptBoards

LONG_S = 60


def counting(delay: threading.Event | None = None) -> tuple[list[int], Callable[[], bytes]]:
    """How often it was called, and what to call."""
    calls: list[int] = []

    def make() -> bytes:
        calls.append(1)
        if delay:
            delay.wait(5)
        return b"%d" % len(calls)

    return calls, make


def test_who_takes_an_old_one_gets_it_and_who_does_not_gets_a_new_one() -> None:
    boards = KeptBoards()
    calls, make = counting()
    assert boards.get(("jabar", "32"), LONG_S, make) == b"1"
    assert boards.get(("jabar", "32"), LONG_S, make) == b"1"
    assert boards.get(("jabar", "32"), 0, make) == b"2"
    assert len(calls) == 2


def test_each_view_has_its_own() -> None:
    boards = KeptBoards()
    assert boards.get(("jabar", "32", "exactly"), LONG_S, lambda: b"all") == b"all"
    assert boards.get(("jabar", "32", "roughly"), LONG_S, lambda: b"rough") == b"rough"


def test_fifty_at_once_have_it_read_once() -> None:
    boards, go = KeptBoards(), threading.Event()
    calls, make = counting(go)
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(boards.get(("a",), LONG_S, make))) for _ in range(50)]
    for thread in threads:
        thread.start()
    go.set()
    for thread in threads:
        thread.join()
    assert found == [b"1"] * 50
    assert len(calls) == 1


def test_one_that_cannot_be_made_is_tried_again() -> None:
    boards = KeptBoards()

    def broken() -> bytes:
        raise ConnectionError

    try:
        boards.get(("a",), LONG_S, broken)
    except ConnectionError:
        assert boards.get(("a",), LONG_S, lambda: b"there") == b"there"
    else:
        raise AssertionError("the error was swallowed")


def test_no_more_are_kept_than_a_process_can_hold() -> None:
    boards = KeptBoards()
    for n in range(MOST + 5):
        boards.get((str(n),), LONG_S, lambda: b"x")
    assert boards.get((str(MOST + 4),), LONG_S, lambda: b"new") == b"x"
    assert boards.get(("0",), LONG_S, lambda: b"new") == b"new"
