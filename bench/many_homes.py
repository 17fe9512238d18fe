"""A thousand homes on one machine: one broker, one InfluxDB, one consuming process.

    python bench/many_homes.py [--homes 1000] [--minutes 3]

Every home sends what a real one does in a minute: one observation, a spasm in three of ten minutes, and a health record
of each of its five programs. All homes send their minute at once, the worst case. The consumer is the recorder's own
code (parsing, roll-ups, store, receipts) with one roll-up keeper for each home. What counts is how long a minute of all
homes takes to be stored (it must stay well below 60 s), and how much memory the engine needs.
"""

import argparse
import copy
import itertools
import queue
import random
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

sys.path[:0] = [str(Path(__file__).parents[1] / "tests")]

from spasmwatch.adapters.influx_store import InfluxStore  # noqa: E402
from spasmwatch.domain.parsing import parse  # noqa: E402
from spasmwatch.domain.records import Health, Record  # noqa: E402
from spasmwatch.domain.topics import Receipt, Topics  # noqa: E402
from spasmwatch_services.recorder.rollup_keeper import RollupKeeper  # noqa: E402
from support import make  # noqa: E402
from support.influx import influxdb  # noqa: E402
from support.servers import mosquitto  # noqa: E402

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
PROGRAMS = ("cam1", "recorder", "alerts", "diary", "triggers")
BATCH = 2000


def minute_of(home: str, minute: int, chance: random.Random) -> Iterator[Record]:
    """What one home sends in one minute."""
    when = START + timedelta(minutes=minute, microseconds=chance.randrange(1000))
    drafts: list[tuple[str, Record]] = [("cam1", make.observation(when))]
    if chance.random() < 0.3:
        drafts.append(("cam1", make.spasm(when + timedelta(seconds=chance.uniform(0, 50)))))
    drafts += [(name, Health(time=when, program=name, state="running", lag_s=0.1)) for name in PROGRAMS]
    for node, draft in drafts:
        yield make.stamped(draft, node=node, home=home, boot="bench")


class Consumer:
    """Stores what arrives and sends receipts; the recorder's order of things for many homes."""

    def __init__(self, store: InfluxStore, homes: list[str], port: int) -> None:
        self.stored = 0
        self._keepers = {}
        for home in homes:
            own = copy.copy(store)  # the same connection, asked about another home
            own._home = home
            self._keepers[home] = RollupKeeper(own, home, ZoneInfo("Europe/Berlin"))
        self._arrived: queue.SimpleQueue[paho.MQTTMessage] = queue.SimpleQueue()
        self.client = client(port, "consumer", manual=True)
        self.client.on_message = lambda _client, _data, message: self._arrived.put(message)
        ready = threading.Event()
        self.client.on_subscribe = lambda *_: ready.set()
        self.client.subscribe("spasmwatch/+/+/+", qos=1)
        ready.wait(10)

    def run_until(self, number: int) -> None:
        """Return when ``number`` records are stored in all."""
        while self.stored < number:
            self._take(self._batch())

    def _batch(self) -> list[paho.MQTTMessage]:
        batch = [self._arrived.get()]
        while len(batch) < BATCH:
            try:
                batch.append(self._arrived.get(timeout=0.02))
            except queue.Empty:
                break
        return batch

    def _take(self, batch: list[paho.MQTTMessage]) -> None:
        homes: dict[str, list[Record]] = defaultdict(list)
        for message in batch:
            if not message.topic.endswith("/stored"):
                record = parse(message.payload)
                homes[record.home].append(record)
        for home, records in homes.items():
            self._keepers[home].write(records)
            self.stored += len(records)
            for node, boots in itertools.groupby(records, key=lambda record: record.node):
                receipt = Receipt(boot="bench", ranges=tuple((record.seq, record.seq) for record in boots))
                self.client.publish(Topics("spasmwatch", home).of(node, "stored"), receipt.payload(), qos=0)
        for message in reversed(batch):
            self.client.ack(message.mid, message.qos)


def client(port: int, name: str, *, manual: bool = False) -> paho.Client:
    """A connected client."""
    made = paho.Client(CallbackAPIVersion.VERSION2, client_id=name, manual_ack=manual)
    made.max_inflight_messages_set(1000)
    made.connect("127.0.0.1", port)
    made.loop_start()
    return made


def resident_mb(process: int) -> float:
    """Resident memory of a process."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * 4096 / 1e6


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--homes", type=int, default=1000)
    parser.add_argument("--minutes", type=int, default=3)
    arguments = parser.parse_args()
    homes = [f"home{number:04d}" for number in range(arguments.homes)]
    chance = random.Random(1)
    with tempfile.TemporaryDirectory() as name, mosquitto(Path(name)) as port, influxdb(Path(name)) as engine:
        consumer = Consumer(InfluxStore(engine.settings, home=homes[0], timezone="Europe/Berlin"), homes, port)
        publisher = client(port, "publisher")
        sent = 0
        print(f"{'minute':>6s} {'records':>8s} {'stored in s':>12s} {'records/s':>10s} {'engine MB':>10s}")
        for minute in range(arguments.minutes):
            records = [record for home in homes for record in minute_of(home, minute, chance)]
            sent += len(records)
            began = time.perf_counter()
            for record in records:
                publisher.publish(
                    Topics("spasmwatch", record.home).of(record.node, record.what), record.payload(), qos=1
                )
            consumer.run_until(sent)
            took = time.perf_counter() - began
            memory = resident_mb(engine.process.pid)
            print(
                f"{minute + 1:6d} {len(records):8d} {took:12.1f} {len(records) / took:10.0f} {memory:10.0f}", flush=True
            )
        publisher.loop_stop()
        consumer.client.loop_stop()


if __name__ == "__main__":
    main()
