"""What all sources share: a message as it arrived, safe JSON, device times."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from spasmwatch.domain.records import TriggerSource
from spasmwatch.domain.triggers.measurement import Measurement, Vanished, normal
from spasmwatch.domain.triggers.vocabulary import standard, usual_unit

LARGEST: Final = 64 * 1024
"""Larger payloads (pictures, device lists) hold nothing for us."""
LONGEST_NAME: Final = 200
MOST_PROPERTIES: Final = 200

OLDEST: Final = timedelta(days=30)
NEWEST: Final = timedelta(minutes=2)
"""A device's time further off than this comes from a clock that was never set."""

NO_LAG: Final = timedelta(0)

Sighting = Measurement | Vanished


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message of the home. ``earliest`` lies before ``time`` when it may have waited for us somewhere."""

    topic: str
    payload: bytes
    retained: bool
    time: datetime
    earliest: datetime


class Source(Protocol):
    """One system at one place in the topic tree. Never raises, whatever comes."""

    @property
    def filters(self) -> tuple[str, ...]:
        """What to subscribe to."""

    def read(self, arrival: Arrival) -> Iterable[Sighting]:
        """The measurements in a message; none for a topic that is not its own."""

    def tick(self, now: datetime) -> Iterable[Sighting]:
        """Measurements that waited for a second message that did not come."""


def json_object(payload: bytes) -> dict[str, Any] | None:
    """The JSON object in a payload, or None. Not-a-number and infinities become None; odd depths are refused."""
    if len(payload) > LARGEST or payload.lstrip()[:1] != b"{":
        return None
    try:
        fields = json.loads(payload, parse_constant=lambda _name: None)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) and len(fields) <= MOST_PROPERTIES else None


def bare(payload: bytes) -> str | None:
    """A short bare value as text, or None."""
    if len(payload) > LONGEST_NAME:
        return None
    try:
        return payload.decode()
    except UnicodeDecodeError:
        return None


def nameable(device: str) -> bool:
    """Whether a device's name from a topic can stand in a record."""
    return 0 < len(device) <= LONGEST_NAME and device.isprintable()


def measured(
    arrival: Arrival,
    source: TriggerSource,
    device: str,
    name: str,
    value: object,
    *,
    unit: str | None = None,
    at: datetime | None = None,
    momentary: bool = False,
) -> list[Measurement]:
    """One measurement in a list, or an empty list where the value is none.

    ``at`` is the device's own time, where :func:`device_time` believes it.
    """
    clean = normal(value)
    if clean is None or not nameable(device) or not nameable(name):
        return []
    if isinstance(clean, float) and not isinstance(value, bool):
        clean, unit = standard(clean, unit or usual_unit(name))
    return [
        Measurement(
            source=source,
            device=device,
            property=name,
            value=clean,
            time=at or arrival.time,
            earliest=at or arrival.earliest,
            time_source="device" if at else "arrival",
            unit=unit,
            baseline=arrival.retained,
            momentary=momentary,
            lag=arrival.time - at if at else NO_LAG,
        )
    ]


def action(
    arrival: Arrival,
    source: TriggerSource,
    device: str,
    value: object,
    *,
    channel: int = 0,
    at: datetime | None = None,
) -> list[Measurement]:
    """A button's action; none for an empty one. Kept as text even where it reads ``on`` or ``1``."""
    text = value.strip() if isinstance(value, str) else ""
    if not text or not nameable(text):
        return []
    found = measured(arrival, source, device, numbered("action", channel), "x", at=at, momentary=True)
    return [replace(measurement, value=text) for measurement in found]


def numbered(name: str, channel: int) -> str:
    """``power`` for the first channel (0), ``power_2`` for the second."""
    return name if channel == 0 else f"{name}_{channel + 1}"


_ZONED = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)", re.ASCII)


def device_time(value: object, arrival: datetime) -> datetime | None:
    """A device's time: seconds or milliseconds since the epoch, or ISO 8601 with a zone; None where it cannot be.

    Without a zone, or from a clock that was never set, it is none.
    """
    try:
        if isinstance(value, str):
            if not _ZONED.fullmatch(value.strip()):
                return None
            time = datetime.fromisoformat(value.strip()).astimezone(UTC)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            time = datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)
        else:
            return None
    except (ValueError, OverflowError, OSError):
        return None
    return time if -OLDEST < time - arrival < NEWEST else None
