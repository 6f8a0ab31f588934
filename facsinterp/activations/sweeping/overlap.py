"""Work that goes on in the background while the network runs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

T = TypeVar("T")
R = TypeVar("R")

# One that is being made and one that is ready: more would take memory and gain no time.
_AHEAD: Final = 2


def ahead(make: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """`make(item)` for each item in order, the next ones made while one is used.

    An exception of `make` is raised where its result would have come.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as pool:
        waiting: deque[Future[R]] = deque()
        for item in items:
            waiting.append(pool.submit(make, item))
            if len(waiting) > _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def behind(use: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """`use(item)` for each item in order, each used while the next item is being made.

    What `use` gives comes one item late. When making an item fails or is interrupted, the
    use of those before it still ends.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="behind") as pool:
        before: Future[R] | None = None
        for item in items:
            done = before
            before = pool.submit(use, item)
            if done is not None:
                yield done.result()
        if before is not None:
            yield before.result()
