"""Work for other processes: they import it by name, which they could not from a test."""

import os
import time
from pathlib import Path

from spasmwatch.errors import StoreError


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
