"""A broker and its clients in memory, delivering at once in the publisher's thread; passes the Bus contract."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import paho.mqtt.client as paho

from spasmwatch.domain.topics import OFFLINE, ONLINE, Topics
from spasmwatch.ports import Bus, Message

Handler = Callable[[Message], None]


@dataclass
class _Session:
    """What the broker remembers of one client: its filters and what it has not acknowledged."""

    filters: list[str] = field(default_factory=list)
    unacknowledged: deque[tuple[str, bytes, bool]] = field(default_factory=deque)
    client: "MemoryBus | None" = None


class MemoryBroker:
    """Holds retained messages, the sessions of all clients and, for tests to look at, everything published."""

    def __init__(self) -> None:
        self.published: list[tuple[str, bytes]] = []
        self.retained: dict[str, bytes] = {}
        self._turn = 0
        self._sessions: dict[str, _Session] = {}

    def publish(self, topic: str, payload: bytes, *, retain: bool) -> None:
        self.published.append((topic, payload))
        if retain and payload:
            self.retained[topic] = payload
        elif retain:
            self.retained.pop(topic, None)
        groups: dict[str, list[_Session]] = {}
        for session in list(self._sessions.values()):
            for wanted in session.filters:
                if paho.topic_matches_sub(_plain(wanted), topic):
                    # Subscribers of a group take turns; everybody else is a group of one.
                    groups.setdefault(wanted if wanted.startswith("$share/") else str(id(session)), []).append(session)
        for members in groups.values():
            self._turn += 1
            self._deliver(members[self._turn % len(members)], topic, payload, retained=False)

    def payloads(self, topic_filter: str) -> list[bytes]:
        """The payloads of everything published so far on matching topics."""
        return [payload for topic, payload in self.published if paho.topic_matches_sub(topic_filter, topic)]

    def open(self, name: str, client: "MemoryBus") -> _Session:
        session = self._sessions.setdefault(name, _Session())
        session.client = client
        return session

    def subscribe(self, session: _Session, topic_filter: str) -> None:
        waiting = list(session.unacknowledged) if topic_filter in session.filters else []
        if topic_filter not in session.filters:
            session.filters.append(topic_filter)
        session.unacknowledged.clear()
        for topic, payload, retained in waiting:
            self._deliver(session, topic, payload, retained=retained)
        if not topic_filter.startswith("$share/"):
            for topic, payload in list(self.retained.items()):
                if paho.topic_matches_sub(topic_filter, topic):
                    self._deliver(session, topic, payload, retained=True)

    def _deliver(self, session: _Session, topic: str, payload: bytes, *, retained: bool) -> None:
        item = (topic, payload, retained)
        session.unacknowledged.append(item)
        if session.client is not None:
            session.client.receive(Message(topic, payload, retained, lambda: _forget(session, item)))


def _forget(session: _Session, item: tuple[str, bytes, bool]) -> None:
    if item in session.unacknowledged:
        session.unacknowledged.remove(item)


class MemoryBus:
    """Implements :class:`~spasmwatch.ports.Bus`. Without a broker given it has one to itself (``bus.broker``)."""

    def __init__(
        self, topics: Topics | None = None, *, client: str = "test", node: str | None = None,
        broker: MemoryBroker | None = None,
    ) -> None:  # fmt: skip
        self.broker = broker or MemoryBroker()
        self._availability = (topics or Topics("spasmwatch", "home")).of(node, "availability") if node else None
        self._handlers: list[tuple[str, Handler]] = []
        self._session = self.broker.open(client, self)
        if self._availability:
            self.keep(self._availability, ONLINE)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self.broker.publish(topic, payload, retain=retain)

    def publish_all(self, messages: Iterable[tuple[str, bytes]]) -> None:
        for topic, payload in messages:
            self.publish(topic, payload)

    def post(self, topic: str, payload: bytes) -> None:
        self.publish(topic, payload)

    def subscribe(self, topic_filter: str, handler: Handler) -> None:
        self._handlers.append((topic_filter, handler))
        self.broker.subscribe(self._session, topic_filter)

    def keep(self, topic: str, payload: bytes) -> None:
        self.broker.publish(topic, payload, retain=True)

    def receive(self, message: Message) -> None:
        for topic_filter, handler in self._handlers:
            if paho.topic_matches_sub(_plain(topic_filter), message.topic):
                handler(message)

    def close(self) -> None:
        self._session.client = None
        if self._availability:
            self.broker.publish(self._availability, OFFLINE, retain=True)


def _plain(topic_filter: str) -> str:
    return topic_filter.split("/", 2)[2] if topic_filter.startswith("$share/") else topic_filter


_conforms: type[Bus] = MemoryBus
