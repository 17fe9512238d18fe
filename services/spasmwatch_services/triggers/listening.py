"""Listens to the home's broker for a while, as a mere observer."""

import uuid
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from spasmwatch.adapters.mqtt import MqttBus
from spasmwatch.domain.topics import Topics
from spasmwatch.errors import BusError, SpasmWatchError
from spasmwatch.ports import Message
from spasmwatch.runtime import SystemClock
from spasmwatch.settings import Settings
from spasmwatch_services.triggers.recording import line
from spasmwatch_services.triggers.sources import Arrival

CONNECT_S = 15.0


def listen(settings: Settings, hear: Callable[[Arrival], None], seconds: float, record: Path | None) -> None:
    """Call ``hear`` for every message of ``seconds``; keep them in ``record``. Raises BusError, SpasmWatchError."""
    broker = settings.triggers.broker or settings.mqtt
    with ExitStack() as stack:
        try:
            kept = stack.enter_context(_new_file(record)) if record else None
        except OSError as error:
            raise SpasmWatchError(f"cannot write {record}: {error.strerror}") from error
        bus = MqttBus(broker, Topics(broker.base, settings.home.name), client=f"discover-{uuid.uuid4().hex[:8]}")
        stack.callback(bus.close)
        try:
            bus.wait_until_connected(CONNECT_S)
        except BusError:
            if record is not None:
                record.unlink()  # so that the next attempt is not told that it exists
            raise

        def heard(message: Message) -> None:
            message.acknowledge()
            now = datetime.now(UTC)
            if kept is not None:
                kept.write(line(message, now) + "\n")
            hear(Arrival(message.topic, message.payload, message.retained, now, now))

        bus.subscribe("#", heard)
        SystemClock().sleep(seconds)


def _new_file(path: Path) -> TextIO:
    """For this user alone, since it tells when somebody is home; never over an earlier recording."""
    path.touch(mode=0o600, exist_ok=False)
    return path.open("w", encoding="utf-8")
