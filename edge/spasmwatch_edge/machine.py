"""What the machine says about itself: clock, heat, power, disk."""

import shutil
from pathlib import Path

from spasmwatch.adapters.clock import MachineClock

TEMPERATURE = Path("/sys/class/thermal/thermal_zone0/temp")
THROTTLED = Path("/sys/devices/platform/soc/soc:firmware/get_throttled")
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
    """Whether a Raspberry Pi runs slower for heat or lack of power right now; None elsewhere."""
    try:
        return bool(int(THROTTLED.read_text(), 16) & THROTTLED_NOW)
    except (OSError, ValueError):
        return None


def disk_free_mb(folder: Path) -> float | None:
    """Free megabytes where ``folder`` lies."""
    try:
        return shutil.disk_usage(folder).free / 1e6
    except OSError:
        return None
