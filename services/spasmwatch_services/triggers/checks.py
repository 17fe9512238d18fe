"""What `spasmwatch check` looks at here: whether the home's own broker lets us in."""

import uuid
from argparse import Namespace
from collections.abc import Iterator
from contextlib import closing

from spasmwatch.adapters.mqtt import MqttBus
from spasmwatch.domain.topics import Topics
from spasmwatch.errors import BusError
from spasmwatch.settings import Settings
from spasmwatch.setup.check import CONNECT_S, Finding


def look(settings: Settings, _args: Namespace) -> Iterator[Finding]:
    """One finding for the home's broker, one for what is made of its messages."""
    triggers = settings.triggers
    made = f"{len(triggers.rules)} rules, {len(triggers.buttons)} buttons"
    yield Finding("triggers", None if not triggers.rules else True, f"{made}; spasmwatch triggers discover finds more")
    if triggers.broker is None:
        return
    where = f"{triggers.broker.host}:{triggers.broker.port}"
    topics = Topics(triggers.broker.base, settings.home.name)
    with closing(MqttBus(triggers.broker, topics, client=f"check-{uuid.uuid4().hex[:8]}")) as bus:
        try:
            bus.wait_until_connected(CONNECT_S)
        except BusError as error:
            told = str(error).replace("mqtt.", "triggers.broker.")
            yield Finding("home broker", fine=False, says=told)
            return
    yield Finding("home broker", fine=True, says=f"connected to {where}")
