"""The diary's own file: accounts, sessions, preferences and the trail of who looked at what. No health records."""

import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spasmwatch.errors import SpasmWatchError

_LAYOUT = """
CREATE TABLE IF NOT EXISTS person (
    name TEXT PRIMARY KEY, shown TEXT NOT NULL, role TEXT NOT NULL, hash TEXT, created REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS invitation (
    digest TEXT PRIMARY KEY, name TEXT NOT NULL REFERENCES person ON DELETE CASCADE, expires REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS session (
    digest TEXT PRIMARY KEY, name TEXT NOT NULL REFERENCES person ON DELETE CASCADE, csrf TEXT NOT NULL,
    agent TEXT NOT NULL, opened REAL NOT NULL, seen REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS token (
    digest TEXT PRIMARY KEY, name TEXT NOT NULL REFERENCES person ON DELETE CASCADE, label TEXT NOT NULL,
    made REAL NOT NULL, seen REAL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS preference (key TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS trail (
    number INTEGER PRIMARY KEY, time REAL NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, detail TEXT NOT NULL
);
"""


class Database:
    """One SQLite file for all threads of the program."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600)
            self._base = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
            self._base.execute("PRAGMA journal_mode=WAL")
            self._base.execute("PRAGMA foreign_keys=ON")
            self._base.execute("PRAGMA secure_delete=ON")
            self._base.executescript(_LAYOUT)
        except (sqlite3.Error, OSError) as error:
            raise SpasmWatchError(f"cannot open {path}: {error}; is home.data right and writable?") from error

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run one statement; its rows."""
        with self._lock:
            try:
                return self._base.execute(statement, values).fetchall()
            except sqlite3.Error as error:
                raise SpasmWatchError(f"{self._path}: {error}") from error

    def together(self, statements: Sequence[tuple[str, tuple[object, ...]]]) -> None:
        """Run several statements, all or none."""
        with self._lock:
            try:
                self._base.execute("BEGIN IMMEDIATE")
                for statement, values in statements:
                    self._base.execute(statement, values)
                self._base.execute("COMMIT")
            except sqlite3.Error as error:
                if self._base.in_transaction:
                    self._base.execute("ROLLBACK")
                raise SpasmWatchError(f"{self._path}: {error}") from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._base.close()
