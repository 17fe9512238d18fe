"""The test push that ends the set-up: only an answer from a phone proves the way to it."""

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from spasmwatch.adapters.acknowledge_links import LinkMaker, link_key
from spasmwatch.adapters.apprise_push import ApprisePush
from spasmwatch.adapters.mqtt import MqttBus
from spasmwatch.domain.topics import AlertCommand, Topics
from spasmwatch.errors import PushError, RecordError, SettingsError, SpasmWatchError
from spasmwatch.ports import Message, Notification
from spasmwatch.settings import Settings
from spasmwatch.settings.alerts import Recipient
from spasmwatch_services.alerts.rounds import canary_id
from spasmwatch_services.alerts.told import levels

CONNECT_S = 10.0


def try_pushes(settings: Settings, wait_s: float) -> None:
    """Push to everybody and wait for their answers. Raises SpasmWatchError naming those who cannot be reached."""
    alerts = settings.alerts
    if not alerts.everybody():
        raise SettingsError("nobody to push to: set alerts.push or alerts.recipients")
    recipients = _allowed(settings)
    topics = Topics(settings.mqtt.base, settings.home.name)
    bus = MqttBus(settings.mqtt, topics, client=f"{settings.home.name}-push-trial")
    try:
        answers = _Answers(bus, topics)
        bus.wait_until_connected(CONNECT_S)
        missing = _ask(settings, recipients)
        if alerts.page is None:
            raise SettingsError("sent; but without alerts.page no phone can answer, so nothing is proven")
        print(f"Sent. Please press the button on each phone, best from outside the home; waiting {wait_s:.0f} seconds.")
        answers.wait(missing, wait_s)
    finally:
        bus.close()
    silent = [name for alert_id, name in missing.items() if alert_id not in answers.ids]
    if silent:
        raise SpasmWatchError(f"no answer from {', '.join(silent)}: alerts may not reach them")
    print("Everybody answered: alerts reach them.")


def _allowed(settings: Settings) -> list[Recipient]:
    """Those whom the patient lets be told anything. Raises SpasmWatchError when that is nobody."""
    chosen = levels(settings)
    allowed = [recipient for recipient in settings.alerts.everybody() if chosen[recipient.name] != "nothing"]
    for recipient in settings.alerts.everybody():
        if recipient not in allowed:
            print(f"{recipient.name} is told nothing, as the patient has chosen on the page; no test is sent there.")
    if not allowed:
        raise SpasmWatchError("the patient has chosen that nobody is told")
    return allowed


def _ask(settings: Settings, recipients: Sequence[Recipient]) -> dict[str, str]:
    """Recipients by the id of their test push."""
    alerts, now = settings.alerts, datetime.now(UTC)
    links = LinkMaker(alerts.page, link_key(settings), timedelta(hours=alerts.link_hours)) if alerts.page else None
    push = ApprisePush()
    asked: dict[str, str] = {}
    for recipient in recipients:
        alert_id = canary_id(recipient.name, now)
        address = links.address(alert_id, "acknowledge", recipient.name, now) if links else None
        actions = (("I got it", address),) if address else ()
        text = "This is a test. Please press the button."
        try:
            push.send(recipient.secret(), Notification("SpasmWatch: test", text, "warning", ("wave",), actions))
        except PushError as error:
            raise SpasmWatchError(f"{recipient.name}: {error}") from error
        asked[alert_id] = recipient.name
    return asked


class _Answers:
    """Ids of the test pushes that were answered."""

    def __init__(self, bus: MqttBus, topics: Topics) -> None:
        self.ids: set[str] = set()
        self._news = threading.Event()
        bus.subscribe(topics.alert_command("+", "+"), self._hear)

    def _hear(self, message: Message) -> None:
        message.acknowledge()
        try:
            AlertCommand.parse(message.payload)
        except RecordError:
            return
        self.ids.add(message.topic.split("/")[-2])
        self._news.set()

    def wait(self, wanted: dict[str, str], seconds: float) -> None:
        """Until all have answered or the time is over."""
        end = datetime.now(UTC) + timedelta(seconds=seconds)
        while not self.ids.issuperset(wanted) and (left := (end - datetime.now(UTC)).total_seconds()) > 0:
            self._news.wait(min(1.0, left))
            self._news.clear()
