"""Work done by several threads, its results in order, a few pieces ahead of who takes them."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, TypeVar

I = TypeVar("I")  # noqa: E741 - an item
T = TypeVar("T")

# Some wait for the disk while others compute; beyond, Python itself is what they wait for.
WORKERS: Final = min(max(4, os.cpu_count() or 1), 16)
AHEAD: Final = 2 * WORKERS
"""Items that are worked on or waiting at one time: bounds the memory."""


def in_order(work: Callable[[I], T], items: Iterable[I]) -> Generator[T, None, None]:
    """What `work` gives for each item, in order. It is called by several threads."""
    pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="pictures")
    waiting: deque[Future[Any]] = deque()
    try:
        for item in items:
            if len(waiting) >= AHEAD:
                yield waiting.popleft().result()
            waiting.append(pool.submit(work, item))
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
