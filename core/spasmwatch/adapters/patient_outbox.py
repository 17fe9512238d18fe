"""An outbox for producers that cannot ask anybody to try again: a camera does not stop because the disk is full."""

import logging
import threading
from collections import deque
from collections.abc import Sequence
from typing import Final, TypeVar

from spasmwatch.adapters.outbox import DiskOutbox
from spasmwatch.domain.records import Record
from spasmwatch.errors import OutboxError
from spasmwatch.ports import Outbox

log = logging.getLogger(__name__)

R = TypeVar("R", bound=Record)

REMEMBERED: Final = 10_000
"""How many records wait in memory at most: about five busy days."""


class PatientOutbox:
    """Keeps in memory, in order, what the disk does not take, and gives it to the disk with the next record.

    Who must be able to promise that a record is safe (the diary) uses :class:`DiskOutbox` itself.
    """

    def __init__(self, outbox: DiskOutbox) -> None:
        self._outbox = outbox
        self._waiting: deque[Record] = deque()
        self._lock = threading.Lock()

    def add(self, record: R) -> R:
        """Stamp and keep. Returns the draft as it is when it has to wait. Raises OutboxError when too many wait."""
        return self.add_all([record])[0]

    def add_all(self, records: Sequence[R]) -> list[R]:
        """Several at once, like :meth:`add`."""
        with self._lock:
            try:
                while self._waiting:
                    self._outbox.add(self._waiting[0])
                    self._waiting.popleft()
                return self._outbox.add_all(records)
            except OutboxError as error:
                if len(self._waiting) >= REMEMBERED:
                    raise
                self._waiting.extend(records)
                log.error("%d records wait in memory: %s", len(self._waiting), error)
                return list(records)


_conforms: type[Outbox] = PatientOutbox
