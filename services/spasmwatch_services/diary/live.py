"""What is known from MQTT at this moment, whatever the store does; tells its listeners of every change."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from spasmwatch.domain.parsing import parse
from spasmwatch.domain.records import Alert, Diary, Health, Observation, Record, Spasm, Trend
from spasmwatch.domain.topics import ONLINE, Fault, PauseState, Topics
from spasmwatch.errors import RecordError
from spasmwatch.ports import Bus, Clock, Message

log = logging.getLogger(__name__)

KEPT = timedelta(days=2)
"""How long own diary entries are remembered: until then the store has them."""
ENDED = ("resolved", "dismissed")
"""States of an alert that is over."""


@dataclass(frozen=True, slots=True)
class Node:
    """One program somewhere in the home, as it last spoke of itself."""

    name: str
    online: bool | None = None
    fault: Fault | None = None
    health: Health | None = None
    observation: Observation | None = None
    pause: PauseState | None = None

    @property
    def is_camera(self) -> bool:
        """Only cameras observe."""
        return self.observation is not None or self.pause is not None or self.name.startswith("cam")


class Live:
    """Subscribes to the home's records and states. Its answers are copies, safe in any thread."""

    def __init__(self, bus: Bus, topics: Topics, clock: Clock) -> None:
        self._topics, self._clock = topics, clock
        self._lock = threading.Lock()
        self._nodes: dict[str, Node] = {}
        self._alerts: dict[str, Alert] = {}
        self._entries: dict[str, Diary] = {}
        self._trend: Trend | None = None
        self._spasm: Spasm | None = None
        self._seen: datetime | None = None
        self._listeners: set[Callable[[str], None]] = set()
        for what in ("spasm", "observation", "alert", "diary", "health", "trend", "label", "trigger"):
            bus.subscribe(topics.every(what), self._receive_record)
        for what in ("availability", "fault", "pause/state"):
            bus.subscribe(topics.every(what), self._receive_state)
        # The recorder sends receipts after the store has committed: history has news.
        bus.subscribe(topics.every("stored"), self._receive_receipt)

    # answers

    def nodes(self) -> list[Node]:
        """Every node that has been heard of, by name."""
        with self._lock:
            return [self._nodes[name] for name in sorted(self._nodes)]

    def cameras(self) -> list[Node]:
        """The nodes that watch."""
        return [node for node in self.nodes() if node.is_camera]

    def alerts(self) -> list[Alert]:
        """The latest transition of every alert heard of, newest first."""
        with self._lock:
            return sorted(self._alerts.values(), key=lambda alert: alert.time, reverse=True)

    def entries(self) -> list[Diary]:
        """The highest revision of every diary entry of the last two days that was heard of or made here."""
        with self._lock:
            return list(self._entries.values())

    def trend(self) -> Trend | None:
        """The latest trend."""
        return self._trend

    def seen(self) -> datetime | None:
        """When the person was last in view."""
        return self._seen

    def last_spasm(self) -> Spasm | None:
        """The latest spasm heard of since the start of this program."""
        return self._spasm

    # news

    def listen(self, listener: Callable[[str], None]) -> Callable[[], None]:
        """Call ``listener(what)`` at every change, in the bus's thread; returns the way to stop that."""
        with self._lock:
            self._listeners.add(listener)

        def stop() -> None:
            with self._lock:
                self._listeners.discard(listener)

        return stop

    def learn(self, record: Record) -> None:
        """Take in a record from the bus, from the store's past or of our own making."""
        with self._lock:
            changed = self._learn(record)
        if changed:
            self._tell(record.what)

    def _learn(self, record: Record) -> bool:
        match record:
            case Alert():
                known = self._alerts.get(record.alert_id)
                if known is not None and known.time >= record.time:
                    return False
                self._alerts[record.alert_id] = record
                self._drop_old_alerts()
            case Diary():
                before = self._entries.get(record.entry_id)
                if before is not None and before.revision >= record.revision:
                    return False
                self._entries[record.entry_id] = record
                oldest = self._clock.now() - KEPT
                for entry_id in [key for key, entry in self._entries.items() if entry.logged_at < oldest]:
                    del self._entries[entry_id]
            case Observation() | Health():
                self._learn_of_node(record)
            case Trend():
                self._trend = record
            case Spasm():
                if self._spasm is not None and record.start < self._spasm.start:
                    return True
                self._spasm = record
        return True

    def _drop_old_alerts(self) -> None:
        if len(self._alerts) > 500:
            ended = sorted(
                (alert for alert in self._alerts.values() if alert.state in ENDED), key=lambda alert: alert.time
            )
            for alert in ended[:250]:
                del self._alerts[alert.alert_id]

    def _learn_of_node(self, record: Observation | Health) -> None:
        node = self._node(record.node)
        if isinstance(record, Health):
            if node.health is None or node.health.time <= record.time:
                self._nodes[node.name] = replace(node, health=record)
            return
        if record.face_s > 0:
            until = record.end
            self._seen = max(self._seen or until, until)
        if node.observation is None or node.observation.start <= record.start:
            self._nodes[node.name] = replace(node, observation=record)

    def _node(self, name: str) -> Node:
        return self._nodes.setdefault(name, Node(name))

    def _receive_record(self, message: Message) -> None:
        try:
            self.learn(parse(message.payload))
        except RecordError as error:
            log.warning("a message on %s is no record: %s", message.topic, error)
        message.acknowledge()

    def _receive_state(self, message: Message) -> None:
        name = message.topic.removeprefix(f"{self._topics.base}/{self._topics.home}/").split("/")[0]
        try:
            with self._lock:
                self._learn_state(self._node(name), message)
        except RecordError as error:
            log.warning("the state on %s is not understood: %s", message.topic, error)
        message.acknowledge()
        self._tell("health")

    def _learn_state(self, node: Node, message: Message) -> None:
        match message.topic.rsplit("/", 1)[1]:
            case "availability":
                node = replace(node, online=message.payload == ONLINE if message.payload else None)
            case "fault":
                node = replace(node, fault=Fault.parse(message.payload) if message.payload else None)
            case _:
                node = replace(node, pause=PauseState.parse(message.payload) if message.payload else None)
        self._nodes[node.name] = node

    def _receive_receipt(self, message: Message) -> None:
        message.acknowledge()
        self._tell("stored")

    def _tell(self, what: str) -> None:
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener(what)

    def latest_observation(self) -> Observation | None:
        """The last minute of any camera."""
        seen = [node.observation for node in self.nodes() if node.observation]
        return max(seen, key=lambda item: item.start, default=None)

    def paused(self, now: datetime) -> PauseState | None:
        """The pause that holds now, if any camera is paused."""
        pauses = [node.pause for node in self.cameras() if node.pause and node.pause.holds(now)]
        return max(pauses, key=lambda pause: pause.since or now, default=None)
