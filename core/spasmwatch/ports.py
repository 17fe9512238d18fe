"""What the programs need from outside, as small interfaces; adapters implement them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

from spasmwatch.domain.records import Diary, Record
from spasmwatch.domain.rollups import Rollup

if TYPE_CHECKING:
    # A tenth of a second for every process that reads a store.
    import numpy as np
    from numpy.typing import NDArray

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it arrived.

    ``acknowledge`` tells the broker that it is dealt with; a message that is never acknowledged comes again.
    ``retained`` is the broker's retain flag: the message is an old state, not news.
    """

    topic: str
    payload: bytes
    retained: bool
    acknowledge: Callable[[], None]


class Bus(Protocol):
    """Publish and subscribe over MQTT at QoS 1."""

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Return when the broker has confirmed. Raises BusError when it did not."""

    def publish_all(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """Publish (topic, payload) pairs in order; return when the broker has confirmed all. Raises BusError."""

    def post(self, topic: str, payload: bytes) -> None:
        """Hand over for sending and do not wait; when the connection breaks just now it may be lost. Never raises."""

    def subscribe(self, topic_filter: str, handler: Callable[[Message], None]) -> None:
        """Call ``handler`` for every message; survives reconnects. The handler must not block for long."""

    def keep(self, topic: str, payload: bytes) -> None:
        """Hold a retained state: published when connected and again on every connect; never raises."""

    def close(self) -> None:
        """Publish ``offline`` and disconnect in good order."""


class Outbox(Protocol):
    """Takes a producer's records; each is on disk before ``add`` returns and is published until a receipt comes."""

    def add(self, record: R) -> R:
        """Stamp a draft (id, home, node, boot, seq), keep it and send it. Returns the stamped record."""

    def add_all(self, records: Sequence[R]) -> list[R]:
        """The same for several at once, all or none: one sync of the disk instead of many."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Counts and observed time of one bucket, side by side, so that nobody divides by guesswork.

    ``counts`` maps ``<kind>_<side>``, ``<kind>_all``, ``all_<side>`` and ``all_all`` to numbers of spasms.
    """

    start: datetime
    observed_s: float
    counts: dict[str, int]
    closed_s: float
    blinks: int


Bucket = Literal["hour", "day"]


class Store(Protocol):
    """Where records are kept. Only the recorder writes."""

    def write(self, records: Sequence[Record | Rollup]) -> None:
        """Return after commit; idempotent by record id. Raises StoreError, StoreRejected."""

    def read(self, what: str, person: str | None, start: datetime, end: datetime) -> Iterator[Record]:
        """Records of one kind with start ≤ time < end, by time, then id; ``person`` None means everybody.

        Spasms carry the verdict of their latest label; of a diary entry only the highest revision, unless deleted.
        """

    def everything(self, what: str) -> Iterator[Record]:
        """All records of one kind by time, then id, for export: of the diary every revision."""

    def rates(self, person: str, start: datetime, end: datetime, bucket: Bucket, timezone: str) -> list[Rate]:
        """The roll-ups of the buckets that start in [start, end), oldest first."""

    def history(self, entry_id: str) -> list[Diary]:
        """Every revision of one diary entry, lowest first."""

    def counts(self) -> dict[str, int]:
        """Number of stored records by kind."""

    def forget(self, person: str) -> int:
        """Remove everything of a person; returns the number of records removed."""

    def expire(self, before: datetime) -> int:
        """Remove raw records older than ``before``; roll-ups, diary and alerts stay. Returns the number removed."""

    def close(self) -> None:
        """Release files and connections."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One push to one person. ``severity`` is the alert's; ``actions`` are (label, address) pairs."""

    title: str
    body: str
    severity: Literal["info", "warning", "urgent"]
    tags: tuple[str, ...] = ()
    actions: tuple[tuple[str, str], ...] = ()


class Push(Protocol):
    """Delivers to the caregivers' phones."""

    def send(self, address: str, notification: Notification) -> None:
        """Raises PushError when a retry may help, PushRefused when it will not."""


class FrameSource(Protocol):
    """Yields (time, frame): seconds since the epoch by the sensor's clock, and a BGR picture (height, width, 3)."""

    def frames(self) -> Iterator[tuple[float, "NDArray[np.uint8]"]]:
        """Ends when the source ends. Raises SourceError when it cannot be opened or read."""

    def close(self) -> None:
        """Release the device."""


class Clock(Protocol):
    """Time, so that tests can run a year in a second."""

    def now(self) -> datetime:
        """The time in UTC."""

    def sleep(self, seconds: float) -> None:
        """Wait; returns early when the program is asked to stop."""
