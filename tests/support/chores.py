"""Work for other processes: they import it by name, which they could not from a test."""

import os
import signal
import threading
import time
from pathlib import Path

from spasmwatch.errors import StoreError

FILLED = bytes(10_000_000)
"""More than fits on the way between two processes."""


def fail(reason: str) -> None:
    """Raises StoreError, worth a retry after three seconds."""
    raise StoreError(reason, retry_after=3.0)


def die(number: int) -> None:
    """End by a signal, as the kernel does it where memory is short."""
    os.kill(os.getpid(), number)


def stay(marks: Path) -> None:
    """Leave this process's number in a folder and stay for a minute."""
    (marks / str(os.getpid())).touch()
    time.sleep(60)


def fill(mark: Path) -> bytes:
    """Leave a mark and say a great deal."""
    mark.touch()
    return FILLED


def speak_and_die(_: object) -> bytes:
    """End in the middle of a long answer."""
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGKILL)).start()
    return FILLED
