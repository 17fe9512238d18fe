"""Tasmota: ``stat`` and ``tele`` messages under a configurable FullTopic.

Its ``Time`` has no zone unless ``SetOption52`` adds one; without, arrival counts.

POWER and RESULT say the same thing twice; both become ``state``, and only a change is an event.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from spasmwatch.domain.records import TriggerSource
from spasmwatch.domain.triggers.measurement import Measurement, Vanished
from spasmwatch.domain.triggers.vocabulary import common, usual_unit
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

SOURCE: Final[TriggerSource] = "tasmota"
_STATES: Final = frozenset({("stat", "RESULT"), ("tele", "STATE"), ("tele", "RESULT")})
_SENSORS: Final = frozenset({("tele", "SENSOR"), ("stat", "STATUS8"), ("stat", "STATUS10")})
_RELAY: Final = re.compile(r"POWER(\d{0,2})", re.ASCII)
_BUTTON: Final = re.compile(r"(Button|Switch)(\d{1,2})", re.ASCII)
_CHIP: Final = frozenset({"ESP32", "ESP8266"})


class Tasmota:
    """All devices that share one FullTopic pattern such as ``%prefix%/%topic%/``."""

    def __init__(self, full_topic: str) -> None:
        self._full_topic = full_topic.rstrip("/") + "/"
        pattern = re.escape(self._full_topic).replace("%prefix%", "(?P<prefix>stat|tele)")
        self._pattern = re.compile(pattern.replace("%topic%", "(?P<topic>[^/]+)") + "(?P<what>[A-Z]+[0-9]*)")

    @property
    def filters(self) -> tuple[str, ...]:
        """What devices say, without what they are told (``cmnd``)."""
        anywhere = self._full_topic.replace("%topic%", "+")
        return tuple(anywhere.replace("%prefix%", prefix) + "+" for prefix in ("stat", "tele"))

    def read(self, arrival: Arrival) -> Iterable[Sighting]:
        """Relays, buttons, switches, energy and sensors."""
        match = self._pattern.fullmatch(arrival.topic)
        if match is None:
            return []
        device, kind = match["topic"], (match["prefix"], match["what"])
        if kind == ("tele", "LWT"):
            return [Vanished(SOURCE, device)] if arrival.payload == b"Offline" else []
        if match["prefix"] == "stat" and (relay := _RELAY.fullmatch(match["what"])):
            return measured(arrival, SOURCE, device, _state(relay), bare(arrival.payload))
        if kind in _STATES:
            return self._states(arrival, device, json_object(arrival.payload) or {})
        if kind in _SENSORS:
            fields = json_object(arrival.payload) or {}
            inner = fields.get("StatusSNS", fields)
            return self._sensors(arrival, device, inner) if isinstance(inner, dict) else []
        return []

    def tick(self, _now: datetime) -> Iterable[Sighting]:
        """Nothing waits here."""
        return ()

    def _states(self, arrival: Arrival, device: str, fields: dict[str, Any]) -> list[Measurement]:
        found: list[Measurement] = []
        at = device_time(fields.get("Time"), arrival.time)
        for name, value in fields.items():
            if relay := _RELAY.fullmatch(name):
                found += measured(arrival, SOURCE, device, _state(relay), value, at=at)
            elif (button := _BUTTON.fullmatch(name)) and isinstance(value, dict):
                channel = _channel(button[2])
                found += action(arrival, SOURCE, device, value.get("Action"), channel=channel, at=at)
        return found

    def _sensors(self, arrival: Arrival, device: str, fields: dict[str, Any]) -> list[Measurement]:
        """Blocks such as ``"BME280": {"Temperature": …}``; two of a kind are told apart by their block's name."""
        unit, at = fields.get("TempUnit"), device_time(fields.get("Time"), arrival.time)
        blocks = {name: block for name, block in fields.items() if isinstance(block, dict) and name not in _CHIP}
        owners: dict[str, int] = {}
        for block in blocks.values():
            for name in block:
                owners[name] = owners.get(name, 0) + 1
        found: list[Measurement] = []
        for block_name, block in blocks.items():
            for name, value in block.items():
                word = common(name) if owners[name] == 1 else f"{common(name)}_{block_name.lower()}"
                heat = name in ("Temperature", "DewPoint") and unit in ("C", "F")
                told = str(unit) if heat else usual_unit(common(name))
                for channel, number in enumerate(value if isinstance(value, list) else [value]):
                    found += measured(arrival, SOURCE, device, numbered(word, channel), number, unit=told, at=at)
        for name, value in fields.items():
            if _BUTTON.fullmatch(name) and isinstance(value, str):
                found += measured(arrival, SOURCE, device, name.lower(), value, at=at)
        return found


def _channel(number: str) -> int:
    return max(int(number or "1") - 1, 0)


def _state(relay: re.Match[str]) -> str:
    return numbered("state", _channel(relay[1]))
