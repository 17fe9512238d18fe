"""How fast the recorder takes records from Mosquitto into a store, beside a bare paho consumer in the same run.

    python bench/throughput.py [--records 50000] [--store influx|sqlite|both] [--runs 3] [--way flow|backlog|both]
    python bench/throughput.py --records 1000000 --store influx --memory

``flow``: one publisher at QoS 1, as fast as paho can, and the consumer beside it. ``backlog``: all records wait in the
broker before the consumer connects to its persistent session. The clock runs from the first message to the last:
acknowledged (bare consumer, which does nothing else), or stored, rolled up and receipted (recorder). CPU is what the
consuming process itself used for a record.
"""

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

sys.path[:0] = [str(Path(__file__).parents[1] / "tests"), str(Path(__file__).parent)]

from homes import payloads  # noqa: E402
from spasmwatch.domain.records import MODELS  # noqa: E402
from spasmwatch.domain.topics import Receipt, Topics  # noqa: E402
from support.influx import influxdb  # noqa: E402
from support.processes import children  # noqa: E402
from support.servers import mosquitto  # noqa: E402

TOPICS = Topics("spasmwatch", "home")
BATCH = 2000
"""The recorder's; its first receipt comes after so many."""


Measured = tuple[float, float]
"""Records a second, and microseconds of CPU for each."""


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--store", choices=["influx", "sqlite", "both"], default="both")
    parser.add_argument("--way", choices=["flow", "backlog", "both"], default="both")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--memory", action="store_true", help="one run of the recorder, its memory as it goes")
    parser.add_argument("--publish", nargs=2, type=int, metavar=("PORT", "SEED"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    stores = ["influx", "sqlite"] if args.store == "both" else [args.store]
    if args.publish:
        _publish(args.publish[0], args.records, args.publish[1])
    elif args.memory:
        for store in stores:
            _watch_memory(store, args.records)
    else:
        for way in ("flow", "backlog") if args.way == "both" else (args.way,):
            _compare(way, stores, args.records, args.runs)


def _compare(way: str, stores: list[str], number: int, runs: int) -> None:
    print(f"{way}: {number} records, {runs} runs, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"{'consumer':24s} {'records/s':>10s} {'CPU each':>9s}  of bare   each run")
    results: dict[str, list[Measured]] = {"bare paho, QoS 1": [], **{f"recorder into {store}": [] for store in stores}}
    for run in range(runs):
        results["bare paho, QoS 1"].append(_bare(way, number, run))
        for store in stores:
            results[f"recorder into {store}"].append(_recorder(way, store, number, run))
    bare = statistics.median(rate for rate, _ in results["bare paho, QoS 1"])
    for name, measured in results.items():
        rate = statistics.median(rate for rate, _ in measured)
        used = statistics.median(used for _, used in measured)
        each = " ".join(f"{rate:.0f}" for rate, _ in measured)
        print(f"{name:24s} {rate:10.0f} {used:6.0f} µs  {rate / bare:7.0%}   {each}", flush=True)


def _client(port: int, name: str, *, clean: bool) -> paho.Client:
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=name, clean_session=clean)
    client.max_inflight_messages_set(1000)
    client.connect("127.0.0.1", port)
    client.loop_start()
    return client


def _session(port: int, name: str) -> None:
    """A persistent session that waits for all records, disconnected."""
    client = _client(port, name, clean=False)
    done = threading.Event()
    client.on_subscribe = lambda *_: done.set()
    client.subscribe([(TOPICS.every(what), 1) for what in MODELS])
    done.wait(10)
    client.disconnect()
    client.loop_stop()


def _publish(port: int, number: int, seed: int) -> None:
    client = _client(port, "filler", clean=True)
    room = threading.Semaphore(900)
    client.on_publish = lambda *_: room.release()
    for what, payload in islice(payloads(seed), number):
        room.acquire()
        client.publish(TOPICS.of("cam1", what), payload, qos=1)
    for _ in range(900):
        room.acquire()
    client.disconnect()
    client.loop_stop()


def _publisher(port: int, number: int, seed: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, __file__, "--records", str(number), "--publish", str(port), str(seed)])


def _bare(way: str, number: int, run: int) -> Measured:
    with tempfile.TemporaryDirectory(prefix="spasmwatch-bench-") as folder, mosquitto(Path(folder)) as port:
        _session(port, "bare")
        publisher = _publisher(port, number, run)
        if way == "backlog":
            publisher.wait()
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id="bare", clean_session=False)
        count, first, used, done = 0, 0.0, 0.0, threading.Event()

        def arrived(*_: object) -> None:
            nonlocal count, first, used
            count += 1
            if count == 1:
                first, used = time.perf_counter(), time.process_time()
            if count == number:
                done.set()

        client.on_message = arrived
        client.connect("127.0.0.1", port)
        client.loop_start()
        done.wait(600)
        took, used = time.perf_counter() - first, time.process_time() - used
        publisher.wait()
        client.disconnect()
        client.loop_stop()
        return number / took, used / number * 1e6


@contextlib.contextmanager
def _settings(store: str, port: int, folder: Path) -> Iterator[Path]:
    file = folder / "spasmwatch.toml"
    text = f'[home]\ndata = "{folder}/data"\n[mqtt]\nport = {port}\n[recorder]\nhealth_every_s = 3600\n'
    with contextlib.ExitStack() as stack:
        if store == "influx":
            settings = stack.enter_context(influxdb(folder / "influx")).settings
            (folder / "token").write_text(settings.secret())
            text += f'[store]\nkind = "influx"\n[store.influx]\nurl = "{settings.url}"\ntoken_file = "{folder}/token"\n'
        file.write_text(text)
        yield file


class _Receipts:
    """Counts what has a receipt; knows the time of the first and the last."""

    def __init__(self, port: int, number: int) -> None:
        self.number, self.stored, self.first, self.last = number, 0, 0.0, 0.0
        self.done = threading.Event()
        self._client = _client(port, "receipts", clean=True)
        self._client.on_message = self._note
        ready = threading.Event()
        self._client.on_subscribe = lambda *_: ready.set()
        self._client.subscribe(TOPICS.of("cam1", "stored"), qos=1)
        ready.wait(10)

    def _note(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        self.last = time.perf_counter()
        self.first = self.first or self.last
        self.stored += sum(end - begin + 1 for begin, end in Receipt.parse(message.payload).ranges)
        if self.stored >= self.number:
            self.done.set()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextlib.contextmanager
def _running(settings: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "spasmwatch", "recorder", "--settings", str(settings)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        yield process
        process.terminate()


def _used(process: subprocess.Popen[bytes]) -> float:
    """Seconds of CPU so far, with the process that writes."""
    ticks = 0
    for pid in (process.pid, *children(process.pid)):
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _resident(process: subprocess.Popen[bytes]) -> float:
    """MB, with the process that writes; what both share counts twice."""
    pids = (process.pid, *children(process.pid))
    return sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids) * 4096 / 1e6


def _recorder(way: str, store: str, number: int, run: int) -> Measured:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="spasmwatch-bench-")))
        port = stack.enter_context(mosquitto(folder))
        settings = stack.enter_context(_settings(store, port, folder))
        _session(port, "home-recorder")
        receipts = _Receipts(port, number)
        if way == "backlog":
            _publisher(port, number, run).wait()
        process = stack.enter_context(_running(settings))
        if way == "flow":
            while _used(process) < 0.1 or not (folder / "data" / "outbox").exists():
                time.sleep(0.05)
            used = _used(process)
            _publisher(port, number, run).wait()
        else:
            used = 2.0  # about what the start costs
        receipts.done.wait(900)
        used = _used(process) - used
        receipts.close()
        return (receipts.stored - BATCH) / (receipts.last - receipts.first), used / number * 1e6


def _watch_memory(store: str, number: int) -> None:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="spasmwatch-bench-")))
        port = stack.enter_context(mosquitto(folder))
        settings = stack.enter_context(_settings(store, port, folder))
        receipts = _Receipts(port, number)
        _session(port, "home-recorder")
        process = stack.enter_context(_running(settings))
        publisher = _publisher(port, number, 1)
        print(f"{'stored':>10s} {'records/s':>10s} {'resident MB':>12s}   ({store})", flush=True)
        before = 0
        while not receipts.done.wait(20):
            rate = (receipts.stored - before) / 20
            print(f"{receipts.stored:10d} {rate:10.0f} {_resident(process):12.1f}", flush=True)
            before = receipts.stored
        publisher.wait()
        receipts.close()


if __name__ == "__main__":
    main()
