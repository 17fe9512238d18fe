"""A home in memory for the service: simulated clock, buses, outbox."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from spasmwatch.domain.records import Record, Trigger
from spasmwatch.domain.topics import Topics
from spasmwatch.errors import BusError, OutboxError
from spasmwatch.ports import Clock, Outbox
from spasmwatch.settings import Settings
from spasmwatch_services.triggers.service import TriggersService
from support.memory_bus import MemoryBroker, MemoryBus

R = TypeVar("R", bound=Record)
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
TOPICS = Topics("spasmwatch", "home")


class SimulatedClock:
    def __init__(self) -> None:
        self.time = START
        self.steady = 0.0

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        self.steady += seconds

    def set(self, by: float) -> None:
        """Somebody sets the clock; no time passes."""
        self.time += timedelta(seconds=by)


class ListOutbox:
    def __init__(self) -> None:
        self.records: list[Record] = []
        self.full = False

    def add(self, record: R) -> R:
        if self.full:
            raise OutboxError("disk full")
        self.records.append(record)
        return record

    def add_all(self, records: Sequence[R]) -> list[R]:
        return [self.add(record) for record in records]


class OurBus(MemoryBus):
    """Our broker, which may be away."""

    away = False

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        if self.away:
            raise BusError("not connected")
        super().publish(topic, payload, retain=retain)


_conform: tuple[type[Clock], type[Outbox]] = (SimulatedClock, ListOutbox)


class House:
    """Two brokers in memory, the devices and the service."""

    def __init__(self, folder: Path, **triggers: Any) -> None:
        self.clock = SimulatedClock()
        self.outbox = ListOutbox()
        self.home_broker = MemoryBroker()
        self.devices = MemoryBus(client="devices", broker=self.home_broker)
        self.ours = OurBus(client="ours", node=None)
        self.up = True
        self.settings = Settings.model_validate({"home": {"data": folder}, "triggers": triggers})
        self.start()

    def start(self) -> None:
        self.home = MemoryBus(client="triggers", broker=self.home_broker)
        self.service = TriggersService(
            self.settings,
            ours=self.ours,
            home=self.home,
            home_topics=TOPICS,
            home_up=lambda: self.up,
            outbox=self.outbox,
            clock=self.clock,
            steady=lambda: self.clock.steady,
        )

    def stop(self) -> None:
        self.service.close()
        self.home.close()

    def say(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self.devices.publish(topic, payload, retain=retain)

    def wait(self, seconds: float, step: float = 1.0) -> None:
        end = self.clock.time + timedelta(seconds=seconds)
        while self.clock.time < end:
            self.clock.sleep(min(step, (end - self.clock.time).total_seconds()))
            self.service.tick()

    def lose_the_line(self) -> None:
        self.up = False
        self.service.tick()

    def come_back(self) -> None:
        """The broker delivers what waited, then the echo of our own ``online``."""
        self.up = True

    def echo(self) -> None:
        self.say(TOPICS.of("triggers", "availability"), b"online")

    def triggers(self, form: str = "event") -> list[Trigger]:
        return [record for record in self.outbox.records if isinstance(record, Trigger) and record.form == form]
