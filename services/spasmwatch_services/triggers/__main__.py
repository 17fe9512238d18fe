"""Wiring of the triggers service."""

import sys

from spasmwatch import runtime
from spasmwatch.adapters.mqtt import MqttBus
from spasmwatch.domain.topics import Topics
from spasmwatch.settings import Settings
from spasmwatch_services.triggers.homeassistant.bridge import HomeAssistantBridge
from spasmwatch_services.triggers.homeassistant.discovery import Discovery
from spasmwatch_services.triggers.service import NODE, TriggersService

TICK_S = 0.25


def wire(program: runtime.Program) -> None:
    """Our broker, the home's broker where it is another, the service and its clock."""
    ours = program.connect(NODE)
    outbox = program.outbox(ours, NODE)
    home, home_topics = ours, program.topics
    broker = program.settings.triggers.broker
    if broker is not None:
        home_topics = Topics(broker.base, program.settings.home.name)
        name = f"{program.settings.home.name}-{NODE}-home"
        home = program.own(MqttBus(broker, home_topics, node=NODE, client=name))
    service = TriggersService(
        program.settings,
        ours=ours,
        home=home,
        home_topics=home_topics,
        home_up=lambda: home.connected,
        outbox=outbox,
        clock=runtime.SystemClock(program.stopping),
    )
    program.own(service)
    bridge = _home_assistant(program, service, ours, home, home_topics)

    def live() -> None:
        while not program.stopping.is_set():
            service.pressed.wait(TICK_S)
            service.tick()
            if bridge is not None:
                bridge.tick()

    program.start(NODE, live)


def _home_assistant(
    program: runtime.Program, service: TriggersService, ours: MqttBus, home: MqttBus, home_topics: Topics
) -> HomeAssistantBridge | None:
    """The bridge where it is wanted; where it no longer is, the device is taken back."""
    wanted = program.settings.triggers.homeassistant
    if not wanted.enabled:
        if service.announced:
            home.keep(Discovery(wanted, home_topics).topic, b"")
            service.keep_announced(announced=False)
        return None
    service.keep_announced(announced=True)
    return HomeAssistantBridge(
        wanted,
        ours=ours,
        topics=program.topics,
        home=home,
        home_topics=home_topics,
        press=service.press,
        certain=service.certain,
        person=program.settings.home.person,
        alerts=service.alerts,
        keep_alerts=service.keep_alerts,
        clock=runtime.SystemClock(program.stopping),
    )


def main(settings: Settings) -> None:
    """Run the service until it is told to stop."""
    runtime.run(NODE, settings, wire)


if __name__ == "__main__":
    from spasmwatch.cli import main as command_line

    sys.exit(command_line(["triggers", *sys.argv[1:]]))
