"""What a household can set about each rule. Defaults keep the whole set within one false push in 30 days."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Hours = Annotated[float, Field(gt=0, le=24 * 30)]
Minutes = Annotated[float, Field(gt=0, le=24 * 60)]
Ratio = Annotated[float, Field(gt=1, le=100)]
Days = Annotated[int, Field(ge=1, le=400)]


class Parameters(BaseModel):
    """Base: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Escalation(Parameters):
    """Something bad is going on now: a burst, one very long spasm, or the eyes shut by spasms most of the time.

    A burst is ``burst_count`` spasms within ``burst_minutes``, and, once ``usual_minutes`` have been observed, also
    more than ``burst_ratio`` times the usual number and beyond what a usual day throws up by chance (1 in 100,000).
    ``calm_minutes`` of observed time without it resolve the alert.
    """

    enabled: bool = True
    burst_count: Annotated[int, Field(ge=2, le=1000)] = 6
    burst_minutes: Annotated[float, Field(gt=0, le=60)] = 5.0
    burst_ratio: Ratio = 4.0
    usual_minutes: Minutes = 60.0
    long_s: Annotated[float, Field(gt=1, le=3600)] = 60.0
    closed_share: Annotated[float, Field(gt=0.05, le=1)] = 0.5
    closed_minutes: Annotated[float, Field(ge=2, le=60)] = 10.0
    calm_minutes: Minutes = 15.0
    late_minutes: Minutes = 15.0


class Worsening(Parameters):
    """The last ``recent_days`` against the ``baseline_days`` before, evaluated daily at ``hour`` home time.

    ``alpha`` is one-sided and shared by the whole family: total first, then kind × side (Holm); ``ratio`` is the least
    rate ratio worth a push. Below the gates (observed minutes and days) the answer is "not enough data".
    ``watch_limit`` is the decision interval of the CUSUM that raises the quieter ``watch``.
    """

    enabled: bool = True
    hour: Annotated[int, Field(ge=0, le=23)] = 4
    recent_days: Annotated[int, Field(ge=2, le=28)] = 7
    baseline_days: Annotated[int, Field(ge=14, le=180)] = 56
    alpha: Annotated[float, Field(gt=0, lt=0.2)] = 0.01
    ratio: Ratio = 1.3
    recent_minutes: Minutes = 120.0
    recent_observed_days: Days = 4
    baseline_observed_days: Days = 14
    watch_limit: Annotated[float, Field(gt=1, le=100)] = 6.0

    @model_validator(mode="after")
    def _days_fit(self) -> Self:
        if self.recent_days >= self.baseline_days:
            raise ValueError("recent_days must be fewer than baseline_days")
        if self.recent_observed_days > self.recent_days:
            raise ValueError("recent_observed_days cannot be more than recent_days")
        if self.baseline_observed_days > self.baseline_days:
            raise ValueError("baseline_observed_days cannot be more than baseline_days")
        return self


class Spread(Parameters):
    """A side or region that was not affected before, beyond the measured errors, on ``days`` different days.

    ``side_error`` and ``region_error`` are the shares that the detector gets wrong by itself.
    """

    enabled: bool = True
    side_error: Annotated[float, Field(gt=0, lt=0.5)] = 0.1
    region_error: Annotated[float, Field(gt=0, lt=0.5)] = 0.15
    alpha: Annotated[float, Field(gt=0, lt=0.1)] = 0.0005
    days: Annotated[int, Field(ge=2, le=7)] = 3
    count: Annotated[int, Field(ge=3, le=1000)] = 6


class WearingOff(Parameters):
    """After a botulinum injection: the last days against the plateau of the present cycle.

    The plateau lasts from ``plateau_from_day`` to ``plateau_to_day`` after the injection; a cycle ends after
    ``cycle_days``. Onset after about 4 days, peak at about 2 weeks, wearing off after 8–16 weeks.
    """

    enabled: bool = True
    plateau_from_day: Days = 14
    plateau_to_day: Days = 56
    cycle_days: Annotated[int, Field(ge=30, le=365)] = 182
    ratio: Ratio = 1.3
    alpha: Annotated[float, Field(gt=0, lt=0.2)] = 0.005

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.plateau_from_day + 7 <= self.plateau_to_day < self.cycle_days:
            raise ValueError("wanted: plateau_from_day + 7 <= plateau_to_day < cycle_days")
        return self


class Blind(Parameters):
    """No face for ``after_h`` in which it usually would be seen; ``warn_after_h`` makes it a push."""

    enabled: bool = True
    after_h: Hours = 12.0
    warn_after_h: Hours = 72.0

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.warn_after_h < self.after_h:
            raise ValueError("warn_after_h must not be less than after_h")
        return self


class Faults(Parameters):
    """What is broken: ``after_minutes`` without an observation while one is expected, and what programs report.

    What lasts for ``warn_after_minutes`` becomes a push.
    """

    enabled: bool = True
    after_minutes: Minutes = 10.0
    warn_after_minutes: Minutes = 60.0
    lag_s: Annotated[float, Field(gt=0)] = 300.0
    disk_free_mb: Annotated[float, Field(ge=0)] = 500.0

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.warn_after_minutes < self.after_minutes:
            raise ValueError("warn_after_minutes must not be less than after_minutes")
        return self


class Improved(Parameters):
    """A quiet note: the same comparison as for worsening, the other way round."""

    enabled: bool = True
    ratio: Annotated[float, Field(gt=0, lt=1)] = 0.7
    alpha: Annotated[float, Field(gt=0, lt=0.1)] = 0.005


class RedFlag(Parameters):
    """A symptom with fixed advice that a person logged."""

    enabled: bool = True


class Repeats(Parameters):
    """How an alert insists: until somebody acknowledges it.

    After ``next_after_minutes`` without an answer the next caregivers are told too. Within ``cooldown_h`` after its end
    the same condition reopens the old alert in silence.
    """

    urgent_minutes: Minutes = 15.0
    warning_h: Hours = 12.0
    most_warnings: Annotated[int, Field(ge=0, le=20)] = 2
    next_after_minutes: Minutes = 30.0
    urgent_next_after_minutes: Minutes = 10.0
    cooldown_h: Hours = 2.0


class Rules(Parameters):
    """All rules together."""

    escalation: Escalation = Escalation()
    worsening: Worsening = Worsening()
    spread: Spread = Spread()
    wearing_off: WearingOff = WearingOff()
    red_flag: RedFlag = RedFlag()
    blind: Blind = Blind()
    fault: Faults = Faults()
    improved: Improved = Improved()
    repeats: Repeats = Repeats()
