"""Looks at what the programs say over MQTT, for the live line and the summary of the demo."""

import threading
from collections import Counter
from typing import Any

from spasmwatch.adapters.mqtt import MqttBus
from spasmwatch.domain.parsing import parse
from spasmwatch.domain.records import Alert, Health, Observation, Record, Spasm
from spasmwatch.domain.topics import ONLINE, PushState, Topics
from spasmwatch.errors import RecordError
from spasmwatch.ports import Message
from spasmwatch.settings.mqtt import Mqtt


class Watcher:
    """Counts every record once, by kind; keeps the spasms, alerts and figures a person wants to see."""

    def __init__(self, settings: Mqtt, topics: Topics) -> None:
        self._lock = threading.Lock()
        self._seen: set[str] = set()
        self.published: Counter[str] = Counter()
        self.spasms: Counter[tuple[str, str]] = Counter()
        self.alerts: dict[str, Alert] = {}
        self.observed_s = 0.0
        self.face_s = 0.0
        self.seconds = 0.0
        self.frames = 0.0
        self.fps: float | None = None
        self.last_spasm: Spasm | None = None
        self.online: set[str] = set()
        self.pushes_delivered = 0
        self._topics = topics
        self._bus = MqttBus(settings, topics, client=f"{topics.home}-watcher")
        self._bus.subscribe(f"{topics.base}/{topics.home}/#", self._receive)
        self._bus.wait_until_connected(10)

    def _receive(self, message: Message) -> None:
        message.acknowledge()
        if message.topic == self._topics.state("alerts", "pushes"):
            self.pushes_delivered = PushState.parse(message.payload).delivered
        elif message.topic.endswith("/availability") and message.payload == ONLINE:
            self.online.add(message.topic.split("/")[-2])
        if message.retained:
            return
        try:
            record = parse(message.payload)
        except RecordError:
            return  # receipts, availability and states are no records
        with self._lock:
            if record.id not in self._seen:
                self._seen.add(record.id)
                self._count(record)

    def _count(self, record: Record) -> None:
        if isinstance(record, Spasm):
            self._count_spasm(record)
            return
        self.published[record.what] += 1
        if isinstance(record, Observation):
            self.observed_s += record.observed_s
            self.face_s += record.face_s
            self.seconds += record.seconds
            self.frames += record.fps * record.seconds
        elif isinstance(record, Alert):
            self.alerts[record.alert_id] = record
        elif isinstance(record, Health) and record.fps is not None:
            self.fps = record.fps

    def _count_spasm(self, spasm: Spasm) -> None:
        if spasm.phase == "start":
            return  # news for the live view; only ends are kept
        self.published["spasm"] += 1
        self.spasms[spasm.kind or "unclassified", spasm.side or "both"] += 1
        self.last_spasm = spasm

    def by_kind_and_side(self) -> dict[str, dict[str, int]]:
        """Number of spasms, e.g. ``{"hemifacial": {"left": 5}}``."""
        table: dict[str, dict[str, int]] = {}
        for (kind, side), number in sorted(self.spasms.items()):
            table.setdefault(kind, {})[side] = number
        return table

    def summary(self) -> dict[str, Any]:
        """What was seen, for ``--json``."""
        return {
            "published": dict(sorted(self.published.items())),
            "spasms": self.by_kind_and_side(),
            "alerts": [
                alert.model_dump(mode="json", include={"rule", "state", "severity", "reason"})
                for alert in self.alerts.values()
                if alert.state != "pending"  # such as the programs that go offline at the end
            ],
            "pushes_delivered": self.pushes_delivered,
            "observed_s": round(self.observed_s, 1),
            "fps": round(self.frames / self.seconds, 1) if self.seconds else 0.0,
        }

    def line(self) -> str:
        """One readable line about how it goes."""
        minutes, seconds = divmod(round(self.observed_s), 60)
        parts = [f"observed {minutes}:{seconds:02d}", f"{self.published['spasm']} spasms"]
        if self.last_spasm:
            parts.append(f"last {self.last_spasm.kind} {self.last_spasm.side}")
        firing = [alert for alert in self.alerts.values() if alert.state == "firing"]
        parts.append(f"{len(firing)} alert(s): {firing[-1].reason}" if firing else "no alert")
        if self.fps is not None:
            parts.append(f"{self.fps:.0f} frames/s")
        return " · ".join(parts)

    def close(self) -> None:
        """Stop listening."""
        self._bus.close()
