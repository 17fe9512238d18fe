"""The embedded store: one SQLite file in WAL mode, each record whole as JSON beside the columns it is found by."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from spasmwatch.domain.records import MODELS, Diary, Label, Record, Spasm, Verdict, micros
from spasmwatch.domain.rollups import RAW, Rollup, days_in, end_of_days
from spasmwatch.errors import StoreError, StoreRejected
from spasmwatch.ports import Bucket, Rate, Store

_LAYOUT = """
CREATE TABLE IF NOT EXISTS record (
    id TEXT PRIMARY KEY,
    home TEXT NOT NULL,
    what TEXT NOT NULL,
    person TEXT NOT NULL,
    time INTEGER NOT NULL,
    json TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS record_by_time ON record (what, time, id);
CREATE TABLE IF NOT EXISTS diary (
    entry_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    id TEXT NOT NULL,
    person TEXT NOT NULL,
    PRIMARY KEY (entry_id, revision, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS verdict (
    node TEXT NOT NULL,
    spasm_id TEXT NOT NULL,
    person TEXT NOT NULL,
    verdict TEXT NOT NULL,
    time INTEGER NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (node, spasm_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rollup (
    bucket TEXT NOT NULL,
    home TEXT NOT NULL,
    person TEXT NOT NULL,
    start INTEGER NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (bucket, home, person, start)
) WITHOUT ROWID;
"""

_PAGE = 2000


_DAMAGED = "bring back a backup (spasmwatch restore), or move it away and a new one is begun"
_ADVICE = {
    "SQLITE_FULL": "make room, nothing is lost meanwhile",
    "SQLITE_CANTOPEN": "it must be a file that this user may read and write",
    "SQLITE_NOTADB": _DAMAGED,
    "SQLITE_CORRUPT": _DAMAGED,
}
"""What to do about an error, by the beginning of SQLite's name for it."""


class SqliteStore:
    """Implements :class:`~spasmwatch.ports.Store`; safe to use from several threads.

    A label's verdict is kept beside its spasm and put onto it on reading, so labels and spasms may come in any order.
    ``timezone`` is the home's, in which ``rollup_day`` was kept.
    """

    def __init__(self, path: Path, *, home: str, timezone: str, readonly: bool = False) -> None:
        self._path, self._home, self._timezone, self._readonly = path, home, timezone, readonly
        self._lock = threading.RLock()
        self._open: sqlite3.Connection | None = None
        with self._base():
            pass

    def write(self, records: Sequence[Record | Rollup]) -> None:
        """All or nothing in one synced transaction; what is there already stays."""
        if self._readonly:
            raise StoreRejected(f"the store {self._path} was opened for reading; only the recorder writes")
        with self._base() as base:
            assert base is not None  # noqa: S101 -- a writer has made the file
            base.execute("BEGIN IMMEDIATE")
            try:
                self._insert(base, records)
                base.execute("COMMIT")
            except BaseException:
                # On a full disk SQLite has already done it.
                if base.in_transaction:
                    base.execute("ROLLBACK")
                raise

    def _insert(self, base: sqlite3.Connection, records: Sequence[Record | Rollup]) -> None:
        rollups = [item for item in records if isinstance(item, Rollup)]
        plain = [item for item in records if isinstance(item, Record)]
        base.executemany("INSERT OR IGNORE INTO record VALUES (?, ?, ?, ?, ?, ?)", map(_row, plain))
        base.executemany(
            "INSERT OR IGNORE INTO diary VALUES (?, ?, ?, ?)",
            [(item.entry_id, item.revision, item.id, item.person) for item in plain if isinstance(item, Diary)],
        )
        base.executemany(
            "INSERT INTO verdict VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (node, spasm_id) DO UPDATE"
            " SET verdict = excluded.verdict, time = excluded.time, id = excluded.id"
            " WHERE (excluded.time, excluded.id) > (verdict.time, verdict.id)",
            [
                (item.spasm_node, item.spasm_id, item.person, item.verdict, micros(item.time), item.id)
                for item in plain
                if isinstance(item, Label)
            ],
        )
        base.executemany(
            "INSERT OR REPLACE INTO rollup VALUES (?, ?, ?, ?, ?)",
            [(item.bucket, item.home, item.person, micros(item.start), item.model_dump_json()) for item in rollups],
        )

    def read(self, what: str, person: str | None, start: datetime, end: datetime) -> Iterator[Record]:
        """Records with start ≤ time < end, by time, then id: spasms with their verdict, current diary entries only."""
        return self._pages(what, person, micros(start), micros(end), current=True)

    def everything(self, what: str) -> Iterator[Record]:
        """All records of one kind by time, then id, for export: of the diary every revision."""
        return self._pages(what, None, -(2**62), 2**62, current=False)

    def _pages(self, what: str, person: str | None, start: int, end: int, *, current: bool) -> Iterator[Record]:
        validate = MODELS[what].__pydantic_validator__.validate_json
        statement = "SELECT r.time, r.id, r.json, NULL FROM record r"
        if what == "spasm":
            statement = (
                "SELECT r.time, r.id, r.json, v.verdict FROM record r LEFT JOIN verdict v"
                " ON v.node = r.json ->> 'node' AND v.spasm_id = r.json ->> 'spasm_id'"
            )
        statement += " WHERE r.what = ? AND r.home = ? AND (r.time, r.id) > (?, ?) AND r.time >= ? AND r.time < ?"
        if person is not None:
            statement += " AND r.person = ?"
        if what == "diary" and current:
            statement += (
                " AND NOT r.json ->> 'deleted' AND r.id = (SELECT d.id FROM diary d"
                " WHERE d.entry_id = r.json ->> 'entry_id' ORDER BY d.revision DESC, d.id DESC LIMIT 1)"
            )
        statement += " ORDER BY r.time, r.id LIMIT ?"
        last: tuple[Any, ...] = (start, "")
        while True:
            chosen = () if person is None else (person,)
            rows = self._rows(statement, (what, self._home, *last, last[0], end, *chosen, _PAGE))
            for _, _, text, verdict in rows:
                record = validate(text)
                yield record if verdict is None else judged(record, verdict)
            if len(rows) < _PAGE:
                return
            last = rows[-1][:2]

    def rates(self, person: str, start: datetime, end: datetime, bucket: Bucket, timezone: str) -> list[Rate]:
        """The roll-ups whose bucket starts in [start, end), oldest first; days of another zone are summed up."""
        zone = ZoneInfo(timezone)
        elsewhere = bucket == "day" and timezone != self._timezone
        rows = self._rows(
            "SELECT json FROM rollup WHERE bucket = ? AND home = ? AND person = ? AND start >= ? AND start < ?"
            " ORDER BY start",
            (
                "hour" if elsewhere else bucket,
                self._home,
                person,
                micros(start),
                micros(end_of_days(end, zone) if elsewhere else end),
            ),
        )
        rollups = [Rollup.model_validate_json(text) for (text,) in rows]
        return [rate(item) for item in (days_in(rollups, zone, start, end) if elsewhere else rollups)]

    def rollups(self) -> list[Rollup]:
        """Every roll-up, by bucket, person and start, for a move into another store."""
        rows = self._rows("SELECT json FROM rollup WHERE home = ? ORDER BY bucket, person, start", (self._home,))
        return [Rollup.model_validate_json(text) for (text,) in rows]

    def history(self, entry_id: str) -> list[Diary]:
        """Every revision of one diary entry, lowest first."""
        rows = self._rows(
            "SELECT r.json FROM diary d JOIN record r ON r.id = d.id WHERE d.entry_id = ? AND r.home = ?"
            " ORDER BY d.revision, d.id",
            (entry_id, self._home),
        )
        return [Diary.model_validate_json(text) for (text,) in rows]

    def counts(self) -> dict[str, int]:
        """Number of stored records by kind; kinds without any are left out."""
        return dict(self._rows("SELECT what, COUNT(*) FROM record WHERE home = ? GROUP BY what", (self._home,)))

    def forget(self, person: str) -> int:
        """Remove everything of a person, roll-ups too, also from the free pages of the file."""
        removed = self._delete("DELETE FROM record WHERE person = ? AND home = ?", (person, self._home))
        self._delete("DELETE FROM rollup WHERE person = ? AND home = ?", (person, self._home))
        for table in ("diary", "verdict"):
            self._delete(f"DELETE FROM {table} WHERE person = ?", (person,))  # noqa: S608 -- names of our own
        with self._base() as base:
            if base is not None:
                base.execute("VACUUM")
                base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return removed

    def expire(self, before: datetime) -> int:
        """Remove raw records older than ``before``; roll-ups, diary and alerts stay. Returns the number removed."""
        marks = ", ".join("?" * len(RAW))
        return self._delete(
            f"DELETE FROM record WHERE home = ? AND time < ? AND what IN ({marks})",  # noqa: S608 -- only marks
            (self._home, micros(before), *RAW),
        )

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._open is not None:
                self._open.close()
                self._open = None

    @contextmanager
    def _base(self) -> Iterator[sqlite3.Connection | None]:
        """The open file, None where a reader came before the writer. The one place that maps SQLite's errors."""
        with self._lock:
            try:
                if self._open is None:
                    self._open = self._connect()
                yield self._open
            except (sqlite3.DataError, sqlite3.IntegrityError, sqlite3.InterfaceError, OverflowError) as error:
                raise StoreRejected(f"store {self._path}: {error}") from error
            except (sqlite3.Error, OSError) as error:
                # Also a damaged file: nothing is lost meanwhile, the producers keep what has no receipt.
                raise StoreError(f"store {self._path}: {error}{_what_to_do(error)}") from error

    def _connect(self) -> sqlite3.Connection | None:
        if self._readonly:
            if not self._path.exists():
                return None
            base = sqlite3.connect(
                f"{self._path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False, timeout=10
            )
            if not base.execute("SELECT 1 FROM sqlite_master WHERE name = 'rollup'").fetchone():
                base.close()
                return None
            return base
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        base = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=10)
        self._path.chmod(0o600)
        base.execute("PRAGMA journal_mode=WAL")
        # A receipt promises that a power cut loses nothing.
        base.execute("PRAGMA synchronous=FULL")
        base.execute("PRAGMA secure_delete=ON")
        base.executescript(_LAYOUT)
        return base

    def _rows(self, statement: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with self._base() as base:
            return [] if base is None else base.execute(statement, values).fetchall()

    def _delete(self, statement: str, values: tuple[object, ...]) -> int:
        with self._base() as base:
            return 0 if base is None else base.execute(statement, values).rowcount


def _what_to_do(error: Exception) -> str:
    name = getattr(error, "sqlite_errorname", "")
    return next((f"; {advice}" for kind, advice in _ADVICE.items() if name.startswith(kind)), "")


def judged(record: Record, verdict: Verdict | None) -> Record:
    """A spasm with its verdict."""
    return record.model_copy(update={"verdict": verdict})


def rate(rollup: Rollup) -> Rate:
    """A roll-up as readers see it."""
    return Rate(rollup.start, rollup.observed_s, dict(rollup.counts), rollup.closed_s, rollup.blinks)


def _row(record: Record) -> tuple[object, ...]:
    if isinstance(record, Spasm) and record.verdict is not None:
        record = judged(record, None)  # verdicts come from labels alone
    return record.id, record.home, record.what, record.person, micros(record.when), record.model_dump_json()


_conforms: type[Store] = SqliteStore
