"""Zigbee2MQTT: ``<base>/<name>`` with JSON; the name may contain ``/``.

Each message repeats every cached property, and the whole cache comes again after Zigbee2MQTT has started: its
``bridge/state`` says so, and what follows is a baseline.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from spasmwatch.domain.records import TriggerSource
from spasmwatch.domain.triggers.measurement import Measurement, Vanished
from spasmwatch.domain.triggers.vocabulary import common
from spasmwatch_services.triggers.sources.message import (
    Arrival,
    Sighting,
    action,
    bare,
    device_time,
    json_object,
    measured,
)

SOURCE: Final[TriggerSource] = "zigbee2mqtt"
ABOUT_THE_DEVICE: Final = frozenset(
    {"linkquality", "last_seen", "update", "update_available", "device", "elapsed", "battery", "voltage"}
)
SAME_PRESS: Final = timedelta(seconds=5)
"""One press comes as JSON and on ``…/action``: the second of the two within this time is the same."""
REPLAY: Final = timedelta(seconds=30)
"""For so long after its start, the first message on each topic comes from its cache."""


class Zigbee2Mqtt:
    """One Zigbee2MQTT instance."""

    def __init__(self, base: str) -> None:
        self._prefix = f"{base}/"
        self._unpaired: dict[tuple[str, str], tuple[str, datetime]] = {}
        self._started: datetime | None = None
        self._spoken: set[str] = set()  # topics, since the start

    @property
    def filters(self) -> tuple[str, ...]:
        """Everything below the base topic."""
        return (f"{self._prefix}#",)

    def read(self, arrival: Arrival) -> Iterable[Sighting]:
        """Every property of a device's message."""
        if not arrival.topic.startswith(self._prefix):
            return []
        name = arrival.topic[len(self._prefix) :]
        if name.startswith("bridge/"):
            return self._restarted(arrival) if name == "bridge/state" and not arrival.retained else []
        device, _, last = name.rpartition("/")
        if last in ("set", "get") or device.endswith(("/set", "/get")):
            return []
        if device and last == "availability":
            return [Vanished(SOURCE, device)] if b"offline" in arrival.payload[:40] else []
        if self._from_cache(arrival):
            # As good as retained: nobody knows since when it has been so.
            arrival = replace(arrival, retained=True)
        if device and last == "action":
            return self._pressed(arrival, device, bare(arrival.payload), "topic")
        fields = json_object(arrival.payload)
        if fields is not None:
            return self._properties(arrival, name, fields)
        return measured(arrival, SOURCE, device, common(last), bare(arrival.payload)) if device else []

    def tick(self, _now: datetime) -> Iterable[Sighting]:
        """Nothing waits here."""
        return ()

    def _restarted(self, arrival: Arrival) -> list[Vanished]:
        self._started = arrival.time
        self._spoken.clear()
        return [Vanished(SOURCE)]

    def _from_cache(self, arrival: Arrival) -> bool:
        if self._started is None:
            return False
        if arrival.time - self._started >= REPLAY:
            self._started = None
            self._spoken.clear()
            return False
        first = arrival.topic not in self._spoken
        self._spoken.add(arrival.topic)
        return first

    def _properties(self, arrival: Arrival, device: str, fields: dict[str, Any]) -> list[Measurement]:
        found: list[Measurement] = []
        at = device_time(fields.get("last_seen"), arrival.time)
        if "illuminance_lux" in fields:
            fields.pop("illuminance", None)  # the raw count of older versions
        for name, value in fields.items():
            if name == "action":
                found += self._pressed(arrival, device, value, "json", at)
            elif name not in ABOUT_THE_DEVICE:
                found += measured(arrival, SOURCE, device, common(name), value, at=at)
        return found

    def _pressed(
        self, arrival: Arrival, device: str, value: object, route: str, at: datetime | None = None
    ) -> list[Measurement]:
        found = action(arrival, SOURCE, device, value, at=at)
        if not found or arrival.retained:
            return found
        press = (device, str(found[0].value))
        other = self._unpaired.pop(press, None)
        if other is not None and other[0] != route and arrival.time - other[1] < SAME_PRESS:
            return []
        if len(self._unpaired) > 1000:
            self._unpaired.clear()
        self._unpaired[press] = (route, arrival.time)
        return found
