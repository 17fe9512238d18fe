"""Shelly, second generation and later: ``<prefix>/events/rpc`` and ``<prefix>/status/<component>``.

Notifications are deltas: what a message leaves out has not changed. ``params.ts`` is seconds since the epoch, and a few
seconds since power-up before the device knows the time.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from spasmwatch.domain.records import TriggerSource
from spasmwatch.domain.triggers.measurement import Measurement, Vanished
from spasmwatch_services.triggers.sources.message import (
    Arrival,
    Sighting,
    action,
    device_time,
    json_object,
    measured,
    numbered,
)

SOURCE: Final[TriggerSource] = "shelly"

_FIELDS: Final[Mapping[str, Mapping[str, str]]] = {
    "switch": {"output": "state", "apower": "power"},
    "light": {"output": "state", "apower": "power"},
    "cover": {"apower": "power"},
    "pm1": {"apower": "power"},
    "em": {"total_act_power": "power"},
    "em1": {"act_power": "power"},
    "input": {"state": "input"},
    "temperature": {"tC": "temperature"},
    "humidity": {"rh": "humidity"},
    "illuminance": {"lux": "illuminance"},
    "smoke": {"alarm": "smoke"},
    "flood": {"alarm": "flood"},
    "presence": {"state": "occupancy"},
    "boolean": {"value": "boolean"},
    "number": {"value": "number"},
    "bthomesensor": {"value": "bthomesensor"},
}
"""Component and field, and the common word for it. A relay's own temperature is not the room's."""

_COMPONENT: Final = re.compile(r"([a-z0-9]+)(?::(\d{1,3}))?", re.ASCII)


class Shelly:
    """The devices under one topic prefix; under ``+`` those that are called ``shelly…`` or say so in ``src``."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix.rstrip("/")
        self._any = self._prefix.startswith("+")
        device = re.escape(self._prefix).replace(r"\+", "[^/]+")
        self._pattern = re.compile(rf"({device})/(online|events/rpc|status/[^/]+)")
        self._events: dict[tuple[str, str, str], object] = {}
        self._renamed: set[str] = set()

    @property
    def filters(self) -> tuple[str, ...]:
        """Notifications, status messages and the device's availability."""
        return f"{self._prefix}/events/rpc", f"{self._prefix}/status/+", f"{self._prefix}/online"

    def read(self, arrival: Arrival) -> Iterable[Sighting]:
        """The changes in a notification."""
        match = self._pattern.fullmatch(arrival.topic)
        if match is None:
            return []
        device, what = match.groups()
        if self._any and not self._is_shelly(arrival, device, what):
            return []
        if what == "online":
            return [Vanished(SOURCE, device)] if arrival.payload == b"false" else []
        fields = json_object(arrival.payload) or {}
        if what != "events/rpc":
            return self._component(arrival, device, what.removeprefix("status/"), fields, None)
        return self._notification(arrival, device, fields)

    def tick(self, _now: datetime) -> Iterable[Sighting]:
        """Nothing waits here."""
        return ()

    def _is_shelly(self, arrival: Arrival, device: str, what: str) -> bool:
        """A device under a prefix of the household's own still tells its factory name in each notification."""
        if device.startswith("shelly") or device in self._renamed:
            return True
        if what != "events/rpc" or not str((json_object(arrival.payload) or {}).get("src")).startswith("shelly"):
            return False
        if len(self._renamed) < 10_000:
            self._renamed.add(device)
        return True

    def _notification(self, arrival: Arrival, device: str, fields: dict[str, Any]) -> list[Measurement]:
        parameters = fields.get("params")
        if not isinstance(parameters, dict):
            return []
        at = parameters.get("ts")
        if fields.get("method") == "NotifyEvent":
            events = parameters.get("events")
            return self._presses(arrival, device, events if isinstance(events, list) else [], at)
        found: list[Measurement] = []
        told = device_time(at, arrival.time)
        for component, status in parameters.items():
            if isinstance(status, dict):
                found += self._component(arrival, device, component, status, told)
        return found

    def _component(
        self, arrival: Arrival, device: str, component: str, status: dict[str, Any], at: datetime | None
    ) -> list[Measurement]:
        match = _COMPONENT.fullmatch(component)
        if match is None:
            return []
        found: list[Measurement] = []
        for field, word in _FIELDS.get(match[1], {}).items():
            if field in status:
                name = numbered(word, int(match[2] or 0))
                found += measured(arrival, SOURCE, device, name, status[field], at=at)
        return found

    def _presses(self, arrival: Arrival, device: str, events: list[Any], at: object) -> list[Measurement]:
        found: list[Measurement] = []
        for event in events:
            if not isinstance(event, dict):
                continue
            match = _COMPONENT.fullmatch(str(event.get("component")))
            when = event.get("ts", at)
            if match is None or match[1] not in ("input", "bthomedevice") or self._seen(device, event, when):
                continue
            channel = int(match[2] or 0)
            found += action(
                arrival, SOURCE, device, event.get("event"), channel=channel, at=device_time(when, arrival.time)
            )
        return found

    def _seen(self, device: str, event: dict[str, Any], when: object) -> bool:
        """Whether the broker delivered this very event before (its time is part of it)."""
        key = (device, str(event.get("component"))[:40], str(event.get("event"))[:40])
        known = self._events.get(key)
        if len(self._events) > 10_000:
            self._events.clear()
        self._events[key] = when
        return when is not None and known == when
