"""The store's side of the recorder: validate, write, roll up; and say of every message what became of it."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from spasmwatch.domain.parsing import explain, parse
from spasmwatch.domain.records import Record, Spasm
from spasmwatch.domain.topics import Topics
from spasmwatch.errors import RecordError, StoreError, StoreRejected
from spasmwatch_services.recorder.rollup_keeper import RollupKeeper

log = logging.getLogger(__name__)

Mail = Sequence[tuple[str, bytes]]
"""Topics and payloads of messages."""


class Stored(NamedTuple):
    """The record of a message, now in the store: enough for its receipt and for the figures."""

    what: str
    node: str
    boot: str
    seq: int
    id: str


Verdict = Stored | str
"""What became of a message: its record is stored, or why it never will be."""


class Storer:
    """Writes what arrives; import and forget write beside it.

    ``oldest`` tells before which time the retention has removed raw records.
    """

    def __init__(
        self, topics: Topics, rollups: RollupKeeper, oldest: Callable[[], datetime | None] = lambda: None
    ) -> None:
        self._topics, self._rollups, self._oldest = topics, rollups, oldest

    def store(self, mail: Mail) -> list[Verdict]:
        """One verdict for each message. Raises StoreError when the store is away: then all of it comes again."""
        verdicts: list[Verdict] = []
        records: dict[int, Record] = {}
        for place, (topic, payload) in enumerate(mail):
            try:
                record = records[place] = self._open(topic, payload)
                verdicts.append(Stored(record.what, record.node, record.boot, record.seq, record.id))
            except RecordError as error:
                verdicts.append(str(error))
        for place, reason in self._write(records):
            verdicts[place] = reason
        return verdicts

    def settle(self) -> None:
        """Sum up again what another recorder may have summed up at the same time."""
        try:
            self._rollups.settle()
        except StoreError as error:
            log.warning("will sum up again: %s", error)

    def _open(self, topic: str, payload: bytes) -> Record:
        record = parse(payload)
        if topic != self._topics.of(record.node, record.what):
            raise RecordError(f"home, node and schema do not agree with the topic {topic[:200]}")
        if record.home != self._topics.home:
            raise RecordError(f"a record of home {record.home!r} on the topic of home {self._topics.home!r}")
        return record

    def _write(self, records: dict[int, Record]) -> list[tuple[int, str]]:
        """Places and reasons of what the store never will take: such a record is found by halving."""
        if not records:
            return []
        try:
            # Roll-ups before any receipt: a kill in between is healed by the same records coming again.
            self._rollups.write([record for record in records.values() if is_kept(record)], self._oldest())
        except (StoreRejected, ValueError, ArithmeticError) as error:
            # Also what cannot be summed up: left in the queue, one such record would end every start of the recorder.
            places = list(records)
            if len(places) == 1:
                return [(places[0], explain(error))]
            middle = len(places) // 2
            halves = (places[:middle], places[middle:])
            return [refused for half in halves for refused in self._write({place: records[place] for place in half})]
        return []


def is_kept(record: Record) -> bool:
    """Whether a record is stored; the start of a spasm is news for the live view only."""
    return not (isinstance(record, Spasm) and record.phase == "start")
