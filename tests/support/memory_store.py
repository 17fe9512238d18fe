"""A store in memory; passes the same contract suite as the real ones."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from spasmwatch.domain.records import Diary, Label, Record, Spasm
from spasmwatch.domain.rollups import RAW, Rollup, days_in, end_of_days
from spasmwatch.ports import Bucket, Rate, Store


class MemoryStore:
    """Implements :class:`~spasmwatch.ports.Store` with dictionaries."""

    def __init__(self, home: str = "home", timezone: str = "UTC") -> None:
        self._home, self._timezone = home, timezone
        self._records: dict[str, Record] = {}
        self._rollups: dict[tuple[str, str, datetime], Rollup] = {}

    def write(self, records: Sequence[Record | Rollup]) -> None:
        for item in records:
            if isinstance(item, Rollup):
                self._rollups[item.bucket, item.person, item.start] = item
            elif isinstance(item, Spasm):
                self._records.setdefault(item.id, item.model_copy(update={"verdict": None}))
            else:
                self._records.setdefault(item.id, item)

    def read(self, what: str, person: str | None, start: datetime, end: datetime) -> Iterator[Record]:
        latest = {label.id for label in self._latest_revisions()} if what == "diary" else None
        for record in self.everything(what):
            wanted = start <= record.when < end and person in (None, record.person)
            if wanted and (latest is None or record.id in latest):
                yield record

    def everything(self, what: str) -> Iterator[Record]:
        chosen = [record for record in self._records.values() if record.what == what and record.home == self._home]
        for record in sorted(chosen, key=lambda record: (record.when, record.id)):
            yield self._judged(record) if isinstance(record, Spasm) else record

    def _judged(self, spasm: Spasm) -> Spasm:
        labels = [
            label
            for label in self._records.values()
            if isinstance(label, Label) and (label.spasm_node, label.spasm_id) == (spasm.node, spasm.spasm_id)
        ]
        if not labels:
            return spasm
        latest = max(labels, key=lambda label: (label.time, label.id))
        return spasm.model_copy(update={"verdict": latest.verdict})

    def _latest_revisions(self) -> list[Diary]:
        entries = {record.entry_id for record in self._records.values() if isinstance(record, Diary)}
        return [latest for entry in entries if not (latest := self.history(entry)[-1]).deleted]

    def rates(self, person: str, start: datetime, end: datetime, bucket: Bucket, timezone: str) -> list[Rate]:
        zone = ZoneInfo(timezone)
        elsewhere = bucket == "day" and timezone != self._timezone
        wanted, last = ("hour", end_of_days(end, zone)) if elsewhere else (bucket, end)
        kept = [
            item
            for (kept_bucket, kept_person, _), item in self._rollups.items()
            if kept_bucket == wanted and kept_person == person and start <= item.start < last
        ]
        kept.sort(key=lambda item: item.start)
        return [
            Rate(item.start, item.observed_s, dict(item.counts), item.closed_s, item.blinks)
            for item in (days_in(kept, zone, start, end) if elsewhere else kept)
        ]

    def history(self, entry_id: str) -> list[Diary]:
        found = [item for item in self._records.values() if isinstance(item, Diary) and item.entry_id == entry_id]
        return sorted(found, key=lambda item: (item.revision, item.id))

    def counts(self) -> dict[str, int]:
        return dict(Counter(record.what for record in self._records.values() if record.home == self._home))

    def forget(self, person: str) -> int:
        return self._remove([record for record in self._records.values() if record.person == person], person)

    def expire(self, before: datetime) -> int:
        return self._remove([item for item in self._records.values() if item.what in RAW and item.when < before])

    def _remove(self, records: list[Record], person: str | None = None) -> int:
        for record in records:
            del self._records[record.id]
        self._rollups = {key: item for key, item in self._rollups.items() if item.person != person}
        return len(records)

    def close(self) -> None:
        pass


_conforms: type[Store] = MemoryStore
