"""The store's side of the recorder in a process of its own: one core reads from the broker, another one writes.

With a backlog both have as much to do. A batch goes over a pipe to the process, its verdicts come back.
"""

import fcntl
import logging
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event, Thread
from typing import Final, TextIO

from spasmwatch.adapters.stores import open_store
from spasmwatch.adapters.workers import starting_deaf_to
from spasmwatch.cli import expect_many_records
from spasmwatch.domain.topics import Topics
from spasmwatch.errors import SpasmWatchError, StoreError
from spasmwatch.logs import log_to_stderr
from spasmwatch.ports import Store
from spasmwatch.runtime import private_folder
from spasmwatch.settings import Settings
from spasmwatch_services.recorder.retention import expire, retention_edge
from spasmwatch_services.recorder.rollup_keeper import RollupKeeper
from spasmwatch_services.recorder.storing import Mail, Storer, Verdict

log = logging.getLogger(__name__)

TURN_S: Final = 15.0
"""How long a new process waits for one before it, whose recorder was killed, to finish its last batch."""
END_S: Final = 5.0
ANSWER_S: Final = 300.0
"""A process that says nothing for so long stands still: every call to a store gives up long before."""
SETTLE_EVERY_S: Final = 1.0
STARTS: Final = 3
"""It may be ended from outside before it has opened the store; what cannot start at all does not do so thrice."""


class StoreProcess:
    """A :class:`~spasmwatch_services.recorder.storing.Storer` elsewhere. Killed, it is started again for the next
    batch.

    For one thread at a time.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._line: Connection | None = None

    def store(self, mail: Mail) -> list[Verdict]:
        """One verdict for each message. Raises StoreError: all of it may come again."""
        try:
            line = self._line or self.start()
        except (SpasmWatchError, OSError) as error:
            raise StoreError(f"the process that writes to the store does not start again: {error}") from error
        try:
            line.send(mail)
            if not line.poll(ANSWER_S):
                raise TimeoutError
            answer = line.recv()
        except (EOFError, OSError) as error:
            self.close()
            reason = "stood still" if isinstance(error, TimeoutError) else "was ended from outside"
            raise StoreError(f"the process that writes to the store {reason}; it starts anew") from error
        if isinstance(answer, BaseException):
            raise answer
        verdicts: list[Verdict] = answer
        return verdicts

    def close(self) -> None:
        """Let it finish and end it."""
        if self._line is not None:
            self._line.close()
            self._line = None
        if self._process is not None:
            try:
                self._process.wait(END_S)
            except subprocess.TimeoutExpired:
                # The store does not answer. What was not stored has no receipt: it comes again.
                self._process.kill()
                self._process.wait()
            self._process = None

    def start(self) -> Connection:
        """Start it and wait until it has opened the store. Raises what that raises."""
        for _ in range(STARTS):
            try:
                return self._start()
            except (EOFError, OSError) as error:
                self.close()
                ended = error
        raise StoreError("the process that writes to the store could not be started") from ended

    def _start(self) -> Connection:
        ours, theirs = Pipe()
        with theirs, starting_deaf_to(signal.SIGINT, signal.SIGTERM):
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", __name__, str(theirs.fileno())], pass_fds=[theirs.fileno()]
            )
        self._line = ours
        ours.send((self._settings, logging.getLogger().level))
        refused = ours.recv()
        if refused is not None:
            self.close()
            raise refused
        return ours


def _serve(line: Connection) -> None:
    """Open the store and write what comes, until the other end is closed or gone."""
    settings, level = line.recv()
    log_to_stderr(level)
    logging.captureWarnings(capture=True)
    expect_many_records()
    try:
        with _only_writer(settings.home.data / "recorder" / f"{settings.recorder.node}.lock"):
            store = open_store(settings)
            storer = _storer(settings, store)
            if settings.store.retention_days is not None:
                # On the same store: two writers would wait for each other.
                Thread(target=expire, args=(settings, store, Event()), daemon=True).start()
            line.send(None)
            while True:
                _answer(line, storer)
    except SpasmWatchError as error:
        line.send(error)


def _storer(settings: Settings, store: Store) -> Storer:
    rollups = RollupKeeper(store, settings.home.name, settings.home.zone, alone=settings.recorder.share is None)
    return Storer(Topics(settings.mqtt.base, settings.home.name), rollups, lambda: retention_edge(settings))


def _answer(line: Connection, storer: Storer) -> None:
    while not line.poll(SETTLE_EVERY_S):
        storer.settle()
    mail: Mail = line.recv()
    try:
        answer: object = storer.store(mail)
    except StoreError as error:
        answer = error
    except Exception as error:
        # A mistake of ours: the recorder ends with it, as any program does.
        log.exception("storing failed")
        answer = SpasmWatchError(f"storing failed: {error!r}")
    line.send(answer)
    storer.settle()


@contextmanager
def _only_writer(path: Path) -> Iterator[None]:
    """Holds a lock file, so that what the process before does last is done before this one reads."""
    private_folder(path.parent)
    try:
        opened = path.open("a")
    except OSError as error:
        raise StoreError(f"cannot lock {path}: {error.strerror}") from error
    with opened as file:
        deadline = time.monotonic() + TURN_S
        while not _locked(file):
            if time.monotonic() > deadline:
                raise StoreError(
                    "another recorder of this name is at work here; stop it, or give this one its own recorder.node"
                )
            time.sleep(0.05)
        yield


def _locked(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise StoreError(f"cannot lock {file.name}: {error.strerror}") from error
    return True


if __name__ == "__main__":
    try:
        _serve(Connection(int(sys.argv[1])))
    except (EOFError, ConnectionError):
        sys.exit()  # the recorder is gone
