"""The shipped broker configuration, on a real Mosquitto: what is allowed works, what is forbidden reaches nobody.

A broker confirms a forbidden publish and grants a forbidden subscription, so each test looks for the message itself:
after the forbidden one an allowed one is sent the same way, and when that has arrived the other would have too.
"""

import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from deploy.home import Client, HomeBroker, running_home_broker
from spasmwatch.adapters.mqtt import MqttBus
from spasmwatch.domain.topics import Topics
from spasmwatch.ports import Message
from spasmwatch.settings.mqtt import Mqtt
from spasmwatch.setup.authority import Authority
from support.servers import mosquitto
from support.wait import until

HERE = "spasmwatch/home"
ACCOUNTS = (
    "cam1", "cam2", "recorder", "alerts", "diary", "triggers", "insights", "viewer", "homeassistant", "gadgets",
)  # fmt: skip


@pytest.fixture(scope="module")
def clients(home_broker: HomeBroker) -> Iterator[dict[str, Client]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(closing(home_broker.client(name))) for name in ACCOUNTS}


@pytest.mark.parametrize("account", ["cam1", "recorder", "alerts", "diary", "triggers", "insights"])
def test_every_program_connects_with_its_certificate_and_password(home_broker: HomeBroker, account: str) -> None:
    topics = Topics("spasmwatch", "home")
    bus = MqttBus(home_broker.settings(account), topics, client=f"try-{account}", node=account)
    with closing(bus), closing(home_broker.client("viewer")) as viewer:
        bus.wait_until_connected(10)
        viewer.listen(topics.of(account, "availability"))
        assert viewer.hears(topics.of(account, "availability"))


@pytest.mark.parametrize(
    ("speaker", "topic", "listener"),
    [
        ("cam1", f"{HERE}/cam1/spasm", "recorder"),
        ("cam1", f"{HERE}/cam1/observation", "recorder"),
        ("cam1", f"{HERE}/cam1/health", "recorder"),
        ("cam1", f"{HERE}/cam1/fault", "viewer"),
        ("cam1", f"{HERE}/cam1/pause/state", "diary"),
        ("recorder", f"{HERE}/cam1/stored", "cam1"),
        ("recorder", f"{HERE}/diary/stored", "diary"),
        ("diary", f"{HERE}/cam1/pause/set", "cam1"),
        ("diary", f"{HERE}/diary/diary", "recorder"),
        ("diary", f"{HERE}/diary/label", "alerts"),
        ("triggers", f"{HERE}/cam1/pause/set", "cam1"),
        ("diary", f"{HERE}/users/anna/alerts/a1/command", "alerts"),
        ("diary", f"{HERE}/diary/told", "alerts"),
        ("diary", f"{HERE}/diary/treated", "cam1"),
        ("alerts", f"{HERE}/alerts/told", "diary"),
        ("alerts", f"{HERE}/alerts/alert", "viewer"),
        ("triggers", f"{HERE}/triggers/trigger", "recorder"),
        ("triggers", f"{HERE}/diary/add", "diary"),
        ("triggers", f"{HERE}/users/homeassistant/alerts/a1/command", "alerts"),
        ("triggers", "homeassistant/device/spasmwatch/config", "homeassistant"),
        ("alerts", f"{HERE}/alerts/trend", "viewer"),
        ("insights", f"{HERE}/insights/insight", "viewer"),
        ("gadgets", "zigbee2mqtt/kitchen/kettle", "triggers"),
        ("gadgets", "shellies/kettle/relay/0", "triggers"),
        ("gadgets", "shellyplug-1/events/rpc", "triggers"),
        ("gadgets", "tele/kettle/SENSOR", "triggers"),
        ("gadgets", "esp-lamp/sensor/light/state", "triggers"),
        ("homeassistant", "homeassistant/status", "triggers"),
        ("homeassistant", f"{HERE}/users/homeassistant/alerts/a1/command", "alerts"),
    ],
)
def test_what_a_program_needs_to_say_is_heard(
    clients: dict[str, Client], speaker: str, topic: str, listener: str
) -> None:
    clients[listener].heard.clear()
    clients[listener].listen(topic)
    clients[speaker].say(topic)
    assert clients[listener].hears(topic)


# What each account may say, by which a test knows that everything said before has been dealt with.
ALLOWED = {
    "cam1": f"{HERE}/cam1/health",
    "cam2": f"{HERE}/cam2/health",
    "recorder": f"{HERE}/recorder/health",
    "alerts": f"{HERE}/alerts/health",
    "diary": f"{HERE}/diary/health",
    "triggers": f"{HERE}/triggers/health",
    "insights": f"{HERE}/insights/health",
    "homeassistant": f"{HERE}/users/homeassistant/alerts/last/command",
}


def _each(accounts: str, topic: str) -> list[tuple[str, str]]:
    return [(account, topic) for account in accounts.split()]


FORBIDDEN_TO_SAY = [
    # A camera speaks for itself only: not for another camera, not a receipt, a label, an alert, a command.
    ("cam1", "cam2/spasm"),
    ("cam1", "cam2/observation"),
    ("cam1", "cam2/availability"),
    ("cam1", "cam2/stored"),
    ("cam1", "cam1/alert"),
    ("cam1", "diary/diary"),
    ("cam1", "diary/add"),
    ("cam1", "triggers/trigger"),
    ("cam1", "recorder/health"),
    ("cam1", "users/cam1/alerts/a1/command"),
    # An actor cannot be forged: only the pages, which know who is logged in, speak for people.
    *_each("cam1 triggers insights recorder alerts homeassistant", "users/anna/alerts/a1/command"),
    # Nobody but the recorder says that something is stored; nobody but the camera what it saw; and so on.
    *_each("cam1 alerts diary triggers insights homeassistant", "cam1/stored"),
    *_each("cam2 recorder alerts diary triggers insights homeassistant", "cam1/spasm"),
    *_each("cam1 diary triggers insights homeassistant", "alerts/alert"),
    *_each("cam1 alerts triggers insights homeassistant", "diary/label"),
    *_each("cam1 diary triggers insights homeassistant", "alerts/trend"),
    # Whom the patient lets be told comes from the pages alone, which know who the patient is.
    *_each("cam1 recorder alerts triggers insights homeassistant", "diary/told"),
    # A camera forgets what is usual when there was a treatment: nobody else may say so.
    *_each("cam1 recorder alerts triggers insights homeassistant", "diary/treated"),
    *_each("cam1 recorder diary triggers insights homeassistant", "alerts/told"),
    *_each("cam1 alerts diary triggers homeassistant", "insights/insight"),
    *_each("cam1 cam2 alerts insights recorder homeassistant", "cam1/pause/set"),
]
ELSEWHERE = ["spasmwatch/other/cam1/spasm", "homeassistant/device/spasmwatch/config", "zigbee2mqtt/kettle/set"]


@pytest.mark.parametrize(
    ("speaker", "topic"),
    [(speaker, f"{HERE}/{topic}") for speaker, topic in FORBIDDEN_TO_SAY] + [("cam1", topic) for topic in ELSEWHERE],
)
def test_what_an_account_must_not_say_reaches_nobody(clients: dict[str, Client], speaker: str, topic: str) -> None:
    # The recorder hears all of the home's topics and the gadgets all others, so they would hear this one.
    recorder, elsewhere = clients["recorder"], clients["gadgets"]
    recorder.listen(f"{HERE}/#")
    elsewhere.listen("#")
    recorder.heard.clear()
    elsewhere.heard.clear()
    clients[speaker].say(topic, "forbidden")
    clients[speaker].say(ALLOWED[speaker])
    assert recorder.hears(ALLOWED[speaker])
    assert (topic, b"forbidden") not in (*recorder.heard, *elsewhere.heard)


@pytest.mark.parametrize("speaker", ["viewer", "gadgets"])
def test_those_who_may_not_speak_in_the_home_are_not_heard(clients: dict[str, Client], speaker: str) -> None:
    recorder = clients["recorder"]
    recorder.listen(f"{HERE}/#")
    recorder.heard.clear()
    for topic in (
        "cam1/spasm",
        "cam1/stored",
        "cam1/pause/set",
        "alerts/alert",
        "users/anna/alerts/a1/command",
        "diary/add",
        "diary/told",
    ):
        clients[speaker].say(f"{HERE}/{topic}", "forbidden")
        clients[speaker].say(f"{HERE}/users/{speaker}/{topic}", "forbidden")
    clients[speaker].say("last/word")
    clients["cam1"].say(f"{HERE}/cam1/health")
    assert recorder.hears(f"{HERE}/cam1/health")
    assert b"forbidden" not in {payload for _, payload in recorder.heard}


# Diary entries, labels and commands are between the pages, the alerts and the recorder.
FORBIDDEN_TO_HEAR = [
    *((listener, "diary", f"{HERE}/{topic}") for listener, topic in (
        *_each("cam1 viewer homeassistant gadgets insights triggers", "diary/diary"),
        *_each("cam1 viewer homeassistant gadgets insights triggers", "diary/label"),
        *_each("cam1 viewer homeassistant gadgets insights", "users/anna/alerts/a1/command"),
        *_each("cam2 viewer homeassistant gadgets", "cam1/pause/set"),
        *_each("cam1 viewer homeassistant gadgets insights triggers", "diary/told"),
        *_each("viewer homeassistant gadgets insights triggers", "diary/treated"),
    )),
    *((listener, "cam1", f"{HERE}/cam1/spasm") for listener in ("cam2", "gadgets", "insights")),
    ("cam2", "recorder", f"{HERE}/cam1/stored"),
    ("viewer", "gadgets", "zigbee2mqtt/kettle"),
    ("cam1", "gadgets", "zigbee2mqtt/kettle"),
]  # fmt: skip
PRIVATE_LINE = {
    "cam1": ("recorder", f"{HERE}/cam1/stored"),
    "cam2": ("recorder", f"{HERE}/cam2/stored"),
    "viewer": ("cam1", f"{HERE}/cam1/health"),
    "homeassistant": ("cam1", f"{HERE}/cam1/health"),
    "gadgets": ("gadgets", "zigbee2mqtt/last"),
    "insights": ("recorder", f"{HERE}/insights/stored"),
    "triggers": ("cam1", f"{HERE}/cam1/health"),
}


@pytest.mark.parametrize(("listener", "speaker", "topic"), FORBIDDEN_TO_HEAR)
def test_what_an_account_must_not_hear_does_not_reach_it(
    clients: dict[str, Client], listener: str, speaker: str, topic: str
) -> None:
    last_speaker, last_topic = PRIVATE_LINE[listener]
    spy = clients[listener]
    for wanted in ("#", f"{HERE}/#", topic, last_topic):
        spy.listen(wanted)
    spy.heard.clear()
    clients[speaker].say(topic, "private")
    clients[last_speaker].say(last_topic)
    assert spy.hears(last_topic)
    assert (topic, b"private") not in spy.heard


def test_a_retained_forbidden_message_is_not_kept_for_later(
    home_broker: HomeBroker, clients: dict[str, Client]
) -> None:
    clients["cam2"].say(f"{HERE}/cam1/fault", "forged", retain=True)
    clients["cam2"].say(f"{HERE}/cam2/fault", "own", retain=True)
    with closing(home_broker.client("recorder")) as recorder:
        recorder.listen(f"{HERE}/+/fault")
        assert recorder.hears(f"{HERE}/cam2/fault")
        assert b"forged" not in {payload for _, payload in recorder.heard}


def test_a_wrong_password_or_nobodys_account_is_refused(home_broker: HomeBroker) -> None:
    right = home_broker.settings("cam1")
    for wrong in (
        right.model_copy(update={"password_file": None, "password": None}),
        right.model_copy(update={"password_file": home_broker.var / "secrets" / "mqtt_cam2"}),
        right.model_copy(update={"username": "nobody"}),
        right.model_copy(update={"username": None}),
    ):
        with closing(Client(wrong)) as client:
            assert client.reason
            assert not client.welcome


@pytest.mark.parametrize("missing", ["certificate_file", "ca_file"])
def test_without_a_certificate_of_the_home_there_is_no_way_in(home_broker: HomeBroker, missing: str) -> None:
    right = home_broker.settings("cam1")
    changes = {"certificate_file": None, "key_file": None} if missing == "certificate_file" else {"ca_file": None}
    assert not _let_in(right.model_copy(update=changes))


def _let_in(settings: Mqtt) -> bool:
    try:
        with closing(Client(settings)) as client:
            return client.welcome
    except OSError:
        return False


def test_a_strangers_authority_does_not_help(home_broker: HomeBroker, tmp_path: Path) -> None:
    Authority(tmp_path / "ca", "stranger").issue(tmp_path / "keys", "cam1")
    keys = {"certificate_file": tmp_path / "keys" / "own.crt", "key_file": tmp_path / "keys" / "own.key"}
    stranger = home_broker.settings("cam1").model_copy(update=keys)
    assert not _let_in(stranger)


def test_the_broker_shows_a_certificate_for_the_name_it_is_called_by(home_broker: HomeBroker) -> None:
    keys = home_broker.var / "certificates" / "cam1"
    context = ssl.create_default_context(cafile=keys / "ca.crt")
    context.load_cert_chain(keys / "own.crt", keys / "own.key")
    for name in ("mosquitto", "spasmwatch.local", "localhost"):
        with _plain_line(home_broker) as plain, context.wrap_socket(plain, server_hostname=name) as line:
            assert line.version() in ("TLSv1.2", "TLSv1.3")
    with _plain_line(home_broker) as plain, pytest.raises(ssl.SSLCertVerificationError):
        context.wrap_socket(plain, server_hostname="somebody-else.local")


def _plain_line(home_broker: HomeBroker) -> socket.socket:
    return socket.create_connection(("127.0.0.1", home_broker.port), timeout=10)


def test_three_thousand_messages_wait_for_a_recorder_that_is_away(home_broker: HomeBroker) -> None:
    heard: list[str] = []

    def hear(message: Message) -> None:
        heard.append(message.payload.decode())
        message.acknowledge()

    def bus() -> MqttBus:
        recorder = MqttBus(
            home_broker.settings("recorder"), Topics("spasmwatch", "home"), client="away", node="recorder"
        )
        recorder.subscribe(f"{HERE}/cam1/spasm", hear)
        recorder.wait_until_connected(10)
        return recorder

    with closing(home_broker.client("cam1")) as camera:
        with closing(bus()):
            camera.say(f"{HERE}/cam1/spasm", "there")
            until(lambda: "there" in heard)
        camera.say_many(f"{HERE}/cam1/spasm", [str(number) for number in range(3000)])
    with closing(bus()):
        until(lambda: len(heard) == 3001, 30, "every message")
    assert heard[1:] == [str(number) for number in range(3000)]


def test_a_gadget_cannot_announce_another_device_in_our_name(clients: dict[str, Client]) -> None:
    ours = "homeassistant/device/spasmwatch_home/config"
    clients["homeassistant"].listen("homeassistant/#")
    clients["homeassistant"].heard.clear()
    clients["gadgets"].say(ours, "forged")
    clients["gadgets"].say("homeassistant/device/lamp/config")
    assert clients["homeassistant"].hears("homeassistant/device/lamp/config")
    assert ours not in [topic for topic, _ in clients["homeassistant"].heard]
    clients["triggers"].say(ours)
    assert clients["homeassistant"].hears(ours)


def test_a_gadget_cannot_take_the_place_of_a_program(home_broker: HomeBroker) -> None:
    """A session belongs to whoever gives its name, whatever the account: the name must not be guessed."""
    topics = Topics("spasmwatch", "home")
    bus = MqttBus(home_broker.settings("insights"), topics, client="home-insights", node="insights")
    with closing(bus), closing(home_broker.client("viewer")) as viewer:
        bus.wait_until_connected(10)
        viewer.listen(topics.of("insights", "availability"))
        viewer.listen(topics.of("cam1", "health"))
        assert viewer.hears(topics.of("insights", "availability"))
        viewer.heard.clear()
        with closing(Client(home_broker.settings("gadgets"), name="home-insights")) as gadget:
            assert gadget.welcome
        with closing(home_broker.client("cam1")) as camera:
            camera.say(topics.of("cam1", "health"))
        assert viewer.hears(topics.of("cam1", "health"))
        assert topics.of("insights", "availability") not in [topic for topic, _ in viewer.heard]


def test_two_recorders_of_a_group_share_the_records(home_broker: HomeBroker) -> None:
    heard: dict[str, list[str]] = {"recorder": [], "recorder2": []}

    def bus(node: str) -> MqttBus:
        def hear(message: Message) -> None:
            heard[node].append(message.payload.decode())
            message.acknowledge()

        made = MqttBus(home_broker.settings("recorder"), Topics("spasmwatch", "home"), client=f"try-{node}", node=node)
        made.subscribe(f"$share/recorders/{HERE}/+/observation", hear)
        made.wait_until_connected(10)
        return made

    with closing(bus("recorder")), closing(bus("recorder2")), closing(home_broker.client("cam1")) as camera:
        camera.say_many(f"{HERE}/cam1/observation", [str(number) for number in range(200)])
        until(lambda: sum(map(len, heard.values())) >= 200)
    assert sorted([*heard["recorder"], *heard["recorder2"]]) == sorted(map(str, range(200)))
    assert heard["recorder"]
    assert heard["recorder2"]


BRIDGE = """
connection homebroker
address 127.0.0.1:{port}
topic zigbee2mqtt/# in 1
topic homeassistant/status in 1
topic homeassistant/device/+/config out 1
notifications_local_only true
"""


def test_a_bridge_brings_the_gadgets_of_the_homes_own_broker(laid_home: Path, tmp_path: Path) -> None:
    with ExitStack() as stack:
        port = stack.enter_context(mosquitto(tmp_path))
        bridge = {"bridges/home.conf": BRIDGE.format(port=port)}
        ours = stack.enter_context(running_home_broker(laid_home, tmp_path / "ours", bridge))
        triggers = stack.enter_context(closing(ours.client("triggers")))
        gadget = stack.enter_context(closing(Client(Mqtt(port=port))))
        triggers.listen("zigbee2mqtt/#")
        triggers.listen("$SYS/broker/connection/+/state")
        until(lambda: any(payload == b"1" for _, payload in triggers.heard), 20, "the bridge")
        gadget.say("zigbee2mqtt/kettle", "on")
        assert triggers.hears("zigbee2mqtt/kettle")
        gadget.listen("spasmwatch/#")
        gadget.listen("homeassistant/device/+/config")
        triggers.say("homeassistant/device/spasmwatch/config")
        assert gadget.hears("homeassistant/device/spasmwatch/config")
        assert not [topic for topic, _ in gadget.heard if topic.startswith("spasmwatch/")]
