"""What the alert service does by the clock: the morning summary, the weekly test push, the trend of today."""

from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo

from spasmwatch.domain.alerting.engine import Engine
from spasmwatch.domain.records import Trend
from spasmwatch.domain.trend.daybook import DayBook
from spasmwatch.domain.trend.now import today_against_usual
from spasmwatch.settings.alerts import Alerts, Recipient
from spasmwatch_services.alerts.quiet import Quiet
from spasmwatch_services.alerts.state import Delivery, State
from spasmwatch_services.alerts.told import Told

CANARY = "canary-"
"""Alert ids of test pushes begin so."""
LOOK_EVERY, TREND_EVERY = timedelta(minutes=1), timedelta(minutes=10)
CANARY_PATIENCE = timedelta(hours=48)
LEAST_OBSERVED_S = 1800.0


class Rounds:
    """Called by the service thread, inside its transaction."""

    def __init__(
        self, settings: Alerts, zone: tzinfo, engine: Engine, state: State, recipients: Iterable[Recipient],
        told: Told, quiet: Quiet,
    ) -> None:  # fmt: skip
        self._settings, self._zone, self._engine, self._state = settings, zone, engine, state
        self._allowed, self._quiet = told, quiet
        self._recipients = list(recipients)
        self._looked_at: datetime | None = None
        self._told: dict[str, Trend] = {}
        self.unanswered: dict[str, str | None] = {}
        """For each recipient: why the push path is in doubt, or None."""

    def go(self, now: datetime) -> bool:
        """Do what is due; True when there is something to deliver."""
        return any([self._summary(now), *(self._canary(recipient, now) for recipient in self._recipients)])

    def trends(self, now: datetime) -> list[Trend]:
        """The trend of today: looked at every minute, told when its state changes and every few minutes."""
        if self._looked_at is not None and now - self._looked_at < LOOK_EVERY:
            return []
        self._looked_at = now
        trends = [self._trend(name, book, now) for name, book in self._engine.people().items()]
        news = [trend for trend in trends if self._is_news(trend)]
        self._told.update({trend.person: trend for trend in news})
        return news

    def _is_news(self, trend: Trend) -> bool:
        told = self._told.get(trend.person)
        return told is None or trend.state != told.state or trend.time - told.time >= TREND_EVERY

    def _trend(self, name: str, book: DayBook, now: datetime) -> Trend:
        trend = today_against_usual(book, name, now, self._engine.injections(name))
        condition = self._engine.condition(name)
        return trend.model_copy(update={"state": condition}) if condition else trend

    # The morning summary always comes, so its absence is the sign that something is dead.

    def _summary(self, now: datetime) -> bool:
        local = now.astimezone(self._zone)
        today, last = local.date().isoformat(), self._state.note("summary")
        if last == today or (last is not None and local.time() < self._settings.summary_at):
            return False
        self._state.set_note("summary", today)
        if last is None:
            return False  # the first summary comes on the first morning
        open_alerts = [alert for alert in self._engine.lifecycle.open() if alert.state not in ("pending", "dismissed")]
        lines = [self._yesterday(name, book, now) for name, book in self._engine.people().items()]
        lines += [f"Open: {alert.reason} ({alert.state})" for alert in open_alerts] or ["No open alerts."]
        number = len(open_alerts)
        some = f"{number} open alert{'s' if number > 1 else ''}" if number else "no open alerts"
        private = f"SpasmWatch is running; {some}. The page shows more."
        value = {"title": "SpasmWatch this morning", "body": "\n".join(lines), "private": private}
        # Who is told urgent alerts only gets the sign of life and nothing of how it goes.
        says = {"everything": value, "urgent": {"title": value["title"], "body": "SpasmWatch is running."}}
        told = [(recipient.name, says.get(self._allowed.level(recipient.name))) for recipient in self._recipients]
        for name, says_this in told:
            if says_this:
                self._plan(f"summary:{today}:{name}", name, None, "summary", says_this, now)
        return any(says_this for _, says_this in told)

    def _yesterday(self, name: str, book: DayBook, now: datetime) -> str:
        day = book.days.get(book.local_day(now) - timedelta(days=1))
        observed = day.observed_s if day else 0.0
        if day is None or observed < LEAST_OBSERVED_S:
            return f"Yesterday ({name}): not enough data, {observed / 60:.0f} minutes observed."
        hours = observed / 3600
        return f"Yesterday ({name}): {day.total} spasms in {hours:.1f} observed hours, {day.total / hours:.1f} an hour."

    # Only an answer from a phone proves the way to it.

    def _canary(self, recipient: Recipient, now: datetime) -> bool:
        if self._settings.page is None:
            return False
        name = recipient.name
        if self._allowed.level(name) == "nothing":
            self._unask(name)
            return False
        sent = self._state.note(f"canary/{name}")
        if sent is None:
            self._state.set_note(f"canary/{name}", now.isoformat())
            return False
        sent_at = datetime.fromisoformat(sent)
        asked = self._state.note(f"asked/{name}") is not None
        proven = self._state.note(f"proven/{name}")
        answered = proven is not None and datetime.fromisoformat(proven) >= sent_at
        if asked and not answered and now - sent_at > CANARY_PATIENCE:
            self.unanswered[name] = f"{name} has not answered the test push of {sent_at:%d %b}"
        elif answered:
            self.unanswered[name] = None
        if now - sent_at < timedelta(days=self._settings.canary_days):
            return False
        alert_id = canary_id(name, now)
        self._state.set_note(f"canary/{name}", now.isoformat())
        self._state.set_note(f"asked/{name}", alert_id)
        value = {
            "title": "SpasmWatch: weekly test",
            "body": "This is a test. Please answer it, so that we know that alerts reach you.",
        }
        self._plan(f"{alert_id}:{name}", name, alert_id, "canary", value, now)
        return True

    def _unask(self, name: str) -> None:
        """Who is told nothing owes no answer; asked again only a while after being told again."""
        if self._state.note(f"canary/{name}") is not None:
            self._state.drop_note(f"canary/{name}")
            self._state.drop_note(f"asked/{name}")
        self.unanswered[name] = None

    def _plan(
        self, delivery_id: str, recipient: str, alert_id: str | None, kind: str, value: dict[str, str], now: datetime
    ) -> None:
        due = self._quiet.release(now, "info")
        self._state.plan(Delivery(delivery_id, recipient, alert_id, kind, "info", value, due), now)


def canary_id(recipient: str, sent: datetime) -> str:
    """The alert id of one test push."""
    return f"{CANARY}{recipient}-{sent:%Y%m%dT%H%M%S}"
