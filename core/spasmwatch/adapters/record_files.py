"""RECORDS.jsonl: wire records, one a line, in the order in which they became known."""

import logging
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from math import inf
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

from spasmwatch.domain import parsing
from spasmwatch.domain.records import Record
from spasmwatch.errors import RecordError

log = logging.getLogger(__name__)

T = TypeVar("T")

BATCH = 32 * 1024
"""Lines of so many bytes are parsed in one go: in turns with what the reader does, both take half as long again."""

LARGE: Final = 32 * 1024 * 1024
"""Bytes of a file from which on other processes are worth their start."""

BadLine = Callable[[int, str], None]
"""Told of a line that is no record: its number, from 1, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Part:
    """The lines of a file from byte ``begin`` up to ``end``, None for its own end."""

    path: Path
    begin: int = 0
    end: int | None = None


@dataclass(slots=True)
class Tally:
    """What reading met: lines, those that were empty, those that are no records, and the first of these."""

    lines: int = 0
    empty: int = 0
    bad: int = 0
    first: tuple[int, str] = 0, ""
    """Number and what is wrong."""

    def note(self, number: int, reason: str) -> None:
        """One line that is no record."""
        if not self.bad:
            self.first = number, reason
        self.bad += 1

    def add(self, later: "Tally") -> None:
        """Add that of the lines that follow."""
        if later.bad and not self.bad:
            self.first = self.lines + later.first[0], later.first[1]
        self.lines += later.lines
        self.empty += later.empty
        self.bad += later.bad


def read_records(path: Path, bad_line: BadLine | None = None) -> Iterator[Record]:
    """The valid records of a file, one at a time; empty lines are skipped.

    A line that is no record is told to ``bad_line``; without one the first is logged with its number and the reason,
    and at the end how many there were. Raises RecordError when the file cannot be read, or when it has lines and none
    of them is a record.
    """
    tally = Tally()

    def first_only(number: int, reason: str) -> None:
        if tally.bad == 1:
            _log_first(path, number, reason)

    yield from read_part(Part(path), tally, bad_line or first_only)
    _conclude(path, tally, silent=bad_line is not None)


def in_parts(path: Path, read: Iterable[tuple[T, Tally]]) -> Iterator[T]:
    """What was made of each part of a file, which came with its tally; logs and raises as :func:`read_records` does."""
    whole = Tally()
    for made, tally in read:
        known = whole.bad
        whole.add(tally)
        if whole.bad and not known:
            _log_first(path, *whole.first)
        yield made
    _conclude(path, whole)


def _log_first(path: Path, number: int, reason: str) -> None:
    log.warning("%s:%d: %s (line skipped)", path, number, reason)


def _conclude(path: Path, tally: Tally, *, silent: bool = False) -> None:
    lines = tally.lines - tally.empty
    if tally.bad and tally.bad == lines:
        raise RecordError(f"no line is a record; {path}:{tally.first[0]}: {tally.first[1]}")
    if tally.bad > 1 and not silent:
        log.warning("%s: %d of %d lines are no records and were skipped", path, tally.bad, lines)


def read_part(part: Part, tally: Tally, bad_line: BadLine | None = None) -> Iterator[Record]:
    """The valid records of a part; ``tally`` counts its lines from 1. Raises RecordError when it cannot be read."""
    for batch in _batches(part):
        yield from _parsed(batch, tally, bad_line)


def _parsed(batch: list[bytes], tally: Tally, bad_line: BadLine | None) -> Iterable[Record]:
    try:
        records = [parsing.parse(line) for line in batch]
    except RecordError:
        return _one_by_one(batch, tally, bad_line)
    tally.lines += len(batch)
    return records


def _one_by_one(batch: list[bytes], tally: Tally, bad_line: BadLine | None) -> Iterator[Record]:
    """The records in lines among which are empty ones, or some that are no records."""
    for line in batch:
        tally.lines += 1
        try:
            yield parsing.parse(line.rstrip(b"\r\n"))
        except RecordError as error:
            if line.isspace():
                tally.empty += 1
                continue
            tally.note(tally.lines, str(error))
            if bad_line is not None:
                bad_line(tally.lines, str(error))


def _batches(part: Part) -> Iterator[list[bytes]]:
    try:
        with part.path.open("rb") as file:
            if part.begin:
                file.seek(part.begin)
            left = inf if part.end is None else part.end - part.begin
            while left > 0 and (block := file.read(int(min(BATCH, left)))):
                if not block.endswith(b"\n"):
                    block += file.readline()
                left -= len(block)
                yield BytesIO(block).readlines()
    except OSError as error:
        raise RecordError(f"cannot read {part.path}: {error.strerror}") from error


def cut(path: Path, number: int, least: int) -> list[Part]:
    """A file in up to ``number`` parts of about the same length, at line ends.

    A file of fewer than ``least`` bytes stays whole, and so does what is no regular file with a name that other
    processes know, or cannot be opened: who reads it will tell.
    """
    try:
        known, status = path.resolve(), path.stat()
        # A pipe must not be opened here: what has been read from it is gone.
        if not stat.S_ISREG(status.st_mode) or status.st_size < max(least, 1) or not known.samefile(path):
            return [Part(path)]
        size = status.st_size
        with known.open("rb") as file:
            begins = sorted({_next_line(file, size * place // number) for place in range(number)} - {size})
    except OSError:
        return [Part(path)]
    return [Part(known, begin, end) for begin, end in zip(begins, [*begins[1:], None], strict=True)]


def _next_line(file: BinaryIO, place: int) -> int:
    """Where the first line begins that does so at ``place`` or after it."""
    if place:
        file.seek(place - 1)
        file.readline()
    return file.tell()
