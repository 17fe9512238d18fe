"""Whom the patient lets be told: kept in the diary's own file, sent to the alert service, which says that it obeys."""

import logging
import threading
from collections.abc import Mapping

from spasmwatch.domain.alerting.lifecycle import RANK
from spasmwatch.domain.alerting.told import allows, level_of
from spasmwatch.domain.records import Severity
from spasmwatch.domain.topics import ToldLevel, Topics, WhoIsTold
from spasmwatch.errors import RecordError
from spasmwatch.ports import Bus, Clock, Message
from spasmwatch.settings.alerts import Alerts
from spasmwatch_services.diary.preferences import Preferences

log = logging.getLogger(__name__)


class Told:
    """The patient's choice for the recipients in the settings. Without a choice everybody is told everything."""

    def __init__(self, alerts: Alerts, preferences: Preferences, bus: Bus, topics: Topics, clock: Clock) -> None:
        self._recipients = alerts.everybody()
        self._names = [recipient.name for recipient in self._recipients]
        self._preferences, self._bus, self._topics, self._clock = preferences, bus, topics, clock
        self._obeyed: WhoIsTold | None = None
        self._news = threading.Condition()
        bus.subscribe(topics.told("alerts"), self._hear)
        if self.choice is not None:
            bus.keep(topics.told("diary"), self.choice.payload())

    @property
    def choice(self) -> WhoIsTold | None:
        """What the patient chose last."""
        return self._preferences.who_is_told

    @property
    def levels(self) -> dict[str, ToldLevel]:
        """How much each recipient is told."""
        choice = self.choice
        return {name: level_of(choice, name) for name in self._names}

    @property
    def strangers(self) -> list[str]:
        """Recipients that have come since the patient chose: they are told nothing."""
        choice = self.choice
        return [name for name in self._names if choice is not None and name not in choice.levels]

    @property
    def obeyed(self) -> bool:
        """Whether the alert service has taken the choice over."""
        return self.choice is None or self.choice == self._obeyed

    def reaches_somebody(self, severity: Severity) -> bool:
        """Whether an alert of this severity is pushed to anybody at all."""
        levels = self.levels
        return any(
            allows(levels[one.name], severity) and RANK[severity] >= RANK[one.from_severity] for one in self._recipients
        )

    def choose(self, levels: Mapping[str, ToldLevel]) -> dict[str, ToldLevel]:
        """Keep and send the choice for some or all recipients; returns what is new in it."""
        before, choice = self.levels, self.choice
        known = {name: level for name, level in (choice.levels if choice else {}).items() if name in self._names}
        chosen = WhoIsTold(levels={**known, **levels}, time=self._clock.now())
        self._preferences.choose_who_is_told(chosen)
        self._bus.keep(self._topics.told("diary"), chosen.payload())
        return {name: level for name, level in levels.items() if before[name] != level}

    def wait_until_obeyed(self, seconds: float) -> None:
        """Give the alert service a moment, so that the next page shows how it is."""
        with self._news:
            self._news.wait_for(lambda: self.obeyed, seconds)

    def _hear(self, message: Message) -> None:
        try:
            obeyed = WhoIsTold.parse(message.payload)
            if self.choice is None:
                # Our own file was lost: what is in force is what the pages have to show.
                self._preferences.choose_who_is_told(obeyed)
            with self._news:
                self._obeyed = obeyed
                self._news.notify_all()
        except RecordError as error:
            log.warning("what the alert service says of who is told is not understood: %s", error)
        message.acknowledge()
