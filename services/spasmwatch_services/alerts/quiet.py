"""When a push may go out: what is not urgent waits for the end of the household's quiet hours."""

from datetime import datetime, tzinfo

from spasmwatch.domain.alerting.quiet import quiet_until
from spasmwatch.settings.alerts import QuietHours


class Quiet:
    """The household's quiet hours, if it has any."""

    def __init__(self, hours: QuietHours | None, zone: tzinfo) -> None:
        self._hours, self._zone = hours, zone

    def release(self, due: datetime, severity: str, rule: str | None = None) -> datetime:
        """``due``, or the end of the quiet hours that it lies in and that this push does not come through."""
        hours = self._hours
        if hours is None or severity == "urgent" or (hours.let_escalation_through and rule == "escalation"):
            return due
        return quiet_until(due, hours.begin, hours.end, self._zone) or due
