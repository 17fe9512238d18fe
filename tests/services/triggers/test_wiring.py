"""The program as it is wired, over a real broker."""

import json
from pathlib import Path
from typing import Any

from spasmwatch.adapters.mqtt import MqttBus
from spasmwatch.domain.topics import Topics
from spasmwatch.ports import Message
from spasmwatch.runtime import Program
from spasmwatch.settings import Settings
from spasmwatch.settings.mqtt import Mqtt
from spasmwatch_services.triggers.__main__ import wire
from support.wait import until

CONFIG = "homeassistant/device/spasmwatch_home/config"


def test_a_device_in_home_assistant_that_is_no_longer_wanted_is_taken_back(broker: Mqtt, tmp_path: Path) -> None:
    said: list[bytes] = []

    def hear(message: Message) -> None:
        said.append(message.payload)
        message.acknowledge()

    assistant = MqttBus(broker, Topics("spasmwatch", "home"), client="assistant")
    assistant.subscribe(CONFIG, hear)
    assistant.wait_until_connected(10)
    for enabled, announced in ((True, lambda: bool(said[-1:] and said[-1])), (False, lambda: said[-1] == b"")):
        fields: dict[str, Any] = {"home": {"data": tmp_path}, "triggers": {"homeassistant": {"enabled": enabled}}}
        program = Program("triggers", Settings.model_validate({"mqtt": broker, **fields}))
        wire(program)
        until(announced, what=f"the announcement with enabled = {enabled}")
        program.close()
        assert program.failure is None
    assert json.loads(said[0])["cmps"]
    assistant.close()
