"""Looks at the home's traffic and proposes settings: devices, properties, kinds, units, presets."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from spasmwatch.domain.triggers.measurement import Measurement
from spasmwatch.domain.triggers.presets import PRESETS
from spasmwatch.domain.triggers.vocabulary import reading_kind
from spasmwatch.settings.triggers import Sources
from spasmwatch_services.triggers.sources import Arrival, sources

MOST_SAMPLES: Final = 6
MOST_ROWS: Final = 1000
RAW_EDGES: Final = frozenset({"btn_down", "btn_up"})
"""What a Shelly says beside each press: no words for a button."""

_PROPOSALS: Final[tuple[tuple[str, str, str], ...]] = (
    ("coffee_machine", r"power", r"coffee|espresso|senseo|nespresso|kaffee|moka|barista"),
    ("television", r"power", r"tv|televi|fernseh|beamer|projector"),
    ("computer", r"power", r"computer|desktop|laptop|monitor|screen|\bpc\b"),
    ("bed", r"occupancy|pressure|state", r"bed|mattress|bett"),
    ("medication_box", r"contact|state", r"\bmeds?\b|medbox|medic|pill|drug|tablet"),
    ("fan", r"state", r"\bfan\b|ventilator"),
)
"""Preset, what the property must be, and a word in the device's name (an educated guess, for a person to judge)."""

_BY_PROPERTY: Final = {"illuminance": "bright_light", "noise": "loud", "co2": "bad_air"}
_BY_KIND: Final = {"bright_light": "bright_light", "noise": "loud"}


@dataclass
class Seen:
    """What was seen of one property."""

    first: Measurement
    count: int = 0
    samples: list[object] = field(default_factory=list)
    low: float | None = None
    high: float | None = None
    unit: str | None = None

    def add(self, measurement: Measurement) -> None:
        """One more value."""
        self.count += 1
        self.unit = measurement.unit or self.unit
        value = measurement.value
        if isinstance(value, float):
            self.low = value if self.low is None else min(self.low, value)
            self.high = value if self.high is None else max(self.high, value)
        elif value not in self.samples and len(self.samples) < MOST_SAMPLES:
            self.samples.append(value)

    @property
    def reading(self) -> tuple[str, str] | None:
        """Kind and unit when it is recorded as readings without any settings."""
        if self.low is None:
            return None
        name = self.first.device if self.first.source == "homeassistant" else self.first.property
        return reading_kind(name, self.unit)

    @property
    def preset(self) -> str | None:
        """The ready-made rule that may fit."""
        name, device = self.first.property, self.first.device.lower().replace("_", " ")
        words = f"{device} {name}".lower().replace("_", " ")
        for preset, wanted, word in _PROPOSALS:
            numeric = "above" in PRESETS[preset]
            fits = re.fullmatch(rf"({wanted})(_\d+)?", name) is not None or (wanted == "power" and self.unit == "W")
            if fits and re.search(word, words) and (self.low is not None) == numeric:
                return preset
        if name in _BY_PROPERTY:
            return _BY_PROPERTY[name]
        return _BY_KIND.get(self.reading[0]) if self.reading else None

    def values(self) -> str:
        """The values for a person to look at."""
        if self.low is not None and self.high is not None:
            span = f"{self.low:g}" if self.low == self.high else f"{self.low:g} … {self.high:g}"
            return f"{span} {self.unit}" if self.unit else span
        return ", ".join(str(sample).lower() if isinstance(sample, bool) else str(sample) for sample in self.samples)


class Discovery:
    """Feed it messages, then ask for the settings."""

    def __init__(self, settings: Sources) -> None:
        self._sources = sources(settings)
        self._seen: dict[tuple[str, str, str], Seen] = {}
        self._understood: set[str] = set()
        self._strange: dict[str, int] = {}
        self.messages = 0

    @property
    def filters(self) -> tuple[str, ...]:
        """Everything, so that what nobody understands is named too."""
        return ("#",)

    def add(self, arrival: Arrival) -> None:
        """One message, retained ones too."""
        self.messages += 1
        understood = False
        for source in self._sources:
            for sighting in (*source.read(arrival), *source.tick(arrival.time)):
                understood = True
                if isinstance(sighting, Measurement):
                    key = (sighting.source, sighting.device, sighting.property)
                    if key in self._seen or len(self._seen) < 20_000:
                        self._seen.setdefault(key, Seen(sighting)).add(sighting)
        first = arrival.topic.split("/", 1)[0]
        if understood:
            self._understood.add(first)
        elif first in self._strange or len(self._strange) < 1000:
            self._strange[first] = self._strange.get(first, 0) + 1

    def proposal(self) -> str:
        """A table in comments and the settings to paste."""
        everything = [seen for _, seen in sorted(self._seen.items())]
        useful = [seen for seen in everything if _is_useful(seen)]
        devices = {(seen.first.source, seen.first.device) for seen in self._seen.values()}
        properties = f"{len(useful)} of {len(self._seen)} properties may be of use"
        lines = [
            f"# {self.messages} messages from {len(devices)} devices; {properties}.",
            *(f"# {line}" for line in _table(everything[:MOST_ROWS])),
        ]
        if len(everything) > MOST_ROWS:
            lines.append(f"# … and {len(everything) - MOST_ROWS} more")
        strange = [item for item in self._strange.items() if item[0] not in self._understood]
        strange = sorted(strange, key=lambda item: -item[1])[:10]
        if strange:
            named = ", ".join(f"{topic}/ ({count})" for topic, count in strange)
            lines += ["#", f"# Not understood (base topics to set in [triggers.sources]?): {named}"]
        lines += ["#", "# Paste what fits into spasmwatch.toml; readings marked so below need no settings.", ""]
        return "\n".join([*lines, *_settings(useful)])


def _is_useful(seen: Seen) -> bool:
    return seen.first.momentary or seen.preset is not None or seen.reading is not None


def _table(properties: list[Seen]) -> Iterator[str]:
    rows = [("source", "device", "property", "values", "what it may be")]
    for seen in properties:
        meaning = "button" if seen.first.momentary else ""
        if seen.low is None and any(isinstance(sample, bool) for sample in seen.samples):
            meaning = "on or off, for a rule"
        if seen.reading:
            meaning = f"readings of {seen.reading[0]} in {seen.reading[1]}"
        if seen.preset:
            meaning = f"{meaning}; preset {seen.preset}" if seen.reading else f"preset {seen.preset}"
        rows.append((seen.first.source, seen.first.device, seen.first.property, seen.values(), meaning))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _settings(useful: list[Seen]) -> Iterator[str]:
    names: set[str] = set()
    for seen in useful:
        first = seen.first
        if first.momentary:
            for action in (sample for sample in seen.samples if sample not in RAW_EDGES):
                yield "[[triggers.buttons]]"
                yield f"device = {_quoted(first.device)}"
                if first.property != "action":
                    yield f"property = {_quoted(first.property)}"
                yield f"action = {_quoted(str(action))}"
                yield 'kind = "caffeine"  # or stress, fatigue, medication, remedy, symptom, …'
                yield ""
        elif seen.preset:
            yield f"[triggers.rules.{_name(first, seen.preset, names)}]"
            yield f'preset = "{seen.preset}"'
            yield f"device = {_quoted(first.device)}"
            preset = PRESETS[seen.preset]
            if preset["property"] != first.property:
                yield f"property = {_quoted(first.property)}"
            if "equals" in preset and first.source in ("homeassistant", "esphome"):
                yield "equals = true  # on means open or occupied there"
            if "above" in preset:
                yield f"# above = {preset['above']}  (seen here: {seen.values()})"
            yield ""


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _name(first: Measurement, preset: str, names: set[str]) -> str:
    """A rule's name from the device's, once each."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", first.device).strip("_")[:50] or preset
    name, number = plain, 2
    while name in names:
        name, number = f"{plain}_{number}", number + 1
    names.add(name)
    return name
