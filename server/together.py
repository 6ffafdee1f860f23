"""Work of many who ask at the same time, done in one go: who comes first takes along all who wait.

Nobody waits for company: alone, one's work is done at once. While one round is under way the next
gathers, so that the rounds grow with the load and their cost is shared.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
MOST = 64


class Together(Generic[Item, Result]):
    """A place where several threads have their items worked on together.

    `work` takes some items and returns for each, in order, its result or the exception that its caller
    gets. When `work` itself raises, each item of that round is tried again by itself, so that one item
    cannot harm another.
    """

    def __init__(self, work: Callable[[Sequence[Item]], Sequence[Result | Exception]]) -> None:
        self._work = work
        self._waiting: deque[tuple[Item, Future[Result]]] = deque()
        self._turn = threading.Lock()

    def do(self, item: Item) -> Result:
        """The item's result. Raises what `work` gave or raised for it."""
        mine: Future[Result] = Future()
        self._waiting.append((item, mine))
        with self._turn:
            # Whoever had the turn before may have taken ours along.
            while not mine.done():
                self._round()
        return mine.result()

    def _round(self) -> None:
        taken = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
        try:
            if not self._worked(taken) and len(taken) > 1:
                for one in taken:
                    self._worked([one])
        finally:
            # When the process is asked to end in mid-round, those who wait must not wait for ever.
            for _, future in taken:
                future.cancel()

    def _worked(self, taken: "Sequence[tuple[Item, Future[Result]]]") -> bool:
        """Work on these; whether each got what is its own."""
        try:
            results = self._work([item for item, _ in taken])
        except Exception as error:  # noqa: BLE001 - whoever asked gets it
            if len(taken) == 1:
                taken[0][1].set_exception(error)
            return False
        for (_, future), result in zip(taken, results, strict=True):
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
        return True
