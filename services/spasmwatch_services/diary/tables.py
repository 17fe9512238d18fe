"""Reads a table (CSV) of diary entries; the same row read twice is the same entry."""

import csv
import uuid
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from spasmwatch.domain.topics import DiaryAdd
from spasmwatch.errors import UsageError
from spasmwatch_services.diary.entries import wish

COLUMNS = ("time", "kind", "subkind", "value", "unit", "text", "author")
NEEDED = ("time", "kind")
_NAMESPACE = uuid.UUID("5d8bd0f5-3b3a-5b0e-9a0e-6d1f5a0c7b11")


def read(lines: Iterable[str], *, author: str, zone: ZoneInfo, now: datetime) -> list[DiaryAdd]:
    """Every row as an entry. Raises UsageError naming the first line that is wrong; then nothing is taken.

    ``time`` is ISO 8601; without an offset it is meant in ``zone``.
    """
    table = csv.DictReader(lines, restkey="", strict=True)
    header = [name.strip().lower() for name in table.fieldnames or ()]
    missing = [name for name in NEEDED if name not in header]
    if missing:
        raise UsageError(f"the first line must name the columns; missing: {', '.join(missing)}")
    unknown = [name for name in header if name not in COLUMNS]
    if unknown:
        raise UsageError(f"unknown column {unknown[0]!r}; known: {', '.join(COLUMNS)}")
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice:
        raise UsageError(f"column {twice!r} is there twice")
    table.fieldnames = header
    try:
        return [_wish(row, author, zone, now, table.line_num) for row in table if any(row.values())]
    except csv.Error as error:
        raise UsageError(f"line {table.line_num}: not a table: {error}") from error


def _wish(row: dict[str, str], author: str, zone: ZoneInfo, now: datetime, number: int) -> DiaryAdd:
    given = {name: value.strip() for name, value in row.items() if isinstance(value, str) and value.strip()}
    if "" in row:
        raise UsageError(f"line {number}: more cells than columns; put text with commas in quotes")
    try:
        time = local_time(given.get("time", ""), zone)
        value = float(given["value"]) if "value" in given else None
        entry_id = str(uuid.uuid5(_NAMESPACE, "\x1f".join(given.get(name, "") for name in COLUMNS)))
        fields = {"kind": given.get("kind"), "subkind": given.get("subkind"), "value": value}
        fields |= {"unit": given.get("unit"), "text": given.get("text")}
        return wish(fields, entry_id, time, given.get("author", author), now)
    except (ValueError, UsageError) as error:
        raise UsageError(f"line {number}: {str(error).splitlines()[0]}") from error


def local_time(text: str, zone: ZoneInfo) -> datetime:
    """ISO 8601, meant in ``zone`` where it has no offset. Raises UsageError."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no time; write e.g. 2026-03-02T08:15") from error
    return time if time.tzinfo else time.replace(tzinfo=zone)
