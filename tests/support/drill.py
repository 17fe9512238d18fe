"""The fault drill: real broker, recorder, store and a producer, each killed and hindered at seeded moments.

What happens is decided by the seed and by how many records have been produced, so the same seed repeats the same drill.
"""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from pydantic import SecretStr

from spasmwatch.adapters.stores import open_store
from spasmwatch.domain.records import Diary, Observation, Record, Spasm
from spasmwatch.domain.rollups import LONGEST_OBSERVATION, count, hours_between, seen_once, summarise_hour
from spasmwatch.ports import Store
from spasmwatch.settings import Settings, load
from support.drill_producer import TOPICS, draft
from support.influx import Engine, forwarder, influx_engine
from support.processes import children
from support.require import require
from support.servers import free_port, wait_for_port

Kind = Literal["influx", "sqlite"]
KILLS = ("kill edge", "kill broker", "kill recorder", "kill writer", "kill store")
HINDRANCES = ("cut the line", "slow store", "full disk", "duplicates", "hostile payloads")


@dataclass
class Outcome:
    """What the drill showed."""

    actions: Counter[str] = field(default_factory=Counter)
    produced: int = 0
    stored: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    dead_letters: int = 0
    seconds: float = 0.0

    @property
    def kills(self) -> int:
        return sum(number for action, number in self.actions.items() if action.startswith("kill"))


class Part:
    """A process that is started again after every kill."""

    def __init__(self, command: list[str], log: Path, port: int | None = None) -> None:
        self._command, self._log, self._port = command, log, port
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            process = subprocess.Popen(self._command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        if self._port is not None:
            wait_for_port(self._port, 60)
        return process

    def kill(self, pause: float) -> None:
        """kill -9, and again after a while."""
        self.process.kill()
        self.process.wait()
        time.sleep(pause)
        self.process = self._start()

    def stop_for(self, seconds: float) -> None:
        """Answer nobody for a while."""
        self.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self.process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


class Line:
    """A TCP line to the broker that can be cut."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._ends: list[socket.socket] = []
        self._pumps: list[threading.Thread] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self._target), timeout=5)
                    far.settimeout(None)
                except OSError:
                    near.close()
                    continue
                self._ends = [near, far]
                for source, sink in ((near, far), (far, near)):
                    pump = threading.Thread(target=_pump, args=(source, sink), daemon=True)
                    self._pumps.append(pump)
                    pump.start()

    def cut(self) -> None:
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.close()
        self.cut()
        for pump in self._pumps:
            pump.join(5)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            sink.sendall(piece)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()


class Drill:
    """One drill from the first record to the proof."""

    def __init__(self, folder: Path, kind: Kind, seed: int, number: int, kills: int) -> None:
        self._folder, self._kind, self._seed, self._number = folder, kind, seed, number
        self._chance = random.Random(seed)
        self._outcome = Outcome()
        self._stack = contextlib.ExitStack()
        self.schedule = self._plan(kills)

    def _plan(self, kills: int) -> list[tuple[int, str]]:
        """When (records produced) what happens."""
        parts = KILLS if self._kind == "influx" else KILLS[:-1]
        hindrances = (
            HINDRANCES if self._kind == "influx" else tuple(item for item in HINDRANCES if item != "slow store")
        )
        actions = [parts[number % len(parts)] for number in range(kills)]
        actions += [hindrances[number % len(hindrances)] for number in range(max(len(hindrances), kills // 2))]
        self._chance.shuffle(actions)
        moments = sorted(self._chance.sample(range(5, self._number - 5), len(actions)))
        return list(zip(moments, actions, strict=True))

    def run(self, *, told: Callable[[str], None] = lambda _: None, timeout: float = 3600) -> Outcome:
        """Produce under fire, wait until nothing waits, then compare."""
        began = time.monotonic()
        with self._stack:
            self._start_parts()
            for moment, action in self.schedule:
                self._wait(lambda moment=moment: self._produced() >= moment, timeout)  # type: ignore[misc]
                told(f"{moment:6d} {action}")
                self._outcome.actions[action] += 1
                getattr(self, "_" + action.replace(" ", "_"))()
            finished = self._folder / "finished"
            self._wait(finished.exists, timeout)
            self._prove()
        self._outcome.seconds = time.monotonic() - began
        return self._outcome

    def _wait(self, condition: Callable[[], bool], timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"the drill stands still at {self._produced()} records")
            time.sleep(0.01)

    def _produced(self) -> int:
        try:
            return int((self._folder / "produced").read_text())
        except (OSError, ValueError):
            return 0

    def _start_parts(self) -> None:
        folder = self._folder
        self._port = free_port()
        broker = folder / "mosquitto.conf"
        broker.write_text(
            f"listener {self._port} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 1000\n"
            "max_queued_messages 20000\npersistence false\n"
        )
        self._broker = self._part([require("mosquitto"), "-c", str(broker)], self._port)
        settings = self._write_settings()
        self._recorder = self._part([sys.executable, "-m", "spasmwatch", "recorder", "--settings", str(settings)])
        self._line = Line(self._port)
        self._stack.callback(self._line.close)
        script = Path(__file__).with_name("drill_producer.py")
        arguments = [self._line.port, folder, self._seed, self._number]
        self._edge = self._part([sys.executable, str(script), *map(str, arguments)])
        self._hostile = paho.Client(CallbackAPIVersion.VERSION2, client_id="hostile")
        self._hostile.connect_async("127.0.0.1", self._port)
        self._hostile.loop_start()
        self._stack.callback(self._hostile.loop_stop)
        self._stack.callback(self._hostile.disconnect)

    def _part(self, command: list[str], port: int | None = None) -> Part:
        part = Part(command, self._folder / f"{Path(command[0]).name}-{len(command)}.log", port)
        self._stack.callback(part.close)
        return part

    def _write_settings(self) -> Path:
        file = self._folder / "spasmwatch.toml"
        text = (
            f'[home]\ndata = "{self._folder}/data"\ntimezone = "Europe/Berlin"\n[mqtt]\nport = {self._port}\n'
            "[recorder]\nhealth_every_s = 5\nbatch_records = 200\n"
        )
        if self._kind == "influx":
            with influx_engine(self._folder / "influx") as (engine_port, process):
                engine = Engine(settings=None, port=engine_port, process=process)  # type: ignore[arg-type]
                for database in ("spasmwatch", "spasmwatch_diary"):
                    engine.create(database)
            configuration = str(self._folder / "influx" / "influxdb.conf")
            self._store = self._part([require("influxd"), "-config", configuration], engine_port)
            influx = self._stack.enter_context(forwarder(self._folder, engine_port))
            token = self._folder / "token"
            token.write_text((influx.token or SecretStr("")).get_secret_value())
            text += f'[store]\nkind = "influx"\n[store.influx]\nurl = "{influx.url}"\ntoken_file = "{token}"\n'
        file.write_text(text)
        return file

    def settings(self) -> Settings:
        """As the recorder has them."""
        return load(self._folder / "spasmwatch.toml")

    def _kill_edge(self) -> None:
        self._edge.kill(self._chance.uniform(0, 0.3))

    def _kill_broker(self) -> None:
        self._broker.kill(self._chance.uniform(0, 0.5))

    def _kill_recorder(self) -> None:
        self._recorder.kill(self._chance.uniform(0, 0.5))

    def _kill_writer(self) -> None:
        """The recorder's own process that writes; where it is just being started anew, there is nothing to kill."""
        for child in children(self._recorder.process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)

    def _kill_store(self) -> None:
        self._store.kill(self._chance.uniform(0, 1))

    def _cut_the_line(self) -> None:
        self._line.cut()

    def _slow_store(self) -> None:
        self._store.stop_for(self._chance.uniform(0.5, 2))

    def _full_disk(self) -> None:
        full = self._folder / "disk-full"
        full.touch()
        time.sleep(self._chance.uniform(0.2, 1))
        full.unlink()

    def _duplicates(self) -> None:
        """Late copies of what was sent, newest first."""
        last = self._produced()
        for number in reversed(range(max(0, last - 50), last)):
            record = draft(self._seed, number)
            fields = json.loads(record.payload()) | {
                "schema": f"{record.what}/1.0", "home": "home", "node": "cam1", "boot": "copies", "seq": number,
            }  # fmt: skip
            self._say(record.what, json.dumps(fields).encode())

    def _hostile_payloads(self) -> None:
        record = draft(self._seed, self._produced())
        good = json.dumps(
            json.loads(record.payload())
            | {"schema": f"{record.what}/1.0", "home": "home", "node": "cam1", "boot": "x", "seq": 1}
        ).encode()
        for payload in hostile(good, self._chance):
            self._say(record.what, payload)

    def _say(self, what: str, payload: bytes) -> None:
        self._hostile.publish(TOPICS.of("cam1", what), payload, qos=1)

    def _prove(self) -> None:
        """Compare what is stored with what was produced, record by record, and the roll-ups with both."""
        produced = [draft(self._seed, number) for number in range(self._number)]
        expected = {
            record.id: record for record in produced if not (isinstance(record, Spasm) and record.phase == "start")
        }
        store = open_store(self.settings(), readonly=True)
        try:
            found = [record for what in _kinds() for record in store.everything(what) if record.node == "cam1"]
            times = Counter(record.id for record in found)
            self._outcome.produced, self._outcome.stored = len(expected), len(times)
            self._outcome.lost = sorted(expected.keys() - times.keys())
            self._outcome.doubled = sorted(identity for identity, number in times.items() if number > 1)
            self._outcome.wrong = [*self._differences(expected, found), *self._wrong_rollups(store, found)]
        finally:
            store.close()
        letters = self._folder / "data" / "recorder" / "dead-letters.jsonl"
        self._outcome.dead_letters = len(letters.read_bytes().splitlines()) if letters.exists() else 0

    def _differences(self, expected: dict[str, Record], found: list[Record]) -> Iterator[str]:
        for record in found:
            wanted = expected.get(record.id)
            if wanted is None:
                yield f"{record.id} was never produced"
            elif abs(record.when - wanted.when) > timedelta(milliseconds=1):
                yield f"{record.id} has the time {record.when}, not {wanted.when}"
            elif isinstance(wanted, Diary) and isinstance(record, Diary) and record.text != wanted.text:
                yield f"{record.id} has another text"

    def _wrong_rollups(self, store: Store, found: list[Record]) -> Iterator[str]:
        zone = self.settings().home.zone
        spasms = [record for record in found if isinstance(record, Spasm)]
        observations = [record for record in found if isinstance(record, Observation)]
        first = min(record.when for record in found) - timedelta(days=1)
        last = max(record.when for record in [*spasms, *observations]) + timedelta(days=1)
        hours = {rate.start: rate for rate in store.rates("patient", first, last, "hour", zone.key)}
        for hour in hours_between(first, last, zone):
            near = [item for item in observations if hour[0] - LONGEST_OBSERVATION <= item.start < hour[1]]
            wanted = summarise_hour("home", "patient", hour, spasms, near)
            rate = hours.get(hour[0])
            got = (rate.counts, round(rate.observed_s, 3)) if rate else ({}, 0.0)
            if got != (wanted.counts, round(wanted.observed_s, 3)):
                yield f"roll-up of {hour[0]}: {got}, not {(wanted.counts, wanted.observed_s)}"
        days = store.rates("patient", first, last, "day", zone.key)
        total = sum(day.counts.get("all_all", 0) for day in days)
        if total != count(seen_once(spasms)).get("all_all", 0):
            yield f"the days hold {total} spasms"


def _kinds() -> tuple[str, ...]:
    return ("spasm", "observation", "diary", "label")


def hostile(good: bytes, chance: random.Random) -> list[bytes]:
    """Broken forms of a good payload, none of them a record."""
    fields = json.loads(good)
    return [
        good[: chance.randrange(1, len(good) - 1)],
        good + b" " * 20_000,
        b"",
        b"\x00\xff\xfe" + good,
        json.dumps(fields | {"schema": "spasm/9.0"}).encode(),
        json.dumps(fields | {"home": "elsewhere"}).encode(),
        json.dumps(fields | {"id": "../../etc/passwd"}).encode(),
        json.dumps(fields | {"person": 'x"; DROP DATABASE spasmwatch; --'}).encode(),
        json.dumps(fields | {"seq": -1}).encode(),
        json.dumps(fields | {(fields["schema"].startswith("diary") and "at") or "start": 17}).encode(),
        json.dumps(
            fields | {"confidence": float("nan"), "seconds": float("inf"), "revision": 0, "time": "now"}
        ).encode(),
        b"[" * 8000,
        json.dumps(dict.fromkeys(fields)).encode(),
    ]
