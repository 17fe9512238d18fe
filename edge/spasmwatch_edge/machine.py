"""What the machine says about itself: clock, heat, power, disk."""

import ctypes
import shutil
from pathlib import Path

# Return value of adjtimex(2) when the kernel's clock is not synchronised (TIME_ERROR).
UNSYNCHRONISED = 5
TEMPERATURE = Path("/sys/class/thermal/thermal_zone0/temp")
THROTTLED = Path("/sys/devices/platform/soc/soc:firmware/get_throttled")
# Bits of the firmware's word: under-voltage now, frequency capped now, throttled now, soft temperature limit now.
THROTTLED_NOW = 0xF


def clock_synchronised() -> bool:
    """Whether the kernel holds its clock for right; a stale but plausible time (fake-hwclock) is not."""
    try:
        adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex
    except (OSError, AttributeError):
        return True
    buffer = ctypes.create_string_buffer(512)
    state = int(adjtimex(buffer))
    # Where a sandbox forbids to ask, the machine around it keeps the clock.
    return state < 0 or state != UNSYNCHRONISED


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
