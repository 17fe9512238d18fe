"""The production store: InfluxDB 2.x (or 1.8), written by ``/api/v2/write``, read in InfluxQL by ``/query``."""

# ruff: noqa: S608 -- InfluxQL of 2.x takes no parameters; every value goes through _literal

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

import urllib3
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.write_precision import WritePrecision
from influxdb_client.rest import ApiException

from spasmwatch.adapters.line_protocol import TAGS, at, point, record_from, rollup_from, rollup_point, series
from spasmwatch.adapters.line_protocol import tags as tags_of
from spasmwatch.adapters.line_protocol import text as quoted
from spasmwatch.domain.records import MODELS, Diary, Label, Record, micros
from spasmwatch.domain.rollups import RAW, Rollup, days_in, end_of_days
from spasmwatch.errors import StoreError, StoreRejected
from spasmwatch.ports import Bucket, Rate, Store
from spasmwatch.settings.store import Influx

PAGE: Final = 5000
"""Rows fetched at once."""
IDS: Final = 100
"""Ids asked for in one query."""

_EDITS: Final = 'SELECT "entry_id", "id", "revision" FROM "diary"', "\"revision\" != '1'"
"""Only edited diary entries have a revision other than 1, and those are few."""
_START, _END = datetime(1970, 1, 2, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


class InfluxStore:
    """Implements :class:`~spasmwatch.ports.Store`; safe to use from several threads.

    A point is found by its series and time, so writing a record again changes nothing. A verdict is a field of its own
    on the spasm's point: whichever of spasm and label comes first, the engine merges the two.
    ``timezone`` is the home's, in which ``rollup_day`` was kept.
    """

    def __init__(self, settings: Influx, *, home: str, timezone: str) -> None:
        self._settings, self._home, self._timezone = settings, home, timezone
        self._client = InfluxDBClient(
            settings.url, settings.secret(), org=settings.organization, timeout=int(settings.timeout_s * 1000)
        )
        self._writer = self._client.write_api(write_options=SYNCHRONOUS)

    def write(self, records: Sequence[Record | Rollup]) -> None:
        """Diary texts first, then the points, then what they change on others: verdicts, superseded diary entries."""
        rollups = [item for item in records if isinstance(item, Rollup)]
        plain = [item for item in records if isinstance(item, Record)]
        texts = [_diary_text(item) for item in plain if isinstance(item, Diary) and item.text is not None]
        try:
            lines = [*map(point, plain), *map(rollup_point, rollups)]
        except OverflowError as error:
            raise StoreRejected(f"a number is too large for InfluxDB: {error}") from error
        self._write(self._settings.diary_bucket, texts)
        self._write(self._settings.bucket, lines)
        self._judge([item for item in plain if isinstance(item, Label)])
        self._supersede({item.entry_id for item in plain if isinstance(item, Diary)})

    def _judge(self, labels: Sequence[Label]) -> None:
        """Put the verdict of the latest stored label onto each labelled spasm."""
        names = {label.spasm_id for label in labels}
        latest: dict[tuple[str, str], Label] = {}
        for wanted in _any_of("spasm_id", names):
            for record in self._records("label", wanted):
                if isinstance(record, Label):
                    key = record.spasm_node, record.spasm_id
                    if key not in latest or (record.time, record.id) > (latest[key].time, latest[key].id):
                        latest[key] = record
        self._write(self._settings.bucket, [_verdict(label) for label in latest.values()])

    def _supersede(self, names: set[str]) -> None:
        """Mark the lower revisions of these diary entries for the dashboards."""
        edited = names & {row["entry_id"] for row in self._rows(*_EDITS)} if names else set()
        for wanted in _any_of("entry_id", edited):
            found = [record_from("diary", row) for row in self._rows('SELECT * FROM "diary"', wanted)]
            entries = [record for record in found if isinstance(record, Diary)]
            entries.sort(key=lambda entry: (entry.entry_id, entry.revision, entry.id))
            lower = (entry for entry, later in pairwise(entries) if entry.entry_id == later.entry_id)
            lines = [f"{series(entry)} superseded=true {micros(entry.at)}" for entry in lower]
            self._write(self._settings.bucket, lines)

    def _write(self, bucket: str, lines: Sequence[str]) -> None:
        if lines:
            with self._mapped_errors():
                self._writer.write(bucket=bucket, record="\n".join(lines), write_precision=WritePrecision.US)  # type: ignore[arg-type]

    def read(self, what: str, person: str | None, start: datetime, end: datetime) -> Iterator[Record]:
        """Records with start ≤ time < end, by time, then id: spasms with their verdict, current diary entries only."""
        found = self._pages(what, person, start, end)
        return self._current(found) if what == "diary" else found

    def everything(self, what: str) -> Iterator[Record]:
        """All records of one kind by time, then id, for export: of the diary every revision."""
        return self._pages(what, None, _START, _END)

    def _current(self, found: Iterable[Record]) -> Iterator[Record]:
        highest: dict[str, tuple[int, str]] = {}
        for edit in self._rows(*_EDITS):
            key = (int(edit["revision"]), edit["id"])
            highest[edit["entry_id"]] = max(key, highest.get(edit["entry_id"], key))
        for record in found:
            if isinstance(record, Diary) and not record.deleted:
                key = (record.revision, record.id)
                if highest.get(record.entry_id, key) <= key:
                    yield record

    def _pages(self, what: str, person: str | None, start: datetime, end: datetime) -> Iterator[Record]:
        size = PAGE
        while start < end:
            where = f"time >= {micros(start)}u AND time < {micros(end)}u"
            if person is not None and "person" in TAGS[what]:
                where += f' AND "person" = {_literal(person)}'
            rows = self._rows(f'SELECT * FROM "{what}"', where, limit=size)
            records = [record_from(what, row) for row in self._whole(what, rows, where)]
            records = [item for item in records if person in (None, item.person)]
            records.sort(key=lambda record: (record.when, record.id))
            # Points of several series may share the last time of a page: it is read again with the next one.
            full = len(rows) == size
            last = at(rows[-1]["time"]) if full else end
            yield from (record for record in records if record.when < last)
            size = 2 * size if last == start else PAGE
            start = last
            if not full:
                return

    def _whole(self, what: str, rows: Sequence[dict[str, Any]], where: str) -> Iterator[dict[str, Any]]:
        """Rows of records: not those of a verdict without its spasm; those of the diary with their text."""
        texts = {}
        if what == "diary" and rows:
            found = self._rows('SELECT "id", "text" FROM "diary"', where, bucket=self._settings.diary_bucket)
            texts = {row["id"]: row["text"] for row in found}
        for row in rows:
            if row.get("id") is not None:
                if row["id"] in texts:
                    row["text"] = texts[row["id"]]
                yield row

    def _records(self, what: str, where: str) -> Iterator[Record]:
        rows = self._rows(f'SELECT * FROM "{what}"', where)
        return (record_from(what, row) for row in self._whole(what, rows, where))

    def rates(self, person: str, start: datetime, end: datetime, bucket: Bucket, timezone: str) -> list[Rate]:
        """The roll-ups whose bucket starts in [start, end), oldest first; days of another zone are summed up."""
        zone = ZoneInfo(timezone)
        elsewhere = bucket == "day" and timezone != self._timezone
        kept: Bucket = "hour" if elsewhere else bucket
        last = end_of_days(end, zone) if elsewhere else end
        rows = self._rows(
            f'SELECT * FROM "rollup_{kept}"',
            f'"person" = {_literal(person)} AND time >= {micros(start)}u AND time < {micros(last)}u',
        )
        rollups = [rollup_from(kept, row) for row in rows]
        chosen = days_in(rollups, zone, start, end) if elsewhere else rollups
        return [Rate(item.start, item.observed_s, dict(item.counts), item.closed_s, item.blinks) for item in chosen]

    def history(self, entry_id: str) -> list[Diary]:
        """Every revision of one diary entry, lowest first."""
        found = self._rows('SELECT * FROM "diary"', f'"entry_id" = {_literal(entry_id)}')
        texts = {}
        if found:
            ids = " OR ".join(f'"id" = {_literal(row["id"])}' for row in found)
            kept = self._rows('SELECT "id", "text" FROM "diary"', f"({ids})", bucket=self._settings.diary_bucket)
            texts = {row["id"]: row["text"] for row in kept}
        records = [record_from("diary", row | {"text": texts.get(row["id"])}) for row in found]
        entries = [record for record in records if isinstance(record, Diary)]
        return sorted(entries, key=lambda entry: (entry.revision, entry.id))

    def counts(self) -> dict[str, int]:
        """Number of stored records by kind; kinds without any are left out."""
        return self._count("")

    def _count(self, condition: str) -> dict[str, int]:
        counts = {}
        for what in MODELS:
            rows = self._rows(f'SELECT COUNT("id") AS "number" FROM "{what}"', condition)
            if rows and rows[0]["number"]:
                counts[what] = int(rows[0]["number"])
        return counts

    def forget(self, person: str) -> int:
        """Remove everything of a person from both buckets, roll-ups too."""
        condition = f'"person" = {_literal(person)}'
        removed = sum(self._count(condition).values())
        for what in (*(what for what, tags in TAGS.items() if "person" in tags), "rollup_hour", "rollup_day"):
            self._delete(what, condition)
        self._delete("diary", condition, bucket=self._settings.diary_bucket)
        return removed

    def expire(self, before: datetime) -> int:
        """Remove raw records older than ``before``; roll-ups, diary and alerts stay. Returns the number removed."""
        condition = f"time < {micros(before)}u"
        counts = self._count(condition)
        for what in RAW:
            self._delete(what, condition)
        return sum(counts.get(what, 0) for what in RAW)

    def close(self) -> None:
        """Close the connections."""
        self._writer.close()  # type: ignore[no-untyped-call]
        self._client.close()  # type: ignore[no-untyped-call]

    def _rows(self, select: str, where: str = "", *, limit: int = 0, bucket: str = "") -> list[dict[str, Any]]:
        """What an InfluxQL query on this home returns, ``time`` in microseconds."""
        conditions = f'"home" = {_literal(self._home)}' + (f" AND {where}" if where else "")
        query = f"{select} WHERE {conditions}" + (f" LIMIT {limit}" if limit else "")
        result = self._query("GET", query, bucket)
        return [
            dict(zip(table["columns"], values, strict=True))
            for table in result.get("series", ())
            for values in table["values"]
        ]

    def _delete(self, what: str, condition: str, *, bucket: str = "") -> None:
        self._query("POST", f'DELETE FROM "{what}" WHERE "home" = {_literal(self._home)} AND {condition}', bucket)

    def _query(self, method: str, query: str, bucket: str = "") -> dict[str, Any]:
        with self._mapped_errors():
            response = self._client.api_client.call_api(  # type: ignore[no-untyped-call]
                "/query",
                method,
                query_params=[("db", bucket or self._settings.bucket), ("epoch", "u"), ("q", query)],
                header_params={"Accept": "application/json"},
                auth_settings=[],
                async_req=False,
                _preload_content=False,
                _return_http_data_only=True,
                urlopen_kw={},
            )
            result: dict[str, Any] = json.loads(response.data)["results"][0]
        if "error" in result:
            raise StoreError(f"InfluxDB at {self._settings.url}: {result['error']}")
        return result

    @contextmanager
    def _mapped_errors(self) -> Iterator[None]:
        """The one place that maps the client's errors to ours."""
        where = f"InfluxDB at {self._settings.url}"
        try:
            yield
        except ApiException as error:
            reason = _reason(error)
            if error.status in (400, 413, 422):
                raise StoreRejected(f"{where} does not accept this: {reason}") from error
            if error.status in (401, 403):
                raise StoreError(f"{where} refuses the token; check store.influx.token_file: {reason}") from error
            if error.status == 404:
                raise StoreError(f"{where} has no such bucket; check store.influx.bucket: {reason}") from error
            raise StoreError(f"{where} answers {error.status}: {reason}", _retry_after(error)) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise StoreError(f"{where} is out of reach: {error}") from error
        except (ValueError, KeyError, IndexError) as error:
            raise StoreError(f"{where} gives no InfluxQL answer: {error}") from error


def _any_of(field: str, names: Iterable[str]) -> Iterator[str]:
    """Conditions that match the points whose ``field`` is one of ``names``, not too many at once."""
    ordered = sorted(names)
    for some in (ordered[first : first + IDS] for first in range(0, len(ordered), IDS)):
        yield "(" + " OR ".join(f'"{field}" = {_literal(name)}' for name in some) + ")"


def _diary_text(entry: Diary) -> str:
    return f"{series(entry)} id={quoted(entry.id)},text={quoted(entry.text or '')} {micros(entry.at)}"


def _verdict(label: Label) -> str:
    spasm = {
        "home": label.home,
        "person": label.person,
        "node": label.spasm_node,
        "kind": label.kind,
        "side": label.side,
    }
    return f"spasm,{tags_of(spasm)} verdict={quoted(label.verdict)} {micros(label.start)}"


def _literal(value: str) -> str:
    """A string in InfluxQL."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"


def _reason(error: ApiException) -> str:
    body = error.body.decode(errors="replace") if isinstance(error.body, bytes) else str(error.body or error.reason)
    return " ".join(body.split())[:300]


def _retry_after(error: ApiException) -> float | None:
    try:
        return max(0.0, float(error.headers["Retry-After"]))
    except (ValueError, KeyError, TypeError):
        return None


_conforms: type[Store] = InfluxStore
