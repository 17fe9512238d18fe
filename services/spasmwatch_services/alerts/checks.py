"""What ``spasmwatch check`` looks at here: who is told, and whether an answer ever came back."""

from argparse import Namespace
from collections.abc import Iterator
from datetime import datetime

from spasmwatch.settings import Settings
from spasmwatch.setup.check import Finding
from spasmwatch_services.alerts.state import State
from spasmwatch_services.alerts.told import levels


def look(settings: Settings, _args: Namespace) -> Iterator[Finding]:
    """One finding for the list of recipients, one for each of them."""
    alerts = settings.alerts
    recipients = alerts.everybody()
    if not recipients:
        yield Finding("alerts", None, "nobody is pushed to: set alerts.push or alerts.recipients")
        return
    steps = _some(len({recipient.step for recipient in recipients}), "step")
    buttons = "with buttons" if alerts.page else "without buttons: set alerts.page"
    yield Finding("alerts", fine=True, says=f"{_some(len(recipients), 'recipient')} in {steps}, {buttons}")
    chosen = levels(settings)
    if not set(chosen.values()) - {"nothing"}:
        yield Finding("alerts", None, "nobody is pushed to, as the patient has chosen on the page")
    proofs = _proofs(settings)
    for recipient in recipients:
        if chosen[recipient.name] == "nothing":
            yield Finding("alerts", fine=True, says=f"{recipient.name} is told nothing, as the patient has chosen")
            continue
        recipient.secret()  # raises SettingsError when its file cannot be read
        proven = proofs.get(recipient.name)
        if proven is None:
            says = f"{recipient.name} has never answered a test: spasmwatch alerts --test-push"
            yield Finding("alerts", None, says)
        else:
            yield Finding("alerts", fine=True, says=f"{recipient.name} answered a test push on {proven:%Y-%m-%d}")


def _some(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _proofs(settings: Settings) -> dict[str, datetime]:
    """When each recipient last answered a test push."""
    path = settings.home.data / "alerts.sqlite"
    if not path.exists():
        return {}
    state = State(path)
    try:
        notes = {recipient.name: state.note(f"proven/{recipient.name}") for recipient in settings.alerts.everybody()}
    finally:
        state.close()
    return {name: datetime.fromisoformat(note) for name, note in notes.items() if note}
