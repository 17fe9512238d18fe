"""The permanent embedded home: starts the programs, and starts again what fails."""

import logging
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from spasmwatch.adapters.heartbeat import Heartbeat
from spasmwatch.errors import UsageError
from spasmwatch.home.embedded import EmbeddedHome
from spasmwatch.runtime import private_folder
from spasmwatch.settings import Settings

log = logging.getLogger(__name__)

RESTART_S = (1.0, 5.0, 15.0, 60.0)
"""Waits before the first, second, … restart of a program that keeps failing."""
STEADY_S = 300.0
"""A program that ran this long is steady again: its next failure counts as the first."""


class Restarts:
    """When a failed program may be started again."""

    def __init__(self) -> None:
        self._failures: dict[str, int] = {}
        self._started: dict[str, float] = {}
        self._due: dict[str, float] = {}

    def failed(self, name: str, now: float) -> float | None:
        """Seconds to wait when this failure is news, None when a restart is already planned."""
        if name in self._due:
            return None
        if now - self._started.get(name, now) > STEADY_S:
            self._failures[name] = 0
        number = self._failures.get(name, 0)
        self._failures[name] = number + 1
        wait = RESTART_S[min(number, len(RESTART_S) - 1)]
        self._due[name] = now + wait
        return wait

    def due(self, now: float) -> list[str]:
        """Programs whose time has come; they count as started from now."""
        names = [name for name, time_due in self._due.items() if time_due <= now]
        for name in names:
            del self._due[name]
            self._started[name] = now
        return names


def run_home(settings_file: Path | None, settings: Settings, stopping: threading.Event) -> None:
    """Run until told to stop; a program or broker that fails is started again and its reason logged."""
    if settings_file is None and not (Path("spasmwatch.toml").is_file() or Path("/etc/spasmwatch").is_dir()):
        raise UsageError("a permanent home needs settings: write spasmwatch.toml, or try `spasmwatch demo` first")
    data = private_folder(settings.home.data)
    restarts, heartbeat = Restarts(), Heartbeat()
    with ExitStack() as stack:
        home = EmbeddedHome(data, settings_file)
        stack.callback(home.close)
        home.start_broker()
        home.start_programs()
        scheme = "https" if settings.diary.encrypted else "http"
        log.info("the page is on %s://%s:%d/", scheme, settings.diary.host, settings.diary.port)
        heartbeat.ready()
        while not stopping.wait(0.5):
            heartbeat.beat()
            now = time.monotonic()
            if not home.broker_runs:
                log.error("the embedded broker has ended; starting it again")
                home.restart_broker()
            for name in home.ended():
                if (wait := restarts.failed(name, now)) is not None:
                    log.error("%s; starting it again in %.0f s", home.failure(name), wait)
            for name in restarts.due(now):
                home.start_program(name)
