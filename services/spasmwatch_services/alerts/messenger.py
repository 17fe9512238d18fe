"""Delivers one recipient's pushes from the state file: in order, again after a failure, together where they belong."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from spasmwatch.errors import PushError, PushRefused
from spasmwatch.ports import Clock, Push
from spasmwatch_services.alerts.quiet import Quiet
from spasmwatch_services.alerts.state import Delivery, State
from spasmwatch_services.alerts.words import Wording

log = logging.getLogger(__name__)

FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 600.0
GIVE_UP = timedelta(days=3)
"""A push that could not be delivered for so long is old news; the alert itself stays on the page."""

ALONE = ("correction", "summary", "canary")
"""Kinds of messages that are never put together with others."""

Trouble = Callable[[str, str | None], None]
"""Told the recipient and what is wrong with the push path, or None when it works again."""


class Messenger:
    """One thread a recipient, so that a hanging service delays nobody else."""

    def __init__(
        self, recipient: str, address: str, push: Push, state: State, wording: Wording, clock: Clock, trouble: Trouble,
        quiet: Quiet,
    ) -> None:  # fmt: skip
        self.recipient = recipient
        self._quiet = quiet
        self._address, self._push, self._state, self._wording = address, push, state, wording
        self._clock, self._trouble = clock, trouble
        self._wake = threading.Event()
        # Unknown at first: a fault told before a restart is over with the first push that gets through.
        self._failing: bool | None = None

    def wake(self) -> None:
        """There may be something to deliver, or the end has come."""
        self._wake.set()

    close = wake

    def run(self, stopping: threading.Event) -> None:
        """Deliver until told to stop."""
        while not stopping.is_set():
            self._wake.clear()
            self.deliver_due()
            due = self._state.next_due(self.recipient)
            wait = 30.0 if due is None else (due - self._clock.now()).total_seconds()
            self._wake.wait(min(30.0, max(0.05, wait)))

    def deliver_due(self) -> int:
        """Deliver what is due now; returns the number of pushes that were accepted."""
        sent = 0
        due = self._state.due(self.recipient, self._clock.now())
        for planned in _groups(self._not_quiet(self._not_too_old(due))):
            # While the ones before it went out, somebody may have answered, or the patient have chosen otherwise.
            together = [delivery for delivery in planned if self._state.waits(delivery.id)]
            if together and not self._deliver(together):
                break
            sent += bool(together)
        return sent

    def _not_too_old(self, deliveries: list[Delivery]) -> list[Delivery]:
        now = self._clock.now()
        old = [one for one in deliveries if one.created is not None and now - one.created > GIVE_UP]
        for delivery in old:
            log.error("push %s to %s given up after %s days", delivery.id, self.recipient, GIVE_UP.days)
            self._state.done(delivery.id, "expired", now)
        return [delivery for delivery in deliveries if delivery not in old]

    def _not_quiet(self, deliveries: list[Delivery]) -> list[Delivery]:
        """Without those that became due before the quiet hours and were held up, by a failure or by a stop of ours."""
        now, ready = self._clock.now(), []
        for delivery in deliveries:
            release = self._quiet.release(now, delivery.severity, delivery.rule)
            if release > now:
                self._state.postpone(delivery.id, release)
            else:
                ready.append(delivery)
        return ready

    def _deliver(self, together: list[Delivery]) -> bool:
        now = self._clock.now()
        try:
            self._push.send(self._address, self._wording.notification(together, now))
        except PushError as error:
            # A refusal is no loss either: somebody may set the token right.
            self._try_later(together, now, refused=isinstance(error, PushRefused))
            self._note(str(error))
            return False
        with self._state.transaction():
            for delivery in together:
                self._state.done(delivery.id, "sent", self._clock.now())
        self._note(None)
        return True

    def _try_later(self, together: list[Delivery], now: datetime, refused: bool) -> None:
        with self._state.transaction():
            for delivery in together:
                attempts = 10 if refused else min(delivery.attempts, 10)
                wait = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**attempts)
                self._state.later(delivery.id, now + timedelta(seconds=wait))

    def _note(self, wrong: str | None) -> None:
        if wrong is not None and not self._failing:
            log.error("cannot push to %s: %s", self.recipient, wrong)
        if wrong is not None or self._failing is not False:
            self._trouble(self.recipient, wrong)
        self._failing = wrong is not None


def _groups(deliveries: list[Delivery]) -> list[list[Delivery]]:
    """Urgent ones, corrections and plain messages alone; all other alerts that are due together in one push."""
    alone: list[list[Delivery]] = []
    together: list[Delivery] = []
    for delivery in deliveries:
        if delivery.severity == "urgent" or delivery.kind in ALONE:
            alone.append([delivery])
        else:
            together.append(delivery)
    return [*alone, together] if together else alone
