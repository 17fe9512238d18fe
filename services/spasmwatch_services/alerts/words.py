"""What a push says. Without leave to name health details the lock screen only asks to look."""

from collections.abc import Sequence
from datetime import datetime, tzinfo

from spasmwatch.adapters.acknowledge_links import LinkMaker
from spasmwatch.domain.records import Alert, Severity
from spasmwatch.ports import Notification
from spasmwatch_services.alerts.planner import TECHNICAL
from spasmwatch_services.alerts.rounds import CANARY_PATIENCE
from spasmwatch_services.alerts.state import Delivery

_TITLES = {
    "escalation": "Many spasms now",
    "worsening": "More spasms than usual",
    "watch": "Perhaps more spasms than usual",
    "spread": "Spasms in a new place",
    "wearing_off": "The treatment may be wearing off",
    "red_flag": "A symptom was logged",
    "blind": "The camera sees nobody",
    "fault": "Something is not working",
    "improved": "Fewer spasms than usual",
}
_TAGS: dict[Severity, str] = {"info": "information_source", "warning": "warning", "urgent": "rotating_light"}
_PRIVATE = "SpasmWatch: please look"


class Wording:
    """Makes notifications for one recipient."""

    def __init__(
        self, recipient: str, health_details: bool, zone: tzinfo, page: str | None, links: LinkMaker | None
    ) -> None:
        self._recipient, self._details, self._zone, self._page = recipient, health_details, zone, page
        self._links = links

    def notification(self, deliveries: Sequence[Delivery], now: datetime) -> Notification:
        """One push for what is due together; at least one delivery."""
        # Of one alert only the latest word: during quiet hours several may have piled up.
        latest = list({delivery.alert_id or delivery.id: delivery for delivery in deliveries}.values())
        if len(latest) > 1:
            return self._together(latest)
        delivery = latest[0]
        if delivery.alert_id is None or "alert" not in delivery.value:
            return self._plain(delivery, now)
        alert = Alert.model_validate(delivery.value["alert"])
        title, body = self._say(alert, delivery)
        actions = () if delivery.kind == "correction" else self._answers(alert, now)
        return Notification(title, self._with_page(body, actions), alert.severity, (_TAGS[alert.severity],), actions)

    def _say(self, alert: Alert, delivery: Delivery) -> tuple[str, str]:
        when = f"{alert.since.astimezone(self._zone):%d %b %H:%M}"
        over = delivery.value.get("over")
        end = f" It was over at {datetime.fromisoformat(over).astimezone(self._zone):%H:%M}." if over else ""
        if delivery.kind == "correction":
            text = f"Correction: {alert.actor} says that the alert of {when} was a false alarm."
            return (f"SpasmWatch: {_TITLES[alert.rule]}" if self._open(alert) else _PRIVATE), text
        if not self._open(alert):
            return _PRIVATE, f"{_severity_words(alert.severity)} since {when}.{end} The page shows why."
        again = "Still: " if delivery.kind == "repeat" else ""
        return f"{again}{_TITLES[alert.rule]}", f"{alert.reason} (since {when}){end}"

    def _together(self, deliveries: Sequence[Delivery]) -> Notification:
        alerts = [Alert.model_validate(delivery.value["alert"]) for delivery in deliveries]
        lines = []
        for alert, delivery in zip(alerts, deliveries, strict=True):
            title, body = self._say(alert, delivery)
            lines.append(f"{title}: {body}" if self._open(alert) else body)
        severity: Severity = "warning" if any(alert.severity == "warning" for alert in alerts) else "info"
        lines = list(dict.fromkeys(lines))
        body = self._with_page("\n".join(lines), ())
        return Notification(f"SpasmWatch: {len(alerts)} alerts", body, severity, (_TAGS[severity],))

    def _plain(self, delivery: Delivery, now: datetime) -> Notification:
        title, body = str(delivery.value["title"]), str(delivery.value["body"])
        if not self._details and "private" in delivery.value:
            body = str(delivery.value["private"])
        actions: tuple[tuple[str, str], ...] = ()
        if delivery.alert_id and self._links:
            # As long as an answer is waited for.
            address = self._links.address(
                delivery.alert_id, "acknowledge", self._recipient, now, at_least=CANARY_PATIENCE
            )
            actions = (("I got it", address),)
        return Notification(title, self._with_page(body, actions), "info", (), actions)

    def _open(self, alert: Alert) -> bool:
        return self._details or alert.rule in TECHNICAL

    def _answers(self, alert: Alert, now: datetime) -> tuple[tuple[str, str], ...]:
        if self._links is None:
            return ()
        name, alert_id = self._recipient, alert.alert_id
        return (
            ("Acknowledge", self._links.address(alert_id, "acknowledge", name, now)),
            ("Snooze 1 h", self._links.address(alert_id, "snooze", name, now, snooze_hours=1.0)),
        )

    def _with_page(self, body: str, actions: tuple[tuple[str, str], ...]) -> str:
        return body if actions or self._page is None else f"{body}\n{self._page}"


def _severity_words(severity: Severity) -> str:
    return {"info": "A note", "warning": "An alert", "urgent": "An urgent alert"}[severity]
