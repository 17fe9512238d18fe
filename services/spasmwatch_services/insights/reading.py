"""Reads a file or the store; what is large in several processes, each a part, with the same outcome."""

from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spasmwatch.adapters.record_files import LARGE, Part, Tally, cut, in_parts, read_part, read_records
from spasmwatch.adapters.workers import nothing, shared_out
from spasmwatch.cli import expect_many_records
from spasmwatch.domain.records import HOME
from spasmwatch_services.insights.reader import Period, Reader

if TYPE_CHECKING:
    # Every process that reads imports this module.
    from spasmwatch.ports import Store

LONG: Final = timedelta(days=120)
"""A period from the store from which on other processes are worth their start."""
STRETCH: Final = timedelta(days=30)
"""About so much is read from the store in one go where several processes read, so that each gets some full months."""
MOST_STRETCHES: Final = 8
"""More of a very long period, so that no process has more of them than this to open the store for."""
WHATS: Final = ("observation", "spasm", "label", "trigger", "alert")
OF_THE_HOME: Final = ("diary", "trigger", "alert")
"""What may concern nobody in particular; asking for the home's minutes would look through everybody's."""
DIARY_FROM: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Treatments and medication from before the period still matter in it."""

Stretch = tuple[tuple[str, ...], datetime, datetime]
"""Kinds of records, from when, up to when."""


def _period(start: datetime | None, end: datetime | None) -> Period:
    # Imported here: no other process needs it.
    from spasmwatch.domain.treatments.cycles import BASELINE_D, LONGEST_D

    # A treatment in the period is judged by days so far before it.
    early = start - timedelta(days=BASELINE_D + LONGEST_D) if start else None
    return Period(*(None if each is None else each.astimezone(UTC) for each in (start, end, early)))


def read_file(
    path: Path,
    start: datetime | None,
    end: datetime | None,
    processes: int = 1,
    meanwhile: Callable[[], None] = nothing,
) -> Reader:
    """What a file holds from ``start`` up to ``end``. Raises RecordError as :func:`read_records` does."""
    period, parts = _period(start, end), cut(path, processes, LARGE)
    if len(parts) == 1:
        reader = Reader(period)
        reader.take(read_records(path))
        return reader
    return _merged(period, in_parts(path, shared_out(partial(_of_file, period), parts, len(parts), meanwhile)))


def _of_file(period: Period, part: Part) -> tuple[Reader, Tally]:
    """In a process of its own."""
    expect_many_records()
    reader, tally = Reader(period), Tally()
    reader.take(read_part(part, tally))
    return reader, tally


def read_store(
    opened: Callable[[], "Store"],
    person: str,
    start: datetime,
    end: datetime,
    processes: int = 1,
    meanwhile: Callable[[], None] = nothing,
) -> Reader:
    """What the store holds of a person and the home from ``start`` up to ``end``, and all of the diary before.

    ``opened`` opens the store, in each process that reads. Raises StoreError.
    """
    period = _period(start, end)
    if end - start < LONG or processes == 1:
        return _merged(period, [_of_store(opened, person, *_stretches(start, end, 1))])
    each = min(ceil((end - start) / STRETCH / processes), MOST_STRETCHES)
    parts = _stretches(start, end, each * processes)
    return _merged(period, shared_out(partial(_of_store, opened, person), parts, processes, meanwhile))


def _stretches(start: datetime, end: datetime, number: int) -> list[Stretch]:
    edges = [start + (end - start) * place / number for place in range(number + 1)]
    return [(("diary",), DIARY_FROM, end), *((WHATS, *span) for span in pairwise(edges))]


def _of_store(opened: Callable[[], "Store"], person: str, *stretches: Stretch) -> Reader:
    """In a process of its own where the period is long."""
    expect_many_records()
    # All that the store gives of a stretch lies in the period.
    reader = Reader()
    with closing(opened()) as store:
        for whats, start, end in stretches:
            for what in whats:
                reader.take(store.read(what, person, start, end))
                if what in OF_THE_HOME:
                    reader.take(store.read(what, HOME, start, end))
    return reader


def _merged(period: Period, readers: Iterable[Reader]) -> Reader:
    whole = Reader(period)
    for reader in readers:
        whole.merge(reader)
    return whole
