"""The message catalogue: every text that a person reads, by key, one TOML file a language."""

import tomllib
from collections.abc import Iterator
from datetime import datetime
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from spasmwatch.errors import SettingsError

FALLBACK = "en"
LONG_H = 24 * 14
"""From here on days are easier to grasp than hours."""


class Words:
    """``words("now.seen", count=3)``: the text of a key; with a ``count``, its form for one or for several.

    A text that a language lacks comes from English.
    """

    def __init__(self, language: str = FALLBACK) -> None:
        self.language = language
        self._texts = _load(FALLBACK)
        if language != FALLBACK:
            self._texts |= _load(language)

    def __call__(self, key: str, /, **values: object) -> str:
        """Raises KeyError for a key nobody has written."""
        if "count" in values:
            form = "one" if values["count"] == 1 else "other"
            return self._texts[f"{key}.{form}"].format(**values)
        return self._texts[key].format(**values) if values else self._texts[key]

    def get(self, key: str, default: str) -> str:
        """The text of a key that may be missing."""
        return self._texts.get(key, default)

    def below(self, prefix: str) -> dict[str, str]:
        """All texts under a prefix, for the script of the pages."""
        return {key[len(prefix) + 1 :]: text for key, text in self._texts.items() if key.startswith(f"{prefix}.")}

    def amount(self, value: float, unit: str | None) -> str:
        """``1 cup``, ``2 cups``, ``5``."""
        form = self.get(f"unit_of_one.{unit}", unit or "") if value == 1 else unit
        return f"{value:g} {form or ''}".strip()

    def clock(self, time: datetime, zone: ZoneInfo, now: datetime) -> str:
        """A time of day, with as much of the date as is needed to place it."""
        local, today = time.astimezone(zone), now.astimezone(zone).date()
        if local.date() == today:
            return f"{local:%H:%M}"
        days = (today - local.date()).days
        day = self("time.yesterday") if days == 1 else f"{self(f'time.day{local.weekday()}')} {local.day}"
        if days == 1 or 0 <= days < 7:
            return f"{day} {local:%H:%M}"
        return f"{local.day} {self(f'time.month{local.month}')} {local:%H:%M}"

    def date(self, time: datetime, zone: ZoneInfo) -> str:
        """A date with its weekday."""
        local = time.astimezone(zone)
        return f"{self(f'time.day{local.weekday()}')} {local.day} {self(f'time.month{local.month}')}"

    def ago(self, time: datetime, now: datetime) -> str:
        """How long since, roughly."""
        seconds = max(0.0, (now - time).total_seconds())
        if seconds < 90:
            return self("time.just_now")
        return self("time.ago", time=self.duration(seconds))

    def duration(self, seconds: float) -> str:
        """``40 s``, ``12 min``, ``3 h 05 min``, ``31 h``, ``20 days``."""
        if seconds < 60:
            return self("time.seconds", n=round(seconds))
        minutes = round(seconds / 60)
        if minutes < 60:
            return self("time.minutes", n=minutes)
        hours, rest = divmod(minutes, 60)
        if hours >= LONG_H:
            return self("time.days", n=round(hours / 24))
        if hours >= 24 or not rest:
            return self("time.hours", n=round(minutes / 60))
        return self("time.hours_minutes", h=hours, m=rest)


def _load(language: str) -> dict[str, str]:
    file = resources.files("spasmwatch_services.diary") / "texts" / f"{language}.toml"
    try:
        return dict(_flat(tomllib.loads(file.read_text(encoding="utf-8"))))
    except FileNotFoundError as error:
        raise SettingsError(f"diary.language: there are no texts in {language!r} yet; use 'en'") from error


def _flat(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
