"""Shares work out to the processors of this machine, in processes of their own."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from math import ceil
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, TypeVar

from spasmwatch.errors import SpasmWatchError

P = TypeVar("P")
R = TypeVar("R")

MOST: Final = 4
"""More read no faster from one disk, and each takes its memory."""

LIMIT: Final = Path("/sys/fs/cgroup/cpu.max")
"""Of a container: microseconds of processor time in so many of the clock, or ``max``."""


def processors() -> int:
    """How many processes are worth while here: as many as may run at a time, on this machine or in this container."""
    allowed = len(os.sched_getaffinity(0))
    with suppress(OSError, ValueError):
        time, of = map(int, LIMIT.read_text().split())
        allowed = min(allowed, ceil(time / of))
    return min(allowed, MOST)


def nothing() -> None:
    """What is done while others work, where there is nothing to do."""


def shared_out(
    work: Callable[[P], R], parts: Sequence[P], processes: int, meanwhile: Callable[[], None] = nothing
) -> list[R]:
    """What ``work`` makes of each part, in their order; ``meanwhile`` is done here while others work.

    Raises what ``work`` raises. When anything is raised here, also by Ctrl-C, all processes end at once, and they never
    outlive this one.
    """
    # Not "fork": threads may run here.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    with ours, theirs, ProcessPoolExecutor(processes, context, _stay_while_open, (ours,)) as pool:
        try:
            with starting_deaf_to(signal.SIGINT):
                found = [pool.submit(work, part) for part in parts]
            meanwhile()
            return [each.result() for each in found]
        except BrokenProcessPool as error:
            raise SpasmWatchError("a helping process was ended from outside; is there too little memory?") from error
        except BaseException:
            theirs.close()
            raise


def _stay_while_open(line: Connection) -> None:
    """End this process when the other end is closed or gone: nobody waits for what it does any more."""

    def watch() -> None:
        line.poll(None)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def starting_deaf_to(*signals: signal.Signals) -> Iterator[None]:
    """Processes started meanwhile never hear these: it is this one that ends them, without a word of theirs."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
