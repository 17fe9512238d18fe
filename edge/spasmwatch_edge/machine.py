"""What the machine says about itself: clock, heat, power, disk."""

import shutil
from pathlib import Path

from spasmwatch.adapters.clock import MachineClock

TEMPERATURE = Path("/sys/class/thermal/thermal_zone0/temp")
FIRMWARE = Path("/sys/devices/platform")
SENSORS = Path("/sys/class/hwmon")
# Bits of the firmware's word: under-voltage now, frequency capped now, throttled now, soft temperature limit now.
THROTTLED_NOW = 0xF


def clock_synchronised() -> bool:
    """Whether the kernel holds its clock for right; a stale but plausible time (fake-hwclock) is not."""
    return MachineClock().synchronised()


def temperature() -> float | None:
    """Degrees Celsius, None where the machine does not tell."""
    try:
        return int(TEMPERATURE.read_text()) / 1000
    except (OSError, ValueError):
        return None


def throttled() -> bool | None:
    """Whether a Raspberry Pi runs slower for heat or lacks power right now; None elsewhere.

    The firmware's own word, whose place has an address on a Pi 5, and the kernel's watch over the supply.
    """
    firmware = [_number(path, 16) for path in FIRMWARE.glob("soc*/soc*:firmware/get_throttled")]
    supply = [path.with_name("in0_lcrit_alarm") for path in SENSORS.glob("hwmon*/name") if _text(path) == "rpi_volt"]
    words = [word for word in [*firmware, *(_number(path, 10) for path in supply)] if word is not None]
    return any(word & THROTTLED_NOW for word in words) if words else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def _number(path: Path, base: int) -> int | None:
    try:
        return int(_text(path), base)
    except ValueError:
        return None


def disk_free_mb(folder: Path) -> float | None:
    """Free megabytes where ``folder`` lies."""
    try:
        return shutil.disk_usage(folder).free / 1e6
    except OSError:
        return None
