"""Tells the cameras when the latest treatment was: what is usual for the face changes with it."""

from datetime import datetime, timedelta
from typing import Final

from spasmwatch.domain.records import Diary
from spasmwatch.domain.topics import Topics, Treated
from spasmwatch.ports import Bus, Clock
from spasmwatch_services.diary.history import History

# Tablets and exercises, which may be entered every day, change the face less than a new light does.
CHANGING: Final = ("botulinum", "surgery")
BACK_TO: Final = timedelta(days=3660)


class Treatments:
    """Keeps the latest time in the broker, as the diary has it now; which treatment it was stays in the diary."""

    def __init__(self, bus: Bus, topics: Topics, history: History, clock: Clock) -> None:
        self._bus, self._topic = bus, topics.treated()
        self._history, self._clock = history, clock

    def note(self, entry: Diary) -> None:
        """An entry was made, changed, deleted or brought back."""
        if entry.kind == "treatment":
            self.tell()

    def tell(self) -> None:
        """Say when the latest one was; nothing while the history is out of reach."""
        latest = self._latest()
        if self._history.trouble is None:
            self._bus.keep(self._topic, Treated(at=latest).payload() if latest else b"")

    def _latest(self) -> datetime | None:
        now = self._clock.now()
        entries = self._history.entries(now - BACK_TO, now + timedelta(minutes=1))
        times = [entry.at for entry in entries if entry.kind == "treatment" and entry.subkind in CHANGING]
        return max(times, default=None)
