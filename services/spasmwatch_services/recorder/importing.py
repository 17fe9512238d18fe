"""A file, or the embedded store of before, into the configured store; can be broken off and continued."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby, islice
from pathlib import Path

from spasmwatch.adapters.sqlite_store import SqliteStore
from spasmwatch.domain.records import MODELS, Record
from spasmwatch.errors import RecordError, SpasmWatchError, StoreRejected, UsageError
from spasmwatch.ports import Store
from spasmwatch_services.recorder import formats
from spasmwatch_services.recorder.formats import SUFFIXES, Format, Line
from spasmwatch_services.recorder.rollup_keeper import RollupKeeper
from spasmwatch_services.recorder.storing import is_kept

BATCH = 2000
SQLITE = b"SQLite format 3\0"


@dataclass
class Outcome:
    """What an import did: records read by kind, and the lines that were refused with the reason."""

    read: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[int, str]] = field(default_factory=list)
    resumed_at: int = 0


class Bookmark:
    """How far the import of one file has come, kept beside the outboxes; another file content begins anew."""

    def __init__(self, folder: Path, source: Path, target: str) -> None:
        facts = source.stat()
        name = hashlib.sha256(f"{source.resolve()} {facts.st_size} {facts.st_mtime_ns} {target}".encode()).hexdigest()[
            :16
        ]
        self._file = folder / f"import-{name}.json"

    def load(self) -> int:
        """Number of lines that are dealt with."""
        try:
            return int(json.loads(self._file.read_text(encoding="ascii"))["lines"])
        except (OSError, ValueError, KeyError, TypeError):
            return 0

    def save(self, lines: int) -> None:
        """Remember it, whole or not at all."""
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = self._file.with_suffix(".new")
        new.write_text(json.dumps({"lines": lines}), encoding="ascii")
        new.replace(self._file)

    def remove(self) -> None:
        """The import is complete."""
        self._file.unlink(missing_ok=True)


def format_of(source: Path) -> Format:
    """The format that a file's name promises. Raises UsageError."""
    try:
        return SUFFIXES[source.suffix.lower()]
    except KeyError:
        raise UsageError(f"{source}: give --format, the name does not tell it ({', '.join(SUFFIXES)})") from None


def is_sqlite(source: Path) -> bool:
    """Whether a file is an embedded store."""
    with source.open("rb") as file:
        return file.read(len(SQLITE)) == SQLITE


def lines_of_store(source: Path, home: str) -> Iterator[Line]:
    """Every record of an embedded store, numbered. Raises StoreError."""
    store = SqliteStore(source, home=home, timezone="UTC", readonly=True)
    records = (record for what in MODELS for record in store.everything(what))
    yield from enumerate(records, start=1)
    store.close()


def copy_rollups(source: Path, target: Store, home: str, timezone: str) -> int:
    """Give ``target`` the roll-ups of an embedded store that it lacks; returns how many.

    They outlive the records that they were made from, so not all of them can be made anew. Raises StoreError.
    """
    store = SqliteStore(source, home=home, timezone=timezone, readonly=True)
    try:
        rollups = store.rollups()
    finally:
        store.close()
    lacking = []
    for (bucket, person), group in groupby(rollups, key=lambda item: (item.bucket, item.person)):
        kept = list(group)
        end = kept[-1].start + timedelta(microseconds=1)
        there = {rate.start for rate in target.rates(person, kept[0].start, end, bucket, timezone)}
        lacking += [item for item in kept if item.start not in there]
    for first in range(0, len(lacking), BATCH):
        target.write(lacking[first : first + BATCH])
    return len(lacking)


def number_of_lines(source: Path, home: str) -> int:
    """About how many lines an import will read, for its progress bar. Raises SpasmWatchError."""
    if is_sqlite(source):
        store = SqliteStore(source, home=home, timezone="UTC", readonly=True)
        try:
            return sum(store.counts().values())
        finally:
            store.close()
    with source.open("rb") as file:
        return sum(piece.count(b"\n") for piece in iter(lambda: file.read(1 << 20), b""))


def lines_of_file(source: Path, kind: Format) -> Iterator[Line]:
    """Every line of a file. Raises SpasmWatchError when it is no text."""
    try:
        with source.open(encoding="utf-8", newline="" if kind == "csv" else "\n") as file:
            yield from formats.read(file, kind)
    except (OSError, UnicodeDecodeError) as error:
        raise SpasmWatchError(f"{source}: cannot be read: {error}") from error


def import_lines(
    lines: Iterable[Line],
    rollups: RollupKeeper,
    bookmark: Bookmark,
    *,
    home: str,
    not_before: datetime | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Outcome:
    """Store every record, keep the roll-ups true, remember how far it is. Raises StoreError; run again to continue.

    Roll-ups of hours that begin before ``not_before`` stay as they are.
    """
    outcome = Outcome(resumed_at=bookmark.load())
    rest = iter(lines)
    while batch := list(islice(rest, BATCH)):
        records = [item for item in (_accept(line, home, outcome) for line in batch) if item is not None]
        number = batch[-1][0]
        if number > outcome.resumed_at:
            _store(records, rollups, outcome, not_before)
            bookmark.save(number)
        progress(number)
    bookmark.remove()
    return outcome


def _accept(line: Line, home: str, outcome: Outcome) -> Record | None:
    number, item = line
    if isinstance(item, RecordError):
        outcome.refused.append((number, str(item)))
        return None
    if item.home != home:
        outcome.refused.append((number, f"belongs to home {item.home!r}, not {home!r}"))
        return None
    if not is_kept(item):
        return None
    outcome.read[item.what] += 1
    return item


def _store(records: list[Record], rollups: RollupKeeper, outcome: Outcome, not_before: datetime | None) -> None:
    try:
        rollups.write(records, not_before)
    except StoreRejected as error:
        if len(records) == 1:
            outcome.refused.append((0, f"{records[0].id}: {error}"))
            return
        middle = len(records) // 2
        _store(records[:middle], rollups, outcome, not_before)
        _store(records[middle:], rollups, outcome, not_before)
