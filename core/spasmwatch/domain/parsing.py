"""From a payload to a record, and from what is wrong with it to one line."""

import json
import re
from typing import Any, Final

from pydantic import ValidationError

from spasmwatch.domain.records import MODELS, VERSION, Record
from spasmwatch.errors import RecordError

MAX_PAYLOAD_BYTES: Final = 16 * 1024

_ENVELOPE: Final = frozenset({"schema", "id", "home", "node", "person", "boot", "seq"})
_ENVELOPE_FIELDS: Final = _ENVELOPE - {"schema"} | {"schema_"}
_SCHEMA: Final = re.compile(r"([a-z]+)/([0-9]{1,9})\.[0-9]{1,9}")
_USUAL: Final = {
    f'{{"schema":{space}"{what}/{VERSION}"'.encode(): (model.__pydantic_validator__.validate_json, f"{what}/{VERSION}")
    for what, model in MODELS.items()
    for space in ("", " ")
}
"""How a record begins that was written as we write it: its validator, and the schema that it must have in the end."""


def parse(payload: bytes | str) -> Record:
    """The record in a payload from outside. Raises RecordError saying what is wrong with it."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise RecordError(f"payload of {len(payload)} bytes is larger than {MAX_PAYLOAD_BYTES}")
    raw = payload.encode("utf-8", "surrogatepass") if isinstance(payload, str) else payload
    usual = _USUAL.get(raw[: raw.find(b",")])
    if usual is not None:
        # In half the time: decoded and validated in one go.
        validate, schema = usual
        try:
            record: Record = validate(raw)
        except (ValidationError, OverflowError):
            return _parse_any(payload)  # finds the words for what is wrong
        # A key may come twice: the last one counts.
        if record.schema_ == schema and record.model_fields_set >= _ENVELOPE_FIELDS:
            return record
    return _parse_any(payload)


def _parse_any(payload: bytes | str) -> Record:
    try:
        # Decoded here: the json module would also take UTF-16 and UTF-32.
        fields = json.loads(payload if isinstance(payload, str) else payload.decode())
    except (ValueError, RecursionError) as error:
        raise RecordError(f"payload is not JSON: {error}") from error
    if not isinstance(fields, dict):
        raise RecordError("payload is not a JSON object")
    return parse_fields(fields)


def parse_fields(fields: dict[str, Any]) -> Record:
    """The record in a decoded JSON object; null says as much as a field left out. Raises RecordError."""
    fields = {name: value for name, value in fields.items() if value is not None}
    missing = _ENVELOPE - fields.keys()
    if missing:
        raise RecordError(f"missing {', '.join(sorted(missing))}")
    schema = str(fields["schema"])
    found = _SCHEMA.fullmatch(schema)
    model = MODELS.get(found[1]) if found else None
    if found is None or model is None:
        raise RecordError(f"unknown schema {schema[:80]!r}")
    if found[2] != VERSION.split(".")[0]:
        raise RecordError(f"unknown major version in schema {schema[:80]!r}")
    try:
        return model.model_validate(fields)
    except (ValidationError, OverflowError) as error:
        raise RecordError(explain(error)) from error


def explain(error: Exception) -> str:
    """A validation error as one line: where and what, at most three places."""
    if not isinstance(error, ValidationError):
        return str(error)
    places = [f"{'.'.join(map(str, item['loc'])) or 'record'}: {item['msg']}" for item in error.errors()[:3]]
    return "; ".join(places)
