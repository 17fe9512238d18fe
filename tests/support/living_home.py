"""A home that runs: broker, recorder, alerts and diary as processes, a past, and a stand-in for the camera."""

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from spasmwatch.adapters.courier import Courier
from spasmwatch.adapters.mqtt import MqttBus
from spasmwatch.adapters.outbox import DiskOutbox
from spasmwatch.adapters.sqlite_store import SqliteStore
from spasmwatch.domain.records import Record
from spasmwatch.domain.topics import PauseCommand, PauseState, Topics
from spasmwatch.ports import Message
from spasmwatch.runtime import SystemClock
from spasmwatch.settings import Settings, load
from spasmwatch_services.diary.accounts import ROLES, Accounts
from spasmwatch_services.diary.database import Database
from support import make, story
from support.servers import free_port, mosquitto, wait_for_port

PASSWORD = "three brown owls"


@dataclass
class LivingHome:
    """Where it is and what can be done with it."""

    page: str
    settings: Settings
    camera: DiskOutbox
    bus: MqttBus

    def add_people(self, shown: Mapping[str, str] | None = None) -> None:
        """One account for each role, named like it; ``shown`` says how some are called on the pages."""
        database = Database(self.settings.home.data / "diary" / "diary.sqlite")
        accounts = Accounts(database, SystemClock())
        for role in ROLES:
            if accounts.person(role) is None:
                accounts.add(role, (shown or {}).get(role, role.capitalize()), role)
                accounts.set_password(role, PASSWORD)
        database.close()

    def stored(self, what: str) -> list[Record]:
        """What the recorder has stored, of the last two days."""
        store = SqliteStore(
            self.settings.home.data / "store.sqlite", home=self.settings.home.name, timezone="UTC", readonly=True
        )
        try:
            now = datetime.now(UTC)
            return list(store.read(what, None, now - timedelta(days=2), now + timedelta(minutes=5)))
        finally:
            store.close()

    def see(self, spasms: int = 1) -> None:
        """The camera reports a minute with some spasms."""
        now = datetime.now(UTC)
        self.camera.add(make.observation(now - timedelta(seconds=60), 52.0))
        for number in range(spasms):
            self.camera.add(make.spasm(now - timedelta(seconds=40 - 3 * number)))


@contextlib.contextmanager
def living_home(
    folder: Path,
    *,
    days: int = 0,
    programs: Sequence[str] = ("recorder", "alerts", "diary"),
    diary: str = "",
    timezone: str = "UTC",
) -> Iterator[LivingHome]:
    """Start a home with ``days`` of past; ``diary`` holds further lines of its settings."""
    if days:
        story.fill(folder / "store.sqlite", days=days, now=datetime.now(UTC), zone=timezone, worse=1.8)
    port = free_port()
    with mosquitto(folder) as broker, contextlib.ExitStack() as stack:
        file = folder / "spasmwatch.toml"
        file.write_text(
            f"[home]\ndata = {json.dumps(str(folder))}\ntimezone = {json.dumps(timezone)}\n"
            f"[mqtt]\nport = {broker}\n[diary]\nport = {port}\n{diary}\n"
        )
        settings = load(file)
        for name in programs:
            stack.enter_context(_program(name, file, folder))
        wait_for_port(port, 60)
        topics = Topics(settings.mqtt.base, settings.home.name)
        bus = MqttBus(settings.mqtt, topics, client="cam1", node="cam1")
        stack.callback(bus.close)
        outbox = DiskOutbox(folder / "outbox" / "cam1.sqlite", home="home", node="cam1", settings=settings.outbox)
        stack.callback(outbox.close)
        stack.callback(Courier(outbox, bus, topics, "cam1", settings.outbox).close)
        _obey_pauses(bus, topics)
        home = LivingHome(f"http://127.0.0.1:{port}", settings, outbox, bus)
        home.see()
        yield home


@contextlib.contextmanager
def _program(name: str, file: Path, folder: Path) -> Iterator[None]:
    with (folder / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "spasmwatch", name, "--settings", str(file)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _obey_pauses(bus: MqttBus, topics: Topics) -> None:
    """What the real camera does with a pause: stop for anybody, resume for the patient alone."""
    lock = threading.Lock()

    def receive(message: Message) -> None:
        message.acknowledge()
        wish = PauseCommand.parse(message.payload)
        with lock:
            if wish.verb == "pause":
                state = PauseState(paused=True, since=wish.time, until=wish.until, by=wish.actor)
            elif wish.patient:
                state = PauseState(paused=False, by=wish.actor)
            else:
                return
            bus.keep(topics.state("cam1", "pause"), state.payload())

    bus.subscribe(topics.command("cam1", "pause"), receive)
