"""The files that ``export`` writes and ``import`` reads: JSON lines, CSV and line protocol.

In CSV null is an empty cell, lists are comma-joined, nested objects JSON; one table holds the columns of all its kinds.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Final, Literal, get_args

from pydantic import BaseModel

from spasmwatch.adapters.line_protocol import DECODERS, parse_line, point, record_from
from spasmwatch.domain.parsing import parse, parse_fields
from spasmwatch.domain.records import MODELS, Record, rfc3339
from spasmwatch.errors import RecordError

Format = Literal["jsonl", "csv", "line"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)
SUFFIXES: Final[dict[str, Format]] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".lp": "line",
    ".line": "line",
}

Line = tuple[int, Record | RecordError]
"""Number of the line (from 1) and what it holds."""


def write(records: Iterable[Record], kind: Format, whats: Iterable[str]) -> Iterator[str]:
    """The lines of a file, each with its line end."""
    if kind == "csv":
        yield from _write_csv(records, list(whats))
    elif kind == "line":
        for record in records:
            yield point(record, whole=True).replace("\n", "\\n") + "\n"
    else:
        for record in records:
            yield record.model_dump_json() + "\n"


def read(lines: Iterable[str], kind: Format) -> Iterator[Line]:
    """What the lines of a file hold; a line that is no record is an error in its place, not the end."""
    if kind == "csv":
        return _read_csv(lines)
    return _read_lines(lines, _from_point if kind == "line" else parse)


def _read_lines(lines: Iterable[str], decode: Callable[[str], Record]) -> Iterator[Line]:
    for number, line in enumerate(lines, start=1):
        if text := line.strip():
            try:
                yield number, decode(text)
            except RecordError as error:
                yield number, error


def _from_point(line: str) -> Record:
    measurement, row = parse_line(line)
    if measurement not in MODELS:
        raise RecordError(f"unknown measurement {measurement[:80]!r}")
    return record_from(measurement, row)


def _columns(whats: Iterable[str]) -> list[str]:
    names = (field.alias or name for what in whats for name, field in MODELS[what].model_fields.items())
    return list(dict.fromkeys(names))


def _write_csv(records: Iterable[Record], whats: list[str]) -> Iterator[str]:
    columns = _columns(whats)
    buffer = io.StringIO()
    # As RFC 4180 has it; with a plain line feed, Python would leave a carriage return within a cell unquoted.
    table = csv.writer(buffer, lineterminator="\r\n")
    table.writerow(columns)
    for record in records:
        cells = {name if name != "schema_" else "schema": _cell(value) for name, value in record}
        table.writerow([cells.get(name, "") for name in columns])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if isinstance(value, BaseModel):
        return value.model_dump_json()
    if isinstance(value, dict):
        return json.dumps(value)
    return repr(value) if isinstance(value, float) else str(value)


def _read_csv(lines: Iterable[str]) -> Iterator[Line]:
    table = csv.DictReader(lines, strict=True)
    while True:
        try:
            row = next(table)
        except StopIteration:
            return
        except csv.Error as error:
            yield table.line_num, RecordError(f"not CSV: {error}")
            return
        try:
            yield table.line_num, _from_cells(row)
        except (RecordError, ValueError) as error:
            yield table.line_num, RecordError(str(error))


def _from_cells(row: dict[str, str]) -> Record:
    what = (row.get("schema") or "").partition("/")[0]
    if what not in MODELS:
        raise RecordError(f"unknown schema {what[:80]!r}")
    fields: dict[str, object] = {}
    for name, field in MODELS[what].model_fields.items():
        column = field.alias or name
        cell = row.get(column)
        if cell or (cell is not None and field.is_required()):  # an empty name is not null
            decoder = DECODERS[what].get(column)
            fields[column] = cell if decoder is None else decoder(cell)
    return parse_fields(fields)
