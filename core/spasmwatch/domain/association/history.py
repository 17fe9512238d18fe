"""What is known of one person, as columns: the input of every comparison."""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from spasmwatch.domain.association.observed import ObservedTime

Floats = NDArray[np.float64]


def _none() -> Floats:
    return np.zeros(0)


@dataclass(frozen=True, slots=True)
class Exposures:
    """Exposures to one trigger: equally long columns, ``start`` and ``end`` in seconds since the epoch, rising starts.

    ``dose`` is in the trigger's own unit (cups, hours of sleep, points of ten), NaN where nobody said.
    """

    start: Floats
    end: Floats
    dose: Floats


@dataclass(frozen=True, slots=True)
class History:
    """Observed time, moments of spasms by kind, exposures by trigger and moments of injections of one person.

    All times are seconds since the epoch; ``zone`` is where local days begin. Kind ``all`` is not among ``spasms``.
    ``silent`` are starts and ends of the times in which the home's sensors were not heard: for the triggers named in
    ``sensed`` these are neither exposure nor its absence.
    """

    zone: ZoneInfo
    observed: ObservedTime
    spasms: dict[str, Floats]
    exposures: dict[str, Exposures] = field(default_factory=dict)
    injections: Floats = field(default_factory=_none)
    silent: tuple[Floats, Floats] = field(default_factory=lambda: (_none(), _none()))
    sensed: frozenset[str] = frozenset()

    def of_kind(self, kind: str) -> Floats:
        """Moments of the spasms of one kind, or of ``all``, in rising order."""
        if kind != "all":
            return self.spasms[kind]
        return np.sort(np.concatenate([*self.spasms.values(), _none()]))

    def observed_for(self, trigger: str) -> ObservedTime:
        """The observed time in which it is known whether the person was exposed to ``trigger``."""
        return self.observed.without(*self.silent) if trigger in self.sensed else self.observed

    @property
    def kinds(self) -> list[str]:
        """``all`` and every kind that occurred, where there are several: a single one is the same as all."""
        occurred = self.occurred
        return ["all", *(occurred if len(occurred) > 1 else [])]

    @property
    def occurred(self) -> list[str]:
        """Every kind that occurred."""
        return [kind for kind, moments in self.spasms.items() if moments.size]
