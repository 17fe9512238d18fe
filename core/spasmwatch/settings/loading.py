"""Finds, reads and validates the settings; every mistake becomes one clear line."""

import difflib
import json
import os
import re
import tomllib
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableVariable

from spasmwatch.errors import SettingsError
from spasmwatch.settings.advice import AdviceSettings
from spasmwatch.settings.alerts import Alerts
from spasmwatch.settings.camera import Camera
from spasmwatch.settings.diary import DiarySettings
from spasmwatch.settings.home import Home
from spasmwatch.settings.insights import Insights
from spasmwatch.settings.mqtt import RUNNING_BROKER, Mqtt
from spasmwatch.settings.outbox import OutboxSettings
from spasmwatch.settings.recorder import Recorder
from spasmwatch.settings.store import StoreSettings
from spasmwatch.settings.triggers import Triggers


class Settings(BaseSettings):
    """All settings. The environment wins: ``SPASMWATCH_MQTT__HOST`` overrides ``[mqtt] host``."""

    model_config = SettingsConfigDict(
        env_prefix="SPASMWATCH_", env_nested_delimiter="__", extra="forbid", frozen=True, env_parse_none_str="none"
    )

    home: Home = Home()
    mqtt: Mqtt = Mqtt()
    store: StoreSettings = StoreSettings()
    outbox: OutboxSettings = OutboxSettings()
    camera: Camera = Camera()
    recorder: Recorder = Recorder()
    triggers: Triggers = Triggers()
    diary: DiarySettings = DiarySettings()
    alerts: Alerts = Alerts()
    insights: Insights = Insights()
    advice: AdviceSettings = AdviceSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment before the file."""
        return env_settings, init_settings


def load(path: Path | None = None) -> Settings:
    """Settings from ``path``, else ``$SPASMWATCH_SETTINGS``, else the first of the usual places.

    These are ``./spasmwatch.toml`` and ``/etc/spasmwatch/spasmwatch.toml``; no file means defaults.

    Raises SettingsError.
    """
    file = _find(path)
    text, table = _read(file) if file else ("", {})
    # The library takes keys of these forms as arguments of its own.
    if stray := next((key for key in table if key.startswith("_")), None):
        raise SettingsError(f"{file}: unknown setting {stray!r}; known here: {', '.join(_known(()))}")
    try:
        return _beside_a_running_home(Settings(**table))
    except UnreadableVariable as error:
        raise SettingsError(f"environment: {error}; lists and tables are written as JSON") from error
    except ValidationError as error:
        raise SettingsError(_explain(error, file, text)) from error


def _beside_a_running_home(settings: Settings) -> Settings:
    """With the broker of the home that runs on this machine, unless settings name one: for commands given by hand."""
    if {"host", "port"} & settings.mqtt.model_fields_set:
        return settings
    try:
        told = json.loads((settings.home.data / RUNNING_BROKER).read_text(encoding="utf-8"))
        broker = Mqtt(base=settings.mqtt.base, **told)
    except (OSError, ValueError, TypeError):
        return settings
    return settings.model_copy(update={"mqtt": broker})


def _find(path: Path | None) -> Path | None:
    if path is None and (named := os.environ.get("SPASMWATCH_SETTINGS")):
        path = Path(named)
    if path is not None:
        if not path.is_file():
            raise SettingsError(f"no settings file at {path}")
        return path
    for usual in (Path("spasmwatch.toml"), Path("/etc/spasmwatch/spasmwatch.toml")):
        try:
            if usual.is_file():
                return usual
        except PermissionError as error:
            # `sudo -u spasmwatch` is often called from a home folder that only its owner may look into.
            if usual.is_absolute():
                raise SettingsError(f"this user may not read {usual}; try sudo -u spasmwatch spasmwatch …") from error
    return None


def _read(file: Path) -> tuple[str, dict[str, Any]]:
    try:
        # Some editors begin a file with a byte-order mark.
        text = file.read_text(encoding="utf-8-sig")
        return text, tomllib.loads(text)
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: not valid TOML: {error}") from error
    except RecursionError as error:
        raise SettingsError(f"{file}: not valid TOML: nested too deeply") from error


def _explain(error: ValidationError, file: Path | None, text: str) -> str:
    # A misspelt key is often also a missing one; its name says more.
    first = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
    place = tuple(str(part) for part in first["loc"])
    where = _where(place, file, text)
    name = ".".join(place)
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(place[-1], _known(place[:-1]), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; known here: {', '.join(_known(place[:-1]))}"
        return f"{where}unknown setting {name!r}{hint}"
    return f"{where}{name}: {first['msg'].removeprefix('Value error, ')}"


def _where(place: tuple[str, ...], file: Path | None, text: str) -> str:
    """``file:line: `` of a setting, as far as it can be told from the text."""
    variable = "SPASMWATCH_" + "__".join(place)
    if file is None or variable.upper() in map(str.upper, os.environ):
        return "environment: "
    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[+\s*([^\]]+?)\s*\]", line):
            table = header[1]
            if table == ".".join(place):
                return f"{file}:{number}: "
        elif key := re.match(r"\s*([\w.\"'-]+)\s*=", line):
            full = f"{table}.{key[1]}" if table else key[1]
            if full.replace('"', "") == ".".join(part for part in place if not part.isdigit()):
                return f"{file}:{number}: "
    return f"{file}: "


def _known(place: tuple[str, ...]) -> list[str]:
    """Names of the settings below ``place``."""
    model: type[BaseModel] = Settings
    for part in place:
        field = model.model_fields.get(part)
        if field is None:
            continue  # an index of a list, or a key of a table of named things
        for candidate in (field.annotation, *get_args(field.annotation)):
            if isinstance(candidate, type) and issubclass(candidate, BaseModel):
                model = candidate
    return sorted(model.model_fields)
