"""From the home's messages to trigger records and diary entries; no network, no clock of its own."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from typing import Final

from uuid6 import uuid7

from spasmwatch.domain.records import HOME, Name, Trigger, TriggerKind
from spasmwatch.domain.topics import DiaryAdd
from spasmwatch.domain.triggers.measurement import Measurement, Vanished, is_meant
from spasmwatch.domain.triggers.rules import Machine, Progress
from spasmwatch.domain.triggers.thinning import ANY_CHANGE, USUAL, Thinner
from spasmwatch.domain.triggers.vocabulary import reading_kind
from spasmwatch.settings.triggers import Button, Triggers
from spasmwatch_services.triggers.sources import Arrival, Sighting, sources

MOST_PROPERTIES: Final = 20_000
"""Properties of all devices that are followed; more than any home has, so that junk topics cannot fill the memory."""

Key = tuple[str, str, str]
"""Source, device and property."""
Finding = Trigger | DiaryAdd


class Property:
    """What is followed of one property of one device."""

    __slots__ = ("buttons", "kind", "known", "machines", "thinner", "unit")

    def __init__(self) -> None:
        self.known = False
        self.machines: dict[str, Machine] = {}
        self.buttons: tuple[Button, ...] = ()
        self.thinner: Thinner | None = None
        self.kind: TriggerKind = "other"
        self.unit: str | None = None


class Interpreter:
    """Feed it messages in order and ticks; it returns what they mean.

    The first sight of a property tells of no change, also after its device or its whole source was gone. A reading it
    may be.
    """

    def __init__(self, settings: Triggers, person: Name, zone: tzinfo) -> None:
        self._settings, self._person, self._zone = settings, person, zone
        self._sources = sources(settings.sources)
        self._properties: dict[Key, Property] = {}
        self._running: dict[Key, Property] = {}  # those with rules, which need ticks
        self._held: dict[Key, Property] = {}  # those with a reading that waits
        self._restored: dict[Key, dict[str, Progress]] = {}
        self.dropped = 0

    @property
    def filters(self) -> tuple[str, ...]:
        """What to subscribe to."""
        return tuple(dict.fromkeys(topic for source in self._sources for topic in source.filters))

    def read(self, arrival: Arrival) -> list[Finding]:
        """What one message means."""
        return [
            finding
            for source in self._sources
            for sighting in source.read(arrival)
            for finding in self._sighted(sighting)
        ]

    def tick(self, now: datetime) -> list[Finding]:
        """What follows from the passing of time."""
        found = [
            finding for source in self._sources for sighting in source.tick(now) for finding in self._sighted(sighting)
        ]
        for state in self._running.values():
            for machine in state.machines.values():
                found += machine.tick(now)
        for key, state in list(self._held.items()):
            reading = state.thinner.due(now.timestamp()) if state.thinner else None
            if reading is not None:
                del self._held[key]
                found += [self._reading(state, reading)]
        return found

    def _freeze(self, vanished: Vanished) -> None:
        """What comes next from these devices is a baseline."""
        for (source, device, name), state in self._properties.items():
            if source == vanished.source and vanished.device in (None, device) and vanished.property in (None, name):
                state.known = False
                for machine in state.machines.values():
                    machine.freeze()

    def clock_was_set(self, by: timedelta) -> None:
        """The clock had been wrong by so much; what began by it began at another time."""
        for state in self._running.values():
            for machine in state.machines.values():
                machine.clock_was_set(by)

    def progress(self) -> dict[str, dict[str, dict[str, Progress]]]:
        """Where every rule stands: by rule, ``source:device``, property; to be kept over a restart."""
        now = {
            key: {rule: machine.progress for rule, machine in state.machines.items() if machine.progress is not None}
            for key, state in self._running.items()
        }
        kept: dict[str, dict[str, dict[str, Progress]]] = {}
        # A device that has not spoken since the start stands where it stood before.
        for (source, device, name), rules in {**self._restored, **now}.items():
            for rule, progress in rules.items():
                kept.setdefault(rule, {}).setdefault(f"{source}:{device}", {})[name] = progress
        return kept

    def restore(self, kept: Mapping[str, Mapping[str, Mapping[str, Progress]]]) -> None:
        """Go on where :meth:`progress` left off."""
        for rule, devices in kept.items():
            for device, names in devices.items():
                source, _, bare = device.partition(":")
                for name, progress in names.items() if rule in self._settings.rules else ():
                    self._restored.setdefault((source, bare, name), {})[rule] = progress

    def _sighted(self, sighting: Sighting) -> list[Finding]:
        if isinstance(sighting, Vanished):
            self._freeze(sighting)
            return []
        state = self._follow(sighting)
        if state is None:
            return []
        seen = sighting
        if not state.known and not sighting.momentary:
            state.known = True
            seen = replace(sighting, baseline=True)
        found: list[Finding] = []
        for machine in state.machines.values():
            found += machine.see(seen)
        if state.thinner is not None:
            found += self._thinned(state, sighting)
        if sighting.momentary and not sighting.baseline:
            found += [_pressed(button, sighting) for button in state.buttons if button.action == sighting.value]
        return found

    def _thinned(self, state: Property, sighting: Measurement) -> list[Trigger]:
        if sighting.earliest < sighting.time or state.thinner is None:
            return []  # nobody knows when this was measured
        key = (sighting.source, sighting.device, sighting.property)
        keep = state.thinner.offer(sighting)
        if state.thinner.held is not None:
            self._held[key] = state
        else:
            self._held.pop(key, None)
        return [self._reading(state, sighting)] if keep else []

    def _follow(self, sighting: Measurement) -> Property | None:
        key = (sighting.source, sighting.device, sighting.property)
        state = self._properties.get(key)
        if state is None:
            if self._is_ignored(sighting.device):
                return None
            if len(self._properties) >= MOST_PROPERTIES:
                self.dropped += 1
                return None
            state = self._properties[key] = self._new(sighting)
            if state.machines:
                self._running[key] = state
                for rule, progress in self._restored.pop(key, {}).items():
                    if rule in state.machines:
                        state.known = True
                        state.machines[rule].restore(progress)
        elif state.thinner is None and sighting.unit not in (None, state.unit):
            # Home Assistant tells the unit after the value.
            self._read_as(state, sighting)
        return state

    def _is_ignored(self, device: str) -> bool:
        return any(is_meant(pattern, device) for pattern in self._settings.ignore)

    def _new(self, first: Measurement) -> Property:
        state = Property()
        settings = self._settings
        for name, rule in settings.rules.items():
            if rule.covers(first):
                state.machines[name] = Machine(name, rule, self._person, self._zone, first)
        if first.momentary:
            state.buttons = tuple(
                button
                for button in settings.buttons
                if button.property == first.property
                and is_meant(button.device, first.device)
                and button.source in (None, first.source)
            )
        else:
            self._read_as(state, first)
        return state

    def _read_as(self, state: Property, sighting: Measurement) -> None:
        """Follow the property's readings, if it has a meaning."""
        state.unit = sighting.unit
        meaning = self._meaning(sighting)
        if meaning is not None:
            state.kind, state.unit = meaning
            limits = self._settings.thinning.get(state.kind) or USUAL.get(state.kind, ANY_CHANGE)
            state.thinner = Thinner(limits)

    def _meaning(self, first: Measurement) -> tuple[TriggerKind, str | None] | None:
        for reading in self._settings.readings.values():
            if (
                reading.property == first.property
                and is_meant(reading.device, first.device)
                and reading.source in (None, first.source)
            ):
                return reading.kind, reading.unit or first.unit
        if not self._settings.readings_by_name or not isinstance(first.value, float):
            return None
        # Home Assistant names the entity, not the property.
        return reading_kind(first.device if first.source == "homeassistant" else first.property, first.unit)

    def _reading(self, state: Property, sighting: Measurement) -> Trigger:
        return Trigger(
            person=HOME,
            time=sighting.time,
            form="reading",
            time_source=sighting.time_source,
            kind=state.kind,
            value=float(sighting.value),
            unit=sighting.unit or state.unit,
            text=sighting.property,
            source=sighting.source,
            device=sighting.device,
        )


def _pressed(button: Button, sighting: Measurement) -> DiaryAdd:
    doubtful = sighting.earliest < sighting.time
    text = button.text
    if doubtful:
        since = sighting.earliest.isoformat(timespec="seconds")
        text = f"{text + '; ' if text else ''}pressed between {since} and {sighting.time.isoformat(timespec='seconds')}"
    return DiaryAdd(
        id=str(uuid7()),
        kind=button.kind,
        subkind=button.subkind,
        value=button.value,
        unit=button.unit,
        text=text and text[:4000],
        author=button.author,
        time=sighting.time,
    )
