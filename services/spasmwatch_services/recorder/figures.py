"""How the recorder is doing: for its health records and for Prometheus."""

import threading
from collections import Counter
from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


class Figures(Collector):
    """Counts since the start of the program; safe to read while they change."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.stored: Counter[str] = Counter()
        self.dead_letters = 0
        self.store_failures = 0
        self.gaps = 0
        self.lag_s = 0.0
        self.rate_per_s = 0.0

    def count(self, kinds: Iterable[str], lag_s: float) -> None:
        """Records of these kinds are stored, the last one ``lag_s`` seconds after it was made."""
        with self._lock:
            self.stored.update(kinds)
            self.lag_s = lag_s

    def total(self) -> int:
        """Number of records stored so far."""
        with self._lock:
            return self.stored.total()

    def collect(self) -> Iterable[Metric]:
        """The page for Prometheus."""
        with self._lock:
            kinds = dict(self.stored)
        stored = CounterMetricFamily("spasmwatch_records_stored", "Records stored since the start", labels=["what"])
        for what, number in kinds.items():
            stored.add_metric([what], number)
        yield stored
        yield CounterMetricFamily("spasmwatch_dead_letters", "Payloads that were no valid record", self.dead_letters)
        yield CounterMetricFamily("spasmwatch_store_failures", "Writes that had to be repeated", self.store_failures)
        yield GaugeMetricFamily("spasmwatch_missing_records", "Numbers missing in the producers' series", self.gaps)
        yield GaugeMetricFamily("spasmwatch_lag_seconds", "From the making of a record to its storage", self.lag_s)
        yield GaugeMetricFamily("spasmwatch_records_per_second", "Records stored of late", self.rate_per_s)
