"""Tells the cameras when the latest treatment was: what is usual for the face changes with it."""

from datetime import datetime

from spasmwatch.domain.records import Diary
from spasmwatch.domain.topics import Topics, Treated
from spasmwatch.ports import Bus


class Treatments:
    """Keeps the latest time in the broker; which treatment it was stays in the diary."""

    def __init__(self, bus: Bus, topics: Topics) -> None:
        self._bus, self._topic = bus, topics.treated()
        self._latest: datetime | None = None

    def note(self, entry: Diary) -> None:
        """Take in a revision of any entry."""
        if entry.kind != "treatment" or entry.deleted or (self._latest and entry.at <= self._latest):
            return
        self._latest = entry.at
        self._bus.keep(self._topic, Treated(at=entry.at).payload())
