"""``spasmwatch forget`` for what the alert service keeps."""

from spasmwatch.settings import Settings
from spasmwatch_services.alerts.state import State


def forget(settings: Settings, person: str) -> int:
    """Remove everything of a person from the alert state; returns the number of things removed."""
    path = settings.home.data / "alerts.sqlite"
    if not path.exists():
        return 0
    state = State(path)
    try:
        return state.forget(person)
    finally:
        state.close()
