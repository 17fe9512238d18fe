"""An alert service in one thread: its parts real, its clock and push service in the test's hands."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from spasmwatch.adapters.outbox import DiskOutbox
from spasmwatch.domain.advice import Advice
from spasmwatch.domain.alerting.engine import Engine
from spasmwatch.domain.parsing import parse
from spasmwatch.domain.records import Alert, Record, Trend
from spasmwatch.domain.topics import AlertCommand, Topics
from spasmwatch.errors import PushError
from spasmwatch.ports import Message, Notification
from spasmwatch.settings.alerts import Alerts
from spasmwatch.settings.outbox import OutboxSettings
from spasmwatch_services.alerts.messenger import Messenger
from spasmwatch_services.alerts.planner import Planner
from spasmwatch_services.alerts.quiet import Quiet
from spasmwatch_services.alerts.rounds import Rounds
from spasmwatch_services.alerts.service import AlertService
from spasmwatch_services.alerts.state import State
from spasmwatch_services.alerts.told import Told
from spasmwatch_services.alerts.words import Wording

TOPICS = Topics("spasmwatch", "home")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class HandClock:
    """Time that stands until it is moved."""

    def __init__(self, time: datetime = NOON) -> None:
        self.time = time

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class HandPush:
    """Keeps what it is sent; ``wrong`` is raised instead while it is set."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Notification]] = []
        self.wrong: PushError | None = None

    def send(self, address: str, notification: Notification) -> None:
        if self.wrong is not None:
            raise self.wrong
        self.sent.append((address, notification))


class Desk:
    """One alert service on ``folder``; made again on the same folder it goes on where the last one stopped."""

    def __init__(self, folder: Path, settings: dict[str, Any] | None = None, clock: HandClock | None = None) -> None:
        self.settings = Alerts.model_validate(settings or {"push": ["ntfy://127.0.0.1/anna"]})
        self.clock = clock or HandClock()
        self.push = HandPush()
        self._folder = folder
        self.state = State(folder / "alerts.sqlite")
        self.outbox = DiskOutbox(folder / "outbox.sqlite", home="home", node="alerts", settings=OutboxSettings())
        told = Told(self.state)
        quiet = Quiet(self.settings.quiet, UTC)
        planner = Planner(self.settings, self.state, told, quiet)
        self.engine = Engine(self.settings.rules(), UTC, Advice(), planner.steps, self.state.load())
        rounds = Rounds(self.settings, UTC, self.engine, self.state, planner.recipients, told, quiet)
        self.troubles: list[tuple[str, str | None]] = []
        self.service = AlertService(
            self.engine, self.state, planner, self.outbox, TOPICS, self.clock, lambda: None, rounds, UTC, told
        )
        self.messengers = [
            Messenger(
                recipient.name,
                recipient.secret(),
                self.push,
                self.state,
                Wording(recipient.name, recipient.health_details, UTC, self.settings.page, None),
                self.clock,
                self.service.trouble_with_push,
                quiet,
            )
            for recipient in planner.recipients
        ]

    def hear(self, *records: Record) -> None:
        """Records over the broker."""
        for record in records:
            self._put(TOPICS.of(record.node, record.what), record.payload())

    def answer(self, alert_id: str, verb: str, actor: str = "anna", name: str = "c1", **more: Any) -> None:
        """A caregiver's word over the broker."""
        command = AlertCommand.model_validate(
            {"id": name, "verb": verb, "actor": actor, "time": self.clock.now(), **more}
        )
        self._put(TOPICS.alert_command(actor, alert_id), command.payload())

    def say(self, topic: str, payload: bytes) -> None:
        """Anything over the broker."""
        self._put(topic, payload)

    def _put(self, topic: str, payload: bytes) -> None:
        self.service.receive(Message(topic, payload, retained=False, acknowledge=lambda: None))
        self.work()

    def work(self) -> None:
        """Let the service and the messengers do what is due."""
        self.service.work()
        self.service.round()
        for messenger in self.messengers:
            messenger.deliver_due()

    def later(self, **span: float) -> None:
        """Move the clock and work."""
        self.clock.time += timedelta(**span)
        self.work()

    def alerts(self) -> list[Alert]:
        """The alert records that wait in the outbox file for their receipt."""
        return [alert for alert in self._waiting("alert") if isinstance(alert, Alert)]

    def trends(self) -> list[Trend]:
        """The same of trend records."""
        return [trend for trend in self._waiting("trend") if isinstance(trend, Trend)]

    def _waiting(self, what: str) -> list[Record]:
        with closing(sqlite3.connect(self._folder / "outbox.sqlite")) as base:
            rows = base.execute("SELECT payload FROM pending WHERE what = ? ORDER BY position", (what,)).fetchall()
        return [parse(payload) for (payload,) in rows]

    def published(self) -> list[tuple[str, str]]:
        """Rule and state of these records."""
        return [(alert.rule, alert.state) for alert in self.alerts()]

    def close(self) -> None:
        """Close the files."""
        self.state.close()
        self.outbox.close()
