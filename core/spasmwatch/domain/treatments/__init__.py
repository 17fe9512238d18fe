"""What followed a treatment: cycles of botulinum injections, and before against after for everything else."""

from spasmwatch.domain.treatments.changes import Change, before_and_after
from spasmwatch.domain.treatments.cycles import Cycle, Estimate, cycles
from spasmwatch.domain.treatments.days import DailyCounts

__all__ = ["Change", "Cycle", "DailyCounts", "Estimate", "before_and_after", "cycles"]
