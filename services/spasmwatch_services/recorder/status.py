"""How the home is doing, for a person: programs, faults, what waits, what is stored."""

import threading
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from spasmwatch.adapters.mqtt import MqttBus
from spasmwatch.adapters.outbox import waiting
from spasmwatch.adapters.stores import open_store
from spasmwatch.domain.records import MODELS, Record, rfc3339
from spasmwatch.domain.topics import Fault, Topics
from spasmwatch.errors import RecordError, SpasmWatchError
from spasmwatch.ports import Message, Store
from spasmwatch.settings import Settings

LISTEN_S = 1.0
"""Retained messages come at once; this is how long we wait for the last of them."""


@dataclass
class Status:
    """All that is known. ``programs`` maps nodes to ``online``/``offline``; troubles are lines for a person."""

    broker: str = "reached"
    store: str = "reached"
    programs: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)
    stored: dict[str, int] = field(default_factory=dict)
    latest: dict[str, str] = field(default_factory=dict)

    def fields(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def look(settings: Settings) -> Status:
    """Ask broker, store and outboxes; what cannot be reached is said in its place."""
    status = Status()
    try:
        _ask_broker(settings, status)
    except SpasmWatchError as error:
        status.broker = str(error)
    try:
        store = open_store(settings, readonly=True)
        try:
            _ask_store(store, status)
        finally:
            store.close()
    except SpasmWatchError as error:
        status.store = str(error)
    for file in sorted((settings.home.data / "outbox").glob("*.sqlite")):
        status.waiting[file.stem] = _waiting(file)
    return status


def _ask_broker(settings: Settings, status: Status) -> None:
    topics = Topics(settings.mqtt.base, settings.home.name)
    bus = MqttBus(settings.mqtt, topics, client=f"status-{uuid4().hex[:8]}")
    try:
        bus.wait_until_connected(5)

        def note(message: Message) -> None:
            node, what = message.topic.split("/")[-2:]
            if what == "availability":
                status.programs[node] = message.payload.decode(errors="replace")[:20]
            else:
                _note_fault(status, node, message.payload)
            message.acknowledge()

        bus.subscribe(topics.every("availability"), note)
        bus.subscribe(topics.every("fault"), note)
        threading.Event().wait(LISTEN_S)
    finally:
        bus.close()


def _note_fault(status: Status, node: str, payload: bytes) -> None:
    try:
        fault = Fault.parse(payload)
    except RecordError:
        return
    if fault.active:
        since = f" (since {fault.since:%Y-%m-%d %H:%M} UTC)" if fault.since else ""
        status.faults[node] = f"{fault.cause or 'unknown'}{since}"


def _ask_store(store: Store, status: Status) -> None:
    status.stored = store.counts()
    now = datetime.now(UTC)
    for what in MODELS:
        if what in status.stored:
            last: Record | None = None
            for last in store.read(what, None, now - timedelta(days=1), now + timedelta(hours=1)):  # noqa: B007
                pass
            status.latest[what] = rfc3339(last.when) if last else "more than a day ago"


def _waiting(file: Path) -> int:
    try:
        return waiting(file)
    except SpasmWatchError:
        return -1


def lines(status: Status) -> list[str]:
    """For a person at a terminal."""
    told = [f"broker    {status.broker}", f"store     {status.store}"]
    for node, state in sorted(status.programs.items()):
        fault = status.faults.get(node)
        told.append(f"program   {node}: {state}" + (f" — {fault}" if fault else ""))
    told += [f"waiting   {node}: {number} records without a receipt" for node, number in status.waiting.items()]
    told += [f"stored    {what}: {number}, latest {status.latest[what]}" for what, number in status.stored.items()]
    return told
