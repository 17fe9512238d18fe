"""The on-disk outbox of a producer: a record is in it before it is published and until its receipt comes."""

import itertools
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from uuid6 import uuid7

from spasmwatch.domain.records import VERSION, Record
from spasmwatch.errors import OutboxError
from spasmwatch.ports import Outbox
from spasmwatch.settings.outbox import OutboxSettings

R = TypeVar("R", bound=Record)

_LAYOUT = """
CREATE TABLE IF NOT EXISTS pending (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    boot TEXT NOT NULL,
    seq INTEGER NOT NULL,
    what TEXT NOT NULL,
    payload BLOB NOT NULL,
    sent_at REAL,
    UNIQUE (boot, seq)
);
"""


class Pending:
    """One record waiting: its place in line, kind and payload."""

    __slots__ = ("payload", "position", "what")

    def __init__(self, position: int, what: str, payload: bytes) -> None:
        self.position = position
        self.what = what
        self.payload = payload


class DiskOutbox:
    """SQLite in WAL mode, synced on every record, so that a power cut loses nothing that ``add`` returned.

    Every start of a program is a new ``boot`` with ``seq`` from 0. Records of earlier boots are still sent.
    """

    def __init__(self, path: Path, *, home: str, node: str, settings: OutboxSettings) -> None:
        self._home, self._node, self._settings = home, node, settings
        self._boot = uuid.uuid4().hex[:16]
        self._numbers = itertools.count()
        self._last: dict[str, datetime] = {}
        self._lock = threading.Lock()
        self.filled = threading.Event()
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._base = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
            self._base.execute("PRAGMA journal_mode=WAL")
            self._base.execute("PRAGMA synchronous=FULL")
            self._base.executescript(_LAYOUT)
            self._base.execute("UPDATE pending SET sent_at = NULL")
        except (sqlite3.Error, OSError) as error:
            raise OutboxError(f"cannot open the outbox {path}: {error}") from error
        if self.depth():
            self.filled.set()

    def add(self, record: R) -> R:
        """Stamp a draft, keep it, wake the courier. Raises OutboxError when the disk does not take it.

        A draft that already has an ``id`` keeps it: added again after a crash it is still the same record.
        """
        with self._lock:
            stamped = self._stamp(record)
            try:
                self._base.execute(
                    "INSERT INTO pending (boot, seq, what, payload) VALUES (?, ?, ?, ?)",
                    (stamped.boot, stamped.seq, stamped.what, stamped.payload()),
                )
            except sqlite3.Error as error:
                raise OutboxError(f"cannot keep a {record.what} record: {error}") from error
        self.filled.set()
        return stamped

    def _stamp(self, record: R) -> R:
        when = record.when
        last = self._last.get(record.what)
        if last is not None and when == last:
            # Two records of one series never share a time in the store.
            when += timedelta(microseconds=1)
        self._last[record.what] = when
        return record.model_copy(
            update={
                "schema_": f"{record.what}/{VERSION}",
                "id": record.id or str(uuid7()),
                "home": self._home,
                "node": self._node,
                "boot": self._boot,
                "seq": next(self._numbers),
                record.time_field: when,
            }
        )

    def due(self, limit: int) -> list[Pending]:
        """The oldest records never sent, or sent long ago without a receipt, in order."""
        overdue = time.monotonic() - self._settings.resend_after_s
        rows = self._rows(
            "SELECT position, what, payload FROM pending"
            " WHERE sent_at IS NULL OR sent_at < ? ORDER BY position LIMIT ?",
            (overdue, limit),
        )
        return [Pending(*row) for row in rows]

    def sent(self, pending: Pending) -> None:
        """Note that the broker has it; the receipt is still awaited."""
        self._rows("UPDATE pending SET sent_at = ? WHERE position = ?", (time.monotonic(), pending.position))

    def drop(self, boot: str, ranges: Iterable[tuple[int, int]]) -> None:
        """Forget what a receipt names: inclusive ranges of ``seq`` of one boot."""
        for first, last in ranges:
            self._rows("DELETE FROM pending WHERE boot = ? AND seq BETWEEN ? AND ?", (boot, first, last))

    def depth(self) -> int:
        """Number of records without a receipt."""
        return int(self._rows("SELECT COUNT(*) FROM pending", ())[0][0])

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._base.close()

    def _rows(self, statement: str, values: tuple[object, ...]) -> list[tuple[int, str, bytes]]:
        with self._lock:
            try:
                return self._base.execute(statement, values).fetchall()
            except sqlite3.Error as error:
                raise OutboxError(f"outbox: {error}") from error


_conforms: type[Outbox] = DiskOutbox
