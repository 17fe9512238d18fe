"""The record contract, version 1: one validated model for everything that travels and is stored.

A record is JSON, UTF-8, at most 16 KiB, one object a message. A producer makes a *draft* (envelope left out); its
outbox stamps ``id``, ``home``, ``node``, ``boot`` and ``seq``. What arrives from outside goes through
:func:`~spasmwatch.domain.parsing.parse`.
Unknown keys are ignored, so that an older reader survives a newer sender.
"""

import functools
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar, Final, Literal, Self, get_args

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    PlainSerializer,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

VERSION: Final = "1.0"
HOME: Final = "home"
"""The ``person`` of a record that concerns nobody in particular."""


def rfc3339(time: datetime) -> str:
    """``time`` as RFC 3339 in UTC with microseconds, e.g. ``2026-11-23T07:28:01.000250Z``."""
    return f"{time.astimezone(UTC).isoformat(timespec='microseconds')[:-6]}Z"


def micros(time: datetime) -> int:
    """Microseconds since the epoch, by which the stores order records."""
    since = time - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


class _NoNumbersAsTimes:
    """A time is text. In JSON the library sees to that by itself, without a call into Python for every time."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        time = handler(source)
        return core_schema.json_or_python_schema(
            {**time, "strict": True},
            core_schema.no_info_before_validator_function(cls._check, time),
        )

    @staticmethod
    def _check(value: object) -> object:
        if isinstance(value, str | datetime):
            return value
        raise ValueError("a time is RFC 3339 text, e.g. 2026-11-23T07:28:01.000250Z")


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST: Final = datetime(1970, 1, 2, tzinfo=UTC)
_LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)
_LONGEST_SPASM: Final = timedelta(days=1)

# Every store and every sum of times can hold it; a clock that was never set (1970) passes, it is set right later.
Time = Annotated[
    AwareDatetime,
    Field(ge=_EARLIEST, lt=_LATEST),
    _NoNumbersAsTimes,
    PlainSerializer(rfc3339, return_type=str),
]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""A topic level: home, node or person."""
Text = Annotated[str, Field(max_length=4000)]
ShortText = Annotated[str, Field(max_length=200)]
Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=86400)]
"""No record tells of more than a day; sums of these stay finite."""
Count = Annotated[int, Field(ge=0, le=2**53)]
"""A number that every store holds exactly."""

SpasmKind = Literal["hemifacial", "blepharospasm", "tic", "unclassified"]
Side = Literal["left", "right", "both"]
Region = Literal["brow", "eye", "cheek", "mouth"]
Context = Literal["talking", "chewing", "resting"]
Reason = Literal["absent", "turned", "dark", "blurred", "small", "slow", "paused"]
TriggerKind = Literal[
    "caffeine", "stress", "fatigue", "sleep", "medication", "bright_light", "screen", "noise", "temperature",
    "humidity", "air", "wind", "activity", "other",
]  # fmt: skip
TriggerSource = Literal["zigbee2mqtt", "tasmota", "esphome", "shelly", "homeassistant", "rule"]
DiaryKind = Literal[
    "caffeine", "stress", "fatigue", "sleep", "mood", "medication", "treatment", "remedy", "symptom", "function",
    "note",
]  # fmt: skip
Verdict = Literal["confirmed", "false_alarm", "voluntary", "unsure"]
Rule = Literal[
    "escalation", "worsening", "watch", "spread", "wearing_off", "red_flag", "blind", "fault", "improved",
]  # fmt: skip
Severity = Literal["info", "warning", "urgent"]
AlertState = Literal["pending", "firing", "acknowledged", "snoozed", "resolved", "dismissed"]
Verb = Literal["acknowledge", "snooze", "unsnooze", "false_alarm"]
Association = Literal["more", "fewer", "none", "reverse", "not_enough_data"]

SPASM_KINDS: Final[tuple[SpasmKind, ...]] = get_args(SpasmKind)
SIDES: Final[tuple[Side, ...]] = get_args(Side)


class Part(BaseModel):
    """Base of all wire models: frozen, finite numbers only, unknown keys ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, serialize_by_alias=True)


class Record(Part):
    """The envelope. Empty in a draft; the outbox stamps it, :func:`~spasmwatch.domain.parsing.parse` demands it."""

    what: ClassVar[str]
    time_field: ClassVar[str] = "time"

    schema_: str = Field(default="", alias="schema")
    id: Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")] = ""
    home: Name = ""
    node: Name = ""
    person: Name = HOME
    boot: Name = ""
    seq: Count = 0

    @property
    def when(self) -> datetime:
        """The record's own time, by which it is stored."""
        time: datetime = getattr(self, self.time_field)
        return time

    @property
    def known_at(self) -> datetime:
        """When it became known: at its end, and a diary entry when it was written."""
        return self.when

    def payload(self) -> bytes:
        """The record as it goes over the wire."""
        return self.model_dump_json().encode()


# Half of what it costs to add up times is making the difference; most observations are a minute long.
_span = functools.lru_cache(maxsize=256)(lambda seconds: timedelta(seconds=seconds))


class Detector(Part):
    """Which detector, in which version, made a record: a change of it is a breakpoint in every trend."""

    name: ShortText
    version: ShortText


class Spasm(Record):
    """One spasm. ``phase`` ``start`` is news for the live view; only ``end`` is stored.

    ``side`` is the subject's own. ``closed_s`` is the time during which an eye was shut. ``verdict`` is written by the
    recorder from labels, never by the camera.
    """

    what: ClassVar[str] = "spasm"
    time_field: ClassVar[str] = "start"

    phase: Literal["start", "end"]
    spasm_id: ShortText
    start: Time
    end: Time | None = None
    kind: SpasmKind | None = None
    side: Side | None = None
    regions: tuple[Region, ...] = ()
    bursts: Annotated[int, Field(ge=1, le=86400)] | None = None
    intensity: Share | None = None
    confidence: Share | None = None
    closed_s: Seconds | None = None
    # The contract leaves open whether it is one word or a list: both are read.
    context: Annotated[tuple[Context, ...], BeforeValidator(_listed)] = ()
    detector: Detector | None = None
    side_verified: bool = False
    clock_ok: bool = True
    verdict: Verdict | None = None

    @model_validator(mode="after")
    def _end_is_complete(self) -> Self:
        if self.phase == "end":
            numbers = (self.bursts, self.intensity, self.confidence, self.closed_s)
            if self.detector is None or None in (self.end, self.kind, self.side, *numbers):
                raise ValueError(f"the end of a spasm needs {', '.join(self._missing())}")
            if self.end is not None and self.end < self.start:
                raise ValueError("end lies before start")
            if self.end is not None and self.end - self.start > _LONGEST_SPASM:
                raise ValueError("a spasm is not longer than a day")
        return self

    def _missing(self) -> list[str]:
        wanted = ("end", "kind", "side", "bursts", "intensity", "confidence", "closed_s", "detector")
        return [name for name in wanted if getattr(self, name) is None]

    @property
    def known_at(self) -> datetime:
        """At its end, as far as that is known."""
        return self.end or self.start

    @property
    def counts(self) -> bool:
        """Whether it enters rates, alerts and insights (a person may have judged it no spasm)."""
        return self.phase == "end" and self.clock_ok and self.verdict not in ("false_alarm", "voluntary")


class Observation(Record):
    """What one minute could and could not show. ``observed_s`` is the denominator of every rate.

    ``unobserved`` maps reasons to seconds; openness is the median relative to the person's own open level.
    """

    what: ClassVar[str] = "observation"
    time_field: ClassVar[str] = "start"

    start: Time
    seconds: Annotated[float, Field(gt=0, le=3600)]
    observed_s: Seconds
    face_s: Seconds = 0.0
    unobserved: dict[Reason, Seconds] = Field(default_factory=dict)
    fps: Annotated[float, Field(ge=0)] = 0.0
    blinks: Count = 0
    spasm_closed_s: Seconds = 0.0
    rest_closed_s: Seconds = 0.0
    unclear_closed_s: Seconds = 0.0
    openness_left: float | None = None
    openness_right: float | None = None
    talking_s: Seconds = 0.0
    light: float | None = None
    detector: Detector | None = None
    clock_ok: bool = True

    @model_validator(mode="after")
    def _within_its_span(self) -> Self:
        if self.observed_s > self.seconds + 0.5:
            raise ValueError(f"observed_s {self.observed_s} is longer than seconds {self.seconds}")
        return self

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return self.start + _span(self.seconds)

    @property
    def known_at(self) -> datetime:
        """At its end."""
        return self.end


class Trigger(Record):
    """Something measured or inferred in the home that may set a spasm off."""

    what: ClassVar[str] = "trigger"

    time: Time
    form: Literal["reading", "event", "span"]
    end: Time | None = None
    time_source: Literal["device", "arrival"] = "arrival"
    kind: TriggerKind
    value: float | None = None
    unit: ShortText | None = None
    text: Text | None = None
    source: TriggerSource
    device: ShortText
    rule: ShortText | None = None
    certainty: Share = 1.0


class Diary(Record):
    """One revision of a diary entry; the highest revision of an ``entry_id`` counts, in any order of arrival."""

    what: ClassVar[str] = "diary"
    time_field: ClassVar[str] = "at"

    at: Time
    entry_id: ShortText
    revision: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    deleted: bool = False
    logged_at: Time
    author: Name
    kind: DiaryKind
    subkind: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")] | None = None
    value: float | None = None
    unit: ShortText | None = None
    text: Text | None = None

    @property
    def known_at(self) -> datetime:
        """When it was written; it may tell of long ago."""
        return self.logged_at


class Label(Record):
    """A person's verdict on one spasm, with what is needed to find that spasm in any store."""

    what: ClassVar[str] = "label"

    time: Time
    spasm_id: ShortText
    spasm_node: Name
    start: Time
    kind: SpasmKind
    side: Side
    verdict: Verdict
    reason: Text | None = None
    author: Name


class Scope(Part):
    """What an alert is about; None means all."""

    kind: SpasmKind | None = None
    side: Side | None = None
    node: Name | None = None


class Alert(Record):
    """One transition of an alert."""

    what: ClassVar[str] = "alert"

    time: Time
    alert_id: ShortText
    rule: Rule
    scope: Scope = Field(default_factory=Scope)
    severity: Severity
    state: AlertState
    since: Time
    until: Time | None = None
    reason: Text
    evidence: dict[str, float | str | None] = Field(default_factory=dict)
    actor: Name | None = None
    verb: Verb | None = None


class Health(Record):
    """How a program is doing; figures it does not have stay null.

    ``baseline`` of a camera: version of what is usual for the person; a treatment or another camera begins a new one.
    """

    what: ClassVar[str] = "health"

    time: Time
    program: ShortText
    state: Literal["running", "paused", "fault", "stopped"]
    cause: Text | None = None
    fps: float | None = None
    lag_s: float | None = None
    rate_per_s: float | None = None
    dropped: Count | None = None
    dead_letters: Count | None = None
    temperature_c: float | None = None
    throttled: bool | None = None
    baseline: Count | None = None
    disk_free_mb: float | None = None
    outbox_depth: Count | None = None
    gaps: Count | None = None


class Trend(Record):
    """What the Now page, Home Assistant and Grafana show: the rate against the usual, per observed hour."""

    what: ClassVar[str] = "trend"

    time: Time
    rate: float | None = None
    usual: float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    coverage: Share | None = None
    state: Literal["usual", "more", "fewer", "not_enough_data", "paused", "fault"]


class Insight(Record):
    """One line of ``spasmwatch insights``."""

    what: ClassVar[str] = "insight"

    time: Time
    trigger: ShortText
    window: ShortText
    kind: SpasmKind | Literal["all"]
    primary: bool
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    q: float | None = None
    exposures: Count
    needed: Count | None = None
    verdict: Association


MODELS: Final[dict[str, type[Record]]] = {
    model.what: model
    for model in (Spasm, Observation, Trigger, Diary, Label, Alert, Health, Trend, Insight)
}  # fmt: skip
