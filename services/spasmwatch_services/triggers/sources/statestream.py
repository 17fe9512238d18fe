"""Home Assistant's statestream: ``<base>/<domain>/<object>/state``, retained; attributes and times on sibling topics.

``last_changed`` comes after the state it belongs to. Where a home publishes it, a state waits for it.
"""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from spasmwatch.domain.records import TriggerSource
from spasmwatch.domain.triggers.measurement import Vanished
from spasmwatch_services.triggers.sources.message import (
    Arrival,
    Sighting,
    bare,
    device_time,
    measured,
)

SOURCE: Final[TriggerSource] = "homeassistant"
WAIT: Final = timedelta(seconds=2)
"""How long a state waits for its ``last_changed``."""
GONE: Final = frozenset({"unknown", "unavailable", ""})
MOST_ENTITIES: Final = 10_000


class Statestream:
    """One Home Assistant."""

    def __init__(self, base: str) -> None:
        self._prefix = f"{base}/"
        self._timed: set[str] = set()
        self._units: dict[str, str] = {}
        self._told: set[str] = set()
        self._waiting: dict[str, tuple[Arrival, str]] = {}

    @property
    def filters(self) -> tuple[str, ...]:
        """All attributes of all entities."""
        return (f"{self._prefix}+/+/+",)

    def read(self, arrival: Arrival) -> Iterable[Sighting]:
        """A state, at once or with its time; ``unknown`` and ``unavailable`` are no states."""
        levels = arrival.topic.removeprefix(self._prefix).split("/")
        if not arrival.topic.startswith(self._prefix) or len(levels) != 3:
            return []
        entity, text = f"{levels[0]}.{levels[1]}", bare(arrival.payload)
        if text is None:
            return []
        if levels[2] == "state":
            return self._state(arrival, entity, _decoded(text))
        if levels[2] == "last_changed" and len(self._timed) < MOST_ENTITIES:
            self._timed.add(entity)
            waiting = self._waiting.pop(entity, None)
            return self._value(waiting[0], entity, waiting[1], _decoded(text)) if waiting else []
        if levels[2] == "unit_of_measurement" and len(self._units) < MOST_ENTITIES:
            self._units[entity] = _decoded(text)[:20]
        return []

    def tick(self, now: datetime) -> Iterable[Sighting]:
        """States whose time did not come."""
        late = [entity for entity, (arrival, _) in self._waiting.items() if now - arrival.time > WAIT]
        return [sighting for entity in late for sighting in self._value(*self._taken(entity))]

    def _taken(self, entity: str) -> tuple[Arrival, str, str]:
        arrival, text = self._waiting.pop(entity)
        return arrival, entity, text

    def _state(self, arrival: Arrival, entity: str, text: str) -> list[Sighting]:
        # A second state before the first one's time: the first goes ahead with its arrival.
        before = list(self._value(*self._taken(entity))) if entity in self._waiting else []
        if text in GONE:
            return [*before, Vanished(SOURCE, entity)]
        if entity in self._timed and not arrival.retained:
            self._waiting[entity] = (arrival, text)
            return before
        return [*before, *self._value(arrival, entity, text)]

    def _value(self, arrival: Arrival, entity: str, text: str, at: str | None = None) -> list[Sighting]:
        if entity not in self._units and entity not in self._told:
            # Its unit, if it has one, comes after its first state: that one is no reading.
            arrival = replace(arrival, retained=True)
            if len(self._told) < MOST_ENTITIES:
                self._told.add(entity)
        return [
            *measured(
                arrival, SOURCE, entity, "state", text, unit=self._units.get(entity), at=device_time(at, arrival.time)
            )
        ]


def _decoded(text: str) -> str:
    """Attributes are JSON strings, times in some versions too."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, str) else text
