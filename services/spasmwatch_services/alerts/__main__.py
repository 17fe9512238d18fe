"""Wires the alert service: state, rules, broker, outbox, push, heartbeat."""

import logging
import threading
from datetime import UTC, datetime, timedelta

from spasmwatch.adapters.acknowledge_links import LinkMaker, link_key
from spasmwatch.adapters.apprise_push import ApprisePush
from spasmwatch.adapters.mqtt import MqttBus
from spasmwatch.domain.alerting.engine import NODE, Engine
from spasmwatch.domain.records import Health
from spasmwatch.errors import SpasmWatchError
from spasmwatch.ports import Outbox, Store
from spasmwatch.runtime import Program, SystemClock, private_folder, run
from spasmwatch.settings import Settings
from spasmwatch_services.alerts.heartbeat import Heartbeat
from spasmwatch_services.alerts.messenger import Messenger
from spasmwatch_services.alerts.past import read_past
from spasmwatch_services.alerts.planner import Planner
from spasmwatch_services.alerts.quiet import Quiet
from spasmwatch_services.alerts.rounds import Rounds
from spasmwatch_services.alerts.service import AlertService
from spasmwatch_services.alerts.state import State
from spasmwatch_services.alerts.told import Told
from spasmwatch_services.alerts.words import Wording

log = logging.getLogger(__name__)

HEALTH_EVERY_S = 60.0
BROKER_GONE_S = 60.0


def wire(program: Program) -> None:
    """Build the alert service and start its threads."""
    settings = program.settings
    data = private_folder(settings.home.data)
    advice = settings.advice.read()
    state = program.own(State(data / "alerts.sqlite"))
    clock = SystemClock(program.stopping)
    told = Told(state)
    quiet = Quiet(settings.alerts.quiet, settings.home.zone)
    planner = Planner(settings.alerts, state, told, quiet)
    engine = Engine(settings.alerts.rules(), settings.home.zone, advice, planner.steps, state.load())
    # Loading the push services takes seconds; the broker is met when everything is ready to listen.
    push = ApprisePush() if planner.recipients else None
    bus = program.connect(NODE)
    outbox = program.outbox(bus, NODE)
    messengers: list[Messenger] = []

    def wake() -> None:
        for messenger in messengers:
            messenger.wake()

    zone = settings.home.zone
    rounds = Rounds(settings.alerts, zone, engine, state, planner.recipients, told, quiet)
    service = AlertService(engine, state, planner, outbox, program.topics, clock, wake, rounds, zone, told)
    service.listen(bus)
    messengers += _messengers(settings, state, clock, service, push, quiet)
    program.start("alerts", lambda: service.run(program.stopping))
    for messenger in messengers:
        program.start(f"push-{messenger.recipient}", lambda one=messenger: one.run(program.stopping))  # type: ignore[misc]
        program.own(messenger)  # ends before its thread is waited for
    program.start(
        "past", lambda: read_past(settings, _open_store, service.take_past, service.trouble_changed, program.stopping)
    )
    if settings.alerts.heartbeat_url is not None:
        heartbeat = Heartbeat(
            settings.alerts.heartbeat_url.get_secret_value(), settings.alerts.heartbeat_s, service.alive
        )
        program.start("heartbeat", lambda: heartbeat.run(program.stopping))
    program.start("health", lambda: _watch_own_health(program.stopping, bus, outbox, service, state))


def _open_store(settings: Settings) -> Store:
    # Imported here: the embedded home has no need of the database client.
    from spasmwatch.adapters.stores import open_store

    return open_store(settings, readonly=True)


def _messengers(
    settings: Settings,
    state: State,
    clock: SystemClock,
    service: AlertService,
    push: ApprisePush | None,
    quiet: Quiet,
) -> list[Messenger]:
    alerts, zone = settings.alerts, settings.home.zone
    if push is None:
        log.warning("nobody is told: alerts.push and alerts.recipients are empty; alerts are on the page only")
        return []
    links = LinkMaker(alerts.page, link_key(settings), timedelta(hours=alerts.link_hours)) if alerts.page else None

    return [
        Messenger(
            recipient.name,
            recipient.secret(),
            push,
            state,
            Wording(recipient.name, recipient.health_details, zone, alerts.page, links),
            clock,
            service.trouble_with_push,
            quiet,
        )
        for recipient in alerts.everybody()
    ]


def _watch_own_health(
    stopping: threading.Event, bus: MqttBus, outbox: Outbox, service: AlertService, state: State
) -> None:
    """Every minute a health record; every second a look at the broker and at the pushes."""
    told_at = gone_since = None
    while True:
        now = datetime.now(UTC)
        gone_since = None if bus.connected else gone_since or now
        gone = gone_since is not None and (now - gone_since).total_seconds() >= BROKER_GONE_S
        if gone or bus.connected:  # in between nobody knows yet
            service.trouble_changed("broker", "the MQTT broker is out of reach: nothing can be heard" if gone else None)
        service.tell_pushes()
        stopped = stopping.is_set()
        if stopped or told_at is None or (now - told_at).total_seconds() >= HEALTH_EVERY_S:
            told_at = now
            try:
                outbox.add(Health(time=now, program=NODE, state="stopped" if stopped else "running"))
                state.forget_old(now)
            except SpasmWatchError as error:
                log.error("%s", error)
        if stopped:
            return
        stopping.wait(1.0)


def main(settings: Settings) -> None:
    """Run until told to stop."""
    run("alerts", settings, wire)
