"""Which numbers of every producer's series are stored, so that a gap that never fills is seen."""

import json
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from spasmwatch.adapters.outbox import open_or_set_aside
from spasmwatch.domain.numbering import Range, merged, missing, size
from spasmwatch.errors import SpasmWatchError

FORGET_AFTER_S = 7 * 86400.0
"""A boot that has been silent for this long is done with."""

_LAYOUT = """
CREATE TABLE IF NOT EXISTS series (
    node TEXT NOT NULL,
    boot TEXT NOT NULL,
    ranges TEXT NOT NULL,
    changed REAL NOT NULL,
    open_since REAL,
    PRIMARY KEY (node, boot)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers of one boot of a node that have not come, though later ones have."""

    node: str
    boot: str
    ranges: tuple[Range, ...]

    @property
    def records(self) -> int:
        """How many records are missing."""
        return size(self.ranges)


class Ledger:
    """Kept in a small SQLite file beside the outboxes. A series begins with the first number seen of it."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._base = open_or_set_aside(path, _LAYOUT)
            # After a power cut a few numbers may be unknown and read as a gap; that is no loss of data.
            self._base.execute("PRAGMA synchronous=NORMAL")
        except (sqlite3.Error, OSError) as error:
            raise SpasmWatchError(f"cannot open the recorder's ledger {path}: {error}") from error

    def note(self, stored: Iterable[tuple[str, str, Range]], now: float) -> None:
        """These ranges of (node, boot) are stored. ``now`` in seconds since the epoch."""
        news: dict[tuple[str, str], list[Range]] = defaultdict(list)
        for node, boot, span in stored:
            news[node, boot].append(span)
        with self._transaction():
            for (node, boot), ranges in news.items():
                known, open_since = self._known(node, boot)
                together = merged([*known, *ranges])
                holes = missing(together)
                # A gap that changes starts its time anew: it is being filled.
                since = None if not holes else open_since if holes == missing(known) else now
                self._base.execute(
                    "INSERT OR REPLACE INTO series VALUES (?, ?, ?, ?, ?)",
                    (node, boot, json.dumps(together), now, since),
                )
            self._base.execute("DELETE FROM series WHERE changed < ?", (now - FORGET_AFTER_S,))

    def _known(self, node: str, boot: str) -> tuple[list[Range], float | None]:
        row = self._base.execute(
            "SELECT ranges, open_since FROM series WHERE node = ? AND boot = ?", (node, boot)
        ).fetchone()
        return ([(first, last) for first, last in json.loads(row[0])], row[1]) if row else ([], None)

    def gaps(self, older_than: float) -> list[Gap]:
        """Gaps that have stood unchanged since before ``older_than`` (seconds since the epoch)."""
        with self._transaction():
            rows = self._base.execute(
                "SELECT node, boot, ranges FROM series WHERE open_since <= ?", (older_than,)
            ).fetchall()
        return [Gap(node, boot, tuple(missing([(a, b) for a, b in json.loads(text)]))) for node, boot, text in rows]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            try:
                self._base.execute("BEGIN IMMEDIATE")
                with self._base:
                    yield
            except sqlite3.Error as error:
                raise SpasmWatchError(f"the recorder's ledger: {error}") from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._base.close()
