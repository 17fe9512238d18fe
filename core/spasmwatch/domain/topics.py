"""Where each message goes: ``<base>/<home>/<node>/<what>``, and the small messages beside the records."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from spasmwatch.domain.parsing import explain
from spasmwatch.domain.records import Count, Diary, DiaryKind, Name, Part, ShortText, Text, Time, Verb
from spasmwatch.errors import RecordError

ONLINE = b"online"
OFFLINE = b"offline"

ToldLevel = Literal["everything", "urgent", "nothing"]
"""How much of the alerts a recipient of pushes is told."""
MOST_RECIPIENTS = 100


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one home under one base (``spasmwatch`` unless an existing broker asks for another)."""

    base: str
    home: str

    def of(self, node: str, what: str) -> str:
        """Topic of a record kind or of ``availability``, ``fault``, ``stored`` of one node (``+`` for all)."""
        return f"{self.base}/{self.home}/{node}/{what}"

    def every(self, what: str) -> str:
        """Filter for one kind of message of all nodes of this home."""
        return self.of("+", what)

    def command(self, node: str, feature: str) -> str:
        """Where a command for a feature of a node goes in, e.g. ``pause``."""
        return self.of(node, f"{feature}/set")

    def state(self, node: str, feature: str) -> str:
        """Where a node tells the state of a feature, retained."""
        return self.of(node, f"{feature}/state")

    def told(self, node: str) -> str:
        """Where ``diary`` says whom the patient lets be told, and ``alerts`` what it obeys; both retained.

        No ``state`` of a feature: those are for Grafana and Home Assistant to see, too.
        """
        return self.of(node, "told")

    def treated(self) -> str:
        """Where ``diary`` says when the latest treatment was, retained: cameras learn anew what is usual."""
        return self.of("diary", "treated")

    def diary_add(self) -> str:
        """Where a :class:`DiaryAdd` goes in."""
        return self.of("diary", "add")

    def alert_command(self, actor: str, alert_id: str) -> str:
        """Where ``actor``'s command for one alert goes in.

        The actor is a level of its own, so that the broker's access rules say who may speak for whom.
        """
        return self.of("users", f"{actor}/alerts/{alert_id}/command")


class WireMessage(Part):
    """A small message beside the records."""

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Raises RecordError saying what is wrong."""
        try:
            return cls.model_validate_json(payload)
        except ValidationError as error:
            raise RecordError(explain(error)) from error

    def payload(self) -> bytes:
        """The message as it goes over the wire."""
        return self.model_dump_json().encode()


class Receipt(WireMessage):
    """What the recorder has durably stored of one producer's boot: inclusive ranges of ``seq``."""

    boot: Name
    ranges: tuple[tuple[Count, Count], ...]

    @model_validator(mode="after")
    def _ranges_run_upwards(self) -> Self:
        if any(last < first for first, last in self.ranges):
            raise ValueError("a range ends before it begins")
        return self


class Fault(WireMessage):
    """Retained: whether something is broken, why and since when."""

    active: bool
    cause: str | None = None
    since: Time | None = None


class AlertCommand(WireMessage):
    """A caregiver's word on an alert; a repeated ``id`` does nothing."""

    id: ShortText
    verb: Verb
    actor: Name
    until: Time | None = None
    time: Time


class PauseCommand(WireMessage):
    """Sent to ``…/<camera>/pause/set``. Anybody may stop the camera; the camera resumes only for the patient.

    ``until`` None means until the patient resumes. A repeated ``id`` does nothing. A second pause never shortens one
    that lasts longer.
    """

    id: ShortText
    verb: Literal["pause", "resume"]
    actor: Name
    patient: bool = False
    until: Time | None = None
    time: Time


class Treated(WireMessage):
    """Retained at ``…/diary/treated``: when the latest treatment was, and not which. What is usual changes with it."""

    at: Time


class PauseState(WireMessage):
    """Retained at ``…/<camera>/pause/state``: whether the camera is off on purpose."""

    paused: bool
    since: Time | None = None
    until: Time | None = None
    by: Name | None = None

    def holds(self, now: datetime) -> bool:
        """Whether the pause is on at ``now``."""
        return self.paused and (self.until is None or now < self.until)


class PushState(WireMessage):
    """Retained at ``…/alerts/pushes/state``: pushes since the alert service started."""

    delivered: Annotated[int, Field(ge=0)]
    waiting: Annotated[int, Field(ge=0)]


class WhoIsTold(WireMessage):
    """Retained: how much of the alerts the patient lets each recipient of pushes be told.

    At ``…/diary/told`` the patient's choice, at ``…/alerts/told`` what the alert service obeys. Without a choice
    everybody is told everything; after one, a recipient whom ``levels`` does not name is told nothing.
    """

    levels: Annotated[dict[Name, ToldLevel], Field(max_length=MOST_RECIPIENTS)]
    time: Time


class DiaryAdd(WireMessage):
    """A wish for a new diary entry, from a button or from Home Assistant; a repeated ``id`` does nothing.

    ``id`` becomes the entry's id. ``time`` is when it happened; without it the diary takes the time of receipt.
    """

    id: ShortText
    kind: DiaryKind
    subkind: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")] | None = None
    value: float | None = None
    unit: ShortText | None = None
    text: Text | None = None
    author: Name
    time: Time | None = None

    def entry(self, person: str, now: datetime) -> Diary:
        """The first revision of the entry that this asks for (a draft), logged at ``now``."""
        return Diary(
            person=person,
            at=self.time or now,
            entry_id=self.id,
            logged_at=now,
            author=self.author,
            kind=self.kind,
            subkind=self.subkind,
            value=self.value,
            unit=self.unit,
            text=self.text,
        )
