"""Common words for what devices measure, their units, and which of them are readings of which kind."""

import re
from collections.abc import Mapping
from typing import Final

from spasmwatch.domain.records import TriggerKind

UNITS: Final[Mapping[str, str]] = {
    "power": "W",
    "illuminance": "lx",
    "temperature": "°C",
    "humidity": "%",
    "co2": "ppm",
    "voc": "ppb",
    "pm25": "µg/m³",
    "pm10": "µg/m³",
    "noise": "dB",
    "wind_speed": "m/s",
}
"""The unit of each common property."""

_SYNONYMS: Final[Mapping[str, str]] = {
    "apower": "power", "lux": "illuminance", "illuminance_lux": "illuminance", "light_level": "illuminance",
    "carbondioxide": "co2", "carbon_dioxide": "co2", "tvoc": "voc", "voc_index": "voc_index",
    "pm2.5": "pm25", "pm2_5": "pm25", "sound": "noise", "sound_level": "noise", "sound_pressure": "noise",
    "loudness": "noise", "motion": "occupancy", "presence": "occupancy", "windspeed": "wind_speed", "rh": "humidity",
    "tc": "temperature",
}  # fmt: skip

_SCALES: Final[Mapping[str, tuple[str, float, float]]] = {
    "°f": ("°C", 5 / 9, -160 / 9),
    "f": ("°C", 5 / 9, -160 / 9),
    "°c": ("°C", 1, 0),
    "c": ("°C", 1, 0),
    "kw": ("W", 1000, 0),
    "mw": ("W", 0.001, 0),
    "w": ("W", 1, 0),
    "lux": ("lx", 1, 0),
    "klx": ("lx", 1000, 0),
    "km/h": ("m/s", 1 / 3.6, 0),
    "mph": ("m/s", 0.44704, 0),
    "kn": ("m/s", 0.514444, 0),
    "db(a)": ("dB", 1, 0),
    "dba": ("dB", 1, 0),
    "ug/m3": ("µg/m³", 1, 0),
    "μg/m³": ("µg/m³", 1, 0),  # the Greek letter instead of the micro sign, as Home Assistant writes it
}

_WORDS: Final[tuple[tuple[str, TriggerKind, str], ...]] = (
    ("illuminance|lux|light_level", "bright_light", "lx"),
    ("temperature|temp", "temperature", "°C"),
    ("humidity", "humidity", "%"),
    ("co2|carbon_dioxide", "air", "ppm"),
    ("voc|tvoc", "air", "ppb"),
    ("pm25|pm2_5|pm10", "air", "µg/m³"),
    ("noise|sound_level|sound_pressure|loudness", "noise", "dB"),
    ("wind_speed", "wind", "m/s"),
)
_BY_NAME: Final = tuple((re.compile(rf"(^|[^a-z])({words})([^a-z]|$)"), kind, unit) for words, kind, unit in _WORDS)
_BY_UNIT: Final[Mapping[str, TriggerKind]] = {
    "lx": "bright_light",
    "°C": "temperature",
    "ppm": "air",
    "ppb": "air",
    "µg/m³": "air",
    "dB": "noise",
}
_NOT_THE_ROOM: Final = re.compile(
    r"device|internal|chip|cpu|esp32|battery|soil|water|fridge|freezer|oven|target|setpoint|calibration|offset"
    r"|threshold|dew|signal|rssi|wifi|(^|[^a-z])(min|max)([^a-z]|$)"
)


def usual_unit(name: str) -> str | None:
    """The unit of a property in the common vocabulary, also of a device's second (``power_2``); None for all others."""
    unit = UNITS.get(name)
    if unit is None and name[-1:].isdigit():
        first, _, number = name.rpartition("_")
        return UNITS.get(first) if number.isdigit() else None
    return unit


def common(word: str) -> str:
    """A property's name in the common vocabulary, else itself in lower case."""
    lower = word.strip().lower()
    return _SYNONYMS.get(lower, lower)


def standard(value: float, unit: str | None) -> tuple[float, str | None]:
    """A value in the unit that this project uses for it (°C, W, lx, m/s, dB, µg/m³)."""
    scale = _SCALES.get(unit.strip().lower()) if unit else None
    if scale is None:
        return value, unit
    name, factor, offset = scale
    return round(value * factor + offset, 3), name


def reading_kind(name: str, unit: str | None) -> tuple[TriggerKind, str] | None:
    """Kind and unit of the readings that a property's name and unit speak of; None when it is no matter of the room.

    The temperature of a chip, a battery or a fridge is none, nor is a set point.
    """
    lower = name.lower()
    if _NOT_THE_ROOM.search(lower):
        return None
    for words, kind, usual in _BY_NAME:
        if words.search(lower):
            fits = unit is None or unit == usual or _BY_UNIT.get(unit) == kind
            return (kind, unit or usual) if fits else None
    return (_BY_UNIT[unit], unit) if unit is not None and unit in _BY_UNIT else None
