"""RECORDS.jsonl: wire records, one a line, in the order in which they became known."""

import logging
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from spasmwatch.domain import records
from spasmwatch.domain.records import Record
from spasmwatch.errors import RecordError

log = logging.getLogger(__name__)

BATCH = 100
"""So many lines are parsed in one go: in turns with what the reader does, both take half as long again (caches)."""

BadLine = Callable[[int, str], None]
"""Told of a line that is no record: its number, from 1, and what is wrong with it."""


def read_records(path: Path, bad_line: BadLine | None = None) -> Iterator[Record]:
    """The valid records of a file, one at a time; empty lines are skipped.

    A line that is no record is told to ``bad_line``; without one the first is logged with its number and the reason,
    and at the end how many there were. Raises RecordError when the file cannot be read, or when it has lines and none
    of them is a record.
    """
    good, bad, number, first = 0, 0, 0, ""
    lines = _lines(path)
    while batch := list(islice(lines, BATCH)):
        for found in [_parsed(line) for line in batch]:
            number += 1
            if found is None:
                continue
            if not isinstance(found, RecordError):
                good += 1
                yield found
                continue
            bad += 1
            first = first or f"{path}:{number}: {found}"
            if bad_line is not None:
                bad_line(number, str(found))
            elif bad == 1:
                log.warning("%s (line skipped)", first)
    if bad and not good:
        raise RecordError(f"no line is a record; {first}")
    if bad > 1 and bad_line is None:
        log.warning("%s: %d of %d lines are no records and were skipped", path, bad, bad + good)


def _parsed(line: bytes) -> Record | RecordError | None:
    """The record in a line, what is wrong with it, or None for an empty line."""
    try:
        return records.parse(line)
    except RecordError as error:
        return None if line.isspace() else error


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            yield from file
    except OSError as error:
        raise RecordError(f"cannot read {path}: {error.strerror}") from error
