"""Tells whoever started us that we are alive: systemd's notification socket and, in a container, a file."""

import contextlib
import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path

EVERY_S = 5.0


class Heartbeat:
    """Beats while the main thread lives. Without a listener (``$NOTIFY_SOCKET``, ``$SPASMWATCH_HEARTBEAT``) silent.

    systemd's watchdog restarts a program whose beat stops; a container's health check looks at the file's age.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        file = environment.get("SPASMWATCH_HEARTBEAT")
        self._file = Path(file) if file else None
        self._last = -EVERY_S

    def ready(self) -> None:
        """The program is wired and works."""
        self._notify("READY=1")
        self.beat()

    def beat(self) -> None:
        """Still alive; cheap to call often."""
        if time.monotonic() - self._last < EVERY_S:
            return
        self._last = time.monotonic()
        self._notify("WATCHDOG=1")
        if self._file:
            with contextlib.suppress(OSError):
                self._file.touch()

    def ending(self) -> None:
        """An orderly end has begun."""
        self._notify("STOPPING=1")

    def _notify(self, message: str) -> None:
        if not self._address:
            return
        # A leading @ names an abstract socket. A listener that is gone must not end us.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.sendto(message.encode(), address)
