"""What an outbox writes onto a draft, and how it moves the times of a record when the clock is set."""

import sqlite3
from datetime import datetime, timedelta
from typing import TypeVar

from spasmwatch.adapters.line_protocol import series
from spasmwatch.domain.records import Record, micros

R = TypeVar("R", bound=Record)

REMEMBERED = 50_000
"""How many times of earlier records are remembered, so that a back-dated one does not fall onto one of them."""

LAYOUT = """
CREATE TABLE IF NOT EXISTS taken (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    series TEXT NOT NULL,
    time INTEGER NOT NULL,
    id TEXT NOT NULL,
    UNIQUE (series, time)
);
"""


def own_microsecond(base: sqlite3.Connection, record: R) -> R:
    """The record at the first microsecond from its time on that no other record of its series has."""
    name, time = series(record), micros(record.when)
    free, holder = time, _holder(base, name, time)
    while holder not in (None, record.id):
        free += 1
        holder = _holder(base, name, free)
    if holder is None:
        base.execute("INSERT INTO taken (series, time, id) VALUES (?, ?, ?)", (name, free, record.id))
        base.execute("DELETE FROM taken WHERE number <= (SELECT MAX(number) FROM taken) - ?", (REMEMBERED,))
    if free == time:
        return record
    return record.model_copy(update={record.time_field: record.when + timedelta(microseconds=free - time)})


def _holder(base: sqlite3.Connection, name: str, time: int) -> str | None:
    """Id of the record that has this microsecond; the same record given again has its own."""
    row = base.execute("SELECT id FROM taken WHERE series = ? AND time = ?", (name, time)).fetchone()
    return None if row is None else str(row[0])


def set_right(record: R, shift: timedelta) -> R:
    """A record from before the clock was set, with all its times moved by ``shift``."""
    times = {name: value + shift for name, value in record if isinstance(value, datetime)}
    return record.model_copy(update={**times, "clock_ok": True})
