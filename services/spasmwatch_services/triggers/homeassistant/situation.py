"""What Home Assistant shows, gathered from the records and states of all programs."""

from datetime import datetime, timedelta
from typing import Any, Final

from spasmwatch.domain.records import Alert, Trend
from spasmwatch.domain.topics import Fault, PauseState

STALE: Final = timedelta(hours=1)
"""A trend older than this is no longer shown: an old number must not pass for news."""
OPEN: Final = ("firing", "snoozed", "acknowledged", "pending")
"""States of alerts that are not over, the most pressing first."""
MOST_ALERTS: Final = 200


class Situation:
    """Everything known right now."""

    def __init__(self) -> None:
        self.online: dict[str, bool] = {}
        self.faults: dict[str, str] = {}
        self.pauses: dict[str, PauseState] = {}
        self.alerts: dict[str, Alert] = {}
        self.trend: Trend | None = None

    @property
    def nodes(self) -> frozenset[str]:
        """Every node that has ever said that it is there."""
        return frozenset(self.online)

    @property
    def cameras(self) -> frozenset[str]:
        """Every node that can be paused."""
        return frozenset(self.pauses)

    def fault(self, node: str, fault: Fault) -> None:
        """A node's fault begins or ends."""
        if fault.active:
            self.faults[node] = fault.cause or "fault"
        else:
            self.faults.pop(node, None)

    def alert(self, alert: Alert) -> None:
        """One transition; what is over is forgotten."""
        if alert.state in OPEN:
            self.alerts[alert.alert_id] = alert
        else:
            self.alerts.pop(alert.alert_id, None)
        while len(self.alerts) > MOST_ALERTS:
            del self.alerts[next(iter(self.alerts))]

    def firing(self) -> list[Alert]:
        """Alerts that nobody has taken in hand."""
        return [alert for alert in self.alerts.values() if alert.state == "firing"]

    def shown(self, now: datetime, *, reasons: bool) -> dict[str, Any]:
        """The JSON object behind all entities. ``reasons`` lets the alerts' words out."""
        trend = self.trend if self.trend is not None and now - self.trend.time < STALE else None
        alert = min(self.alerts.values(), key=lambda one: OPEN.index(one.state), default=None)
        details: dict[str, Any] = {}
        if alert is not None:
            details = {"severity": alert.severity, "rule": alert.rule, "open": len(self.alerts)}
            if reasons:
                details["reason"] = alert.reason
        missing = {node: "not connected" for node, online in self.online.items() if not online}
        return {
            "trend": trend.state if trend else None,
            "rate": _rounded(trend.rate if trend else None),
            "usual": _rounded(trend.usual if trend else None),
            "coverage": _rounded(100 * trend.coverage if trend and trend.coverage is not None else None),
            "alert": alert.state if alert else "none",
            "alert_details": details,
            "faults": missing | self.faults,
            "alerts_online": self.online.get("alerts", False),
            "diary_online": self.online.get("diary", False),
            "cameras": {
                camera: {"online": self.online.get(camera, False), "paused": pause.holds(now)}
                for camera, pause in sorted(self.pauses.items())
            },
        }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
