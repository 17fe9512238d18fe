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


def leave_a_mark_or_stay(path: Path) -> None:
    """Stay where the path is a folder, else leave a mark there."""
    if path.is_dir():
        stay(path)
    path.touch()


def fill(mark: Path) -> bytes:
    """Leave a mark and say a great deal."""
    mark.touch()
    return FILLED


def speak_and_die(marks: Path) -> bytes:
    """Leave this process's number and end in the middle of a long answer."""
    (marks / str(os.getpid())).touch()
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGKILL)).start()
    return FILLED


def answer_what_cannot_travel(_: object) -> object:
    """An answer that only this process can hold."""
    return threading.Lock()


class _OddError(Exception):
    """Can be written, but not read again: it wants two words and keeps one."""

    def __init__(self, what: str, where: str) -> None:
        super().__init__(f"{what} in {where}")


def fail_oddly(_: object) -> None:
    """Raises an error that cannot travel."""
    raise _OddError("rain", "Spain")


def deaf(_: object) -> set[int]:
    """The signals that this process does not hear."""
    return {int(each) for each in signal.pthread_sigmask(signal.SIG_BLOCK, ())}
