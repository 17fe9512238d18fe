"""Who is told what, and when: recipients by the patient's choice, step and severity, quiet hours, grouping."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from spasmwatch.domain.alerting.lifecycle import RANK, Notice
from spasmwatch.settings.alerts import Alerts, Recipient
from spasmwatch_services.alerts.quiet import Quiet
from spasmwatch_services.alerts.state import Delivery, State
from spasmwatch_services.alerts.told import Told

TECHNICAL = ("fault", "blind")
"""Rules about machines: they come in swarms, so they wait a moment to be told together."""


class Planner:
    """Turns notices into deliveries in the state file."""

    def __init__(self, settings: Alerts, state: State, told: Told, quiet: Quiet) -> None:
        self._group_s, self._state, self._told, self._quiet = settings.group_s, state, told, quiet
        self.recipients: Sequence[Recipient] = settings.everybody()

    @property
    def steps(self) -> int:
        """How many rounds of caregivers there are at most."""
        return max(1, len({recipient.step for recipient in self.recipients}))

    def plan(self, notice: Notice, now: datetime) -> None:
        """Keep one delivery for everybody whom this notice concerns."""
        alert = notice.alert
        due = self._due(notice, now)
        for recipient in self._whom(notice):
            # While a push service is away for a day, an urgent alert repeats a hundred times; one push is enough then.
            self._state.supersede(alert.alert_id, recipient.name, now)
            self._state.plan(
                Delivery(
                    id=f"{alert.alert_id}:{notice.kind}:{now.isoformat()}:{recipient.name}",
                    recipient=recipient.name,
                    alert_id=alert.alert_id,
                    kind=notice.kind,
                    severity=alert.severity,
                    value={"alert": alert.model_dump(mode="json", exclude_unset=True)},
                    due=due,
                ),
                now,
            )

    def _whom(self, notice: Notice) -> list[Recipient]:
        severity = notice.alert.severity
        allowed = [recipient for recipient in self.recipients if self._told.allows(recipient.name, severity)]
        if notice.kind == "correction":
            told = self._state.told(notice.alert.alert_id)
            return [recipient for recipient in allowed if recipient.name in told]
        wanted = [recipient for recipient in allowed if RANK[severity] >= RANK[recipient.from_severity]]
        # Only of those who are told: nobody waits for the answer of one who was never asked.
        steps = sorted({recipient.step for recipient in wanted})
        now_due = steps[notice.step : notice.step + 1] if notice.kind == "next" else steps[: notice.step + 1]
        return [recipient for recipient in wanted if recipient.step in now_due]

    def _due(self, notice: Notice, now: datetime) -> datetime:
        alert = notice.alert
        due = now + timedelta(seconds=self._group_s) if alert.rule in TECHNICAL else now
        return self._quiet.release(due, alert.severity, alert.rule)
