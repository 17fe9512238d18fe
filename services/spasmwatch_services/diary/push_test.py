"""The push test of the settings page: only an answer from a phone proves the way to it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from uuid6 import uuid7

from spasmwatch.adapters.acknowledge_links import LinkMaker, link_key
from spasmwatch.errors import PushError, SettingsError
from spasmwatch.ports import Clock, Notification, Push
from spasmwatch.settings import Settings
from spasmwatch_services.diary.told import Told
from spasmwatch_services.diary.words import Words

TEST = "canary-page-"
"""Alert ids of these tests begin so; the alert service takes their answers as proof like those of its own."""


@dataclass(frozen=True, slots=True)
class Trial:
    """The latest test of one recipient."""

    alert_id: str
    sent: datetime
    problem: str | None = None
    answered: datetime | None = None


class PushTests:
    """Sends tests and remembers, until the next start, what came of them."""

    def __init__(
        self, settings: Settings, clock: Clock, words: Words, make_push: Callable[[], Push], told: Told
    ) -> None:
        self._told = told
        self._settings, self._clock, self._words, self._make_push = settings, clock, words, make_push
        self._lock = threading.Lock()
        self._trials: dict[str, Trial] = {}

    @property
    def trials(self) -> dict[str, Trial]:
        """The latest test by recipient."""
        with self._lock:
            return dict(self._trials)

    def send(self) -> None:
        """A test to every recipient whom the patient lets be told anything."""
        alerts, now = self._settings.alerts, self._clock.now()
        push = self._make_push()
        lasts = timedelta(hours=alerts.link_hours)
        links = LinkMaker(alerts.page, link_key(self._settings), lasts) if alerts.page else None
        levels = self._told.levels
        for recipient in alerts.everybody():
            if levels[recipient.name] == "nothing":
                continue
            trial = Trial(TEST + str(uuid7()), now)
            address = links.address(trial.alert_id, "acknowledge", recipient.name, now) if links else None
            actions = ((self._words("push.answer"), address),) if address else ()
            test = Notification(self._words("push.title"), self._words("push.text"), "warning", ("wave",), actions)
            try:
                push.send(recipient.secret(), test)
            except (PushError, SettingsError) as error:
                trial = replace(trial, problem=str(error))
            with self._lock:
                self._trials[recipient.name] = trial

    def answered(self, alert_id: str) -> None:
        """A phone pressed the button of a test."""
        with self._lock:
            for name, trial in self._trials.items():
                if trial.alert_id == alert_id:
                    self._trials[name] = replace(trial, answered=self._clock.now())
