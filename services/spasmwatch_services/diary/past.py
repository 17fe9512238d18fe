"""What the live view should know of the time before this program started."""

from datetime import timedelta

from spasmwatch.ports import Clock
from spasmwatch_services.diary.history import History
from spasmwatch_services.diary.live import Live

ALERTS_SINCE = timedelta(days=60)
MINUTES_SINCE = timedelta(days=3)
"""So long back the page can say since when nobody has been in view."""


def recall(history: History, live: Live, clock: Clock) -> bool:
    """Read alerts and the last days' minutes from the store; False while it is out of reach."""
    now = clock.now()
    records = [*history.alerts(now - ALERTS_SINCE, now), *history.observations(now - MINUTES_SINCE, now)]
    for record in records:
        live.learn(record)
    return history.trouble is None
