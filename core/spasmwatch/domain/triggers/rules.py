"""Rules from measurements to trigger events and spans: hysteresis, dwell, bridged interruptions, hours of the day."""

from datetime import datetime, time, timedelta, tzinfo
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from spasmwatch.domain.records import Name, Part, ShortText, Text, Time, Trigger, TriggerKind, TriggerSource
from spasmwatch.domain.triggers.measurement import Measurement, Value, is_meant, normal, same
from spasmwatch.domain.triggers.presets import PRESETS

DOUBT = 0.5
"""Factor on the certainty where begin, end or dwell fell into a time when we heard nothing (an engineering choice)."""

Duration = Annotated[float, Field(ge=0, le=7 * 86400)]


class Rule(BaseModel):
    """One rule. ``preset`` fills in what is not given.

    ``device`` is the device's name, or a pattern with ``*``; ``property`` one of its properties; ``source`` narrows it
    to one system. The condition is one of ``above``, ``below`` (numbers) and ``equals``; it ends at ``release``
    (hysteresis), must hold for ``for_s`` seconds, and interruptions shorter than ``gap_s`` do not end it. ``between``
    are the local hours in which it may begin, also past midnight. A sensor that stays on for ``longest_s`` is taken
    for stuck: the span ends there, or where a device that repeats itself spoke last, with doubt.

    ``form`` ``event`` makes one event when the condition has held for ``for_s``; ``span`` one span when it has ended,
    whose value is its length in hours unless ``value`` says otherwise. ``certainty`` is how sure such a sign means the
    ``kind`` for the watched person (0–1).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    preset: str | None = None
    device: Annotated[str, Field(min_length=1, max_length=200)]
    property: Annotated[str, Field(min_length=1, max_length=200)]
    source: TriggerSource | None = None
    above: float | None = None
    below: float | None = None
    equals: bool | float | str | None = None
    release: float | None = None
    for_s: Duration = 0.0
    gap_s: Duration = 0.0
    longest_s: Annotated[float, Field(gt=0)] | None = None
    between: tuple[time, time] | None = None
    kind: TriggerKind
    form: Literal["event", "span"] = "event"
    value: float | None = None
    unit: ShortText | None = None
    text: Text | None = None
    certainty: Annotated[float, Field(ge=0, le=1)] = 0.8

    @model_validator(mode="before")
    @classmethod
    def _fill_from_preset(cls, given: Any) -> Any:
        if not isinstance(given, dict) or given.get("preset") is None:
            return given
        preset = PRESETS.get(str(given["preset"]))
        if preset is None:
            raise ValueError(f"unknown preset {given['preset']!r}; known: {', '.join(sorted(PRESETS))}")
        defaults = dict(preset)
        if {"above", "below", "equals"} & given.keys():
            # The household's own condition replaces the preset's, together with its level of release.
            defaults = {key: value for key, value in defaults.items() if key not in _CONDITION}
        return defaults | given

    @model_validator(mode="after")
    def _one_condition(self) -> Self:
        if sum(part is not None for part in (self.above, self.below, self.equals)) != 1:
            raise ValueError("give exactly one of above, below and equals")
        if self.release is not None and (
            (self.above is not None and self.release > self.above)
            or (self.below is not None and self.release < self.below)
            or self.equals is not None
        ):
            raise ValueError("release lies on the quiet side of above or below, and does not go with equals")
        if self.between is not None and self.between[0] == self.between[1]:
            raise ValueError("between holds the first and the last hour; leave it out for the whole day")
        return self

    def covers(self, measurement: Measurement) -> bool:
        """Whether this rule is about that property of that device."""
        return (
            self.property == measurement.property
            and self.source in (None, measurement.source)
            and is_meant(self.device, measurement.device)
        )

    def holds(self, value: Value, *, already: bool) -> bool | None:
        """Whether the condition holds; None where the value says nothing about it. ``already``: it held before."""
        if self.equals is not None:
            # A remote's action is text even where it reads ``on``.
            wanted = self.equals if isinstance(value, str) else normal(self.equals)
            return wanted is not None and same(value, wanted)
        if not isinstance(value, float):
            return None
        if self.above is not None:
            return value > (self.release if already and self.release is not None else self.above)
        assert self.below is not None  # noqa: S101  (the validator's promise)
        return value < (self.release if already and self.release is not None else self.below)


_CONDITION = frozenset({"above", "below", "equals", "release"})


class Progress(Part):
    """Where a rule stands on one device; kept on disk, so that a restart at night does not lose the night's sleep.

    ``idle``: the condition does not hold. ``rising``: it holds since ``since`` but not for long enough. ``on``: it has
    held long enough. ``falling``: it was on, and does not hold since ``until``. ``ignored``: it holds, but began
    unseen, outside the hours, or is stuck; nothing happens until it has ended.
    """

    phase: Literal["idle", "rising", "on", "falling", "ignored"]
    since: Time | None = None
    earliest: Time | None = None
    until: Time | None = None
    seen: Time | None = None
    """When the condition was last seen to hold."""
    time_source: Literal["device", "arrival"] = "arrival"
    doubtful: bool = False


class Machine:
    """One rule on one device. Feed it measurements in order and ticks; it returns the triggers that follow."""

    def __init__(self, name: str, rule: Rule, person: Name, zone: tzinfo, first: Measurement) -> None:
        self.progress: Progress | None = None
        self._name, self._rule, self._person, self._zone = name, rule, person, zone
        self._source, self._device = first.source, first.device
        self._frozen = False
        self._lag = timedelta(0)
        """How far the device's time, in which all is reckoned, is behind the time of our ticks."""

    def restore(self, progress: Progress) -> None:
        """Go on where an earlier start of the program left off."""
        self.progress = progress

    def freeze(self) -> None:
        """The device is gone: time passes unseen until its next measurement."""
        self._frozen = True

    def clock_was_set(self, by: timedelta) -> None:
        """What was timed by our clock moves with it; a device's own time stands."""
        progress = self.progress
        if progress is not None and progress.time_source == "device":
            self._lag += by
        elif progress is not None:
            times = {name: at + by for name, at in progress if isinstance(at, datetime)}
            self.progress = progress.model_copy(update=times)

    def see(self, measurement: Measurement) -> list[Trigger]:
        """Take in one measurement."""
        progress = self.progress
        already = progress is not None and progress.phase not in ("idle", "falling")
        holds = self._rule.holds(measurement.value, already=already)
        if holds is None:
            return []
        if measurement.momentary:
            return self._momentary(measurement) if holds and not measurement.baseline else []
        self._frozen = False
        self._lag = measurement.lag
        if progress is None:
            self.progress = Progress(phase="ignored" if holds else "idle")
            return []
        if measurement.baseline:
            return self._settle(progress, measurement, holds=holds)
        return self._holds(progress, measurement) if holds else self._ends(progress, measurement)

    def tick(self, now: datetime) -> list[Trigger]:
        """What follows from the mere passing of time."""
        return self._pass(now - self._lag)

    def _pass(self, now: datetime) -> list[Trigger]:
        progress = self.progress
        if progress is None or progress.since is None:
            return []
        longest = self._rule.longest_s
        if progress.phase in ("on", "falling") and longest is not None and _seconds(progress.since, now) >= longest:
            return self._stuck(progress, longest)
        if self._frozen:
            return []
        if progress.phase == "rising" and _seconds(progress.since, now) >= self._rule.for_s:
            return self._turn_on(progress)
        if progress.phase == "falling" and progress.until and _seconds(progress.until, now) >= self._rule.gap_s:
            return self._finish(progress)
        return []

    def _momentary(self, measurement: Measurement) -> list[Trigger]:
        return [self._trigger(_begun(measurement), None)]

    def _settle(self, progress: Progress, measurement: Measurement, *, holds: bool) -> list[Trigger]:
        """A baseline: nothing happened now, but what went on may have ended unseen."""
        if progress.phase == "idle":
            self.progress = Progress(phase="ignored") if holds else progress
        elif not holds:
            if progress.phase in ("on", "falling"):
                doubtful = progress.doubtful or progress.until is None
                return self._finish(progress.model_copy(update={"doubtful": doubtful}))
            self.progress = Progress(phase="idle")
        elif progress.phase == "rising":
            # Whether it held all the while, nobody has seen.
            self.progress = progress.model_copy(update={"doubtful": True})
        return []

    def _holds(self, progress: Progress, measurement: Measurement) -> list[Trigger]:
        done: list[Trigger] = []
        if progress.phase == "falling" and progress.until is not None:
            if _seconds(progress.until, measurement.earliest) < self._rule.gap_s:
                progress = progress.model_copy(update={"phase": "on", "until": None})
            else:
                done = self._finish(progress)
                progress = Progress(phase="idle")
        if progress.phase == "idle":
            progress = self._begin(measurement)
        if progress.phase != "ignored":
            progress = progress.model_copy(update={"seen": measurement.time})
        self.progress = progress
        return [*done, *self._pass(measurement.time)]

    def _begin(self, measurement: Measurement) -> Progress:
        if not self._in_hours(measurement.time):
            return Progress(phase="ignored")
        return _begun(measurement)

    def _ends(self, progress: Progress, measurement: Measurement) -> list[Trigger]:
        done: list[Trigger] = []
        if progress.phase == "rising" and progress.since and progress.earliest:
            if _seconds(progress.earliest, measurement.time) < self._rule.for_s:
                self.progress = Progress(phase="idle")
                return []
            # Where messages waited for us, it may have held for long enough: kept, with doubt.
            sure = _seconds(progress.since, measurement.earliest) >= self._rule.for_s
            done = self._turn_on(progress.model_copy(update={"doubtful": progress.doubtful or not sure}))
            progress = self.progress or progress
        if progress.phase == "on":
            self.progress = progress.model_copy(update={"phase": "falling", "until": measurement.time})
            return [*done, *self._pass(measurement.time)]
        if progress.phase == "ignored":
            self.progress = Progress(phase="idle")
        return [*done, *self._pass(measurement.time)]

    def _turn_on(self, progress: Progress) -> list[Trigger]:
        self.progress = progress.model_copy(update={"phase": "on"})
        if self._rule.form == "span" or progress.since is None:
            return []
        return [self._trigger(progress, None)]

    def _finish(self, progress: Progress) -> list[Trigger]:
        self.progress = Progress(phase="idle")
        end = progress.until or progress.seen
        if self._rule.form == "event" or progress.since is None or end is None:
            return []
        return [self._trigger(progress, max(end, progress.since))]

    def _stuck(self, progress: Progress, longest: float) -> list[Trigger]:
        since = progress.since
        assert since is not None  # noqa: S101  (tick has looked)
        cut = since + timedelta(seconds=longest)
        # A device that repeated itself and fell silent is believed up to its last word; one that tells changes only
        # has said nothing against it.
        repeats = self._frozen or (progress.seen is not None and progress.seen > since)
        end = min(progress.until or (progress.seen if repeats and progress.seen else cut), cut)
        done = self._finish(progress.model_copy(update={"doubtful": True, "until": end}))
        self.progress = Progress(phase="idle" if progress.phase == "falling" else "ignored")
        return done

    def _in_hours(self, when: datetime) -> bool:
        if self._rule.between is None:
            return True
        first, last = self._rule.between
        local = when.astimezone(self._zone).time()
        return first <= local < last if first <= last else local >= first or local < last

    def _trigger(self, progress: Progress, end: datetime | None) -> Trigger:
        rule, start = self._rule, progress.since
        assert start is not None  # noqa: S101  (whoever calls has looked)
        value, unit = rule.value, rule.unit
        if end is not None and value is None:
            value, unit = round((end - start).total_seconds() / 3600, 4), "h"
        return Trigger(
            person=self._person,
            time=start,
            end=end,
            form=rule.form,
            time_source=progress.time_source,
            kind=rule.kind,
            value=value,
            unit=unit,
            text=rule.text,
            source=self._source,
            device=self._device,
            rule=self._name,
            certainty=rule.certainty * (DOUBT if progress.doubtful else 1),
        )


def _begun(measurement: Measurement) -> Progress:
    return Progress(
        phase="rising",
        since=measurement.time,
        earliest=measurement.earliest,
        time_source=measurement.time_source,
        doubtful=measurement.earliest < measurement.time,
    )


def _seconds(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds()
