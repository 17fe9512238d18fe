"""The triggers service under load: 500 devices at 2,000 messages a second, and a flood on one topic beside them.

Real Mosquitto, the real program as a process held to one core, devices as another process. Two tables:

* ``lag``: how long after its sending each change became a record on our broker, over the run, in tenths of it. It must
  not grow.
* ``flood``: the same for the other devices while one topic sends as fast as it can.

    python bench/triggers.py [--seconds 60] [--rate 2000] [--devices 500]
"""

import argparse
import json
import multiprocessing
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.servers import free_port, mosquitto

LOUD_EVERY = 40
"""Every so many rounds a device opens and closes its contact: the event whose lag is measured."""

AVAILABILITY = "spasmwatch/home/triggers/availability"

SETTINGS = """
[home]
data = "{data}"

[mqtt]
port = {port}

[triggers.rules.contact]
device = "device/*"
property = "contact"
equals = false
kind = "other"

[triggers.rules.coffee]
preset = "coffee_machine"
device = "device/*"
"""


def client(port: int, name: str) -> paho.Client:
    """A connected client with its own thread."""
    made = paho.Client(CallbackAPIVersion.VERSION2, client_id=name)
    made.max_queued_messages_set(0)
    made.connect("127.0.0.1", port)
    made.loop_start()
    return made


def message(number: int, round_: int, contact: bool) -> bytes:
    """A device's message as Zigbee2MQTT sends it: everything it knows, every time."""
    return json.dumps(
        {
            "battery": 97,
            "contact": contact,
            "power": round(3 + (number + round_) % 7 * 0.1, 1),
            "temperature": round(20 + number % 5 + (round_ % 3) * 0.05, 2),
            "humidity": round(45 + number % 9 + (round_ % 4) * 0.2, 1),
            "illuminance": 200 + number % 50,
            "linkquality": 60 + round_ % 90,
            "voltage": 3000,
            "last_seen": datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        }
    ).encode()


def devices(port: int, count: int, rate: float, seconds: float) -> None:
    """Send at a steady rate, each device in turn; the contact's opening tells when it was sent (``last_seen``)."""
    out = client(port, "devices")
    start, sent = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - start) < seconds:
        due = int(elapsed * rate)
        while sent < due:
            round_, number = divmod(sent, count)
            out.publish(f"zigbee2mqtt/device/{number}", message(number, round_, (round_ + number) % LOUD_EVERY != 0))
            sent += 1
        time.sleep(0.002)
    time.sleep(1)
    out.loop_stop()
    print(f"sent {sent} messages in {seconds:.0f} s ({sent / seconds:.0f} a second)", flush=True)


def flood(port: int, seconds: float) -> None:
    """One topic as fast as it goes."""
    out = client(port, "flood")
    start, sent = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        for _ in range(200):
            out.publish("zigbee2mqtt/wild", b'{"temperature": %d, "contact": true}' % (sent % 40))
            sent += 1
        time.sleep(0.01)
    time.sleep(1)
    out.loop_stop()
    print(f"flooded with {sent} messages ({sent / seconds:.0f} a second)", flush=True)


class Arrivals:
    """Lags of event records: from the device's sending to our broker's delivery."""

    def __init__(self, port: int) -> None:
        self.lags: list[tuple[float, float]] = []
        self.readings = 0
        self._known: set[str] = set()
        self._client = client(port, "listener")
        self._client.on_message = self._take
        self.up = threading.Event()
        self._client.message_callback_add(
            AVAILABILITY, lambda _client, _data, said: said.payload == b"online" and self.up.set()
        )
        self._client.subscribe([("spasmwatch/home/triggers/trigger", 1), (AVAILABILITY, 1)])

    def _take(self, _client: paho.Client, _data: object, arrived: paho.MQTTMessage) -> None:
        record, now = json.loads(arrived.payload), time.time()
        if record["id"] in self._known:
            return  # sent again, since no recorder gives receipts here
        self._known.add(record["id"])
        if record["form"] == "event":
            self.lags.append((now, now - datetime.fromisoformat(record["time"]).timestamp()))
        else:
            self.readings += 1


def processor_seconds(pid: int) -> float:
    """Processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    """Resident memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def run(name: str, folder: Path, arguments: argparse.Namespace, *, with_flood: bool) -> None:
    """One run with its table."""
    folder.mkdir()
    port = free_port()
    settings = folder / "spasmwatch.toml"
    settings.write_text(SETTINGS.format(data=folder / "data", port=port))
    with mosquitto(folder, port, extra="log_type error"):
        command = [
            sys.executable,
            "-m",
            "spasmwatch",
            "triggers",
            "--settings",
            str(settings),
            "--log-level",
            "WARNING",
        ]
        service = subprocess.Popen(command)
        os.sched_setaffinity(service.pid, {0})
        arrivals = Arrivals(port)
        if not arrivals.up.wait(60):
            raise TimeoutError("the triggers service did not start within a minute")
        time.sleep(2)  # it is online a moment before it has subscribed to everything
        work = [
            multiprocessing.Process(target=devices, args=(port, arguments.devices, arguments.rate, arguments.seconds))
        ]
        if with_flood:
            work.append(multiprocessing.Process(target=flood, args=(port, arguments.seconds)))
        before, began, started = processor_seconds(service.pid), resident_mb(service.pid), time.time()
        for process in work:
            process.start()
        for process in work:
            process.join()
        time.sleep(3)
        used, ended = processor_seconds(service.pid) - before, resident_mb(service.pid)
        service.terminate()
        service.wait(20)
    expected, kept = openings(arguments), events_on_disk(folder / "data/outbox/triggers.sqlite")
    print(f"\n{name}: {expected} openings, {kept} events on disk, {len(arrivals.lags)} heard,", end=" ")
    print(f"{arrivals.readings} readings; one core busy {used / arguments.seconds:.0%};", end=" ")
    print(f"memory {began:.0f} → {ended:.0f} MB; load of the machine {os.getloadavg()[0]:.0f}")
    table(np.array(arrivals.lags), started, arguments.seconds)


def openings(arguments: argparse.Namespace) -> int:
    """Openings sent after each device's first message, which is a baseline."""
    sent = int(arguments.rate * arguments.seconds)
    return sum(sum(divmod(one, arguments.devices)) % LOUD_EVERY == 0 for one in range(arguments.devices, sent))


def events_on_disk(outbox: Path) -> int:
    """Events in the outbox, which keeps them all since no recorder gives receipts."""
    with closing(sqlite3.connect(outbox)) as base:
        payloads = base.execute("SELECT payload FROM pending WHERE what = 'trigger'").fetchall()
    return sum(json.loads(payload)["form"] == "event" for (payload,) in payloads)


def table(lags: np.ndarray, started: float, seconds: float) -> None:
    """Median, 95 % and largest lag in tenths of the run."""
    if not len(lags):
        print("no event was heard: the machine is too busy for this bench")
        return
    print(f"{'part of the run':>16} {'events':>7} {'median ms':>10} {'p95 ms':>8} {'max ms':>8}")
    for tenth in range(10):
        inside = lags[(lags[:, 0] - lags[:, 1] - started) // (seconds / 10) == tenth, 1] * 1000
        if len(inside):
            low, high = np.percentile(inside, (50, 95))
            print(f"{tenth * 10:>13} %  {len(inside):>7} {low:>10.1f} {high:>8.1f} {inside.max():>8.1f}")
    last = lags[lags[:, 0] - lags[:, 1] - started > seconds * 0.8, 1]
    first = lags[lags[:, 0] - lags[:, 1] - started < seconds * 0.3, 1]
    print(f"median lag in the last fifth / in the first third: {np.median(last) / np.median(first):.2f}")


def main() -> None:
    """Both runs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=float, default=2000)
    parser.add_argument("--devices", type=int, default=500)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run("steady", Path(folder) / "steady", arguments, with_flood=False)
        arguments.rate = arguments.rate / 4
        run("flood on one topic", Path(folder) / "flood", arguments, with_flood=True)


if __name__ == "__main__":
    main()
