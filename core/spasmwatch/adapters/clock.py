"""The machine's clock: whether the kernel holds it for right, and how long this boot has run."""

import ctypes
import time
from pathlib import Path
from typing import Final

BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_TIME_ERROR: Final = 5
"""What adjtimex(2) returns while nobody has set the clock (STA_UNSYNC)."""


class MachineClock:
    """Wall time, time since the machine's boot (which no correction moves) and the kernel's word on the first."""

    def wall(self) -> float:
        """Seconds since the epoch, as the clock says."""
        return time.time()

    def since_boot(self) -> float:
        """Seconds since the boot of the machine, time asleep included; never jumps."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def boot(self) -> str:
        """Names this boot of the machine."""
        try:
            return BOOT_ID.read_text(encoding="ascii").strip()
        except OSError:
            return "unknown"

    def synchronised(self) -> bool:
        """Whether the kernel holds its clock for right; a stale but plausible time (fake-hwclock) is not.

        Where a sandbox forbids to ask, the machine around it keeps the clock.
        """
        try:
            adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex
        except (OSError, AttributeError):
            return True
        return int(adjtimex(ctypes.create_string_buffer(512))) != _TIME_ERROR
