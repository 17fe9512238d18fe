"""From the broker into the store: gather, have it stored, send receipts, acknowledge; in this order.

A kill at any moment is healed by the broker or the producer sending again: what has no receipt comes again, and
writing again changes nothing.
"""

import json
import logging
import queue
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import UUID

from spasmwatch.domain.numbering import Range, ranges_of
from spasmwatch.domain.records import MODELS
from spasmwatch.domain.topics import Fault, Receipt, Topics
from spasmwatch.errors import SpasmWatchError, StoreError
from spasmwatch.ports import Bus, Message
from spasmwatch.settings.recorder import Recorder as RecorderSettings
from spasmwatch_services.recorder.dead_letters import DeadLetters
from spasmwatch_services.recorder.figures import Figures
from spasmwatch_services.recorder.ledger import Ledger
from spasmwatch_services.recorder.storing import Mail, Stored, Verdict

log = logging.getLogger(__name__)

LONGEST_PAUSE_S = 30.0
MEANT_S = 5.0
"""A payload that is no record and still comes after this time comes from its producer's outbox."""


class Recorder:
    """Between the broker and the store, which is written to by ``store``.

    :meth:`run` has one batch stored while the receipts of the one before go out in a second thread.
    ``store`` gives one verdict for each message, or raises StoreError when all are to come again.
    """

    def __init__(
        self,
        bus: Bus,
        topics: Topics,
        store: Callable[[Mail], list[Verdict]],
        ledger: Ledger,
        dead_letters: DeadLetters,
        settings: RecorderSettings,
        figures: Figures,
    ) -> None:
        self._bus, self._topics, self._store = bus, topics, store
        self._ledger, self._dead_letters, self._settings, self._figures = ledger, dead_letters, settings, figures
        self._incoming: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._troubles: dict[str, tuple[str, datetime]] = {}
        self._told: Fault | None = None
        self._lock = threading.Lock()
        group = f"$share/{settings.share}/" if settings.share else ""
        for what in MODELS:
            bus.subscribe(group + topics.every(what), self._incoming.put)
        bus.subscribe(topics.every("stored"), self._note_receipt)
        self._tell_fault()

    def run(self, stopping: threading.Event) -> None:
        """Work until told to stop. What is then not stored stays with the broker and the producers."""
        with ThreadPoolExecutor(1, "receipts") as aside:
            finished = aside.submit(self.finish, (), ())
            while not stopping.is_set():
                if finished.done():
                    finished.result()  # raises what went wrong
                if batch := self._gather():
                    verdicts = self._store_patiently(batch, stopping)
                    finished.result()
                    finished = aside.submit(self.finish, batch, verdicts)
            finished.result()

    def _gather(self) -> list[Message]:
        """Messages until there are enough, the first is too old or nothing more comes."""
        batch: list[Message] = []
        deadline = time.monotonic() + self._settings.batch_s
        try:
            batch.append(self._incoming.get(timeout=0.1))
            while len(batch) < self._settings.batch_records and time.monotonic() < deadline:
                if self._incoming.empty():
                    # Not woken by each message: under load that costs more than dealing with it.
                    time.sleep(self._settings.idle_s)
                batch.append(self._incoming.get_nowait())
        except queue.Empty:
            pass
        return batch

    def finish(self, batch: Sequence[Message], verdicts: Sequence[Verdict]) -> None:
        """Bury what is no record; receipts and acknowledgements for the rest."""
        stored: list[tuple[Message, Stored]] = []
        for message, verdict in zip(batch, verdicts, strict=False):
            if isinstance(verdict, Stored):
                stored.append((message, verdict))
            else:
                self._bury(message, verdict)
        self._send_receipts(record for _, record in stored)
        # The newest first: as acknowledgements go out in order, all of them leave together with the oldest.
        for message, _ in reversed(stored):
            message.acknowledge()
        if stored:
            self._figures.count((record.what for _, record in stored), _age(stored[-1][1].id))

    def _bury(self, message: Message, reason: str) -> None:
        """Into the dead-letter file.

        A receipt goes out only for one that comes again after a while: its producer means it. Copies of a mangled
        message come at once, and the record itself may still be under way.
        """
        try:
            known_s = self._dead_letters.add(message.topic, message.payload, reason)
        except SpasmWatchError as error:
            # Its producer, if it has one, keeps it: there is no receipt.
            self._trouble("dead letters", str(error))
            message.acknowledge()
            return
        self._trouble("dead letters", None)
        self._figures.dead_letters += 1
        if known_s is None:
            log.warning("dead letter on %s: %s", message.topic[:200], reason)
        elif known_s >= MEANT_S and (receipt := _receipt_for(message)) is not None:
            self._bus.post(self._topics.of(message.topic.split("/")[-2], "stored"), receipt.payload())
        message.acknowledge()

    def _store_patiently(self, batch: Sequence[Message], stopping: threading.Event) -> list[Verdict]:
        """A verdict for each message, however long the store is away; none when told to stop meanwhile."""
        mail = [(message.topic, message.payload) for message in batch]
        pause = 0.5
        while True:
            try:
                verdicts = self._store(mail)
            except StoreError as error:
                self._figures.store_failures += 1
                self._trouble("store", str(error))
                log.warning("will try again: %s", error)
                if stopping.wait(error.retry_after or pause):
                    return []
                pause = min(2 * pause, LONGEST_PAUSE_S)
            else:
                self._trouble("store", None)
                return verdicts

    def _send_receipts(self, records: Iterable[Stored]) -> None:
        numbers: dict[tuple[str, str], list[int]] = defaultdict(list)
        for record in records:
            numbers[record.node, record.boot].append(record.seq)
        for (node, boot), found in numbers.items():
            # Not waited for: a producer whose receipt is lost sends again, and gets one then.
            receipt = Receipt(boot=boot, ranges=tuple(ranges_of(found)))
            self._bus.post(self._topics.of(node, "stored"), receipt.payload())

    def _note_receipt(self, message: Message) -> None:
        """Receipts of all recorders that share the work, so that each knows what is stored."""
        node = message.topic.split("/")[-2]
        try:
            receipt = Receipt.parse(message.payload)
            spans: list[tuple[str, str, Range]] = [(node, receipt.boot, span) for span in receipt.ranges]
            self._ledger.note(spans, time.time())
        except SpasmWatchError as error:
            log.warning("receipt ignored: %s", error)
        message.acknowledge()

    def look_for_gaps(self) -> int:
        """Number of records missing for too long; they become a fault and a line in the log."""
        gaps = self._ledger.gaps(time.time() - self._settings.gap_after_s)
        self._figures.gaps = sum(gap.records for gap in gaps)
        worst = ", ".join(f"{gap.records} of {gap.node}" for gap in gaps[:5])
        self._trouble("gaps", f"records are missing: {worst}" if gaps else None)
        return self._figures.gaps

    def _trouble(self, where: str, cause: str | None) -> None:
        with self._lock:
            known = self._troubles.pop(where, None)
            if cause is not None:
                self._troubles[where] = (cause, known[1] if known else datetime.now(UTC))
        self._tell_fault()

    def trouble(self) -> str | None:
        """What is wrong at the moment, as one line."""
        with self._lock:
            return "; ".join(cause for cause, _ in self._troubles.values()) or None

    def _tell_fault(self) -> None:
        with self._lock:
            causes = [cause for cause, _ in self._troubles.values()]
            since = min((since for _, since in self._troubles.values()), default=None)
            fault = Fault(active=bool(causes), cause="; ".join(causes) or None, since=since)
            news, self._told = fault != self._told, fault
            if news:
                # Under the lock: two threads may have news, and the last word counts.
                self._bus.keep(self._topics.of(self._settings.node, "fault"), fault.payload())


def _receipt_for(message: Message) -> Receipt | None:
    """The receipt for a payload that is no valid record but says which number it has."""
    try:
        fields = json.loads(message.payload)
        return Receipt(boot=fields["boot"], ranges=((fields["seq"], fields["seq"]),))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _age(identity: str) -> float:
    """Seconds since a record was made, from the time in its UUIDv7."""
    made = (UUID(identity).int >> 80) / 1000
    return max(0.0, time.time() - made)
