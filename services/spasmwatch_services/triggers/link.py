"""Whether we hear the home, and since when we did not."""

from datetime import datetime, timedelta
from typing import Final

CATCH_UP: Final = timedelta(seconds=10)
"""How long after a reconnect messages may still be old ones, where no echo tells that all have come."""
SHORTEST_GAP: Final = timedelta(seconds=1)

Gap = tuple[datetime, datetime]


class Link:
    """One way by which the home's messages come: the connection to its broker, or a bridge.

    While it is down, and until what waited has been delivered, ``silent_since`` says from when on we know nothing.
    """

    def __init__(self, silent_since: datetime | None = None) -> None:
        self.silent_since = silent_since
        self._back_at: datetime | None = None

    def lost(self, since: datetime) -> None:
        """Nothing has been heard since then."""
        self._back_at = None
        if self.silent_since is None:
            self.silent_since = since

    def back(self, now: datetime) -> None:
        """Messages flow again, old ones first."""
        if self.silent_since is not None and self._back_at is None:
            self._back_at = now

    @property
    def down(self) -> bool:
        """Whether nothing comes at all."""
        return self.silent_since is not None and self._back_at is None

    def caught_up(self, now: datetime, *, sure: bool = False) -> Gap | None:
        """The time without messages, once it is over; ``sure``: an echo of ours came after all that waited."""
        since = self.silent_since
        if since is None or not (sure or (self._back_at is not None and now - self._back_at >= CATCH_UP)):
            return None
        end = self._back_at or now
        self.silent_since = self._back_at = None
        return (since, end) if end - since >= SHORTEST_GAP else None
