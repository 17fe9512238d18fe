"""One measured property of one device, whichever system reported it."""

import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Literal

from spasmwatch.domain.records import TriggerSource

Value = float | bool | str

ON = frozenset({"on", "true", "yes"})
OFF = frozenset({"off", "false", "no"})
LONGEST_TEXT = 200

_NUMBER = re.compile(r"[+-]?(\d{1,30}(\.\d*)?|\.\d+)(e[+-]?\d{1,4})?", re.ASCII)
_NOT_A_NUMBER = frozenset({"nan", "inf", "infinity", "-inf", "-infinity", "+inf", "+infinity", "-nan"})


@dataclass(frozen=True, slots=True)
class Measurement:
    """``property`` is in the common vocabulary where there is a word for it (``power`` in W, ``illuminance`` in lx,
    ``temperature``, ``humidity``, ``co2``, ``noise``, ``occupancy``, ``contact`` (true is closed), ``state``,
    ``action``).

    ``time`` is the device's when it told one with a zone, else that of arrival; ``lag`` is how much later than it the
    message arrived, be it on its way or by a device's clock that is wrong. ``earliest`` lies before ``time`` only
    when the message waited somewhere while we were away. A ``baseline`` tells how things are, not that anything
    happened. ``momentary`` values (a button's action) have no duration.
    """

    source: TriggerSource
    device: str
    property: str
    value: Value
    time: datetime
    earliest: datetime
    time_source: Literal["device", "arrival"] = "arrival"
    unit: str | None = None
    baseline: bool = False
    momentary: bool = False
    lag: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Vanished:
    """A device went offline or its values became unknown; ``device`` None means all of that source.

    ``property`` None means all of that device. What comes next from it is a baseline again.
    """

    source: TriggerSource
    device: str | None = None
    property: str | None = None


def normal(value: object) -> Value | None:
    """``value`` as a finite number, on/off as a bool, or short text; None for everything else.

    ``on``, ``true`` and ``yes`` in any case are True. Not-a-number and infinities are refused, also as text.
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return _finite(value)
    if not isinstance(value, str):
        return None
    text = value.strip()
    lower = text.lower()
    if lower in ON:
        return True
    if lower in OFF:
        return False
    if _NUMBER.fullmatch(lower):
        return _finite(float(lower))
    if not text or len(text) > LONGEST_TEXT or lower in _NOT_A_NUMBER or not text.isprintable():
        return None
    return text


def _finite(value: float) -> float | None:
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def same(value: Value, wanted: Value) -> bool:
    """Whether a value is the wanted one; 1 and 0 count as on and off, text compares without case."""
    if isinstance(value, str) and isinstance(wanted, str):
        return value.casefold() == wanted.casefold()
    return not isinstance(value, str) and not isinstance(wanted, str) and value == wanted


def is_meant(pattern: str, device: str) -> bool:
    """Whether a device is the one that settings name; ``*`` in the pattern stands for anything."""
    return device == pattern or fnmatchcase(device, pattern)
