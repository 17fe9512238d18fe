"""Carries an outbox to the broker: in order, again when no receipt comes."""

import logging
import threading

from spasmwatch.adapters.outbox import DiskOutbox
from spasmwatch.domain.topics import Receipt, Topics
from spasmwatch.errors import BusError, OutboxError, RecordError
from spasmwatch.ports import Bus, Message
from spasmwatch.settings.outbox import OutboxSettings

log = logging.getLogger(__name__)

BATCH = 100


class Courier:
    """One thread that publishes what is due and drops what a receipt names."""

    def __init__(self, outbox: DiskOutbox, bus: Bus, topics: Topics, node: str, settings: OutboxSettings) -> None:
        self._outbox, self._bus, self._topics, self._node, self._settings = outbox, bus, topics, node, settings
        self._stopping = threading.Event()
        bus.subscribe(topics.of(node, "stored"), self._receive)
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop; what is not sent stays on disk for the next start."""
        self._stopping.set()
        self._outbox.filled.set()
        self._thread.join(10)

    def flush(self, timeout: float) -> bool:
        """Wait until every record has its receipt; False when ``timeout`` seconds were not enough."""
        waiting = threading.Event()
        for _ in range(max(1, int(timeout * 20))):
            if self._outbox.depth() == 0:
                return True
            waiting.wait(0.05)
        return False

    def _run(self) -> None:
        while not self._stopping.is_set():
            # Woken by a new record; otherwise looks for overdue ones.
            self._outbox.filled.wait(min(1.0, self._settings.resend_after_s))
            self._outbox.filled.clear()
            try:
                while not self._stopping.is_set() and self._carry():
                    pass
            except BusError as error:
                log.debug("waiting for the broker: %s", error)
                self._stopping.wait(0.5)
            except OutboxError as error:
                log.error("%s", error)
                self._stopping.wait(5)

    def _carry(self) -> bool:
        batch = self._outbox.due(BATCH)
        if batch:
            # All in flight at once: a round trip for each record would make a backlog last for hours.
            self._bus.publish_all((self._topics.of(self._node, item.what), item.payload) for item in batch)
            self._outbox.sent(batch)
        return bool(batch)

    def _receive(self, message: Message) -> None:
        if self._stopping.is_set():
            return  # unacknowledged: it comes again at the next start
        try:
            receipt = Receipt.parse(message.payload)
            self._outbox.drop(receipt.boot, receipt.ranges)
        except (RecordError, OutboxError) as error:
            log.warning("receipt ignored: %s", error)
        message.acknowledge()
