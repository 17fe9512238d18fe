"""Slows down whoever knocks too often: a bucket of permits per visitor, and growing waits after wrong passwords."""

import threading
import time
from collections.abc import Callable

_MANY = 10_000


class Limit:
    """At most ``burst`` at once, refilled at ``per_minute``; asked with a key such as an address or a name."""

    def __init__(self, burst: int, per_minute: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._burst, self._rate, self._monotonic = burst, per_minute / 60, monotonic
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait(self, key: str) -> float:
        """Take a permit: 0 when there was one, else the seconds until the next."""
        now = self._monotonic()
        with self._lock:
            left, at = self._buckets.get(key, (float(self._burst), now))
            left = min(self._burst, left + (now - at) * self._rate)
            taken = left >= 1
            self._buckets[key] = (left - 1 if taken else left, now)
            if len(self._buckets) > _MANY:
                # The fullest buckets have least to remember.
                keep = sorted(self._buckets.items(), key=lambda item: item[1][0])[: _MANY // 2]
                self._buckets = dict(keep)
            return 0.0 if taken else (1 - left) / self._rate


class WrongPasswords:
    """After the third wrong password for a name or from an address each next try waits twice as long, up to 15 min."""

    FREE = 3
    LONGEST_S = 900.0

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._wrong: dict[str, tuple[int, float]] = {}

    def wait(self, *keys: str) -> float:
        """Seconds until the next try is allowed for all of these keys."""
        now = self._monotonic()
        with self._lock:
            return max((self._left(key, now) for key in keys), default=0.0)

    def wrong(self, *keys: str) -> None:
        """Note a wrong password."""
        with self._lock:
            for key in keys:
                count, _ = self._wrong.get(key, (0, 0.0))
                self._wrong[key] = (count + 1, self._monotonic())
            while len(self._wrong) > _MANY:
                self._wrong.pop(next(iter(self._wrong)))

    def right(self, *keys: str) -> None:
        """Forget earlier mistakes."""
        with self._lock:
            for key in keys:
                self._wrong.pop(key, None)

    def _left(self, key: str, now: float) -> float:
        count, last = self._wrong.get(key, (0, 0.0))
        if count < self.FREE:
            return 0.0
        pause = min(self.LONGEST_S, 2.0 ** (count - self.FREE + 1))
        return max(0.0, last + pause - now)
