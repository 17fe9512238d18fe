"""Recorded traffic: JSON lines of ``{"time", "topic", "payload", "retain"}``, written by discover, read by test."""

import itertools
import json
import logging
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator
from uuid6 import uuid7

from spasmwatch.domain.parsing import explain
from spasmwatch.domain.records import VERSION, Record, Trigger
from spasmwatch.errors import RecordError
from spasmwatch.ports import Message
from spasmwatch.settings import Settings
from spasmwatch_services.triggers.interpreter import Finding, Interpreter
from spasmwatch_services.triggers.sources import Arrival

log = logging.getLogger(__name__)


class Line(BaseModel):
    """One recorded message; ``time`` is RFC 3339 with a zone, or seconds since the epoch."""

    model_config = ConfigDict(extra="ignore")

    time: datetime
    topic: str
    payload: str
    retain: bool = False

    @field_validator("time")
    @classmethod
    def _with_zone(cls, time: datetime) -> datetime:
        if time.tzinfo is None:
            raise ValueError("needs a zone, e.g. 2026-03-02T08:00:00Z")
        return time.astimezone(UTC)

    @field_validator("payload", mode="before")
    @classmethod
    def _as_sent(cls, payload: Any) -> Any:
        """JSON written out in the line stands for its text."""
        return payload if isinstance(payload, str) else json.dumps(payload)


def line(message: Message, time: datetime) -> str:
    """A message as one line of a recording."""
    return json.dumps(
        {
            "time": time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "topic": message.topic,
            "payload": message.payload.decode(errors="replace"),
            "retain": message.retained,
        },
        ensure_ascii=False,
    )


def arrivals(path: Path) -> Iterator[Arrival]:
    """The messages of a recording. Bad lines are logged and left out; RecordError when nothing can be read."""
    good = bad = 0
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            for number, text in enumerate(file, start=1):
                if not text.strip():
                    continue
                try:
                    recorded = Line.model_validate_json(text)
                except (ValidationError, ValueError, OverflowError) as error:
                    bad += 1
                    log.warning("%s:%d: %s (line skipped)", path, number, explain(error))
                    continue
                good += 1
                payload = recorded.payload.encode(errors="replace")
                yield Arrival(recorded.topic, payload, recorded.retain, recorded.time, recorded.time)
    except OSError as error:
        raise RecordError(f"cannot read {path}: {error.strerror}") from error
    if bad and not good:
        raise RecordError(f'{path}: no line is {{"time", "topic", "payload", "retain"}}')


def replay(traffic: Iterable[Arrival], settings: Settings, run_on_s: float) -> Iterator[Record]:
    """The records that the traffic would have become; presses as the diary entries they ask for.

    After the last message the clock runs on for ``run_on_s`` seconds, so that what had begun can end.
    """
    numbers = itertools.count()
    for finding, now in _findings(traffic, settings, run_on_s):
        record = finding if isinstance(finding, Trigger) else finding.entry(settings.home.person, now)
        yield record.model_copy(
            update={
                "schema_": f"{record.what}/{VERSION}",
                "id": str(uuid7()),
                "home": settings.home.name,
                "node": "triggers" if isinstance(finding, Trigger) else "diary",
                "boot": "test",
                "seq": next(numbers),
            }
        )


def _findings(traffic: Iterable[Arrival], settings: Settings, run_on_s: float) -> Iterator[tuple[Finding, datetime]]:
    interpreter = Interpreter(settings.triggers, settings.home.person, settings.home.zone)
    now: datetime | None = None
    for arrival in traffic:
        now = arrival.time
        for finding in (*interpreter.tick(now), *interpreter.read(arrival)):
            yield finding, now
    end = now
    for second in range(int(run_on_s)):
        if end is not None:
            now = end + timedelta(seconds=second + 1)
            for finding in interpreter.tick(now):
                yield finding, now
