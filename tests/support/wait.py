"""Waiting for a condition, with a deadline, instead of sleeping."""

import time
from collections.abc import Callable


def until(condition: Callable[[], bool], timeout: float = 10, what: str = "the condition") -> None:
    """Return as soon as ``condition()`` holds; fail after ``timeout`` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {timeout} s")
        time.sleep(0.01)
