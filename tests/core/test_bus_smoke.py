"""From a producer's outbox over a real broker to a subscriber, and the receipt back."""

from pathlib import Path

from spasmwatch.adapters.courier import Courier
from spasmwatch.adapters.mqtt import MqttBus
from spasmwatch.adapters.outbox import DiskOutbox
from spasmwatch.domain.parsing import parse
from spasmwatch.domain.records import Spasm
from spasmwatch.domain.topics import Receipt, Topics
from spasmwatch.ports import Message
from spasmwatch.settings.mqtt import Mqtt
from spasmwatch.settings.outbox import OutboxSettings
from support import make
from support.wait import until


def test_a_record_leaves_the_outbox_only_with_its_receipt(broker: Mqtt, tmp_path: Path) -> None:
    topics = Topics("spasmwatch", "home")
    reader = MqttBus(broker, topics, client="reader", node="recorder")
    arrived: list[Spasm] = []

    def keep(message: Message) -> None:
        record = parse(message.payload)
        assert isinstance(record, Spasm)
        arrived.append(record)
        message.acknowledge()

    reader.subscribe(topics.every("spasm"), keep)
    reader.wait_until_connected(10)
    bus = MqttBus(broker, topics, client="cam1", node="cam1")
    outbox = DiskOutbox(tmp_path / "cam1.sqlite", home="home", node="cam1", settings=OutboxSettings())
    courier = Courier(outbox, bus, topics, "cam1", OutboxSettings())
    sent = outbox.add(make.spasm())
    until(lambda: arrived == [sent])
    assert outbox.depth() == 1
    reader.publish(topics.of("cam1", "stored"), Receipt(boot=sent.boot, ranges=((sent.seq, sent.seq),)).payload())
    until(lambda: outbox.depth() == 0)
    for resource in (courier, bus, outbox, reader):
        resource.close()
