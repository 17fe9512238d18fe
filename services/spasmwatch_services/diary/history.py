"""What happened, read through the store's port; entries just made are laid over it until the store has them."""

import logging
import threading
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TypeVar

from spasmwatch.domain.records import Alert, Diary, Insight, Label, Observation, Record, Spasm, Trigger
from spasmwatch.domain.rollups import day_of
from spasmwatch.errors import StoreError
from spasmwatch.ports import Bucket, Rate, Store
from spasmwatch.settings.home import Home
from spasmwatch_services.diary.live import Live

log = logging.getLogger(__name__)

R = TypeVar("R", bound=Record)
T = TypeVar("T")


class History:
    """Reads the store, opened when first needed; while it is out of reach answers are empty, ``trouble`` says why."""

    def __init__(self, open_store: Callable[[], Store], home: Home, live: Live) -> None:
        self._open, self._home, self._live = open_store, home, live
        self._store: Store | None = None
        self._lock = threading.Lock()
        self.trouble: str | None = None

    def day(self, time: datetime, days: int = 1) -> tuple[datetime, datetime]:
        """First instant and end of the last ``days`` local days up to the one that holds ``time``."""
        start, end = day_of(time, self._home.zone)
        for _ in range(days - 1):
            start, _end = day_of(start - timedelta(hours=1), self._home.zone)
        return start, end

    def rates(self, start: datetime, end: datetime, bucket: Bucket) -> list[Rate]:
        """Counts and observed time of the watched person."""
        return self._ask(
            lambda store: store.rates(self._home.person, start, end, bucket, self._home.timezone), empty=[]
        )

    def spasms(self, start: datetime, end: datetime) -> list[Spasm]:
        """Spasms of the watched person, with their verdicts."""
        return self._read(Spasm, start, end)

    def observations(self, start: datetime, end: datetime) -> list[Observation]:
        """Minutes of all cameras."""
        return self._read(Observation, start, end, everybody=True)

    def triggers(self, start: datetime, end: datetime) -> list[Trigger]:
        """What the home measured."""
        return self._read(Trigger, start, end, everybody=True)

    def alerts(self, start: datetime, end: datetime) -> list[Alert]:
        """Every transition of every alert."""
        return self._read(Alert, start, end, everybody=True)

    def insights(self, start: datetime, end: datetime) -> list[Insight]:
        """The latest finding of the insights program in a time for each trigger: its declared window, all spasms."""
        found = self._read(Insight, start, end)
        return list({item.trigger: item for item in found if item.primary and item.kind == "all"}.values())

    def labels(self, start: datetime, end: datetime) -> list[Label]:
        """Verdicts given in a time."""
        return self._read(Label, start, end, everybody=True)

    def entries(self, start: datetime, end: datetime) -> list[Diary]:
        """Current diary entries by their time, those the store does not have yet included."""
        stored = {entry.entry_id: entry for entry in self._read(Diary, start, end, everybody=True)}
        for entry in self._live.entries():
            known = stored.get(entry.entry_id)
            if known is None or known.revision < entry.revision:
                stored[entry.entry_id] = entry
        return sorted(
            (entry for entry in stored.values() if not entry.deleted and start <= entry.at < end),
            key=lambda entry: (entry.at, entry.entry_id),
        )

    def entry(self, entry_id: str) -> list[Diary]:
        """Every known revision of one entry, lowest first."""
        stored: list[Diary] = self._ask(lambda store: store.history(entry_id), empty=[])
        revisions = {entry.revision: entry for entry in stored}
        for entry in self._live.entries():
            if entry.entry_id == entry_id:
                revisions.setdefault(entry.revision, entry)
        return [revisions[number] for number in sorted(revisions)]

    def close(self) -> None:
        """Close the store."""
        with self._lock:
            if self._store is not None:
                self._store.close()
                self._store = None

    def _read(self, model: type[R], start: datetime, end: datetime, *, everybody: bool = False) -> list[R]:
        person = None if everybody else self._home.person

        def read(store: Store) -> list[R]:
            return _only(model, store.read(model.what, person, start, end))

        return self._ask(read, empty=[])

    def _ask(self, question: Callable[[Store], T], *, empty: T) -> T:
        try:
            with self._lock:
                if self._store is None:
                    self._store = self._open()
                store = self._store
            answer = question(store)
        except StoreError as error:
            if self.trouble is None:
                log.warning("history is out of reach: %s", error)
            self.trouble = str(error)
            return empty
        self.trouble = None
        return answer


def _only(model: type[R], records: Iterable[Record]) -> list[R]:
    return [record for record in records if isinstance(record, model)]
