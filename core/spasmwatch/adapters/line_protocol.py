"""Records as InfluxDB points and back: the layout of measurements, tags and fields, in line protocol.

Numbers are floats, lists comma-joined, nested objects JSON strings, times RFC 3339 text; what is null is left out.
Ids, texts and versions are fields. The time of a point is the record's own, in microseconds.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final, get_args, get_origin
from urllib.parse import unquote

from pydantic import BaseModel

from spasmwatch.domain.parsing import explain
from spasmwatch.domain.records import MODELS, Diary, Record, Spasm, micros, rfc3339
from spasmwatch.domain.rollups import COUNTS, Rollup
from spasmwatch.errors import RecordError

TAGS: Final[dict[str, tuple[str, ...]]] = {
    "spasm": ("home", "person", "node", "kind", "side"),
    "observation": ("home", "person", "node"),
    "trigger": ("home", "person", "kind", "form", "source", "device"),
    "diary": ("home", "person", "author", "revision"),
    "label": ("home", "person"),
    "alert": ("home", "person", "rule", "severity"),
    "health": ("home", "node", "program"),
    "trend": ("home", "person"),
    "insight": ("home", "person"),
}
APART: Final[dict[str, tuple[str, ...]]] = {"spasm": ("phase", "verdict"), "diary": ("text",)}
"""Fields that a record's point does not hold: only ends of spasms are stored, verdicts come from labels,
and the text of the diary goes to a bucket of its own."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_TAG_ESCAPES = str.maketrans({",": "\\,", "=": "\\=", " ": "\\ "})
_STRING_ESCAPES = str.maketrans({'"': '\\"', "\\": "\\\\"})
_UNSAFE_IN_TAG = re.compile(r"[%\\\x00-\x1f\x7f\x80-\x9f\u2028\u2029]")

Row = Mapping[str, Any]


def at(microseconds: int) -> datetime:
    """The time so many microseconds after the epoch."""
    return _EPOCH + microseconds * _MICROSECOND


def point(record: Record, *, whole: bool = False) -> str:
    """A record as one line, without the fields that are kept apart; ``whole`` with them, for export."""
    values = _VALUES[record.what, whole](record)
    form, encoders = _form(record.what, whole, tuple(map(type, values)))
    encoded = [*values]
    for place, encoder in encoders:
        encoded[place] = encoder(values[place])
    return form % (series(record), *encoded, _further(record, whole), micros(record.when))


def _further(record: Record, whole: bool) -> str:
    """Fields for dashboards, which no record has."""
    if isinstance(record, Spasm) and record.end is not None:
        # InfluxQL cannot subtract times.
        return f",duration_s={(record.end - record.start).total_seconds()!r}"
    # Nor look for a higher revision; the store corrects it when there is one.
    return ",superseded=false" if isinstance(record, Diary) and not whole else ""


@lru_cache(maxsize=1024)
def _form(what: str, whole: bool, kinds: tuple[type, ...]) -> tuple[str, list[tuple[int, Callable[[Any], str]]]]:
    """The line of a record whose values are of these types as a %-pattern, and by place what makes text of a value.

    Records of one kind come in few such forms: one pattern is several times as fast as a field at a time.
    """
    fields, encoders = "", []
    for place, (name, kind) in enumerate(zip(_FIELDS[what, whole], kinds, strict=True)):
        if kind is type(None):
            fields += "%.0s"  # takes its value and shows nothing
            continue
        if kind not in _NUMBERS:
            encoders.append((place, _ENCODERS[kind]))
        fields += f"{',' if '=' in fields else ''}{name}={_NUMBERS.get(kind, '%s')}"
    return f"%s {fields}%s %d", encoders


def series(record: Record) -> str:
    """Measurement and tags of a record."""
    return _series(record.what, _TAG_VALUES[record.what](record))


@lru_cache(maxsize=4096)
def _series(what: str, values: tuple[str | int, ...]) -> str:
    return f"{what},{tags(dict(zip(TAGS[what], map(str, values), strict=True)))}"


def tags(values: Mapping[str, str]) -> str:
    """Tags as they stand in a line."""
    return ",".join(f"{name}={_tag(value)}" for name, value in values.items())


def text(value: str) -> str:
    """A string field, quoted."""
    if '"' in value or "\\" in value:
        value = value.translate(_STRING_ESCAPES)
    return f'"{value}"'


def rollup_point(rollup: Rollup) -> str:
    """A roll-up as one line, with every count, so that a rewrite leaves no old one behind."""
    numbers = {"observed_s": rollup.observed_s, "closed_s": rollup.closed_s, "blinks": float(rollup.blinks)}
    numbers |= {f"n_{name}": float(rollup.counts.get(name, 0)) for name in COUNTS}
    fields = ",".join(f"{name}={value!r}" for name, value in numbers.items())
    where = tags({"home": rollup.home, "person": rollup.person})
    return f"rollup_{rollup.bucket},{where} {fields} {micros(rollup.start)}"


def rollup_from(bucket: str, row: Row) -> Rollup:
    """The roll-up in a row that the engine returned, its ``time`` in microseconds; zero counts are left out."""
    return Rollup.model_validate(
        {
            "bucket": bucket,
            "home": row["home"],
            "person": row["person"],
            "start": at(row["time"]),
            "observed_s": row["observed_s"],
            "closed_s": row["closed_s"],
            "blinks": int(row["blinks"]),
            "counts": {name: int(number) for name in COUNTS if (number := row.get(f"n_{name}"))},
        }
    )


def record_from(what: str, row: Row) -> Record:
    """The record in a row that the engine returned, its ``time`` in microseconds. Raises RecordError."""
    model = MODELS[what]
    fields: dict[str, Any] = {name: value for name, value in row.items() if value is not None}
    fields[model.time_field] = at(fields.pop("time"))
    try:
        for name, decoder in _ROW_DECODERS[what].items():
            if name in fields:
                fields[name] = decoder(fields[name])
        if what == "spasm":
            fields["phase"] = "end"
        return model.model_validate(fields)
    except (ValueError, AttributeError) as error:
        raise RecordError(f"{what} {row.get('id')}: {explain(error)}") from error


def parse_line(line: str) -> tuple[str, dict[str, Any]]:
    """Measurement and row of one line that :func:`point` wrote. Raises RecordError."""
    try:
        # A quote means something only among the fields.
        head, rest = _split(line, " ", 1, quotes=False)
        fields, time = _split(rest, " ")
        measurement, *tag_pairs = _split(head, ",", quotes=False)
        row: dict[str, Any] = {"time": int(time)}
        for pair in tag_pairs:
            name, value = _split(pair, "=", 1, quotes=False)
            row[name] = re.sub(r"\\([,= ])", r"\1", value)
        for pair in _split(fields, ","):
            name, value = _split(pair, "=", 1)
            row[name] = _field(value)
    except ValueError as error:
        raise RecordError(f"not a line that export wrote: {error}") from error
    return measurement, row


def _split(line: str, separator: str, most: int = 0, *, quotes: bool = True) -> list[str]:
    """Parts between separators that are neither escaped nor within quotes, cut ``most`` times (0: always)."""
    parts: list[str] = []
    quoted, escaped, begin = False, False, 0
    for index, letter in enumerate(line):
        if escaped:
            escaped = False
        elif letter == "\\":
            escaped = True
        elif letter == '"' and quotes:
            quoted = not quoted
        elif letter == separator and not quoted and (not most or len(parts) < most):
            parts.append(line[begin:index])
            begin = index + 1
    return [*parts, line[begin:]]


def _field(value: str) -> object:
    if value.startswith('"'):
        return re.sub(r'\\(["\\n])', lambda found: "\n" if found[1] == "n" else found[1], value[1:-1])
    if value in ("true", "false"):
        return value == "true"
    return float(value)


def _tag(value: str) -> str:
    """A tag cannot be empty, end in a backslash or hold line ends: such characters are percent-encoded."""
    if not value.isalnum():
        value = _UNSAFE_IN_TAG.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), value)
        value = value.translate(_TAG_ESCAPES)
    return value or "%"


def _untag(value: str) -> str:
    if "%" not in value:
        return value
    return "" if value == "%" else unquote(value)


def _fields_of(model: type[Record], whole: bool) -> dict[str, str]:
    """Every field that is neither tag nor time: its name in a line and in the record."""
    left_out = {*TAGS[model.what], model.time_field, *(() if whole else APART.get(model.what, ()))}
    return {field.alias or name: name for name, field in model.model_fields.items() if name not in left_out}


def _decoders_of(model: type[Record]) -> dict[str, Callable[[str], Any]]:
    decoders: dict[str, Callable[[str], Any]] = {}
    for name, field in model.model_fields.items():
        kinds = {get_origin(kind) or kind for kind in (field.annotation, *get_args(field.annotation))}
        if tuple in kinds:
            decoders[name] = _unlist
        elif dict in kinds or any(isinstance(kind, type) and issubclass(kind, BaseModel) for kind in kinds):
            decoders[name] = _unnested
    return decoders


@lru_cache(maxsize=256)
def _unnested(value: str) -> Any:
    return json.loads(value)


def _unlist(value: str) -> list[str]:
    return value.split(",") if value else []


@lru_cache(maxsize=256)
def _list(values: tuple[str, ...]) -> str:
    return text(",".join(values))


@lru_cache(maxsize=256)
def _mapping(items: tuple[tuple[str, Any], ...]) -> str:
    return text(json.dumps(dict(items)))


@lru_cache(maxsize=256)
def _nested(value: BaseModel) -> str:
    return text(value.model_dump_json())


class _Encoders(dict[type, Callable[[Any], str]]):
    def __missing__(self, kind: type) -> Callable[[Any], str]:
        if issubclass(kind, BaseModel):
            return _nested
        raise TypeError(f"no field for a {kind.__name__}")


_ENCODERS: Final = _Encoders(
    {
        bool: lambda value: "true" if value else "false",
        str: text,
        tuple: _list,
        dict: lambda value: _mapping(tuple(value.items())),
        datetime: lambda value: f'"{rfc3339(value)}"',
    }
)
_NUMBERS: Final[dict[type, str]] = {float: "%r", int: "%d.0"}
_FIELDS: Final = {(what, whole): _fields_of(model, whole) for what, model in MODELS.items() for whole in (False, True)}
_VALUES: Final[dict[tuple[str, bool], Callable[[Record], tuple[Any, ...]]]] = {
    key: attrgetter(*fields.values()) for key, fields in _FIELDS.items()
}
_TAG_VALUES: Final[dict[str, Callable[[Record], tuple[Any, ...]]]] = {
    what: attrgetter(*names) for what, names in TAGS.items()
}
DECODERS: Final = {what: _decoders_of(model) for what, model in MODELS.items()}
"""How lists and nested objects are read back from text, by kind of record and field."""
_ROW_DECODERS: Final = {what: {**dict.fromkeys(TAGS[what], _untag), **DECODERS[what]} for what in MODELS}
