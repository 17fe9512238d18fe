"""The alert program as a process: over a real broker, with its state on disk and a push service on loopback."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from spasmwatch.adapters.acknowledge_links import LinkRedeemer, link_key
from spasmwatch.adapters.mqtt import MqttBus
from spasmwatch.domain.parsing import parse
from spasmwatch.domain.records import Alert, Health, Record
from spasmwatch.domain.topics import AlertCommand, Topics, WhoIsTold
from spasmwatch.ports import Message
from spasmwatch.runtime import LAST_WORK_S
from spasmwatch.settings import load
from spasmwatch.settings.mqtt import Mqtt
from support import make
from support.push_receiver import PushReceiver, push_receiver
from support.servers import mosquitto
from support.wait import until

TOPICS = Topics("spasmwatch", "home")


class House:
    """What the tests see and say: a client at the broker, the settings file, the alert program."""

    def __init__(self, broker: Mqtt, folder: Path, push: list[str], more: str = "") -> None:
        self.bus = MqttBus(broker, TOPICS, client="test")
        self.alerts: list[Alert] = []
        self.health: list[Health] = []
        self.bus.subscribe(TOPICS.every("alert"), self._keep)
        self.bus.subscribe(TOPICS.of("alerts", "health"), self._hear)
        self.bus.wait_until_connected(10)
        self.file = folder / "spasmwatch.toml"
        self.file.write_text(
            f'[home]\ndata = "{folder}/data"\n[mqtt]\nport = {broker.port}\n[alerts]\npush = {json.dumps(push)}\n{more}'
        )
        self.log = folder / "alerts.log"

    def _keep(self, message: Message) -> None:
        record = parse(message.payload)
        assert isinstance(record, Alert)
        # Without a recorder nothing is receipted, so a restarted outbox repeats itself: the same record, the same id.
        if record.id not in {known.id for known in self.alerts}:
            self.alerts.append(record)
        message.acknowledge()

    def _hear(self, message: Message) -> None:
        record = parse(message.payload)
        assert isinstance(record, Health)
        self.health.append(record)
        message.acknowledge()

    @contextmanager
    def program(self) -> Iterator[subprocess.Popen[bytes]]:
        """The alert program, ready to listen."""
        self.health.clear()
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "spasmwatch", "alerts", "--settings", str(self.file)], stdout=log, stderr=log
            )
        try:
            until(lambda: any(health.state == "running" for health in self.health), 90, "the alert program")
            yield process
        finally:
            process.terminate()
            process.wait(60)

    def say(self, record: Record) -> None:
        """Publish a record as its producer would."""
        self.bus.publish(TOPICS.of(record.node, record.what), record.payload())

    def burst(self, count: int) -> None:
        """Spasms within the last minute."""
        start = datetime.now(UTC) - timedelta(seconds=60)
        for number in range(count):
            self.say(make.stamped(make.spasm(start + timedelta(seconds=4 * number))))

    def states(self) -> list[str]:
        """States of the published alerts."""
        return [alert.state for alert in self.alerts]


@contextmanager
def house(broker: Mqtt, folder: Path, more: str = "") -> Iterator[tuple[House, PushReceiver]]:
    with push_receiver() as receiver:
        built = House(broker, folder, [receiver.ntfy], more)
        try:
            yield built, receiver
        finally:
            built.bus.close()


def test_a_burst_is_pushed_and_can_be_acknowledged(broker: Mqtt, tmp_path: Path) -> None:
    with house(broker, tmp_path) as (home, receiver), home.program():
        home.burst(6)
        until(lambda: len(receiver.requests) == 1, 30, "the push")
        until(lambda: home.states() == ["firing"], 30)
        firing = home.alerts[0]
        assert firing.rule == "escalation"
        assert firing.severity == "warning"
        assert "6 spasms within 5 minutes" in firing.reason
        # Health details stay off the lock screen unless the household allows them.
        assert "spasm" not in receiver.bodies()[0]["message"].lower()
        command = AlertCommand(id="c1", verb="acknowledge", actor="anna", time=datetime.now(UTC))
        home.bus.publish(TOPICS.alert_command("anna", firing.alert_id), command.payload())
        until(lambda: home.states() == ["firing", "acknowledged"], 30)
        assert home.alerts[1].actor == "anna"


def test_an_acknowledged_alert_stays_so_after_a_kill(broker: Mqtt, tmp_path: Path) -> None:
    with house(broker, tmp_path) as (home, receiver):
        with home.program() as process:
            home.burst(6)
            until(lambda: len(receiver.requests) == 1, 30, "the push")
            until(lambda: home.states() == ["firing"], 30)
            command = AlertCommand(id="c1", verb="acknowledge", actor="anna", time=datetime.now(UTC))
            home.bus.publish(TOPICS.alert_command("anna", home.alerts[0].alert_id), command.payload())
            until(lambda: home.states() == ["firing", "acknowledged"], 30)
            process.kill()
            process.wait(10)
        with home.program():
            home.burst(3)
            # A later red flag proves that the spasms before it have been judged.
            home.say(make.stamped(make.diary(datetime.now(UTC), kind="symptom", subkind="swallowing"), node="diary"))
            until(lambda: len(receiver.requests) == 2, 30, "the red flag")
            # Its push does not wait for what the bus tells of it.
            until(lambda: home.states().count("firing") == 2, 30, "the red flag's alert")
        assert [alert.rule for alert in home.alerts if alert.state == "firing"] == ["escalation", "red_flag"]
        assert receiver.requests[1]["headers"]["X-Priority"] == "max"


def test_who_is_told_nothing_gets_no_push_also_when_only_its_own_disk_says_so(tmp_path: Path) -> None:
    told = WhoIsTold(levels={"anna": "everything", "ben": "nothing"}, time=datetime.now(UTC))
    with push_receiver() as anna, push_receiver() as ben, mosquitto(tmp_path) as port:
        home = House(Mqtt(port=port), tmp_path, [], _recipients(anna=anna, ben=ben))
        obeyed: list[bytes] = []
        home.bus.subscribe(TOPICS.told("alerts"), lambda message: obeyed.append(message.payload))
        # Retained, as the pages keep it: the alert program hears it whenever it comes.
        home.bus.publish(TOPICS.told("diary"), told.payload(), retain=True)
        with home.program():
            until(lambda: obeyed, 30, "the alert program's word that it obeys")
            home.say(make.stamped(make.diary(datetime.now(UTC), kind="symptom", subkind="help"), node="diary"))
            until(lambda: len(anna.requests) == 1, 30, "the call for help")
        home.bus.publish(TOPICS.told("diary"), b"", retain=True)
        home.bus.publish(TOPICS.told("alerts"), b"", retain=True)
        with home.program():
            # Nothing says it any more but the alert program's own disk.
            home.burst(6)
            until(lambda: len(anna.requests) == 2, 30, "the escalation")
        home.bus.close()
        assert ben.requests == []


def _recipients(**receivers: PushReceiver) -> str:
    lines = (f'[[alerts.recipients]]\nname = "{name}"\naddress = "{one.ntfy}"' for name, one in receivers.items())
    return "\n".join(lines) + "\n"


def test_it_stops_at_once_while_no_recorder_confirms_anything(broker: Mqtt, tmp_path: Path) -> None:
    with house(broker, tmp_path) as (home, receiver), home.program() as process:
        home.burst(6)
        until(lambda: len(receiver.requests) == 1, 30, "the push")
        asked = time.monotonic()
        process.terminate()
        process.wait(60)
        assert time.monotonic() - asked < LAST_WORK_S / 2
        assert process.returncode == 0


def test_the_set_up_ends_when_a_phone_has_answered_the_test_push(broker: Mqtt, tmp_path: Path) -> None:
    page = '\npage = "https://home.example"'
    with house(broker, tmp_path) as (home, receiver):
        home.file.write_text(home.file.read_text().replace("\npush", f"{page}\npush"))
        command = [sys.executable, "-m", "spasmwatch", "alerts", "--test-push", "--settings", str(home.file)]
        trial = subprocess.Popen([*command, "--wait", "120"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        until(lambda: len(receiver.requests) == 1, 90, "the test push")
        # What the phone does: it posts to the address of the button; the pages redeem it.
        address = receiver.requests[0]["headers"]["X-Actions"].split(", ")[2]
        redeemer = LinkRedeemer(link_key(load(home.file)), tmp_path / "used.sqlite")
        alert_id, answer = redeemer.redeem(address.rsplit("/", 1)[1], datetime.now(UTC))
        redeemer.close()
        home.bus.publish(TOPICS.alert_command(answer.actor, alert_id), answer.payload())
        out, error = trial.communicate(timeout=60)
    assert trial.returncode == 0, error
    assert "Everybody answered" in out
