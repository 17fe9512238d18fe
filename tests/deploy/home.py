"""What tests ask of a home's broker: somebody speaks, somebody listens, and who heard what."""

import os
import shutil
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from spasmwatch.settings.mqtt import Mqtt
from support.require import require
from support.servers import free_port, running

SHIPPED = Path(__file__).resolve().parents[2] / "deploy" / "mosquitto" / "mosquitto.conf"


@dataclass(frozen=True)
class HomeBroker:
    """Where the broker listens and where the accounts' keys and passwords are."""

    port: int
    var: Path

    def settings(self, account: str) -> Mqtt:
        """The settings with which a program of the home connects."""
        keys = self.var / "certificates" / account
        return Mqtt(
            host="localhost",
            port=self.port,
            username=account,
            password_file=self.var / "secrets" / f"mqtt_{account}",
            ca_file=keys / "ca.crt",
            certificate_file=keys / "own.crt",
            key_file=keys / "own.key",
        )

    def client(self, account: str) -> "Client":
        """A connected client of ``account``."""
        return Client(self.settings(account))


@contextmanager
def running_home_broker(
    laid_home: Path, folder: Path, more: Mapping[str, str] | None = None, *, debug: bool = False
) -> Iterator[HomeBroker]:
    """The shipped configuration on a free port of loopback, in ``folder``; ``more`` files by name are added there."""
    shutil.copytree(laid_home / "var" / "mosquitto", folder, dirs_exist_ok=True)
    for name, text in (more or {}).items():
        (folder / name).write_text(text)
    port = free_port()
    configuration = SHIPPED.read_text(encoding="utf-8").replace("listener 8883", f"listener {port} 127.0.0.1")
    if os.getuid() == 0:
        # Started by root, Mosquitto would become a user who cannot read this test's folder.
        configuration += "user root\n"
    if debug:
        # What it refuses is told at this level only.
        configuration += "log_type debug\n"
    (folder / "mosquitto.conf").write_text(configuration)
    with running([require("mosquitto"), "-c", "mosquitto.conf"], port, folder / "log", folder=folder):
        yield HomeBroker(port, laid_home / "var")


class Client:
    """A plain client that remembers what it heard."""

    def __init__(self, settings: Mqtt, name: str = "") -> None:
        self.heard: list[tuple[str, bytes]] = []
        self._arrived = threading.Condition()
        self._connected = threading.Event()
        self.reason = ""
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=name)
        if settings.username:
            self._client.username_pw_set(settings.username, settings.secret())
        if settings.ca_file:
            self._client.tls_set(
                str(settings.ca_file),
                str(settings.certificate_file) if settings.certificate_file else None,
                str(settings.key_file) if settings.key_file else None,
                tls_version=ssl.PROTOCOL_TLS_CLIENT,
            )
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message
        self._subscribed = threading.Event()
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.connect(settings.host, settings.port)
        self._client.loop_start()
        # A TLS refusal comes as a lost connection, without a word.
        self._client.on_disconnect = lambda *_: self._connected.set()
        self._connected.wait(10)

    @property
    def welcome(self) -> bool:
        """Whether the broker let this client in."""
        return self.reason == "Success"

    def listen(self, topic_filter: str) -> None:
        """Subscribe; returns when the broker has answered (it says yes to anything)."""
        self._subscribed.clear()
        self._client.subscribe(topic_filter, qos=1)
        assert self._subscribed.wait(10)

    def say(self, topic: str, payload: str = "{}", *, retain: bool = False) -> None:
        """Publish; returns when the broker has answered (it confirms the forbidden too)."""
        message = self._client.publish(topic, payload, qos=1, retain=retain)
        message.wait_for_publish(10)

    def say_many(self, topic: str, payloads: list[str]) -> None:
        """Publish all; returns when the broker has answered for each."""
        for message in [self._client.publish(topic, payload, qos=1) for payload in payloads]:
            message.wait_for_publish(10)

    def hears(self, topic: str, timeout: float = 10) -> bool:
        """Wait until a message on ``topic`` has come."""
        with self._arrived:
            return self._arrived.wait_for(lambda: any(heard == topic for heard, _ in self.heard), timeout)

    def close(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, _client: object, _data: object, _flags: object, reason: object, _properties: object) -> None:
        self.reason = str(reason)
        self._connected.set()

    def _on_message(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        with self._arrived:
            self.heard.append((message.topic, message.payload))
            self._arrived.notify_all()
