"""Recorded history for the backtest: from a file as it stands there, from the store as it became known.

A large file is read by other processes, a little ahead of what is judged here.
"""

import heapq
from collections.abc import Iterator
from datetime import datetime, tzinfo
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Final

from spasmwatch.adapters.record_files import LARGE, Part, Tally, cut, in_parts, read_part, read_records
from spasmwatch.adapters.workers import worked_ahead
from spasmwatch.cli import expect_many_records
from spasmwatch.domain.records import Observation, Record
from spasmwatch.domain.trend.daybook import Minute
from spasmwatch.ports import Store

PIECES: Final = 256
"""Of a large file: a megabyte each of a year."""

Known = Record | Minute
Row = Record | tuple[object, ...]
"""The same on its way between processes: a named tuple travels at half the speed of a plain one."""


def from_file(path: Path, zone: tzinfo, processes: int) -> Iterator[Known]:
    """The valid records of a file. Raises RecordError and tells of bad lines as :func:`read_records` does."""
    parts = cut(path, PIECES, LARGE) if processes > 1 else [Part(path)]
    if len(parts) == 1:
        yield from read_records(path)
        return
    for rows in in_parts(path, worked_ahead(partial(_rows, zone), parts, processes)):
        for row in rows:
            yield Minute._make(row) if isinstance(row, tuple) else row


def _rows(zone: tzinfo, part: Part) -> tuple[list[Row], Tally]:
    """In a process of its own."""
    expect_many_records()
    tally = Tally()
    return [_row(record, zone) for record in read_part(part, tally)], tally


def _row(record: Record, zone: tzinfo) -> Row:
    return tuple(Minute.of(record, zone)) if isinstance(record, Observation) else record


def from_store(store: Store, start: datetime, end: datetime) -> Iterator[Known]:
    """What a store holds from ``start`` up to ``end``, in the order in which it became known."""
    # A store yields by the time a record is about; entries and verdicts may have been written much later.
    order = attrgetter("known_at")
    written_later = (sorted(store.read(kind, None, start, end), key=order) for kind in ("diary", "label"))
    measured = (store.read(kind, None, start, end) for kind in ("spasm", "observation", "health"))
    return heapq.merge(*written_later, *measured, key=order)
