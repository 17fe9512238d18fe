"""Keeps Home Assistant informed and passes on what is pressed there, within what CARE allows from afar."""

import json
import logging
import threading
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from uuid6 import uuid7

from spasmwatch.domain.parsing import parse
from spasmwatch.domain.records import Alert, Name, Spasm, Trend
from spasmwatch.domain.topics import (
    ONLINE,
    AlertCommand,
    DiaryAdd,
    Fault,
    PauseCommand,
    PauseState,
    Topics,
)
from spasmwatch.errors import BusError, RecordError
from spasmwatch.ports import Bus, Clock, Message
from spasmwatch.settings.triggers import HomeAssistant, HomeAssistantButton
from spasmwatch_services.triggers.homeassistant.discovery import ACTOR, PRESS, Discovery
from spasmwatch_services.triggers.homeassistant.situation import Situation

log = logging.getLogger(__name__)

FRESH: Final = timedelta(minutes=5)
"""A spasm reported later than this is history, no event."""


class HomeAssistantBridge:
    """``ours`` carries the records, ``home`` is the bus that Home Assistant listens to.

    ``press`` takes diary entries. ``certain`` is False while messages from the home may be old ones: a press to
    acknowledge or to pause may then be hours old and is dropped. ``person`` is the one whose trend and spasms are
    shown. ``alerts`` were open when the program last ended; ``keep_alerts`` gets them whenever they change.
    """

    def __init__(
        self,
        settings: HomeAssistant,
        *,
        ours: Bus,
        topics: Topics,
        home: Bus,
        home_topics: Topics,
        press: Callable[[DiaryAdd], None],
        certain: Callable[[], bool],
        person: Name,
        alerts: Iterable[Alert],
        keep_alerts: Callable[[list[Alert]], None],
        clock: Clock,
    ) -> None:
        self._settings, self._ours, self._topics, self._home = settings, ours, topics, home
        self._press, self._certain, self._person, self._clock = press, certain, person, clock
        self._discovery = Discovery(settings, home_topics)
        self._keep_alerts = keep_alerts
        self._situation = Situation()
        for alert in alerts:
            self._situation.alert(alert)
        self._lock = threading.RLock()
        self._announced = b""
        self._shown = b""
        self._commands: dict[str, Callable[[], None]] = {}
        self._answer("acknowledge", self._acknowledge)
        for name, button in settings.buttons.items():
            self._answer(f"diary_{name}", partial(self._log, button))
        home.subscribe(self._discovery.status_topic, self._restarted)
        for what, handler in (
            ("availability", self._availability),
            ("fault", self._fault),
            ("pause/state", self._pause_state),
            ("alert", self._record),
            ("trend", self._record),
            ("spasm", self._record),
        ):
            ours.subscribe(topics.every(what), handler)

    def tick(self) -> None:
        """Show what has changed, also by the passing of time."""
        with self._lock:
            announcement = _encoded(self._discovery.announcement(self._situation.nodes, self._situation.cameras))
            if announcement != self._announced:
                self._announced = announcement
                self._home.keep(self._discovery.topic, announcement)
            shown = _encoded(self._situation.shown(self._clock.now(), reasons=self._settings.reasons))
            if shown != self._shown:
                self._shown = shown
                self._home.keep(self._discovery.state_topic, shown)

    def _answer(self, feature: str, act: Callable[[], None]) -> None:
        topic = self._discovery.command_topic(feature)
        if topic not in self._commands:
            self._commands[topic] = act
            self._home.subscribe(topic, self._commanded)

    def _commanded(self, message: Message) -> None:
        """A press carries neither time nor id; a retained one would come again at every start."""
        act = self._commands.get(message.topic)
        if act is not None and not message.retained and message.payload == PRESS.encode():
            try:
                act()
            except BusError as error:
                log.warning("a press in Home Assistant came to nothing: %s", error)
        message.acknowledge()

    def _log(self, button: HomeAssistantButton) -> None:
        now = self._clock.now()
        self._press(
            DiaryAdd(
                id=str(uuid7()),
                kind=button.kind,
                subkind=button.subkind,
                value=button.value,
                unit=button.unit,
                text=button.text,
                author=ACTOR,
                time=now,
            )
        )

    def _acknowledge(self) -> None:
        if not self._still_meant("acknowledge"):
            return
        with self._lock:
            firing = self._situation.firing()
        for alert in firing:
            command = AlertCommand(id=str(uuid7()), verb="acknowledge", actor=ACTOR, time=self._clock.now())
            self._ours.publish(self._topics.alert_command(command.actor, alert.alert_id), command.payload())

    def _pause(self, camera: str) -> None:
        if not self._still_meant("pause"):
            return
        now = self._clock.now()
        command = PauseCommand(
            id=str(uuid7()),
            verb="pause",
            actor=ACTOR,
            until=now + timedelta(minutes=self._settings.pause_minutes),
            time=now,
        )
        self._ours.publish(self._topics.command(camera, "pause"), command.payload())

    def _still_meant(self, verb: str) -> bool:
        if not self._certain():
            log.warning("a press to %s in Home Assistant waited for the connection and is dropped", verb)
            return False
        return True

    def _restarted(self, message: Message) -> None:
        """Home Assistant has started anew and has to be told everything again."""
        message.acknowledge()
        if message.payload == ONLINE:
            with self._lock:
                self._announced = self._shown = b""

    def _availability(self, message: Message) -> None:
        message.acknowledge()
        with self._lock:
            self._situation.online[_node(message)] = message.payload == ONLINE

    def _fault(self, message: Message) -> None:
        message.acknowledge()
        try:
            fault = Fault.parse(message.payload)
        except RecordError as error:
            log.warning("fault of %s ignored: %s", message.topic, error)
            return
        with self._lock:
            self._situation.fault(_node(message), fault)

    def _pause_state(self, message: Message) -> None:
        message.acknowledge()
        camera = message.topic.split("/")[-3]
        try:
            state = PauseState.parse(message.payload)
        except RecordError as error:
            log.warning("pause state of %s ignored: %s", camera, error)
            return
        with self._lock:
            self._situation.pauses[camera] = state
        self._answer(f"pause_{camera}", partial(self._pause, camera))

    def _record(self, message: Message) -> None:
        message.acknowledge()
        try:
            record = parse(message.payload)
        except RecordError as error:
            log.warning("record on %s ignored: %s", message.topic, error)
            return
        with self._lock:
            match record:
                case Alert():
                    self._situation.alert(record)
                    self._keep_alerts(list(self._situation.alerts.values()))
                case Trend(person=self._person):
                    self._situation.trend = record
                case Spasm(person=self._person, phase="end"):
                    self._tell(record, self._clock.now())

    def _tell(self, spasm: Spasm, now: datetime) -> None:
        if spasm.end is None or now - spasm.end > FRESH:
            return
        event = {"event_type": spasm.kind, "side": spasm.side, "seconds": (spasm.end - spasm.start).total_seconds()}
        try:
            self._home.publish(self._discovery.spasm_topic, _encoded(event))
        except BusError as error:
            log.debug("Home Assistant does not hear of a spasm: %s", error)


def _node(message: Message) -> str:
    return message.topic.split("/")[-2]


def _encoded(fields: object) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode()
