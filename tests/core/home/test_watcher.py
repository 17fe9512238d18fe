"""What the demo tells of the records that went over the broker."""

from collections.abc import Iterator

import pytest

from spasmwatch.adapters.mqtt import MqttBus
from spasmwatch.domain.records import Record, Spasm
from spasmwatch.domain.topics import Topics
from spasmwatch.home.watcher import Watcher
from spasmwatch.settings.mqtt import Mqtt
from support import make
from support.wait import until

TOPICS = Topics("spasmwatch", "home")


@pytest.fixture
def producer(broker: Mqtt) -> Iterator[MqttBus]:
    bus = MqttBus(broker, TOPICS, client="cam1", node="cam1")
    bus.wait_until_connected(10)
    yield bus
    bus.close()


@pytest.fixture
def watcher(broker: Mqtt, producer: MqttBus) -> Iterator[Watcher]:
    watcher = Watcher(broker, TOPICS)
    # What is sent before the broker has heard what it listens to never comes; what is retained comes with the answer.
    until(lambda: "cam1" in watcher.online)
    yield watcher
    watcher.close()


def send(bus: MqttBus, record: Record) -> None:
    bus.publish(TOPICS.of("cam1", record.what), record.payload())


def test_a_record_that_is_sent_twice_is_counted_once(producer: MqttBus, watcher: Watcher) -> None:
    record = make.stamped(make.spasm())
    send(producer, record)
    send(producer, record)
    send(producer, make.stamped(make.spasm(side="right")))
    until(lambda: watcher.published["spasm"] == 2)
    assert watcher.by_kind_and_side() == {"hemifacial": {"left": 1, "right": 1}}


def test_the_start_of_a_spasm_is_news_but_no_record_to_be_stored(producer: MqttBus, watcher: Watcher) -> None:
    send(producer, make.stamped(Spasm(person="patient", phase="start", spasm_id="s1", start=make.START)))
    send(producer, make.stamped(make.observation(observed_s=45.0)))
    until(lambda: watcher.published["observation"] == 1)
    assert watcher.published["spasm"] == 0
    assert "observed 0:45" in watcher.line()


def test_junk_on_the_broker_is_no_record(producer: MqttBus, watcher: Watcher) -> None:
    producer.publish(TOPICS.of("cam1", "spasm"), b"\xff not json")
    send(producer, make.stamped(make.spasm()))
    until(lambda: watcher.published["spasm"] == 1)
    assert watcher.summary()["published"] == {"spasm": 1}


def test_a_program_that_goes_offline_at_the_end_is_no_alert_of_the_summary(producer: MqttBus, watcher: Watcher) -> None:
    send(producer, make.stamped(make.alert(alert_id="one", rule="escalation", state="firing")))
    send(producer, make.stamped(make.alert(alert_id="two", rule="fault", state="pending")))
    until(lambda: watcher.published["alert"] == 2)
    assert [alert["rule"] for alert in watcher.summary()["alerts"]] == ["escalation"]
