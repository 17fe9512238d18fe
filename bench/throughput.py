"""How fast the recorder takes a backlog from Mosquitto into a store, beside a bare paho consumer in the same run.

    python bench/throughput.py [--records 50000] [--store influx|sqlite|both] [--runs 3]
    python bench/throughput.py --records 1000000 --store influx --memory

Each consumer has a persistent session with all records waiting for it in the broker; the clock runs from the first
message to the last: acknowledged (bare consumer), or stored, rolled up and receipted (recorder).
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
from collections.abc import Iterator, Sequence
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

sys.path[:0] = [str(Path(__file__).parents[1] / "tests"), str(Path(__file__).parent)]

from homes import history  # noqa: E402
from spasmwatch.domain.records import MODELS  # noqa: E402
from spasmwatch.domain.topics import Receipt, Topics  # noqa: E402
from support.influx import influxdb  # noqa: E402
from support.servers import mosquitto  # noqa: E402

TOPICS = Topics("spasmwatch", "home")
WAITING_AT_ONCE = 100_000


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--store", choices=["influx", "sqlite", "both"], default="both")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--memory", action="store_true", help="one run of the recorder, its memory as it goes")
    args = parser.parse_args()
    stores = ["influx", "sqlite"] if args.store == "both" else [args.store]
    if args.memory:
        for store in stores:
            _watch_memory(store, args.records)
        return
    print(f"{args.records} records waiting, {args.runs} runs, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"{'consumer':24s} {'records/s: median':>18s} {'each run':>30s}")
    results: dict[str, list[float]] = {"bare paho, QoS 1": [], **{f"recorder into {store}": [] for store in stores}}
    for run in range(args.runs):
        results["bare paho, QoS 1"].append(_bare(args.records, run))
        for store in stores:
            results[f"recorder into {store}"].append(_recorder(store, args.records, run))
    bare = statistics.median(results["bare paho, QoS 1"])
    for name, rates in results.items():
        each, middle = " ".join(f"{rate:.0f}" for rate in rates), statistics.median(rates)
        print(f"{name:24s} {middle:18.0f} {each:>30s}   {middle / bare:.0%} of bare")


def _client(port: int, name: str, *, clean: bool) -> paho.Client:
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=name, clean_session=clean)
    client.max_inflight_messages_set(1000)
    client.connect("127.0.0.1", port)
    client.loop_start()
    return client


def _session(port: int, name: str, filters: Sequence[str]) -> None:
    """A persistent session that waits, disconnected."""
    client = _client(port, name, clean=False)
    done = threading.Event()
    client.on_subscribe = lambda *_: done.set()
    client.subscribe([(topic_filter, 1) for topic_filter in filters])
    done.wait(10)
    client.disconnect()
    client.loop_stop()


def _publish(port: int, number: int, seed: int, waiting: threading.Semaphore | None = None) -> None:
    client = _client(port, "filler", clean=True)
    last = None
    for record, _ in zip(history(seed), range(number), strict=False):
        if waiting is not None:
            waiting.acquire()
        while client._out_messages.__len__() > 900:
            time.sleep(0.001)
        last = client.publish(TOPICS.of(record.node, record.what), record.payload(), qos=1)
    if last is not None:
        last.wait_for_publish(600)
    client.disconnect()
    client.loop_stop()


def _bare(number: int, run: int) -> float:
    with tempfile.TemporaryDirectory(prefix="spasmwatch-bench-") as folder, mosquitto(Path(folder)) as port:
        _session(port, "bare", [TOPICS.every(what) for what in MODELS])
        _publish(port, number, run)
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id="bare", clean_session=False)
        count, first, done = 0, 0.0, threading.Event()

        def arrived(*_: object) -> None:
            nonlocal count, first
            count += 1
            if count == 1:
                first = time.perf_counter()
            if count == number:
                done.set()

        client.on_message = arrived
        client.connect("127.0.0.1", port)
        client.loop_start()
        done.wait(600)
        took = time.perf_counter() - first
        client.disconnect()
        client.loop_stop()
        return number / took


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


def _recorder(store: str, number: int, run: int) -> float:
    with tempfile.TemporaryDirectory(prefix="spasmwatch-bench-") as name, mosquitto(Path(name)) as port:
        with _settings(store, port, Path(name)) as settings:
            _session(port, "home-recorder", [TOPICS.every(what) for what in MODELS])
            _publish(port, number, run)
            receipts = _Receipts(port, number)
            command = [sys.executable, "-m", "spasmwatch", "recorder", "--settings", str(settings)]
            with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
                receipts.done.wait(900)
                process.terminate()
            receipts.close()
            return (receipts.stored - 500) / (receipts.last - receipts.first)


def _watch_memory(store: str, number: int) -> None:
    with tempfile.TemporaryDirectory(prefix="spasmwatch-bench-") as name, mosquitto(Path(name)) as port:
        with _settings(store, port, Path(name)) as settings:
            receipts = _Receipts(port, number)
            _session(port, "home-recorder", [TOPICS.every(what) for what in MODELS])
            command = [sys.executable, "-m", "spasmwatch", "recorder", "--settings", str(settings)]
            with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
                filler = threading.Thread(target=_publish, args=[port, number, 1])
                filler.start()
                print(f"{'stored':>10s} {'records/s':>10s} {'resident MB':>12s}   ({store})", flush=True)
                before = 0
                while not receipts.done.wait(10):
                    rss = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1]) * 4096 / 1e6
                    print(f"{receipts.stored:10d} {(receipts.stored - before) / 10:10.0f} {rss:12.1f}", flush=True)
                    before = receipts.stored
                filler.join()
                process.terminate()
            receipts.close()


if __name__ == "__main__":
    main()
