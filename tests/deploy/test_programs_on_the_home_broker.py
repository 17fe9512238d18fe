"""The real programs, with the settings, certificates and passwords that `init` made, on the shipped broker: they do
their work, and the broker has to deny none of them anything."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from deploy.home import HomeBroker, running_home_broker
from spasmwatch.adapters.courier import Courier
from spasmwatch.adapters.influx_store import InfluxStore
from spasmwatch.adapters.mqtt import MqttBus
from spasmwatch.adapters.outbox import DiskOutbox
from spasmwatch.domain.topics import AlertCommand, Topics
from spasmwatch.settings.outbox import OutboxSettings
from support import make
from support.influx import Engine
from support.servers import free_port
from support.wait import until

PROGRAMS = ("recorder", "alerts", "diary", "triggers", "insights")
TOPICS = Topics("spasmwatch", "home")
COMPOSE = yaml.safe_load((Path(__file__).resolve().parents[2] / "docker-compose.yml").read_text(encoding="utf-8"))


class Home:
    """What a test needs of the running home."""

    def __init__(self, broker: HomeBroker, engine: Engine, folder: Path) -> None:
        self.broker, self.engine, self.folder = broker, engine, folder

    @contextmanager
    def program(self, name: str) -> Iterator[None]:
        """``spasmwatch NAME`` as a process, as the compose file starts it."""
        log = self.folder / f"{name}.log"
        command = COMPOSE["services"][name]["command"]
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "spasmwatch", *command],
                env=self._environment(name),
                stdout=output,
                stderr=output,
            )
            try:
                yield
                assert process.poll() is None, log.read_text()
            finally:
                process.terminate()
                process.wait(30)

    def _environment(self, name: str) -> dict[str, str]:
        var, settings = self.broker.var, self.broker.settings(name)
        clean = {key: value for key, value in os.environ.items() if not key.startswith("SPASMWATCH_")}
        return clean | {
            "SPASMWATCH_SETTINGS": str(var / "spasmwatch.toml"),
            "SPASMWATCH_HOME__DATA": str(self.folder / "data"),
            "SPASMWATCH_MQTT__HOST": settings.host,
            "SPASMWATCH_MQTT__PORT": str(settings.port),
            "SPASMWATCH_MQTT__USERNAME": name,
            "SPASMWATCH_MQTT__PASSWORD_FILE": str(settings.password_file),
            "SPASMWATCH_MQTT__CA_FILE": str(settings.ca_file),
            "SPASMWATCH_MQTT__CERTIFICATE_FILE": str(settings.certificate_file),
            "SPASMWATCH_MQTT__KEY_FILE": str(settings.key_file),
            "SPASMWATCH_STORE__INFLUX__URL": self.engine.settings.url,
            "SPASMWATCH_STORE__INFLUX__TOKEN": self.engine.settings.secret(),
            "SPASMWATCH_DIARY__HOST": "127.0.0.1",
            "SPASMWATCH_DIARY__PORT": str(free_port()),
            "SPASMWATCH_DIARY__CERTIFICATE_FILE": str(var / "certificates" / "diary" / "own.crt"),
            "SPASMWATCH_DIARY__KEY_FILE": str(var / "certificates" / "diary" / "own.key"),
            "SPASMWATCH_DIARY__AUTHORITY_FILE": str(var / "certificates" / "diary" / "ca.crt"),
            "SPASMWATCH_ALERTS__RECIPIENTS": "[]",
            "SPASMWATCH_RECORDER__HEALTH_EVERY_S": "2",
            "SPASMWATCH_TRIGGERS__HOMEASSISTANT__ENABLED": "true",
            "SPASMWATCH_HEARTBEAT": str(self.folder / f"{name}.alive"),
        }


@pytest.fixture(scope="module")
def home(laid_home: Path, influx_server: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    for database in (influx_server.settings.bucket, influx_server.settings.diary_bucket):
        influx_server.create(database)
    folder = tmp_path_factory.mktemp("programs")
    (folder / "data").mkdir()
    with ExitStack() as stack:
        broker = stack.enter_context(running_home_broker(laid_home, folder / "broker", debug=True))
        found = Home(broker, influx_server, folder)
        for name in PROGRAMS:
            stack.enter_context(found.program(name))
        yield found


@pytest.mark.xdist_group("home programs")
def test_all_programs_work_with_their_own_rights_and_are_denied_nothing(home: Home) -> None:
    with ExitStack() as stack:
        viewer = stack.enter_context(closing(home.broker.client("viewer")))
        viewer.listen(TOPICS.every("availability"))
        until(
            lambda: (
                {name for name in PROGRAMS if (TOPICS.of(name, "availability"), b"online") in viewer.heard}
                == set(PROGRAMS)
            ),
            60,
            "every program online",
        )
        for what in ("alert", "health"):
            viewer.listen(TOPICS.every(what))
        camera = stack.enter_context(closing(MqttBus(home.broker.settings("cam1"), TOPICS, client="cam1", node="cam1")))
        camera.wait_until_connected(10)
        outbox = stack.enter_context(
            closing(DiskOutbox(home.folder / "cam1.sqlite", home="home", node="cam1", settings=OutboxSettings()))
        )
        courier = stack.enter_context(closing(Courier(outbox, camera, TOPICS, "cam1", OutboxSettings())))
        now = datetime.now(UTC)
        outbox.add(make.observation(now - timedelta(seconds=60)))
        for number in range(8):
            outbox.add(make.spasm(now - timedelta(seconds=40 - 4 * number)))
        # The receipt came back to the camera: stored in InfluxDB.
        assert courier.flush(30)
        store = InfluxStore(home.engine.settings, home="home", timezone="UTC")
        stack.enter_context(closing(store))
        assert store.counts()["spasm"] == 8
        # The burst was alerted, somebody on the pages takes note, and the alert says who.
        until(lambda: _alerts(viewer.heard) != [], 30, "the alert")
        alert_id = _alerts(viewer.heard)[0]
        word = AlertCommand(id="c1", verb="acknowledge", actor="anna", time=datetime.now(UTC))
        pages = stack.enter_context(closing(home.broker.client("diary")))
        pages.say(TOPICS.alert_command("anna", alert_id), word.payload().decode())
        until(lambda: b'"state":"acknowledged"' in b"".join(payload for _, payload in viewer.heard), 30, "the answer")
        until(lambda: {"alert", "health"} <= store.counts().keys(), 90, "alerts and health in the store")
        assert _denied(home) == []
        # Had there been a refusal, the log would have told.
        viewer.say(TOPICS.of("cam1", "spasm"))
        until(lambda: len(_denied(home)) == 1)


def _alerts(heard: list[tuple[str, bytes]]) -> list[str]:
    found = [re.search(rb'"alert_id":"([^"]+)"', payload) for topic, payload in heard if topic.endswith("/alert")]
    return [match[1].decode() for match in found if match]


def _denied(home: Home) -> list[str]:
    """What the broker refused anybody, as its own log tells."""
    log = (home.folder / "broker" / "log").read_text(encoding="utf-8", errors="replace")
    return [line for line in log.splitlines() if "Denied" in line]


@pytest.mark.xdist_group("home programs")
def test_a_container_sees_that_each_program_is_alive(home: Home) -> None:
    for name in PROGRAMS:
        until((home.folder / f"{name}.alive").exists, 30, f"{name}'s beat")
        assert time.time() - (home.folder / f"{name}.alive").stat().st_mtime < 60
