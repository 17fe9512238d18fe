"""What the service subscribes to is what its account may hear on the shipped broker."""

from datetime import UTC

import paho.mqtt.client as paho
import pytest

from spasmwatch.settings.triggers import Triggers
from spasmwatch.setup.accounts import accounts
from spasmwatch_services.triggers.interpreter import Interpreter

FILTERS = Interpreter(Triggers(), "patient", UTC).filters


@pytest.mark.parametrize("wanted", FILTERS)
def test_every_usual_topic_of_the_home_may_be_heard(wanted: str) -> None:
    (triggers,) = (one for one in accounts("spasmwatch", "home", ["cam1"]) if one.name == "triggers")
    may_read = [topic for right, topic in triggers.rights if right in ("read", "readwrite")]
    example = wanted.replace("+", "level").replace("#", "level/deeper")
    assert any(paho.topic_matches_sub(topic, example) for topic in may_read), example
