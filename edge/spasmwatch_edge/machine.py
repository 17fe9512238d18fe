"""What the machine says about itself: clock, heat, power, disk."""

import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from spasmwatch.adapters.clock import MachineClock

TEMPERATURE = Path("/sys/class/thermal/thermal_zone0/temp")
FIRMWARE = Path("/sys/devices/platform")
SENSORS = Path("/sys/class/hwmon")
# Bits of the firmware's word: under-voltage, frequency capped, throttled, soft temperature limit. The same four stand
# higher up for what has happened at some time; the kernel may take those back.
THROTTLED, HAPPENED = 0xF, 16


def clock_synchronised() -> bool:
    """Whether the kernel holds its clock for right; a stale but plausible time (fake-hwclock) is not."""
    return MachineClock().synchronised()


def temperature() -> float | None:
    """Degrees Celsius, None where the machine does not tell."""
    try:
        return int(TEMPERATURE.read_text()) / 1000
    except (OSError, ValueError):
        return None


class Throttling:
    """Whether a Raspberry Pi runs slower for heat or lacks power.

    The firmware's own word, whose place has an address on a Pi 5, and the kernel's watch over the supply.
    """

    def __init__(self) -> None:
        # When that happened which the first look finds, nobody knows: it is no news.
        self._happened = THROTTLED

    def look(self) -> bool | None:
        """Whether it does now or did since the last look; None on another machine."""
        firmware = _numbers(FIRMWARE.glob("soc*/soc*:firmware/get_throttled"), 16)
        names = [path for path in SENSORS.glob("hwmon*/name") if _text(path) == "rpi_volt"]
        words = [*firmware, *_numbers((path.with_name("in0_lcrit_alarm") for path in names), 10)]
        before, self._happened = self._happened, 0
        for word in words:
            self._happened |= word >> HAPPENED & THROTTLED
        return any(word & THROTTLED for word in words) or bool(self._happened & ~before) if words else None


def throttled() -> bool | None:
    """Whether a Raspberry Pi runs slower for heat or lacks power right now; None elsewhere."""
    return Throttling().look()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def _numbers(paths: Iterable[Path], base: int) -> list[int]:
    """What stands in files that hold a number."""
    found = []
    for path in paths:
        with suppress(ValueError):
            found.append(int(_text(path), base))
    return found


def disk_free_mb(folder: Path) -> float | None:
    """Free megabytes where ``folder`` lies."""
    try:
        return shutil.disk_usage(folder).free / 1e6
    except OSError:
        return None
