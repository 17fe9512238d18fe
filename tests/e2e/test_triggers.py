"""The triggers service between two real brokers: ours, and the home's with TLS and a password; and over a bridge."""

import contextlib
import getpass
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spasmwatch.adapters.mqtt import MqttBus
from spasmwatch.domain.parsing import parse
from spasmwatch.domain.records import Trigger
from spasmwatch.domain.topics import DiaryAdd, Fault, Topics
from spasmwatch.ports import Message
from spasmwatch.runtime import Program
from spasmwatch.settings import Settings
from spasmwatch.settings.mqtt import Mqtt
from spasmwatch_services.triggers.__main__ import wire
from support.certificates import for_loopback
from support.line import Line, line_to
from support.require import require
from support.servers import free_port, mosquitto, running
from support.wait import until

TOPICS = Topics("spasmwatch", "home")
PASSWORD = "only-for-this-test"
USER = f"user {getpass.getuser()}\n"
"""Mosquitto started by root would become another user, who cannot read the test's files."""
RULES: dict[str, Any] = {
    "box": {"device": "box*", "property": "contact", "equals": False, "kind": "medication"},
    # The line is cut for a second or two: a dwell that could have been held in that time.
    "coffee": {"preset": "coffee_machine", "device": "coffee", "for_s": 0.5},
}
BUTTONS = ({"device": "button", "action": "single", "kind": "caffeine"},)
BRIDGE = Path(__file__).parents[2] / "deploy/mosquitto/bridge.conf"


@contextlib.contextmanager
def homes_broker(folder: Path, port: int | None = None) -> Iterator[int]:
    """The home's own Mosquitto: TLS, one account, nothing anonymous; it keeps what waits for us on disk."""
    folder.mkdir(exist_ok=True)
    port = port or free_port()
    files = for_loopback(folder) if not (folder / "ca.crt").exists() else None
    passwords = folder / "passwords"
    if files is not None:
        passwords.touch(mode=0o600)
        subprocess.run([require("mosquitto_passwd"), "-b", str(passwords), "spasmwatch", PASSWORD], check=True)
    configuration = folder / "mosquitto.conf"
    configuration.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\n"
        f"cafile {folder}/ca.crt\ncertfile {folder}/server.crt\nkeyfile {folder}/server.key\n"
        f"persistence true\npersistence_location {folder}/\nautosave_interval 1\n{USER}"
    )
    with running([require("mosquitto"), "-c", str(configuration)], port, folder / "mosquitto.log"):
        yield port


class Listener:
    """Everything that the service tells on our broker, each record once."""

    def __init__(self, broker: Mqtt) -> None:
        self.records: dict[str, Trigger] = {}
        self.presses: dict[str, DiaryAdd] = {}
        self.faults: list[bool] = []
        self.bus = MqttBus(broker, TOPICS, client="listener", node="listener")
        self.bus.subscribe(TOPICS.of("triggers", "trigger"), self._record)
        self.bus.subscribe(TOPICS.diary_add(), self._press)
        self.bus.subscribe(TOPICS.of("triggers", "fault"), self._fault)

    def _record(self, message: Message) -> None:
        record = parse(message.payload)
        assert isinstance(record, Trigger)
        self.records[record.id] = record
        message.acknowledge()

    def _press(self, message: Message) -> None:
        add = DiaryAdd.parse(message.payload)
        self.presses[add.id] = add
        message.acknowledge()

    def _fault(self, message: Message) -> None:
        self.faults.append(Fault.parse(message.payload).active)
        message.acknowledge()

    def of(self, rule: str) -> list[Trigger]:
        return [record for record in self.records.values() if record.rule == rule]

    def opened(self, box: str) -> int:
        return sum(record.device == box for record in self.of("box"))


class Home:
    """The devices, which speak to the home's broker."""

    def __init__(self, broker: Mqtt) -> None:
        self.bus = MqttBus(broker, TOPICS, client="devices")
        self.bus.wait_until_connected(10)

    def say(self, device: str, *, retain: bool = False, **properties: Any) -> None:
        self.bus.publish(f"zigbee2mqtt/{device}", json.dumps(properties).encode(), retain=retain)

    def open(self, box: str) -> None:
        self.say(box, contact=False)
        self.say(box, contact=True)

    def warm_up(self, listener: "Listener", *devices: str) -> None:
        """Until the way to the service stands, what is said is lost; the first it hears of a device is a baseline."""
        for _ in range(200):
            self.say("box warm", contact=True)
            self.open("box warm")
            with contextlib.suppress(AssertionError):
                until(lambda: bool(listener.opened("box warm")), timeout=0.2)
                break
        for device in devices:
            self.say(device, contact=True, power=1)


@contextlib.contextmanager
def program(settings: Settings) -> Iterator[Program]:
    running_program = Program("triggers", settings)
    try:
        wire(running_program)
        yield running_program
    finally:
        running_program.close()
    assert running_program.failure is None


def settings_for(folder: Path, ours: int, **triggers: Any) -> Settings:
    return Settings.model_validate(
        {
            "home": {"data": folder / "data"},
            "mqtt": {"port": ours},
            "outbox": {"resend_after_s": 1.0},
            "triggers": {"rules": RULES, "buttons": BUTTONS, **triggers},
        }
    )


def test_an_outage_of_either_broker_loses_no_trigger_and_the_gap_is_on_record(tmp_path: Path) -> None:
    ours = free_port()
    with contextlib.ExitStack() as stack:
        home_port = stack.enter_context(homes_broker(tmp_path / "home"))
        line: Line = stack.enter_context(line_to(home_port))
        account = {
            "username": "spasmwatch", "password": PASSWORD, "ca_file": tmp_path / "home/ca.crt", "base": "elsewhere",
        }  # fmt: skip
        settings = settings_for(tmp_path, ours, broker={"port": line.port, **account})
        devices = Home(Mqtt.model_validate({"port": home_port, **account}))
        stack.callback(devices.bus.close)
        with mosquitto(tmp_path, ours):
            listener = Listener(Mqtt(port=ours))
            stack.callback(listener.bus.close)
            listener.bus.wait_until_connected(10)
            stack.enter_context(program(settings))
            devices.warm_up(listener, "box one", "box two", "coffee")

            line.cut()
            until(lambda: listener.faults[-1:] == [True], what="the fault while the home's broker is away")
            for _ in range(5):
                devices.open("box one")
            devices.say("coffee", power=1250)
            devices.say("coffee", power=1)
            devices.say("button", action="single")
            line.mend()
            until(lambda: len(listener.of("gap")) == 1, timeout=60, what="the record of the gap")
            until(lambda: listener.opened("box one") == 5, what="what happened meanwhile")
            until(lambda: len(listener.of("coffee")) == 1 and len(listener.presses) == 1, what="coffee and press")
            assert listener.of("coffee")[0].certainty == pytest.approx(0.35)
            until(lambda: listener.faults[-1] is False, what="the end of the fault")

        for _ in range(3):
            devices.open("box two")
        devices.say("button", action="single")
        with mosquitto(tmp_path, ours):
            until(lambda: listener.opened("box two") == 3, timeout=60, what="what our broker had missed")
            until(lambda: len(listener.presses) == 2, timeout=60, what="the press that our broker had missed")
        gap = listener.of("gap")[0]
        assert gap.end is not None
        assert gap.time < gap.end
        assert all(gap.time <= record.time for record in listener.of("coffee"))
        listener.bus.close()


def test_the_shipped_bridge_carries_the_home_to_our_broker_and_its_absence_is_on_record(tmp_path: Path) -> None:
    ours, home_port = free_port(), free_port()
    folder = tmp_path / "home"
    snippet = BRIDGE.read_text()
    for pattern, line in (
        (r"^address .*$", f"address 127.0.0.1:{home_port}"),
        (r"^remote_password .*$", f"remote_password {PASSWORD}"),
        (r"^bridge_cafile .*$", f"bridge_cafile {folder}/ca.crt"),
        (r"^restart_timeout .*$", "restart_timeout 1"),
    ):
        snippet, count = re.subn(pattern, line, snippet, flags=re.MULTILINE)
        assert count == 1
    account = {"username": "spasmwatch", "password": PASSWORD, "ca_file": folder / "ca.crt"}
    settings = settings_for(
        tmp_path, ours, bridge_topic="spasmwatch/home/triggers/bridge", homeassistant={"enabled": True}
    )
    with contextlib.ExitStack() as stack:
        first = contextlib.ExitStack()
        first.enter_context(homes_broker(folder, home_port))
        stack.callback(first.close)
        stack.enter_context(mosquitto(tmp_path, ours, extra=snippet + USER))
        listener = Listener(Mqtt(port=ours))
        stack.callback(listener.bus.close)
        stack.enter_context(program(settings))
        broker = Mqtt.model_validate({"port": home_port, **account})
        devices = Home(broker)
        stack.callback(devices.bus.close)
        announced: list[bytes] = []
        devices.bus.subscribe("homeassistant/device/+/config", lambda message: announced.append(message.payload))
        listener.bus.keep(TOPICS.of("diary", "availability"), b"online")
        devices.say("lamp", state="OFF", retain=True)
        devices.say("box kept", contact=True, retain=True)
        devices.warm_up(listener, "box one")
        until(lambda: b"diary_coffee" in b"".join(announced[-1:]), what="our announcement at the home's broker")
        button = json.loads(announced[-1])["cmps"]["diary_coffee"]
        devices.bus.publish(button["command_topic"], button["payload_press"].encode())
        until(lambda: len(listener.presses) == 1, what="the press in Home Assistant")
        first.close()
        until(lambda: listener.faults[-1:] == [True], timeout=30, what="the fault while the bridge is down")
        with homes_broker(folder, home_port):
            until(lambda: len(listener.of("gap")) == 1, timeout=60, what="the record of the gap")
            assert listener.opened("box kept") == listener.opened("box one") == 0
            until(lambda: devices.bus.connected, timeout=60, what="the devices' reconnect")
            devices.open("box one")
            until(lambda: listener.opened("box one") == 1, timeout=30, what="the next opening")
            devices.bus.close()
