"""Shelly, first generation: ``shellies/<id>/…`` with bare values.

``input_event`` is repeated every half minute with the same counter: only a new count is a press.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

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
    numbered,
)

SOURCE: Final[TriggerSource] = "shelly"
_CHANNEL: Final = re.compile(r"(relay|light|white|emeter|input|input_event)/(\d)(?:/(power))?", re.ASCII)
_SENSOR: Final = re.compile(r"sensor/(temperature|humidity|lux|motion|state|flood|smoke|vibration|concentration)")
_CLOSED: Final = {"close": True, "closed": True, "open": False}


class ShellyGen1:
    """All first-generation devices below one base topic."""

    def __init__(self, base: str) -> None:
        self._prefix = f"{base}/"
        self._presses: dict[tuple[str, int], object] = {}

    @property
    def filters(self) -> tuple[str, ...]:
        """Everything below the base topic."""
        return (f"{self._prefix}#",)

    def read(self, arrival: Arrival) -> Iterable[Sighting]:
        """Relays, meters, inputs and the battery sensors."""
        if not arrival.topic.startswith(self._prefix):
            return []
        device, _, what = arrival.topic[len(self._prefix) :].partition("/")
        if what == "online":
            return [Vanished(SOURCE, device)] if arrival.payload == b"false" else []
        if what == "status":
            return self._motion(arrival, device)
        if sensor := _SENSOR.fullmatch(what):
            return self._sensor(arrival, device, sensor[1])
        match = _CHANNEL.fullmatch(what)
        if match is None:
            return []
        part, channel, meter = match[1], int(match[2]), match[3]
        if part == "input_event":
            return self._press(arrival, device, channel)
        if part == "emeter" and meter is None:
            return []
        name = "power" if meter else "input" if part == "input" else "state"
        return measured(arrival, SOURCE, device, numbered(name, channel), bare(arrival.payload))

    def tick(self, _now: datetime) -> Iterable[Sighting]:
        """Nothing waits here."""
        return ()

    def _sensor(self, arrival: Arrival, device: str, name: str) -> list[Measurement]:
        value: object = bare(arrival.payload)
        if name == "state":
            return measured(arrival, SOURCE, device, "contact", _CLOSED.get(str(value)))
        return measured(arrival, SOURCE, device, common(name), value)

    def _motion(self, arrival: Arrival, device: str) -> list[Measurement]:
        fields = json_object(arrival.payload) or {}
        # The time is that of the last motion; the light level has none.
        at = device_time(fields.get("timestamp"), arrival.time)
        moved = measured(arrival, SOURCE, device, "occupancy", fields.get("motion"), at=at)
        return [*moved, *measured(arrival, SOURCE, device, "illuminance", fields.get("lux"))]

    def _press(self, arrival: Arrival, device: str, channel: int) -> list[Measurement]:
        fields = json_object(arrival.payload) or {}
        count, key = fields.get("event_cnt"), (device, channel)
        known = self._presses.get(key)
        if isinstance(count, int) and len(self._presses) < 10_000:
            self._presses[key] = count
        # The battery button sleeps between presses and repeats nothing: its first word is a press.
        first = known is None and not device.startswith("shellybutton")
        if first or known == count or arrival.retained:
            return []
        return action(arrival, SOURCE, device, fields.get("event"), channel=channel)
