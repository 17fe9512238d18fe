"""Whom the patient lets be told, as it was last heard; kept on disk, so that it holds without a broker, too."""

import logging
from contextlib import closing
from datetime import datetime

from spasmwatch.domain.alerting.told import allows, level_of
from spasmwatch.domain.records import Severity
from spasmwatch.domain.topics import ToldLevel, WhoIsTold
from spasmwatch.errors import OutboxError, RecordError
from spasmwatch.settings import Settings
from spasmwatch_services.alerts.state import State

log = logging.getLogger(__name__)

_NOTE = "told"


class Told:
    """``choice`` is None until the patient has chosen. Raises OutboxError when what was kept cannot be read."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.choice = kept(state)

    def level(self, recipient: str) -> ToldLevel:
        """How much this recipient is told."""
        return level_of(self.choice, recipient)

    def allows(self, recipient: str, severity: Severity) -> bool:
        """Whether this recipient may be told of an alert."""
        return allows(self.level(recipient), severity)

    def take(self, choice: WhoIsTold, now: datetime) -> None:
        """From now on this holds, for pushes that wait as well; the caller's transaction keeps it."""
        if choice == self.choice:
            return
        self._state.set_note(_NOTE, choice.payload().decode())
        self.choice = choice
        for recipient in self._state.waiting_recipients():
            level = self.level(recipient)
            if level != "everything":
                self._state.withdraw(recipient, now, but_urgent=level == "urgent")
        log.info("the patient has chosen who is told")


def levels(settings: Settings) -> dict[str, ToldLevel]:
    """How much each recipient is told, read from beside a running service. Raises OutboxError."""
    path, choice = settings.home.data / "alerts.sqlite", None
    if path.exists():
        with closing(State(path)) as state:
            choice = kept(state)
    return {recipient.name: level_of(choice, recipient.name) for recipient in settings.alerts.everybody()}


def kept(state: State) -> WhoIsTold | None:
    """The choice that is on disk. Raises OutboxError when it cannot be read."""
    text = state.note(_NOTE)
    try:
        return WhoIsTold.parse(text.encode()) if text else None
    except RecordError as error:
        raise OutboxError(f"the alert state does not say who is told ({error}); move alerts.sqlite away") from error
