"""Watches the alert service from another program and tells by a second channel when it is gone.

The recorder runs it: whoever watches must not be the one that is watched.
"""

import logging
import threading
from datetime import timedelta

from spasmwatch.domain.topics import ONLINE, Topics
from spasmwatch.errors import PushError
from spasmwatch.ports import Bus, Clock, Message, Notification, Push
from spasmwatch.settings.alerts import Alerts

log = logging.getLogger(__name__)

CHECK_S = 10.0


class AlertWatch:
    """``addresses`` are Apprise addresses, best of another service than the alerts' own."""

    def __init__(self, settings: Alerts, bus: Bus, topics: Topics, push: Push, clock: Clock) -> None:
        self._addresses = [address.get_secret_value() for address in settings.watchdog]
        self._after = timedelta(seconds=settings.watchdog_after_s)
        self._push, self._clock = push, clock
        self._lock = threading.Lock()
        self._heard = clock.now()
        self._owed: dict[str, Notification] = {}
        self.gone = False
        bus.subscribe(topics.of("alerts", "availability"), self._on_availability)
        bus.subscribe(topics.of("alerts", "health"), self._on_health)

    def run(self, stopping: threading.Event) -> None:
        """Look every few seconds until told to stop."""
        while not stopping.wait(CHECK_S):
            self.look()

    def look(self) -> None:
        """Tell when the service has gone or come back; what could not be told is tried again at the next look."""
        with self._lock:
            silence = self._clock.now() - self._heard
        gone = silence >= self._after
        if gone != self.gone:
            self.gone = gone
            log.log(logging.ERROR if gone else logging.INFO, "the alert service %s", "is gone" if gone else "is back")
            self._owed = dict.fromkeys(self._addresses, _notification(gone, silence))
        for address, notification in list(self._owed.items()):
            try:
                self._push.send(address, notification)
            except PushError as error:
                log.error("the second channel does not work: %s", error)
                continue
            del self._owed[address]

    def _on_availability(self, message: Message) -> None:
        message.acknowledge()
        if message.payload == ONLINE and not message.retained:
            self._hear()

    def _on_health(self, message: Message) -> None:
        message.acknowledge()
        self._hear()

    def _hear(self) -> None:
        with self._lock:
            self._heard = self._clock.now()


def _notification(gone: bool, silence: timedelta) -> Notification:
    if gone:
        minutes = silence.total_seconds() / 60
        text = f"The alert service has been silent for {minutes:.0f} minutes. No alerts will come until it runs again."
        return Notification("SpasmWatch: alerts are not running", text, "warning", ("warning",))
    return Notification("SpasmWatch: alerts are running again", "The alert service is back.", "info")
