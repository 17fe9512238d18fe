"""Templates to pages: every page gets the words, the visitor and the way around."""

import hashlib
import json
from datetime import datetime
from importlib import resources
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from spasmwatch.ports import Clock
from spasmwatch.settings.home import Home
from spasmwatch_services.charts.words import number
from spasmwatch_services.diary.access import May, Visitor
from spasmwatch_services.diary.accounts import Accounts
from spasmwatch_services.diary.situation import Sentence
from spasmwatch_services.diary.words import Words

PLACES: tuple[tuple[str, str, May | None], ...] = (
    ("now", "/", None),
    ("log", "/log", May.LOG),
    ("timeline", "/timeline", None),
    ("trends", "/trends", May.COUNTS),
    ("review", "/review", May.LABEL),
    ("check", "/check", May.LOG),
    ("settings", "/settings", None),
)
"""Name, address and what it takes; on a phone the first four and *more* are in the bar."""


class Renderer:
    """Fills templates. All texts come from the catalogue."""

    def __init__(self, words: Words, home: Home, clock: Clock, accounts: Accounts) -> None:
        self._words, self._clock, self._home = words, clock, home
        self._environment = Environment(
            loader=PackageLoader("spasmwatch_services.diary"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals |= {"t": words, "words": words, "asset": asset, "icon": icon, "number": number}
        self._environment.filters |= {
            "clock": lambda time: words.clock(time, home.zone, clock.now()),
            "date": lambda time: words.date(time, home.zone),
            "ago": lambda time: words.ago(time, clock.now()),
            "duration": words.duration,
            "shown": lambda name: person.shown if (person := accounts.person(name)) else name,
            "say": self._say,
            "local": lambda time: f"{_local(time, home):%Y-%m-%dT%H:%M}",
        }

    def _say(self, sentence: Sentence) -> str:
        """A sentence of the situation in words; times as times of day."""
        values = {
            name: self._words.clock(value, self._home.zone, self._clock.now()) if isinstance(value, datetime) else value
            for name, value in sentence.values.items()
        }
        return self._words(f"now.{sentence.key}", **values)

    def __call__(
        self, template: str, visitor: Visitor | None = None, *, status: int = 200, **context: Any
    ) -> HTMLResponse:
        """A page. ``visitor`` None is somebody who has not logged in."""
        places = [(name, path) for name, path, wanted in PLACES if visitor and (not wanted or visitor.may(wanted))]
        text = self._environment.get_template(template).render(
            visitor=visitor,
            places=places,
            here=template.removesuffix(".html"),
            script_words=json.dumps(self._words.below("script")),
            language=self._words.language,
            csrf=visitor.csrf if visitor else "",
            zone=self._home.timezone,
            **context,
        )
        return HTMLResponse(text, status)


def _local(time: datetime, home: Home) -> datetime:
    return time.astimezone(home.zone)


_versions: dict[str, str] = {}


def asset(name: str) -> str:
    """Address of a static file; it changes with the file, so browsers may keep it for ever."""
    if name not in _versions:
        content = (resources.files("spasmwatch_services.diary") / "static" / name).read_bytes()
        _versions[name] = hashlib.sha256(content).hexdigest()[:10]
    return f"/static/{name}?v={_versions[name]}"


def icon(name: str) -> Markup:
    """A drawing from our own sheet, hidden from screen readers: a word always stands beside it."""
    return Markup('<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>').format(asset("icons.svg"), name)
