"""One topic gone wild must not starve the others."""

from collections.abc import Iterator
from typing import Final

from spasmwatch.ports import Message

BURST: Final = 5.0
"""Seconds' worth of messages that a topic may send at once."""
MOST_TOPICS: Final = 50_000


class FloodGate:
    """A token bucket for each topic. Of what is too much, the latest is kept and let through once a second."""

    def __init__(self, per_second: float) -> None:
        self._rate, self._most = per_second, per_second * BURST
        self._buckets: dict[str, list[float]] = {}  # tokens and when they were counted
        self._latest: dict[str, Message] = {}
        self.dropped = 0

    def admits(self, message: Message, now: float) -> bool:
        """Whether to read this message now (``now`` in seconds of a steady clock)."""
        bucket = self._buckets.get(message.topic)
        if bucket is None:
            if len(self._buckets) >= MOST_TOPICS:
                self._buckets.clear()
            bucket = self._buckets[message.topic] = [self._most, now]
        tokens = min(self._most, bucket[0] + max(now - bucket[1], 0.0) * self._rate)
        bucket[1] = now
        if tokens < 1:
            bucket[0] = tokens
            if message.topic in self._latest:
                self.dropped += 1
            self._latest[message.topic] = message
            return False
        bucket[0] = tokens - 1
        self._latest.pop(message.topic, None)
        return True

    def latest(self) -> Iterator[Message]:
        """What was held back last on each flooded topic; call once a second."""
        held, self._latest = self._latest, {}
        yield from held.values()
