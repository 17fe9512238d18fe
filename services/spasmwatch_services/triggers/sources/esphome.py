"""ESPHome: ``<prefix>/<component>/<object id>/state`` with a bare value, retained by default."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from spasmwatch.domain.records import TriggerSource
from spasmwatch.domain.triggers.measurement import Vanished
from spasmwatch.domain.triggers.vocabulary import common
from spasmwatch_services.triggers.sources.message import Arrival, Sighting, action, bare, json_object, measured

SOURCE: Final[TriggerSource] = "esphome"
_COMPONENTS: Final = "sensor|binary_sensor|switch|text_sensor|light|fan|event|number|select"


class Esphome:
    """The node, or all nodes, under one topic prefix; ``taken`` are first levels that belong to other systems."""

    def __init__(self, prefix: str, taken: frozenset[str]) -> None:
        self._prefix = prefix.rstrip("/")
        self._taken = taken if self._prefix.startswith("+") else frozenset()
        device = re.escape(self._prefix).replace(r"\+", "[^/]+")
        self._state = re.compile(rf"({device})/({_COMPONENTS})/([^/]+)/state")
        self._status = re.compile(rf"({device})/status")

    @property
    def filters(self) -> tuple[str, ...]:
        """States and the node's own availability."""
        return f"{self._prefix}/+/+/state", f"{self._prefix}/status"

    def read(self, arrival: Arrival) -> Iterable[Sighting]:
        """One property; ``nan`` means that the node has lost its sensor."""
        if arrival.topic.split("/", 1)[0] in self._taken:
            return []
        if status := self._status.fullmatch(arrival.topic):
            return [Vanished(SOURCE, status[1])] if arrival.payload == b"offline" else []
        match = self._state.fullmatch(arrival.topic)
        if match is None:
            return []
        device, component, name = match.groups()
        fields = json_object(arrival.payload)
        if component == "event":
            return action(arrival, SOURCE, device, fields.get("event_type") if fields else bare(arrival.payload))
        value = fields.get("state") if fields is not None else bare(arrival.payload)
        found = measured(arrival, SOURCE, device, common(name), value)
        return found or [Vanished(SOURCE, device, common(name))]

    def tick(self, _now: datetime) -> Iterable[Sighting]:
        """Nothing waits here."""
        return ()
