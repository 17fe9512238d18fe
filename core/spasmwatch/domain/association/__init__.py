"""What may set spasms off, and how sure that is: within-person comparisons by rates per observed hour."""

from spasmwatch.domain.association.cells import Calendar
from spasmwatch.domain.association.findings import Finding
from spasmwatch.domain.association.history import Exposures, History
from spasmwatch.domain.association.observed import ObservedTime
from spasmwatch.domain.association.study import associations

__all__ = ["Calendar", "Exposures", "Finding", "History", "ObservedTime", "associations"]
