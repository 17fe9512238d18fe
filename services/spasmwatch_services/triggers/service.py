"""The triggers service: the home's messages in, trigger records and diary entries out."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from spasmwatch.domain.exposures import GAP_RULE
from spasmwatch.domain.records import Alert, Health, Trigger
from spasmwatch.domain.topics import ONLINE, DiaryAdd, Fault, Topics
from spasmwatch.errors import BusError, OutboxError
from spasmwatch.ports import Bus, Clock, Message, Outbox
from spasmwatch.settings import Settings
from spasmwatch_services.triggers.flood import FloodGate
from spasmwatch_services.triggers.interpreter import Finding, Interpreter
from spasmwatch_services.triggers.link import Link
from spasmwatch_services.triggers.memory import Memory, memory_file
from spasmwatch_services.triggers.sources import Arrival

log = logging.getLogger(__name__)

NODE: Final = "triggers"
KEEPALIVE: Final = timedelta(seconds=45)
"""A dead line is noticed this much later at the latest (one and a half keep-alives)."""
REMEMBER: Final = timedelta(seconds=60)
"""How often the memory is written at least; a second after an event, so that a power cut does not repeat it."""
HEALTH: Final = timedelta(seconds=60)
SECOND: Final = timedelta(seconds=1)
JUMP: Final = timedelta(seconds=5)
"""Less than this is the clock's ordinary slewing."""


class TriggersService:
    """``ours`` is the bus of the records, ``home`` that of the devices (often the same).

    ``home_up`` tells whether the home's broker is connected; ``steady`` are seconds that no setting of the clock moves.
    Messages come in the bus's thread, :meth:`tick` from
    another; both are brief.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        ours: Bus,
        home: Bus,
        home_topics: Topics,
        home_up: Callable[[], bool],
        outbox: Outbox,
        clock: Clock,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._ours, self._outbox, self._clock = settings, ours, outbox, clock
        self._topics = Topics(settings.mqtt.base, settings.home.name)
        self._home_up, self._steady = home_up, steady
        self._ticked = (clock.now(), steady())
        self._path: Path = memory_file(settings)
        self._memory = Memory.load(self._path)
        self._interpreter = Interpreter(settings.triggers, settings.home.person, settings.home.zone)
        self._interpreter.restore(self._memory.progress)
        self._gate = FloodGate(settings.triggers.flood_per_s)
        self._lock = threading.RLock()
        self._connection = Link(self._memory.alive)
        self._bridge = Link()
        self._current: Message | None = None
        self._heard = self._second = self._healthy = self._remembered = clock.now()
        self._count = 0
        self._gaps = 0
        self._changed = self._closed = False
        self._unkept: deque[Trigger | Health] = deque(maxlen=10_000)
        self.pressed = threading.Event()
        # A fault that an earlier run left on the broker is not ours any more.
        ours.keep(self._topics.of(NODE, "fault"), Fault(active=False).payload())
        self._subscribe(home, home_topics)

    def _subscribe(self, home: Bus, home_topics: Topics) -> None:
        home.subscribe(home_topics.of(NODE, "availability"), self._echo)
        if self._settings.triggers.bridge_topic:
            home.subscribe(self._settings.triggers.bridge_topic, self._bridged)
        for topic_filter in self._interpreter.filters:
            home.subscribe(topic_filter, self.handle)

    def handle(self, message: Message) -> None:
        """Take in one message; acknowledged when all that follows from it is on disk."""
        if message is self._current:
            return  # it matches several of our filters
        self._current = message
        with self._lock:
            if self._closed:
                return  # unacknowledged: the broker keeps it for the next start
            self._heard = self._clock.now()
            self._count += 1
            # What waited for us comes all at once: that is no flood.
            if not self.certain() or self._gate.admits(message, self._heard.timestamp()):
                self._read(message)
        message.acknowledge()

    def tick(self) -> None:
        """Let time pass: dwell, gaps, what was held back, what is undelivered, health."""
        with self._lock:
            now = self._clock.now()
            self._watch_clock(now)
            self._watch_links(now)
            if _due(self._second, SECOND, now):
                self._second = now
                for message in self._gate.latest():
                    self._read(message)
            if self._silent_since() is None:
                self._keep(self._interpreter.tick(now))
            if _due(self._remembered, SECOND if self._changed else REMEMBER, now):
                self._remember(now)
            if _due(self._healthy, HEALTH, now):
                self._report(now)
            self._flush()
        self._deliver()

    def certain(self) -> bool:
        """Whether what comes from the home is new; False while it may have waited for us."""
        return self._waited_since() is None

    @property
    def alerts(self) -> list[Alert]:
        """Alerts that were open when they were last kept."""
        return self._memory.alerts

    def keep_alerts(self, alerts: list[Alert]) -> None:
        """Keep the open alerts over a restart."""
        with self._lock:
            self._memory.alerts = alerts
            self._remember(self._clock.now())

    @property
    def announced(self) -> bool:
        """Whether this program, now or earlier, has announced itself to Home Assistant."""
        return self._memory.announced

    def keep_announced(self, *, announced: bool) -> None:
        """Keep that over a restart, so that a device no longer wanted can be taken back."""
        with self._lock:
            if announced != self._memory.announced:
                self._memory.announced = announced
                self._remember(self._clock.now())

    def close(self) -> None:
        """Keep where everything stands for the next start."""
        with self._lock:
            self._closed = True
            self._flush()
            self._remember(self._clock.now())

    def _read(self, message: Message) -> None:
        now = self._heard
        waited_since = self._waited_since()
        arrival = Arrival(
            topic=message.topic,
            payload=message.payload,
            retained=message.retained,
            time=now,
            earliest=now if waited_since is None else min(waited_since, now),
        )
        self._keep(self._interpreter.read(arrival))

    def _keep(self, findings: Iterable[Finding | Health]) -> None:
        """Events go to disk at once. Readings wait for the next tick: one sync of the disk for a whole burst."""
        urgent = False
        for finding in findings:
            if isinstance(finding, DiaryAdd):
                self._memory.presses.append(finding)
                self.pressed.set()
                self._remember(self._clock.now())
            else:
                self._unkept.append(finding)
                urgent = urgent or not (isinstance(finding, Trigger) and finding.form == "reading")
        if urgent:
            self._changed = True
            self._flush()

    def _flush(self) -> None:
        """What is understood to disk; a full one must not lose it."""
        if not self._unkept:
            return
        try:
            self._outbox.add_all(list(self._unkept))
            self._unkept.clear()
        except OutboxError as error:
            log.error("%d records wait in memory: %s", len(self._unkept), error)

    def press(self, entry: DiaryAdd) -> None:
        """Keep a diary entry on disk until the diary's broker has it."""
        with self._lock:
            self._keep([entry])

    def _deliver(self) -> None:
        self.pressed.clear()
        try:
            while self._memory.presses:
                self._ours.publish(self._topics.diary_add(), self._memory.presses[0].payload())
                with self._lock:
                    del self._memory.presses[0]
                    self._remember(self._clock.now())
        except BusError as error:
            log.debug("a press waits for our broker: %s", error)

    def _silent_since(self) -> datetime | None:
        since = [link.silent_since for link in (self._connection, self._bridge) if link.silent_since]
        return min(since, default=None)

    def _waited_since(self) -> datetime | None:
        """From when on what comes now may be. While a bridge is down, what comes has not come over it."""
        links = [self._connection] if self._bridge.down else [self._connection, self._bridge]
        return min((link.silent_since for link in links if link.silent_since), default=None)

    def _echo(self, message: Message) -> None:
        """Our own ``online`` comes back after everything that waited for us at the home's broker."""
        message.acknowledge()
        if message.retained or message.payload != ONLINE:
            return
        with self._lock:
            now = self._clock.now()
            self._connection.back(now)
            self._record_gap(self._connection, now, "the home's broker", sure=True)

    def _bridged(self, message: Message) -> None:
        message.acknowledge()
        with self._lock:
            now = self._clock.now()
            if message.payload == b"0":
                self._bridge.lost(now)
                self._tell(now, "the bridge to the home's broker is down")
            elif message.payload == b"1":
                self._bridge.back(now)

    def _watch_links(self, now: datetime) -> None:
        if self._home_up():
            self._connection.back(now)
        elif not self._connection.down:
            self._connection.lost(max(self._heard, now - KEEPALIVE))
            self._tell(now, "no connection to the home's broker")
        self._record_gap(self._connection, now, "the home's broker")
        self._record_gap(self._bridge, now, "the bridge to the home's broker")

    def _record_gap(self, link: Link, now: datetime, what: str, *, sure: bool = False) -> None:
        was_silent = link.silent_since is not None
        gap = link.caught_up(now, sure=sure)
        if was_silent and link.silent_since is None and self._silent_since() is None:
            self._ours.keep(self._topics.of(NODE, "fault"), Fault(active=False).payload())
        if gap is None:
            return
        self._gaps += 1
        log.warning("nothing came through %s from %s to %s", what, *(at.isoformat(timespec="seconds") for at in gap))
        self._keep(
            [
                Trigger(
                    time=gap[0],
                    end=gap[1],
                    form="span",
                    kind="other",
                    value=round((gap[1] - gap[0]).total_seconds() / 3600, 4),
                    unit="h",
                    text=f"nothing came through {what}",
                    source="rule",
                    device=NODE,
                    rule=GAP_RULE,
                )
            ]
        )

    def _tell(self, now: datetime, cause: str) -> None:
        fault = Fault(active=True, cause=cause, since=self._silent_since() or now)
        self._ours.keep(self._topics.of(NODE, "fault"), fault.payload())

    def _watch_clock(self, now: datetime) -> None:
        """A Pi starts with a stale time and is set right later; what was timed by the old one moves with it."""
        before, since = self._ticked
        self._ticked = (now, self._steady())
        jump = now - before - timedelta(seconds=self._ticked[1] - since)
        if abs(jump) > JUMP:
            log.warning("the clock was set by %.0f s", jump.total_seconds())
            self._interpreter.clock_was_set(jump)

    def _remember(self, now: datetime) -> None:
        self._remembered, self._changed = now, False
        # While nothing is heard, the beginning of that time is what the next start must know.
        self._memory.alive = self._silent_since() or now
        self._memory.progress = self._interpreter.progress()
        try:
            self._memory.save(self._path)
        except OutboxError as error:
            log.error("%s", error)

    def _report(self, now: datetime) -> None:
        seconds = (now - self._healthy).total_seconds()
        silent = self._silent_since()
        health = Health(
            time=now,
            program=NODE,
            state="running" if silent is None else "fault",
            cause=None if silent is None else "nothing comes from the home's broker",
            rate_per_s=round(self._count / max(seconds, 1.0), 3),
            dropped=self._gate.dropped + self._interpreter.dropped,
            gaps=self._gaps,
        )
        self._healthy, self._count = now, 0
        self._keep([health])


def _due(since: datetime, interval: timedelta, now: datetime) -> bool:
    """Whether ``interval`` has passed; also after the clock was set back."""
    return not timedelta(0) <= now - since < interval
