"""Write the generated documentation: JSON Schemas of the records, the AsyncAPI description, the settings table.

``make docs`` runs it; a test fails when what is checked in differs from what this writes.
"""

import json
import sys
from datetime import time
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

import yaml
from pydantic import BaseModel, SecretStr
from pydantic_core import PydanticUndefined

from spasmwatch import __version__
from spasmwatch.domain import topics
from spasmwatch.domain.records import MODELS, Record
from spasmwatch.settings import Settings
from spasmwatch.settings.section import Section

HERE = Path(__file__).resolve().parent

MESSAGES: dict[str, tuple[str, type[BaseModel], str]] = {
    "receipt": ("{node}/stored", topics.Receipt, "From the recorder to the producer: durably stored."),
    "fault": ("{node}/fault", topics.Fault, "Retained: whether something is broken, and why."),
    "alert_command": (
        "users/{actor}/alerts/{alert_id}/command",
        topics.AlertCommand,
        "A caregiver's word on an alert; the topic names who speaks.",
    ),
    "alert_command_short": (
        "alerts/{alert_id}/command",
        topics.AlertCommand,
        "The same, where the broker's access rules alone decide who may speak for whom.",
    ),
    "diary_add": ("diary/add", topics.DiaryAdd, "An entry from a button or another program."),
    "pause": ("{node}/pause/set", topics.PauseCommand, "Stop the camera; only the patient resumes it."),
    "pause_state": ("{node}/pause/state", topics.PauseState, "Retained: whether the camera is off on purpose."),
    "told": (
        "diary/told",
        topics.WhoIsTold,
        "Retained: how much the patient lets each recipient of pushes be told.",
    ),
    "treated": ("diary/treated", topics.Treated, "Retained: when the latest treatment was."),
    "told_obeyed": ("alerts/told", topics.WhoIsTold, "Retained: the same, as the alert service obeys it."),
    "push_state": ("alerts/pushes/state", topics.PushState, "Retained: pushes delivered and waiting."),
}


def schema(model: type[BaseModel]) -> dict[str, Any]:
    """JSON Schema of what goes over the wire."""
    return model.model_json_schema(mode="serialization", by_alias=True)


def json_schemas() -> dict[str, str]:
    """File names below docs/ and their texts: one golden schema a record."""
    return {
        f"schemas/{what}.json": json.dumps(record_schema(model), indent=1, ensure_ascii=False) + "\n"
        for what, model in MODELS.items()
    }


def record_schema(model: type[Record]) -> dict[str, Any]:
    """JSON Schema of a record: only a draft lacks its envelope, on the wire all of it must be there."""
    found = schema(model)
    envelope = [field.alias or name for name, field in Record.model_fields.items()]
    for name in envelope:
        found["properties"][name].pop("default", None)
    found["properties"]["schema"]["pattern"] = rf"^{model.what}/1\.[0-9]+$"
    return found | {"required": [*envelope, *found.get("required", [])]}


def asyncapi() -> str:
    """The wire contract: every topic with the message that goes over it."""
    channels: dict[str, Any] = {}
    messages: dict[str, Any] = {}
    for what, model in MODELS.items():
        first_line = (model.__doc__ or "").splitlines()[0]
        channels[what] = _channel(f"{{node}}/{what}", what, first_line)
        messages[what] = {"contentType": "application/json", "payload": {"$ref": f"./schemas/{what}.json"}}
    for name, (address, model, summary) in MESSAGES.items():
        channels[name] = _channel(address, name, summary)
        messages[name] = {"contentType": "application/json", "payload": schema(model)}
    channels["availability"] = _channel("{node}/availability", "availability", "Retained, also the last will.")
    messages["availability"] = {"payload": {"type": "string", "enum": ["online", "offline"]}}
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "SpasmWatch over MQTT",
            "version": __version__,
            "license": {"name": "Apache-2.0"},
            "description": (
                "Topics are <base>/<home>/<node>/<what>, MQTT 3.1.1, QoS 1, not retained unless said.\n"
                "Records are JSON of at most 16 KiB; readers ignore keys they do not know."
            ),
        },
        "channels": channels,
        "components": {"messages": messages},
    }
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)


def _channel(address: str, name: str, summary: str) -> dict[str, Any]:
    parameters = {level: {} for level in ("base", "home", "node", "actor", "alert_id") if "{" + level + "}" in address}
    return {
        "address": "{base}/{home}/" + address,
        "description": summary,
        "parameters": {"base": {"default": "spasmwatch"}, "home": {}, **parameters},
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
    }


def settings_table() -> str:
    """``docs/settings.md``: every setting with its type, default and meaning."""
    lines = [
        "# Settings",
        "",
        "One file, `spasmwatch.toml` (`--settings FILE`, else `$SPASMWATCH_SETTINGS`, `./spasmwatch.toml`,",
        "`/etc/spasmwatch/spasmwatch.toml`). The environment wins: `SPASMWATCH_MQTT__HOST` overrides `[mqtt] host`.",
        "An unknown key is refused with the nearest known one. This page is generated (`make docs`).",
        "",
    ]
    seen: dict[type[BaseModel], str] = {}
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            seen[field.annotation] = f"[{name}]"
            lines += _section(f"[{name}]", field.annotation, seen)
    return "\n".join(lines) + "\n"


def _section(path: str, section: type[BaseModel], seen: dict[type[BaseModel], str]) -> list[str]:
    lines = [f"## `{path}`", "", " ".join((section.__doc__ or "").replace("``", "`").split()), ""]
    nested: list[str] = []
    table = ["| setting | type | default |", "|---|---|---|"]
    for name, field in section.model_fields.items():
        below = _model(field.annotation)
        if below is None:
            table.append(f"| `{name}` | {_type(field.annotation)} | {_default(field)} |")
        elif below[0] in seen:
            table.append(f"| `{name}` | the same keys as `{seen[below[0]]}` | {_default(field)} |")
        else:
            model, form = below
            seen[model] = form.format(f"{path.strip('[]')}.{name}")
            nested += _section(seen[model], model, seen)
    return [*lines, *(table if len(table) > 2 else []), "", *nested]


def _model(annotation: Any) -> tuple[type[BaseModel], str] | None:
    """The settings below this one, if it is a table, a list of tables or named tables, and how they are headed."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, "[{}]"
    for form, found in ((_FORMS.get(get_origin(annotation), "[{}]"), part) for part in get_args(annotation)):
        if isinstance(found, type) and issubclass(found, BaseModel):
            return found, form
    return None


_FORMS = {tuple: "[[{}]]", dict: "[{}.NAME]"}
_WORDS = {
    str: "text", SecretStr: "text", int: "whole number", float: "number", bool: "true or false", Path: "path",
    time: "time of day",
}  # fmt: skip


def _type(annotation: Any) -> str:
    """A type in the words of somebody who writes the file; that a setting may be left out is seen from its default."""
    parts = get_args(annotation)
    match get_origin(annotation):
        case None:
            return _WORDS.get(annotation, "text")
        case origin if origin is Annotated:
            return _type(parts[0])
        case origin if origin is Literal:
            return " or ".join(f"`{json.dumps(part)}`" for part in parts)
        case origin if origin is tuple:
            return f"list of {_type(parts[0])}" if parts[-1] is Ellipsis else f"{len(parts)} times {_type(parts[0])}"
    return " or ".join(_type(part) for part in parts if part is not NoneType)


def _default(field: Any) -> str:
    value = field.default
    if value is PydanticUndefined:
        return "your data folder" if field.annotation is Path else "must be given" if field.is_required() else "none"
    if value is None:
        return "not set"
    return f"`{json.dumps(list(value) if isinstance(value, tuple) else value, default=str, ensure_ascii=False)}`"


def generated() -> dict[str, str]:
    """Every generated file below docs/ and its text."""
    return {**json_schemas(), "asyncapi.yaml": asyncapi(), "settings.md": settings_table()}


def main() -> int:
    """Write the files; returns the exit status."""
    (HERE / "schemas").mkdir(exist_ok=True)
    for name, text in generated().items():
        (HERE / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
