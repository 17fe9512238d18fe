"""How well what a person felt and what the camera saw agree, with an honest interval. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt

from spasmwatch.domain.records import Spasm

BEFORE = timedelta(seconds=1)
AFTER = timedelta(seconds=4)
"""A finger follows a spasm by up to a few seconds."""


@dataclass(frozen=True, slots=True)
class Share:
    """``part`` of ``whole`` with Wilson's 95 % interval."""

    part: int
    whole: int

    @property
    def share(self) -> float | None:
        """Between 0 and 1; None where there was nothing."""
        return self.part / self.whole if self.whole else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson (1927): sensible also for few and for all or none."""
        if not self.whole:
            return 0.0, 1.0
        n, z = self.whole, 1.959964
        p = self.part / n
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True, slots=True)
class Agreement:
    """``seen``: of the presses, how many the camera saw too; ``felt``: of its spasms, how many were pressed for."""

    seen: Share
    felt: Share
    observed_s: float


def agree(presses: Sequence[datetime], spasms: Sequence[Spasm], observed_s: float) -> Agreement:
    """Each press is paired with at most one spasm, the earliest that still waits for one."""
    waiting = sorted(spasms, key=lambda spasm: spasm.start)
    pairs = 0
    for press in sorted(presses):
        match = next(
            (spasm for spasm in waiting if spasm.start - BEFORE <= press <= (spasm.end or spasm.start) + AFTER), None
        )
        if match is not None:
            waiting.remove(match)
            pairs += 1
    return Agreement(Share(pairs, len(presses)), Share(pairs, len(spasms)), observed_s)
