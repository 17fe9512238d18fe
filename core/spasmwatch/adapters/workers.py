"""Shares work out to the processors of this machine, in processes of their own."""

import multiprocessing
import os
import pickle
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from math import ceil
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, Final, TypeVar

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

    Raises what ``work`` raises.
    """
    with _at_work(work, parts, processes) as found:
        meanwhile()
        return list(found)


def worked_ahead(work: Callable[[P], R], parts: Sequence[P], processes: int) -> Iterator[R]:
    """The same one by one; of large answers each process holds back one until it is taken.

    Raises what ``work`` raises.
    """
    with _at_work(work, parts, processes) as found:
        yield from found


@contextmanager
def _at_work(work: Callable[[P], R], parts: Sequence[P], processes: int) -> Iterator[Iterator[R]]:
    """Processes that take the parts in turn; they end at once when this is left, and never outlive this one."""
    # Not "fork": threads may run here.
    context = multiprocessing.get_context("spawn")
    # Started with the first of them otherwise, which would then hear the signals.
    resource_tracker.ensure_running()
    processes = min(processes, len(parts))
    lines: list[Connection] = []
    helpers: list[SpawnProcess] = []
    try:
        for place in range(processes):
            # A line for each: of one that is killed while it speaks, the end is heard.
            ours, theirs = context.Pipe()
            lines.append(ours)
            helper = context.Process(target=_work_off, args=(theirs, work, parts[place::processes]), daemon=True)
            with theirs, starting_deaf_to(signal.SIGINT):
                helper.start()
                helpers.append(helper)
        yield (_heard(lines[number % processes]) for number in range(len(parts)))
    finally:
        for helper in helpers:
            helper.kill()
            helper.join()
        for line in lines:
            line.close()


def _heard(line: Connection) -> Any:
    """What a process has made of its next part. Raises what it raised there."""
    try:
        answer = line.recv_bytes()
    except (EOFError, OSError) as gone:
        raise SpasmWatchError("a helping process was ended from outside; is there too little memory?") from gone
    found, error = pickle.loads(answer)  # noqa: S301 -- written by this program
    if error is not None:
        raise error
    return found


def _work_off(line: Connection, work: Callable[[P], R], parts: Sequence[P]) -> None:
    """In a process of its own, until it is ended: says what it has of each part."""
    threading.Thread(target=_end_with, args=(line,), daemon=True).start()
    for part in parts:
        answer = _answer(work, part)
        # The other end may be gone by now: see _end_with.
        with suppress(BrokenPipeError):
            line.send_bytes(answer)


def _answer(work: Callable[[P], R], part: P) -> bytes:
    """What ``work`` makes of a part and None, or None and its error."""
    try:
        return pickle.dumps((work(part), None))
    except Exception as error:
        return _failure(error)


def _failure(error: Exception) -> bytes:
    """An error and where it came from; one that cannot travel goes as text."""
    text = traceback.format_exc()
    error.add_note(text)
    try:
        failure = pickle.dumps((None, error))
        pickle.loads(failure)  # noqa: S301 -- some can be written and not be read
    except Exception:
        return pickle.dumps((None, RuntimeError(text)))
    return failure


def _end_with(line: Connection) -> None:
    """End this process when the other end is gone: nobody waits for what it does any more."""
    line.poll(None)
    os._exit(1)


@contextmanager
def starting_deaf_to(*signals: signal.Signals) -> Iterator[None]:
    """Processes started meanwhile never hear these: it is this one that ends them, without a word of theirs."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
