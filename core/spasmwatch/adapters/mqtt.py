"""The broker over paho-mqtt: MQTT 3.1.1, QoS 1, a persistent session, manual acknowledgement, a last will."""

import hashlib
import logging
import queue
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from spasmwatch.adapters.mqtt_client import Client
from spasmwatch.domain.topics import OFFLINE, ONLINE, Topics
from spasmwatch.errors import BusError, BusRefused
from spasmwatch.ports import Bus, Message
from spasmwatch.settings.mqtt import Mqtt

log = logging.getLogger(__name__)

CONFIRM_S = 10.0
"""How long a publish waits for its PUBACK."""

UNSETTLED = 5000
"""How many messages may wait for their handlers before reading slows down."""
PATIENCE_S = 10.0
"""Slowed down, one more message is read after this time: pings and receipts must go on."""
EARLY_S = 5.0
"""How long after the start a message may wait for somebody to subscribe to it."""
BREATH_S = 0.001
"""How long messages gather before the handlers' thread wakes again."""
TOGETHER = 100
"""How many messages get their handlers in one go."""
ROUTES = 1000
"""For how many topics their handlers are remembered."""

Handler = Callable[[Message], None]


@dataclass(eq=False, slots=True)
class _Arrival:
    """One message, and whether it is dealt with."""

    message: paho.MQTTMessage
    settled: bool = False


class _Acknowledgements:
    """Keeps PUBACKs in the order of arrival, as MQTT demands (4.6.0-2): rumqttd drops who does otherwise.

    A handler may settle its messages in any order; each goes out once all that came before it are settled. Mosquitto
    2.0 does not keep to its own window, so a slow handler (a store that is away) is what holds back the reading here.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._room = threading.Condition(self._lock)
        self._waiting: deque[_Arrival] = deque()

    def expect(self, arrival: _Arrival) -> None:
        """A message at QoS 1 has arrived; wait a little for room among those that are not dealt with."""
        with self._room:
            if len(self._waiting) >= UNSETTLED:
                self._room.wait_for(lambda: len(self._waiting) < UNSETTLED, PATIENCE_S)
            self._waiting.append(arrival)

    def settle(self, arrival: _Arrival) -> list[paho.MQTTMessage]:
        """The messages that may be acknowledged now that this one is dealt with."""
        due: list[paho.MQTTMessage] = []
        with self._lock:
            arrival.settled = True
            while self._waiting and self._waiting[0].settled:
                due.append(self._waiting.popleft().message)
            if due and len(self._waiting) < UNSETTLED:
                self._room.notify()
        return due

    def forget(self) -> None:
        """The connection is gone: the broker will send again what it has no acknowledgement for."""
        with self._lock:
            self._waiting.clear()


def _unguessable(name: str, password: str | None) -> str:
    """The name of a session, which stays the same as long as the password.

    Who connects under the name of another's session throws it off the broker and empties its queue, whatever the
    account: so with a password nobody else can know the name.
    """
    return name if password is None else f"{name}-{hashlib.sha256(f'{name}:{password}'.encode()).hexdigest()[:16]}"


class MqttBus:
    """A connection that looks after itself: reconnects, re-subscribes, repeats its retained states.

    ``node`` gets ``availability`` with a last will; without a node the client is a mere observer with a clean session.
    Handlers run in one thread of their own, so that a handler may publish. The error of a handler that raises is
    logged and its message acknowledged. Acknowledgements go out in the order of arrival.
    """

    def __init__(self, settings: Mqtt, topics: Topics, *, client: str, node: str | None = None) -> None:
        self._settings = settings
        self._handlers: list[tuple[str, Handler]] = []
        self._routes: dict[str, list[Handler]] = {}
        self._early: list[_Arrival] = []
        self._early_is_due = False
        self._started = time.monotonic()
        self._states: dict[str, bytes] = {}
        self._availability = topics.of(node, "availability") if node else None
        # None wakes the dispatcher: there are early messages to look at again, or it shall end.
        self._incoming: queue.SimpleQueue[_Arrival | None] = queue.SimpleQueue()
        self._closing = False
        self._acknowledgements = _Acknowledgements()
        self._connected = threading.Event()
        # From here on a new subscription or state goes out by itself; before, the next connect takes it along.
        self._open = False
        self._unanswered: set[int | None] = set()
        self._refused: str | None = None
        self._lock = threading.Lock()
        self._client = self._make_client(client)
        self._dispatcher = threading.Thread(target=self._dispatch, name="bus", daemon=True)
        self._dispatcher.start()
        self._client.connect_async(settings.host, settings.port, keepalive=30)
        self._client.loop_start()

    def _make_client(self, name: str) -> Client:
        settings = self._settings
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=_unguessable(name, settings.secret()),
            clean_session=self._availability is None,
            manual_ack=True,
        )
        client.max_inflight_messages_set(1000)
        client.reconnect_delay_set(min_delay=1, max_delay=30)
        if settings.username:
            client.username_pw_set(settings.username, settings.secret())
        if settings.ca_file:
            try:
                client.tls_set(
                    ca_certs=str(settings.ca_file),
                    certfile=str(settings.certificate_file) if settings.certificate_file else None,
                    keyfile=str(settings.key_file) if settings.key_file else None,
                    tls_version=ssl.PROTOCOL_TLS_CLIENT,
                )
            except (OSError, ValueError) as error:
                raise BusRefused(f"mqtt.ca_file or certificate cannot be used: {error}") from error
        if self._availability:
            client.will_set(self._availability, OFFLINE, qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        return client

    @property
    def connected(self) -> bool:
        """Whether the broker is there right now."""
        return self._connected.is_set()

    def wait_until_connected(self, timeout: float) -> None:
        """Raises BusRefused for a wrong account, BusError when there is no broker after ``timeout`` seconds."""
        if not self._connected.wait(timeout):
            address = f"{self._settings.host}:{self._settings.port}"
            if self._refused:
                raise BusRefused(
                    f"the broker at {address} refused us: {self._refused}; check mqtt.username and password"
                )
            raise BusError(f"no MQTT broker at {address}; is it running, and are mqtt.host and mqtt.port right?")

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Return when the broker has confirmed. Raises BusError when it is away or does not confirm."""
        self._is_there()
        try:
            info = self._client.publish(topic, payload, qos=1, retain=retain)
            self._await(info, time.monotonic() + CONFIRM_S)
            confirmed = info.is_published()
        except (ValueError, RuntimeError) as error:
            raise BusError(f"publish to {topic} failed: {error}") from error
        if not confirmed:
            raise BusError(f"the broker did not confirm a message to {topic} within {CONFIRM_S:.0f} s")

    def publish_all(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """Publish in order without waiting in between; return when the broker has confirmed all. Raises BusError."""
        deadline = time.monotonic() + CONFIRM_S
        try:
            sent = [self._client.publish(topic, payload, qos=1) for topic, payload in messages if self._is_there()]
            for info in sent:
                self._await(info, deadline)
        except (ValueError, RuntimeError) as error:
            raise BusError(f"publishing failed: {error}") from error
        if not all(info.is_published() for info in sent):
            raise BusError(f"the broker did not confirm {len(sent)} messages within {CONFIRM_S:.0f} s")

    def _await(self, info: paho.MQTTMessageInfo, deadline: float) -> None:
        """Wait for the PUBACK, no longer than the connection holds."""
        while not info.is_published() and self._connected.is_set() and time.monotonic() < deadline:
            info.wait_for_publish(0.2)

    def post(self, topic: str, payload: bytes) -> None:
        """Hand over for sending and do not wait; when the connection breaks just now it may be lost. Never raises."""
        try:
            self._client.publish(topic, payload, qos=1)
        except (ValueError, RuntimeError) as error:
            log.warning("a message to %s is not sent: %s", topic, error)

    def _is_there(self) -> bool:
        if not self._connected.is_set():
            raise BusError(f"not connected to the broker at {self._settings.host}:{self._settings.port}")
        return True

    def subscribe(self, topic_filter: str, handler: Handler) -> None:
        """Call ``handler`` for every message that matches, now and after every reconnect."""
        with self._lock:
            self._handlers.append((topic_filter, handler))
            self._routes.clear()
            self._early_is_due = True
            is_open = self._open
        self._incoming.put(None)
        if is_open:
            self._client.subscribe(topic_filter, qos=1)

    def keep(self, topic: str, payload: bytes) -> None:
        """Hold a retained state: published when connected, and again on every connect."""
        with self._lock:
            self._states[topic] = payload
            is_open = self._open
        if is_open:
            self._client.publish(topic, payload, qos=1, retain=True)

    def close(self) -> None:
        """Publish ``offline`` (a clean disconnect sends no last will) and disconnect."""
        if self._availability and self._connected.is_set():
            try:
                self.publish(self._availability, OFFLINE, retain=True)
            except BusError as error:
                log.warning("could not say goodbye: %s", error)
        self._client.disconnect()
        self._client.loop_stop()
        self._closing = True
        self._incoming.put(None)
        if threading.current_thread() is not self._dispatcher:
            self._dispatcher.join(5)

    def _on_connect(
        self, client: paho.Client, _data: object, _flags: paho.ConnectFlags, reason: ReasonCode, _p: Properties | None
    ) -> None:
        if reason.is_failure:
            self._refused = str(reason)
            log.error("the broker refused the connection: %s", reason)
            return
        self._refused = None
        with self._lock:
            filters = [topic_filter for topic_filter, _ in self._handlers]
            states = dict(self._states)
            self._open = True
        self._unanswered = {client.subscribe(topic_filter, qos=1)[1] for topic_filter in filters}
        if self._availability:
            # The broker published our last will when the line broke; say again that we are there.
            client.publish(self._availability, ONLINE, qos=1, retain=True)
        for topic, payload in states.items():
            client.publish(topic, payload, qos=1, retain=True)
        if not self._unanswered:
            self._connected.set()

    def _on_subscribe(
        self, _client: paho.Client, _data: object, mid: int, _reasons: list[ReasonCode], _p: Properties | None
    ) -> None:
        """Connected means heard, too: not before the broker has taken the subscriptions."""
        self._unanswered.discard(mid)
        if not self._unanswered and self._open:
            self._connected.set()

    def _on_disconnect(
        self,
        _client: paho.Client,
        _data: object,
        _flags: paho.DisconnectFlags,
        reason: ReasonCode,
        _p: Properties | None,
    ) -> None:
        with self._lock:
            self._open = False
        self._connected.clear()
        self._acknowledgements.forget()
        if reason.is_failure:
            log.warning("connection to the broker lost: %s", reason)

    def _on_message(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        arrival = _Arrival(message)
        if message.qos:
            self._acknowledgements.expect(arrival)
        self._incoming.put(arrival)

    def _dispatch(self) -> None:
        while True:
            arrivals = [self._incoming.get()]
            while len(arrivals) < TOGETHER and not self._incoming.empty():
                arrivals.append(self._incoming.get())
            for due, handlers in self._due([arrival for arrival in arrivals if arrival is not None]):
                self._handle(self._message(due), handlers)
            if self._closing and None in arrivals:
                return
            if self._incoming.empty():
                # Under load, wake up for several messages at once: a switch of threads costs more than a message.
                time.sleep(BREATH_S)

    def _handle(self, message: Message, handlers: list[Handler]) -> None:
        if not handlers:
            message.acknowledge()
        for handler in handlers:
            try:
                handler(message)
            except Exception:
                # A message that stays open would hold up all that come after it; a record without a receipt
                # comes again from its outbox anyhow.
                log.exception("handling a message on %s failed", message.topic)
                message.acknowledge()

    def _due(self, arrivals: list[_Arrival]) -> list[tuple[_Arrival, list[Handler]]]:
        """What is to be handled now, in the order of arrival, each with its handlers.

        The session of before may send before anybody has subscribed: such a message waits for its handler, and goes
        before all that came after it. Looked up and put aside in one go, so that no subscription slips in between.
        """
        due: list[tuple[_Arrival, list[Handler]]] = []
        with self._lock:
            if self._early_is_due:
                arrivals, self._early, self._early_is_due = self._early + arrivals, [], False
            may_wait = time.monotonic() < self._started + EARLY_S
            for one in arrivals:
                handlers = self._route(one.message.topic)
                if handlers or not may_wait:
                    due.append((one, handlers))
                else:
                    self._wait_for_handler(one)
        return due

    def _wait_for_handler(self, arrival: _Arrival) -> None:
        if not self._early:
            later = threading.Timer(EARLY_S, self._give_up_early)
            later.daemon = True
            later.start()
        self._early.append(arrival)

    def _give_up_early(self) -> None:
        with self._lock:
            self._early_is_due = True
        self._incoming.put(None)

    def _route(self, topic: str) -> list[Handler]:
        """The handlers of a topic; to be called with the lock held."""
        handlers = self._routes.get(topic)
        if handlers is None:
            if len(self._routes) >= ROUTES:
                self._routes.clear()
            handlers = [handler for topic_filter, handler in self._handlers if _matches(topic_filter, topic)]
            self._routes[topic] = handlers
        return handlers

    def _message(self, arrival: _Arrival) -> Message:
        def acknowledge() -> None:
            self._client.ack_all([due.mid for due in self._acknowledgements.settle(arrival)])

        arrived = arrival.message
        return Message(arrived.topic, bytes(arrived.payload), arrived.retain, acknowledge)


def _matches(topic_filter: str, topic: str) -> bool:
    if topic_filter.startswith("$share/"):
        topic_filter = topic_filter.split("/", 2)[2]
    return paho.topic_matches_sub(topic_filter, topic)


_conforms: type[Bus] = MqttBus
