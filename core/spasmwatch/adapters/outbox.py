"""The on-disk outbox of a producer: a record is in it before it is published and until its receipt comes."""

import logging
import sqlite3
import threading
import time
import uuid
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

from uuid6 import uuid7

from spasmwatch.adapters import stamping
from spasmwatch.adapters.clock import MachineClock
from spasmwatch.domain.parsing import parse
from spasmwatch.domain.records import VERSION, Health, Record
from spasmwatch.errors import OutboxError
from spasmwatch.ports import Outbox
from spasmwatch.settings.outbox import OutboxSettings

log = logging.getLogger(__name__)

R = TypeVar("R", bound=Record)

WINDOW: Final = 500
"""How many records are sent again at once; the next follow when these have their receipts."""
RAREST_RESEND_S: Final = 600.0
EXPENDABLE: Final = (("health", "trend", "insight"), ("observation",), ("trigger",), ("alert",))
"""What a full outbox gives up first; then comes the rest: spasms, labels and diary."""
ROOM: Final = 0.95
"""A full outbox is emptied to this share, so that it is not full again at once."""

_LAYOUT = """
CREATE TABLE IF NOT EXISTS pending (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    boot TEXT NOT NULL,
    seq INTEGER NOT NULL,
    what TEXT NOT NULL,
    payload BLOB NOT NULL,
    held_on TEXT,
    held_at REAL,
    held_wall REAL,
    UNIQUE (boot, seq)
);
CREATE INDEX IF NOT EXISTS held ON pending (held_on) WHERE held_on IS NOT NULL;
"""


@dataclass(frozen=True, slots=True)
class Pending:
    """One record waiting: its place in line, kind and payload."""

    position: int
    what: str
    payload: bytes


class DiskOutbox:
    """SQLite in WAL mode, synced on every record, so that a power cut loses nothing that ``add`` returned.

    Every start of a program is a new ``boot`` with ``seq`` from 0. Records of earlier boots are still sent.
    """

    def __init__(
        self, path: Path, *, home: str, node: str, settings: OutboxSettings, clock: MachineClock | None = None
    ) -> None:
        self._path, self._home, self._node, self._settings = path, home, node, settings
        self._clock = clock or MachineClock()
        self._boot = uuid.uuid4().hex[:16]
        self._next_seq = 0
        self._lock = threading.RLock()
        self.filled = threading.Event()
        self.dropped = 0
        self._told_full = False
        with self._mapped_errors():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._base = open_or_set_aside(path, _LAYOUT + stamping.LAYOUT)
            self._base.execute("PRAGMA synchronous=FULL")
            self._bytes = self._number("SELECT COALESCE(SUM(LENGTH(payload)), 0) FROM pending")
            # All that earlier runs left counts as sent: it goes out in windows, new records at once.
            self._sent_to = self._number("SELECT COALESCE(MAX(position), 0) FROM pending")
        self._marks: deque[tuple[int, float]] = deque([(self._sent_to, float("-inf"))])
        self._resent_to = 0
        self._resend_at = 0.0
        self._resend_pause = settings.resend_after_s
        self.filled.set()

    def add(self, record: R) -> R:
        """Stamp a draft, keep it, wake the courier. Raises OutboxError when the disk does not take it.

        A draft that has an id already keeps it: given again, it is stored once.
        """
        return self.add_all([record])[0]

    def add_all(self, records: Sequence[R]) -> list[R]:
        """Several drafts with one sync of the disk: all of them or, on OutboxError, none."""
        with self._lock:
            first = self._next_seq
            try:
                with self._transaction():
                    stamped = [self._keep(record) for record in records]
            except OutboxError:
                self._next_seq = first
                raise
        self._make_room()
        self.filled.set()
        return stamped

    def _keep(self, record: R) -> R:
        named = record.model_copy(
            update={
                "schema_": f"{record.what}/{VERSION}",
                "id": record.id or str(uuid7()),
                "home": self._home,
                "node": self._node,
                "boot": self._boot,
                "seq": self._next_seq,
            }
        )
        held: tuple[object, ...] = (None, None, None)
        if getattr(named, "clock_ok", True) is False and self._clock.since_boot() < self._settings.clock_wait_s:
            held = (self._clock.boot(), self._clock.since_boot(), self._clock.wall())
            stamped = named
        else:
            stamped = stamping.own_microsecond(self._base, named)
        self._insert(stamped, held)
        self._next_seq += 1
        return stamped

    def _insert(self, record: Record, held: tuple[object, ...] = (None, None, None)) -> None:
        payload = record.payload()
        self._base.execute(
            "INSERT INTO pending (boot, seq, what, payload, held_on, held_at, held_wall) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (record.boot, record.seq, record.what, payload, *held),
        )
        self._bytes += len(payload)

    def due(self, limit: int) -> list[Pending]:
        """What is to be sent now, in order: new records first, else a window of those that lack their receipt."""
        now = time.monotonic()
        with self._transaction():
            self._release()
            rows = self._base.execute(
                "SELECT position, what, payload FROM pending WHERE position > ? AND held_on IS NULL"
                " ORDER BY position LIMIT ?",
                (self._sent_to, limit),
            ).fetchall()
            if not rows and now >= self._resend_at:
                rows = self._overdue(now)
        return [Pending(*row) for row in rows]

    def _overdue(self, now: float) -> list[tuple[int, str, bytes]]:
        while len(self._marks) > 1 and self._marks[1][1] < now - self._settings.resend_after_s:
            self._marks.popleft()
        position, when = self._marks[0]
        if when >= now - self._settings.resend_after_s:
            return []
        return self._base.execute(
            "SELECT position, what, payload FROM pending WHERE position <= ? AND held_on IS NULL"
            " ORDER BY position LIMIT ?",
            (position, WINDOW),
        ).fetchall()

    def sent(self, batch: list[Pending]) -> None:
        """Note that the broker has them; the receipts are still awaited."""
        last, now = batch[-1].position, time.monotonic()
        with self._lock:
            if last > self._sent_to:
                self._sent_to = last
                self._marks.append((last, now))
            else:
                self._resent_to, self._resend_at = last, now + self._resend_pause
                self._resend_pause = min(2 * self._resend_pause, RAREST_RESEND_S)

    def drop(self, boot: str, ranges: Iterable[tuple[int, int]]) -> None:
        """Forget what a receipt names: inclusive ranges of ``seq`` of one boot."""
        with self._transaction():
            gone = [
                row
                for first, last in ranges
                for row in self._base.execute(
                    "DELETE FROM pending WHERE boot = ? AND seq BETWEEN ? AND ? RETURNING position, LENGTH(payload)",
                    (boot, first, last),
                ).fetchall()
            ]
            self._bytes -= sum(length for _, length in gone)
            if gone:
                # The recorder is there again: what it has not told of need not wait for long.
                self._resend_pause = self._settings.resend_after_s
                self._resend_at = min(self._resend_at, time.monotonic() + self._resend_pause)
            if any(position <= self._resent_to for position, _ in gone):
                oldest = self._number("SELECT COALESCE(MIN(position), 0) FROM pending")
                if not 0 < oldest <= self._resent_to:
                    self._resend_at = 0.0
                    self.filled.set()

    def _release(self) -> None:
        """Let records go that waited for the clock: corrected once it is set, as they are when that takes too long."""
        boot, now = self._clock.boot(), self._clock.since_boot()
        if not self._number("SELECT EXISTS (SELECT 1 FROM pending WHERE held_on IS NOT NULL)"):
            return
        synchronised = self._clock.synchronised()
        if not synchronised and now < self._settings.clock_wait_s:
            return
        rows = self._base.execute(
            "DELETE FROM pending WHERE held_on IS NOT NULL RETURNING position, payload, held_on, held_at, held_wall"
        ).fetchall()
        for _, payload, held_on, held_at, held_wall in sorted(rows):
            self._bytes -= len(payload)
            record = parse(payload)
            if synchronised and held_on == boot:
                shift = timedelta(seconds=(self._clock.wall() - now + held_at) - held_wall)
                record = stamping.set_right(record, shift)
            # Put in line anew: it has not been sent yet.
            self._insert(stamping.own_microsecond(self._base, record))
        log.info("%d records from before the clock was set: %s", len(rows), "corrected" if synchronised else "marked")

    def _make_room(self) -> None:
        if self._bytes <= self._settings.max_mb * 1e6:
            return
        with self._transaction():
            before = self.dropped
            for kinds in (*EXPENDABLE, None):
                self._give_up(kinds)
            log.error("outbox of %s is full: %d records given up", self._node, self.dropped - before)
        if not self._told_full:
            self._told_full = True
            self.add(Health(time=datetime.now(UTC), program=self._node, state="fault", cause=self.trouble()))

    def _give_up(self, kinds: tuple[str, ...] | None) -> None:
        """Remove the oldest of these kinds (None: of any) until there is room."""
        marks = "1" if kinds is None else f"what IN ({', '.join('?' * len(kinds))})"
        while self._bytes > self._settings.max_mb * 1e6 * ROOM:
            oldest = f"SELECT position FROM pending WHERE {marks} ORDER BY position LIMIT 50"  # noqa: S608 -- only marks
            gone = self._base.execute(
                f"DELETE FROM pending WHERE position IN ({oldest}) RETURNING LENGTH(payload)",  # noqa: S608
                kinds or (),
            ).fetchall()
            if not gone:
                return
            self._bytes -= sum(length for (length,) in gone)
            self.dropped += len(gone)

    def trouble(self) -> str | None:
        """What is wrong, as one line: records were given up since the start."""
        if not self.dropped:
            return None
        return f"the outbox of {self._node} was full: {self.dropped} records given up, the least important first"

    def depth(self) -> int:
        """Number of records without a receipt."""
        with self._lock, self._mapped_errors():
            return self._number("SELECT COUNT(*) FROM pending")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._base.close()

    def _number(self, statement: str) -> int:
        return int(self._base.execute(statement).fetchone()[0])

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock, self._mapped_errors():
            size = self._bytes
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._base.execute("COMMIT")
            except BaseException:
                self._bytes = size
                if self._base.in_transaction:
                    self._base.execute("ROLLBACK")
                raise

    @contextmanager
    def _mapped_errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise OutboxError(f"outbox {self._path}: {error}") from error


def open_or_set_aside(path: Path, layout: str) -> sqlite3.Connection:
    """A private SQLite file in WAL mode. A damaged one is set aside: a camera starts also when its card has a fault.

    Raises sqlite3.Error, OSError.
    """
    try:
        return _opened(path, layout)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        aside = path.with_suffix(f".damaged-{int(time.time())}")
        log.error("%s is damaged (%s); it is now %s, and a new one begins", path, error, aside.name)
        path.replace(aside)
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        return _opened(path, layout)


def _opened(path: Path, layout: str) -> sqlite3.Connection:
    base = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    try:
        path.chmod(0o600)
        base.execute("PRAGMA journal_mode=WAL")
        base.executescript(layout)
    except BaseException:
        base.close()
        raise
    return base


def waiting(path: Path) -> int:
    """Number of records without a receipt in an outbox file that a program has open. Raises OutboxError."""
    try:
        base = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)
        number = int(base.execute("SELECT COUNT(*) FROM pending").fetchone()[0])
        base.close()
    except sqlite3.Error as error:
        raise OutboxError(f"outbox {path}: {error}") from error
    return number


def forget(path: Path, person: str) -> int:
    """Remove a person's waiting records from an outbox file, free pages too; returns how many. Raises OutboxError."""
    try:
        base = sqlite3.connect(path, isolation_level=None, timeout=10)
        base.execute("PRAGMA secure_delete=ON")
        gone = base.execute("DELETE FROM pending WHERE payload ->> 'person' = ?", (person,)).rowcount
        base.execute("DELETE FROM taken WHERE instr(series || ',', ?)", (f",person={person},",))
        base.execute("VACUUM")
        base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        base.close()
    except sqlite3.Error as error:
        raise OutboxError(f"outbox {path}: {error}") from error
    return gone


_conforms: type[Outbox] = DiskOutbox
