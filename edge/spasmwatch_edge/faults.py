"""The camera's fault, as it is told to the home. More than one thread may find it."""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from spasmwatch.domain.topics import Fault

log = logging.getLogger(__name__)


class FaultState:
    """Told once when it begins and once when it is over."""

    def __init__(self, tell: Callable[[Fault], None]) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self.now = Fault(active=False)

    def tell(self) -> None:
        """Tell how things are now."""
        self._tell(self.now)

    def begin(self, cause: str) -> bool:
        """Whether this was news: a fault that goes on keeps its first cause."""
        with self._lock:
            if self.now.active:
                return False
            log.error("%s", cause)
            self.now = Fault(active=True, cause=cause, since=datetime.now(UTC))
            self.tell()
            return True

    def end(self) -> bool:
        """Whether there was one."""
        with self._lock:
            if not self.now.active:
                return False
            self.now = Fault(active=False)
            self.tell()
            return True
