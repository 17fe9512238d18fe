"""Everything in the store as a file, in the order in which it became known."""

import heapq
from collections.abc import Iterable, Iterator
from datetime import datetime

from spasmwatch.domain.records import Diary, Record
from spasmwatch.ports import Store


def export(store: Store, whats: Iterable[str], person: str | None = None) -> Iterator[Record]:
    """All records of these kinds, of one person or all, by the time at which they became known. Raises StoreError."""
    streams = [
        _as_known(record for record in store.everything(what) if person in (None, record.person)) for what in whats
    ]
    return heapq.merge(*streams, key=_order)


def _as_known(records: Iterator[Record]) -> Iterator[Record]:
    """Records that come by their own time, by the time at which they became known."""
    waiting: list[tuple[datetime, str, Record]] = []
    for record in records:
        # A diary entry may be written down before the time it speaks of; all else is known later than it begins.
        while waiting and not isinstance(record, Diary) and waiting[0][0] <= record.when:
            yield heapq.heappop(waiting)[2]
        heapq.heappush(waiting, (*_order(record), record))
    while waiting:
        yield heapq.heappop(waiting)[2]


def _order(record: Record) -> tuple[datetime, str]:
    return record.known_at, record.id
