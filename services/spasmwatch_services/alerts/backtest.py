"""Recorded history through the alert service's own rules on a simulated clock; live state is never touched."""

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from spasmwatch.domain.advice import Advice
from spasmwatch.domain.alerting.engine import NODE, Engine
from spasmwatch.domain.alerting.lifecycle import RANK, Outcome
from spasmwatch.domain.records import VERSION, Alert
from spasmwatch.domain.trend.daybook import Minute
from spasmwatch.settings import Settings
from spasmwatch_services.alerts.history import Known

AFTERWARDS = timedelta(days=1)
"""How long the clock runs on after the last record unless told otherwise."""


@dataclass(slots=True)
class Tally:
    """What a run came to."""

    alerts: Counter[str] = field(default_factory=Counter)
    pushes: Counter[str] = field(default_factory=Counter)
    first: datetime | None = None
    last: datetime | None = None
    records: int = 0
    furthest_back: timedelta = timedelta(0)
    """How much earlier a record became known than one that stood before it."""

    def add(self, alert: Alert) -> None:
        """Count a transition. Warnings and urgent alerts that fire are pushes; a first firing is an alert."""
        if alert.state != "firing":
            return
        if alert.time == alert.since or alert.severity == "info":
            self.alerts[alert.rule] += 1
        if RANK[alert.severity] > 0:
            self.pushes[alert.rule] += 1

    @property
    def days(self) -> float:
        """Length of the history in days."""
        if self.first is None or self.last is None:
            return 0.0
        return (self.last - self.first).total_seconds() / 86400


def replay(
    records: Iterable[Known], settings: Settings, advice: Advice, tally: Tally, until: datetime | None = None
) -> Iterator[Alert]:
    """Every transition in order, added to ``tally``; ends at ``until``, by default a day past the last record."""
    player = _Player(settings, advice)
    for record in records:
        # In UTC, as the times of minutes are: see there.
        now = record.known_at if isinstance(record, Minute) else record.known_at.astimezone(UTC)
        if until is not None and now > until:
            break
        tally.first = tally.first or now
        tally.records += 1
        if player.now is not None and now < player.now:
            tally.furthest_back = max(tally.furthest_back, player.now - now)
        for alert in player.take(record, now):
            tally.add(alert)
            yield alert
        tally.last = player.now
    if player.now is not None:
        end = until or player.now + AFTERWARDS
        for alert in player.run_on(end):
            tally.add(alert)
            yield alert
        tally.last = max(player.now, end)


class _Player:
    """One engine and its simulated clock."""

    def __init__(self, settings: Settings, advice: Advice) -> None:
        self._engine = Engine(settings.alerts.rules(), settings.home.zone, advice)
        self._home = settings.home.name
        self._seen: set[str] = set()
        self._seq = 0
        self.now: datetime | None = None

    def take(self, record: Known, now: datetime) -> list[Alert]:
        """What happens until this record is known, and because of it; a record seen before does nothing."""
        if record.id in self._seen:
            return []
        self._seen.add(record.id)
        if self.now is not None and now < self.now:
            now = self.now
        alerts = self.run_on(now)
        outcome = self._engine.record(record, now)
        return alerts + self._stamped(outcome) if outcome.alerts else alerts

    def run_on(self, end: datetime) -> list[Alert]:
        """What happens until ``end`` without further records."""
        alerts: list[Alert] = []
        while (due := self._engine.due_by(end)) is not None:
            alerts += self._stamped(self._engine.tick(due))
        if self.now is None or end > self.now:
            self.now = end
        return alerts

    def _stamped(self, outcome: Outcome) -> list[Alert]:
        return [self._stamp(alert) for alert in outcome.alerts]

    def _stamp(self, alert: Alert) -> Alert:
        self._seq += 1
        name = f"{alert.alert_id}/{alert.state}/{self._seq}"
        return alert.model_copy(
            update={
                "schema_": f"alert/{VERSION}",
                "id": str(uuid.uuid5(uuid.NAMESPACE_URL, name)),
                "home": self._home,
                "node": NODE,
                "boot": "backtest",
                "seq": self._seq,
            }
        )
