"""Pings an outside address (Healthchecks-compatible), so that a power cut, which nobody inside can tell, is noticed."""

import logging
import threading
import urllib.error
import urllib.request
from collections.abc import Callable

log = logging.getLogger(__name__)

TIMEOUT_S = 10.0


class Heartbeat:
    """``alive`` tells whether the alert service still does its rounds; otherwise ``<url>/fail`` is pinged."""

    def __init__(self, url: str, every_s: float, alive: Callable[[], bool]) -> None:
        self._url, self._every_s, self._alive = url.rstrip("/"), every_s, alive
        self._failing = False

    def run(self, stopping: threading.Event) -> None:
        """Ping until told to stop."""
        while not stopping.is_set():
            self.beat()
            stopping.wait(self._every_s)

    def beat(self) -> None:
        """One ping; a failure is only logged: its absence is the message."""
        address = self._url if self._alive() else f"{self._url}/fail"
        try:
            with urllib.request.urlopen(address, timeout=TIMEOUT_S):  # noqa: S310 — the scheme is checked by the settings
                pass
        except (urllib.error.URLError, OSError, ValueError) as error:
            if not self._failing:
                log.warning("the outside heartbeat does not get through: %s", getattr(error, "reason", error))
            self._failing = True
            return
        if self._failing:
            log.info("the outside heartbeat gets through again")
        self._failing = False
