"""What every bus owes its users: on Mosquitto, on the embedded broker and in memory."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest

from spasmwatch.adapters.embedded_broker import EmbeddedBroker
from spasmwatch.adapters.mqtt import MqttBus
from spasmwatch.domain.topics import OFFLINE, ONLINE, Topics
from spasmwatch.errors import BusError, BusRefused
from spasmwatch.ports import Bus, Message
from spasmwatch.settings.mqtt import Mqtt
from support.memory_bus import MemoryBroker, MemoryBus
from support.servers import free_port, mosquitto
from support.wait import until

TOPICS = Topics("spasmwatch", "home")
SPASM = TOPICS.of("cam1", "spasm")

Connect = Callable[..., Bus]


@dataclass
class Inbox:
    """A handler that remembers, and acknowledges unless told not to."""

    acknowledging: bool = True
    messages: list[Message] = field(default_factory=list)

    def __call__(self, message: Message) -> None:
        self.messages.append(message)
        if self.acknowledging:
            message.acknowledge()

    @property
    def payloads(self) -> list[bytes]:
        return [message.payload for message in self.messages]


@pytest.fixture(params=["mosquitto", "iotcore", "memory"])
def connect(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connect]:
    """A function ``connect(client, node=None)`` that opens a connection to one and the same broker."""
    opened: list[Bus] = []

    def kept(bus: Bus) -> Bus:
        opened.append(bus)
        return bus

    if request.param == "memory":
        shared = MemoryBroker()
        yield lambda client, node=None: kept(MemoryBus(TOPICS, client=client, node=node, broker=shared))
    elif request.param == "mosquitto":
        with mosquitto(tmp_path) as port:
            yield lambda client, node=None: kept(connected(Mqtt(port=port), client, node))
            close(opened)
    else:
        port = free_port()
        broker = EmbeddedBroker(tmp_path, port, {"us": "secret"})
        settings = Mqtt.model_validate({"port": port, "username": "us", "password": "secret"})
        yield lambda client, node=None: kept(connected(settings, client, node))
        close(opened)
        broker.close()


def connected(settings: Mqtt, client: str, node: str | None) -> MqttBus:
    bus = MqttBus(settings, TOPICS, client=client, node=node)
    bus.wait_until_connected(10)
    return bus


def close(opened: list[Bus]) -> None:
    for bus in reversed(opened):
        bus.close()


def subscribed(bus: Bus, topic_filter: str, inbox: Inbox) -> Inbox:
    """Wait until the subscription is known to hold: a message of our own has come back."""
    ready = Inbox()
    bus.subscribe(topic_filter, inbox)
    bus.subscribe("spasmwatch/home/probe/ready", ready)
    bus.publish("spasmwatch/home/probe/ready", b"?")
    until(lambda: bool(ready.messages))
    return inbox


def test_a_message_reaches_every_subscriber_once_in_order(connect: Connect) -> None:
    inboxes = [subscribed(connect(f"reader{n}"), TOPICS.every("spasm"), Inbox()) for n in range(2)]
    sender = connect("sender")
    for n in range(20):
        sender.publish(SPASM, str(n).encode())
    for inbox in inboxes:
        until(lambda inbox=inbox: len(inbox.messages) >= 20)  # type: ignore[misc]
        assert inbox.payloads == [str(n).encode() for n in range(20)]
        assert {message.topic for message in inbox.messages} == {SPASM}
        assert not any(message.retained for message in inbox.messages)


def test_many_published_together_arrive_in_order(connect: Connect) -> None:
    inbox = subscribed(connect("reader"), TOPICS.every("spasm"), Inbox())
    payloads = [str(n).encode() for n in range(300)]
    connect("sender").publish_all((SPASM, payload) for payload in payloads)
    until(lambda: len(inbox.messages) >= 300)
    assert inbox.payloads == payloads


def test_other_topics_are_not_heard(connect: Connect) -> None:
    inbox = subscribed(connect("reader"), TOPICS.every("spasm"), Inbox())
    sender = connect("sender")
    for topic in (TOPICS.of("cam1", "health"), "spasmwatch/elsewhere/cam1/spasm", f"{SPASM}/more"):
        sender.publish(topic, b"no")
    sender.publish(SPASM, b"yes")
    until(lambda: bool(inbox.messages))
    assert inbox.payloads == [b"yes"]


def test_a_retained_state_greets_who_comes_later_and_is_marked(connect: Connect) -> None:
    connect("sender").publish(TOPICS.of("cam1", "fault"), b"broken", retain=True)
    inbox = subscribed(connect("reader"), TOPICS.every("fault"), Inbox())
    until(lambda: bool(inbox.messages))
    assert [(message.payload, message.retained) for message in inbox.messages] == [(b"broken", True)]


def test_what_was_not_acknowledged_comes_again_to_the_same_client(connect: Connect) -> None:
    first = connect("recorder", "recorder")
    deaf = subscribed(first, TOPICS.every("spasm"), Inbox(acknowledging=False))
    sender = connect("sender")
    for payload in (b"1", b"2"):
        sender.publish(SPASM, payload)
    until(lambda: len(deaf.messages) >= 2)
    deaf.messages[0].acknowledge()
    first.close()
    sender.publish(SPASM, b"3")
    again = Inbox()
    connect("recorder", "recorder").subscribe(TOPICS.every("spasm"), again)
    until(lambda: len(again.messages) >= 2)
    assert again.payloads[:2] == [b"2", b"3"]


def test_a_node_is_online_while_connected_and_offline_after(connect: Connect) -> None:
    seen = subscribed(connect("reader"), TOPICS.every("availability"), Inbox())
    node = connect("camera", "cam1")
    until(lambda: seen.payloads[-1:] == [ONLINE])
    node.close()
    until(lambda: seen.payloads[-1:] == [OFFLINE])


def test_subscribers_of_one_group_share_the_messages(connect: Connect) -> None:
    inboxes = [
        subscribed(connect(f"recorder{n}"), "$share/group/" + TOPICS.every("spasm"), Inbox()) for n in range(2)
    ]  # fmt: skip
    sender = connect("sender")
    for n in range(40):
        sender.publish(SPASM, str(n).encode())
    until(lambda: sum(len(inbox.messages) for inbox in inboxes) >= 40)
    assert sorted(int(payload) for inbox in inboxes for payload in inbox.payloads) == list(range(40))
    assert all(inbox.messages for inbox in inboxes)


def test_a_state_that_is_kept_is_retained(connect: Connect) -> None:
    connect("camera", "cam1").keep(TOPICS.of("cam1", "pause/state"), b"on")
    inbox = subscribed(connect("reader"), TOPICS.of("cam1", "pause/state"), Inbox())
    until(lambda: bool(inbox.messages))
    assert inbox.payloads == [b"on"]


def test_an_absent_broker_is_one_clear_error() -> None:
    bus = MqttBus(Mqtt(port=free_port()), TOPICS, client="lonely")
    with pytest.raises(BusError, match="no MQTT broker at"):
        bus.wait_until_connected(0.5)
    with pytest.raises(BusError, match="not connected"):
        bus.publish(SPASM, b"x")
    bus.close()


def test_a_wrong_password_is_told_apart_from_an_absent_broker(tmp_path: Path) -> None:
    port = free_port()
    broker = EmbeddedBroker(tmp_path, port, {"us": "secret"})
    bus = MqttBus(Mqtt.model_validate({"port": port, "username": "us", "password": "guess"}), TOPICS, client="x")
    with pytest.raises((BusRefused, BusError)):
        bus.wait_until_connected(3)
    bus.close()
    broker.close()


def test_what_waits_in_the_session_reaches_a_handler_that_comes_a_moment_later(connect: Connect) -> None:
    before = connect("recorder", "recorder")
    subscribed(before, TOPICS.every("spasm"), Inbox())
    before.close()
    connect("sender").publish(SPASM, b"while you were away")
    after = connect("recorder", "recorder")
    connect("other").publish("spasmwatch/home/probe/other", b"the session has begun to send")
    inbox = subscribed(after, TOPICS.every("spasm"), Inbox())
    until(lambda: bool(inbox.messages))
    assert inbox.payloads == [b"while you were away"]


def test_a_subscription_in_the_very_moment_of_connecting_is_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox, buses, made = Inbox(), list[MqttBus](), threading.Event()
    publish = paho.Client.publish

    def subscribing_first(client: paho.Client, topic: str, *arguments: Any, **more: Any) -> paho.MQTTMessageInfo:
        if topic == TOPICS.of("cam1", "availability") and not inbox.acknowledging:
            assert made.wait(10)
            inbox.acknowledging = True
            buses[0].subscribe(SPASM, inbox)
        return publish(client, topic, *arguments, **more)

    inbox.acknowledging = False
    monkeypatch.setattr(paho.Client, "publish", subscribing_first)
    with mosquitto(tmp_path) as port, closing(MqttBus(Mqtt(port=port), TOPICS, client="a", node="cam1")) as bus:
        buses.append(bus)
        made.set()
        bus.wait_until_connected(10)
        with closing(connected(Mqtt(port=port), "b", None)) as other:
            other.publish(SPASM, b"heard")
        until(lambda: inbox.payloads == [b"heard"])
