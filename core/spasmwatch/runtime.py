"""How every program lives: start in one place, run until told to stop or until something fails, end in good order."""

import logging
import os
import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Protocol, TypeVar

from spasmwatch.adapters.courier import Courier
from spasmwatch.adapters.heartbeat import Heartbeat
from spasmwatch.adapters.mqtt import MqttBus
from spasmwatch.adapters.outbox import DiskOutbox
from spasmwatch.domain.topics import Topics
from spasmwatch.errors import SpasmWatchError
from spasmwatch.ports import Clock
from spasmwatch.settings import Settings

log = logging.getLogger(__name__)

LAST_WORK_S = 20.0
"""How long a thread may take to end: a camera that stands still notices after 8 s, and closes within 5."""


class Closeable(Protocol):
    """Anything that wants an orderly end."""

    def close(self) -> None:
        """Release what is held."""


T = TypeVar("T", bound=Closeable)


class Program:
    """One running process: what it owns, its threads and the wish to stop.

    Resources are closed in the reverse order of :meth:`own`, so what was wired last (outermost) ends first.
    A thread that fails ends the program with its error.
    """

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.settings = settings
        self.topics = Topics(settings.mqtt.base, settings.home.name)
        self.stopping = threading.Event()
        self.failure: BaseException | None = None
        self._owned = ExitStack()
        self._watched: list[tuple[str, Callable[[], bool]]] = []

    def own(self, resource: T) -> T:
        """Close ``resource`` when the program ends."""
        self._owned.callback(resource.close)
        return resource

    def start(self, name: str, work: Callable[[], None]) -> None:
        """Run ``work`` in a thread; its failure ends the program, its end does not."""

        def guarded() -> None:
            try:
                work()
            except BaseException as error:
                self.failure = self.failure or error
                self.stopping.set()

        thread = threading.Thread(target=guarded, name=name, daemon=True)
        thread.start()
        self._owned.callback(thread.join, LAST_WORK_S)
        self._owned.callback(self.stopping.set)

    def watch(self, part: str, alive: Callable[[], bool]) -> None:
        """Ask ``alive`` twice a second, from the main thread. Once it says no, ``part`` hangs and the program ends."""
        self._watched.append((part, alive))

    def look(self) -> None:
        """Raises SpasmWatchError when a part that is watched hangs."""
        for part, alive in self._watched:
            if not alive():
                raise SpasmWatchError(f"{part} hangs: ending, for only a new start helps")

    def connect(self, node: str) -> MqttBus:
        """This program's connection to the broker, with availability and last will of ``node``."""
        return self.own(MqttBus(self.settings.mqtt, self.topics, node=node, client=f"{self.settings.home.name}-{node}"))

    def outbox(self, bus: MqttBus, node: str) -> DiskOutbox:
        """The on-disk outbox of ``node`` and the courier that empties it."""
        path = self.settings.home.data / "outbox" / f"{node}.sqlite"
        outbox = self.own(DiskOutbox(path, home=self.settings.home.name, node=node, settings=self.settings.outbox))
        courier = Courier(outbox, bus, self.topics, node, self.settings.outbox)
        self.own(courier)
        return outbox

    def close(self) -> None:
        """End everything, outermost first."""
        self.stopping.set()
        self._owned.close()


class SystemClock:
    """The real time; sleeping ends early when the program is asked to stop."""

    def __init__(self, stopping: threading.Event | None = None) -> None:
        self._stopping = stopping or threading.Event()

    def now(self) -> datetime:
        """The time in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait for ``seconds`` or until the program stops."""
        self._stopping.wait(seconds)


_clock_conforms: type[Clock] = SystemClock


def run(name: str, settings: Settings, wire: Callable[[Program], None]) -> None:
    """Run a program: ``wire`` builds it, owns its resources and starts its threads.

    Returns after SIGTERM, SIGINT or ``stopping``; raises the first failure of ``wire`` or of a thread, and
    SpasmWatchError when a part hangs: whoever started us (systemd, Docker, the permanent home) starts us again then.
    """
    program = Program(name, settings)
    heartbeat = Heartbeat()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        program.stopping.set()

    previous = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        wire(program)
        log.info("%s started", name)
        heartbeat.ready()
        # Waiting in slices: a signal handler runs only between two of them on some platforms.
        while not program.stopping.wait(0.5):
            program.look()
            heartbeat.beat()
    finally:
        heartbeat.ending()
        program.close()
        for number, handler in previous.items():
            signal.signal(number, handler)
    if program.failure is not None:
        raise program.failure
    log.info("%s stopped", name)


def private_folder(path: Path) -> Path:
    """``path`` made for this user alone. Raises SpasmWatchError when it cannot be made."""
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not os.access(path, os.W_OK | os.X_OK):
            raise SpasmWatchError(f"cannot write to the folder {path}; set home.data to one of your own")
    except OSError as error:
        raise SpasmWatchError(f"cannot make the folder {path}: {error.strerror}; set home.data to another") from error
    return path
