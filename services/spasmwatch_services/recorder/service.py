"""From the broker into the store: gather, validate, write, roll up, send receipts, acknowledge; in this order.

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
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from spasmwatch.domain.numbering import Range, ranges_of
from spasmwatch.domain.records import MODELS, Record, Spasm, explain, parse
from spasmwatch.domain.topics import Fault, Receipt, Topics
from spasmwatch.errors import RecordError, SpasmWatchError, StoreError, StoreRejected
from spasmwatch.ports import Bus, Message
from spasmwatch.settings.recorder import Recorder as RecorderSettings
from spasmwatch_services.recorder.dead_letters import DeadLetters
from spasmwatch_services.recorder.figures import Figures
from spasmwatch_services.recorder.ledger import Ledger
from spasmwatch_services.recorder.rollup_keeper import RollupKeeper

log = logging.getLogger(__name__)

LONGEST_PAUSE_S = 30.0
MEANT_S = 5.0
"""A payload that is no record and still comes after this time comes from its producer's outbox."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message and the record in it."""

    message: Message
    record: Record


class Recorder:
    """One thread (:meth:`run`) between the broker and the store."""

    def __init__(
        self,
        bus: Bus,
        topics: Topics,
        rollups: RollupKeeper,
        ledger: Ledger,
        dead_letters: DeadLetters,
        settings: RecorderSettings,
        figures: Figures,
        oldest: Callable[[], datetime | None] = lambda: None,
    ) -> None:
        """``oldest`` tells before which time the retention has removed raw records."""
        self._bus, self._topics, self._rollups = bus, topics, rollups
        self._ledger, self._dead_letters, self._settings = ledger, dead_letters, settings
        self._figures, self._oldest = figures, oldest
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
        while not stopping.is_set():
            batch = self._gather()
            if batch:
                self.process(batch, stopping)
            self._settle()

    def _settle(self) -> None:
        try:
            self._rollups.settle()
        except StoreError as error:
            log.warning("will sum up again: %s", error)

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

    def process(self, batch: Sequence[Message], stopping: threading.Event) -> None:
        """Deal with a batch for good. Told to stop while the store is away, it returns without acknowledging."""
        letters = []
        for message in batch:
            try:
                letters.append(Letter(message, self._open(message)))
            except RecordError as error:
                self._bury(message, str(error))
        stored = self._store_patiently(letters, stopping) if letters else []
        if stored is None:
            return
        self._send_receipts([letter.record for letter in stored])
        # The newest first: as acknowledgements go out in order, all of them leave together with the oldest.
        for letter in reversed(stored):
            letter.message.acknowledge()
        if stored:
            self._figures.count((letter.record.what for letter in stored), _age(stored[-1].record))

    def _open(self, message: Message) -> Record:
        record = parse(message.payload)
        if message.topic != self._topics.of(record.node, record.what):
            raise RecordError(f"home, node and schema do not agree with the topic {message.topic[:200]}")
        if record.home != self._topics.home:
            raise RecordError(f"a record of home {record.home!r} on the topic of home {self._topics.home!r}")
        return record

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

    def _store_patiently(self, letters: list[Letter], stopping: threading.Event) -> list[Letter] | None:
        """Store what the store takes, however long it is away; None when told to stop meanwhile."""
        pause = 0.5
        while True:
            try:
                stored = self._store_all(letters)
            except StoreError as error:
                self._figures.store_failures += 1
                self._trouble("store", str(error))
                log.warning("will try again: %s", error)
                if stopping.wait(error.retry_after or pause):
                    return None
                pause = min(2 * pause, LONGEST_PAUSE_S)
            else:
                self._trouble("store", None)
                return stored

    def _store_all(self, letters: list[Letter]) -> list[Letter]:
        """What the store accepted; a record that it never will is found by halving and buried."""
        try:
            # Roll-ups before any receipt: a kill in between is healed by the same records coming again.
            self._rollups.write([letter.record for letter in letters if is_kept(letter.record)], self._oldest())
        except (StoreRejected, ValueError, ArithmeticError) as error:
            # Also what cannot be summed up: left in the queue, one such record would end every start of the recorder.
            if len(letters) == 1:
                self._bury(letters[0].message, explain(error))
                return []
            middle = len(letters) // 2
            return self._store_all(letters[:middle]) + self._store_all(letters[middle:])
        return letters

    def _send_receipts(self, records: Iterable[Record]) -> None:
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
            self._bus.keep(self._topics.of(self._settings.node, "fault"), fault.payload())


def is_kept(record: Record) -> bool:
    """Whether a record is stored; the start of a spasm is news for the live view only."""
    return not (isinstance(record, Spasm) and record.phase == "start")


def _receipt_for(message: Message) -> Receipt | None:
    """The receipt for a payload that is no valid record but says which number it has."""
    try:
        fields = json.loads(message.payload)
        return Receipt(boot=fields["boot"], ranges=((fields["seq"], fields["seq"]),))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _age(record: Record) -> float:
    """Seconds since the record was made, from the time in its UUIDv7."""
    made = (UUID(record.id).int >> 80) / 1000
    return max(0.0, time.time() - made)
