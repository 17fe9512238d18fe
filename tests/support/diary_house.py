"""The diary with everything in memory: what is logged is stored at once, time stands still unless told."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from argon2 import PasswordHasher
from fastapi import FastAPI

from spasmwatch.adapters.acknowledge_links import LinkRedeemer
from spasmwatch.domain.records import Record
from spasmwatch.domain.topics import Topics
from spasmwatch.errors import PushRefused
from spasmwatch.ports import Notification
from spasmwatch.settings import Settings
from spasmwatch_services.diary import web
from spasmwatch_services.diary.accounts import Role
from spasmwatch_services.diary.database import Database
from spasmwatch_services.diary.house import House, furnish
from support.make import stamped
from support.memory_bus import MemoryBus
from support.memory_store import MemoryStore

with warnings.catch_warnings():
    # The test client prefers a successor of httpx that is not needed here.
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

R = TypeVar("R", bound=Record)
NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
KEY = b"k" * 32
PASSWORD = "three brown owls"


@dataclass
class StillClock:
    """Time as the test says."""

    moment: datetime = NOW

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@dataclass
class StoringOutbox:
    """Stamps and stores at once, as outbox, broker and recorder do together."""

    store: MemoryStore
    added: list[Record] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, record: R) -> R:
        with self.lock:
            kept = stamped(record, node="diary")
            self.added.append(kept)
            self.store.write([kept])
        return kept


@dataclass
class RememberingPush:
    """Delivers to a list; an address that holds "gone" fails."""

    pushed: list[tuple[str, Notification]] = field(default_factory=list)

    def send(self, address: str, notification: Notification) -> None:
        if "gone" in address:
            raise PushRefused("the push service said no")
        self.pushed.append((address, notification))


@dataclass
class TestHome:
    """A house and the parts behind it."""

    __test__ = False

    house: House
    store: MemoryStore
    outbox: StoringOutbox
    bus: MemoryBus
    clock: StillClock
    pushed: list[tuple[str, Notification]]

    @cached_property
    def app(self) -> FastAPI:
        return web.build(self.house)

    def hear(self, record: Record, node: str = "cam1") -> Record:
        """A record of another program arrives over MQTT, and is stored."""
        kept = stamped(record, node=node)
        self.store.write([kept])
        self.bus.publish(self.house.topics.of(node, kept.what), kept.payload())
        return kept

    def client(self, address: str = "http://127.0.0.1") -> TestClient:
        """A browser without a session."""
        client = TestClient(self.app, base_url=address, follow_redirects=False)
        client.cookies.set("screen", "narrow")  # so that each chart is drawn once
        return client

    def visitor(self, role: Role, name: str | None = None) -> "Browser":
        """A browser in which somebody with this role is logged in."""
        name = name or role
        if self.house.accounts.person(name) is None:
            self.house.accounts.add(name, name.capitalize(), role)
            self.house.accounts.set_password(name, PASSWORD)
        client = self.client()
        answer = client.post("/login", data={"name": name, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        return Browser(client)

    def token(self, role: Role) -> dict[str, str]:
        """Headers of a program that acts for somebody with this role."""
        if self.house.accounts.person(role) is None:
            self.house.accounts.add(role, role, role)
        return {"Authorization": f"Bearer {self.house.accounts.make_token(role, 'test')}"}


@dataclass
class Browser:
    """Sends the token of its session with every write, as the pages do."""

    client: TestClient

    @property
    def csrf(self) -> str:
        return str(self.client.get("/api/v1/session").json()["csrf"])

    def get(self, path: str) -> object:
        return self.client.get(path)

    def send(self, method: str, path: str, json: object = None) -> object:
        return self.client.request(method, path, json=json, headers={"X-CSRF-Token": self.csrf})

    def fill(self, path: str, **fields: str) -> object:
        return self.client.post(path, data={"csrf": self.csrf, **fields})


@contextmanager
def diary_house(folder: Path, alerts: dict[str, object] | None = None, **diary: object) -> Iterator[TestHome]:
    """A home of its own in ``folder``; further words are settings of ``[diary]``."""
    settings = Settings.model_validate({"home": {"data": str(folder)}, "diary": diary, "alerts": alerts or {}})
    clock, store, topics = StillClock(), MemoryStore(), Topics("spasmwatch", "home")
    bus, outbox = MemoryBus(topics), StoringOutbox(store)
    database = Database(folder / "diary" / "diary.sqlite")
    redeemer = LinkRedeemer(KEY, folder / "diary" / "answers.sqlite")
    # The cheapest argon2 that is still argon2: the tests log in often.
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    push = RememberingPush()
    house = furnish(
        settings, topics, bus, outbox, lambda: store, database, redeemer, lambda: push, clock, hasher,
        lambda: clock.now().timestamp(),
    )  # fmt: skip
    try:
        yield TestHome(house, store, outbox, bus, clock, push.pushed)
    finally:
        redeemer.close()
        database.close()
