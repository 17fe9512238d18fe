"""The state of things in one sentence: what somebody wants to know at three in the morning. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from spasmwatch.domain.records import Alert, Observation
from spasmwatch.domain.topics import PauseState
from spasmwatch.ports import Rate
from spasmwatch_services.charts import Point, Usual, point
from spasmwatch_services.diary.live import ENDED, Node

Level = Literal["calm", "look", "alarm", "off"]
Comparison = Literal["usual", "more", "fewer", "learning", "too_little"]

SILENT_AFTER = timedelta(minutes=4)
"""A camera speaks once a minute; this long without a word is trouble."""
AWAY_AFTER = timedelta(minutes=10)
LEARNING_DAYS = 14
GOOD_DAY_S = 1800.0
"""Observed seconds that make a day count as seen."""
ENOUGH_TODAY_S = 1200.0
ENOUGH_HOUR_S = 600.0
ENOUGH_FREEDOM = 20
"""Hours to compare before bouts are judged."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A key of the message catalogue under ``now`` with what it needs, and how serious it is."""

    level: Level
    key: str
    values: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the sentence is made from. ``seen`` is when a person was last in view."""

    now: datetime
    cameras: Sequence[Node]
    observation: Observation | None
    seen: datetime | None
    pause: PauseState | None
    alerts: Sequence[Alert]
    comparison: Comparison


def open_alerts(alerts: Sequence[Alert]) -> list[Alert]:
    """Alerts that somebody should know of now, the gravest and newest first; pending ones are nobody's business."""
    grave = {"urgent": 0, "warning": 1, "info": 2}
    current = [alert for alert in alerts if alert.state not in (*ENDED, "pending")]
    return sorted(current, key=lambda alert: (grave[alert.severity], -alert.since.timestamp()))


def sentence(facts: Facts) -> Sentence:
    """The most important thing first: danger, then whether anything is watched at all, then how it goes."""
    alerts = [alert for alert in open_alerts(facts.alerts) if alert.state == "firing"]
    if alerts and alerts[0].severity == "urgent":
        return Sentence("alarm", "urgent", {"reason": alerts[0].reason})
    if facts.pause is not None:
        if facts.pause.until is None:
            return Sentence("off", "paused")
        return Sentence("off", "paused_until", {"until": facts.pause.until})
    if (trouble := _not_watching(facts)) is not None:
        return trouble
    if alerts and alerts[0].severity == "warning":
        return Sentence("look", "alert", {"reason": alerts[0].reason})
    if facts.seen is None or facts.now - facts.seen > AWAY_AFTER:
        return Sentence("calm", "away", {"since": facts.seen}) if facts.seen else Sentence("calm", "nobody_yet")
    return Sentence("look" if facts.comparison == "more" else "calm", f"watching_{facts.comparison}")


def _not_watching(facts: Facts) -> Sentence | None:
    """Why nothing is watched, unless at least one camera works."""
    if not facts.cameras:
        return Sentence("look", "no_camera")
    troubles = [trouble for camera in facts.cameras if (trouble := camera_trouble(camera, facts.now)) is not None]
    return troubles[0] if len(troubles) == len(facts.cameras) else None


def camera_trouble(camera: Node, now: datetime) -> Sentence | None:
    """What keeps a camera from watching; None while it works."""
    if camera.fault is not None and camera.fault.active:
        since = camera.fault.since or now
        return Sentence("look", "camera_fault", {"cause": camera.fault.cause or "", "since": since})
    if camera.online is False:
        last = camera.observation
        return Sentence("look", "camera_offline", {"since": _end(last)}) if last else Sentence("look", "camera_away")
    if camera.observation is not None and now - _end(camera.observation) > SILENT_AFTER:
        return Sentence("look", "camera_silent", {"since": _end(camera.observation)})
    return None


def _end(observation: Observation) -> datetime:
    return observation.end


def usual(days: Sequence[Rate], series: str = "all_all") -> Usual | None:
    """The usual rate and the band of four days in five, from at least 14 well-seen days; else None."""
    good = [day for day in days if day.observed_s >= GOOD_DAY_S]
    if len(good) < LEARNING_DAYS:
        return None
    rates = np.array([day.counts.get(series, 0) / (day.observed_s / 3600) for day in good])
    pooled = sum(day.counts.get(series, 0) for day in good) / (sum(day.observed_s for day in good) / 3600)
    low, high = np.quantile(rates, [0.1, 0.9])
    return Usual(pooled, float(low), float(high))


def spread(days: Sequence[Rate], series: str = "all_all") -> float:
    """How much days differ beyond chance: k of a negative binomial, variance = mean + k × mean² (by moments).

    0 where days differ no more than by chance, or too few have been seen well.
    """
    good = [day for day in days if day.observed_s >= GOOD_DAY_S]
    if len(good) < LEARNING_DAYS:
        return 0.0
    counts = np.array([day.counts.get(series, 0) for day in good], dtype=float)
    hours = np.array([day.observed_s for day in good]) / 3600
    expected = counts.sum() / hours.sum() * hours
    if not counts.any():
        return 0.0
    return max(0.0, float(np.sum((counts - expected) ** 2 - expected) / np.sum(expected**2)))


def bouts(hours: Sequence[Rate], zone: ZoneInfo, series: str = "all_all") -> float:
    """How much the hours of one day differ beyond chance: variance over mean (Pearson), at least 1.

    Spasms come in bouts, so a count is less certain than its Poisson interval says.
    """
    days: dict[date, list[Rate]] = {}
    for hour in hours:
        if hour.observed_s >= ENOUGH_HOUR_S:
            days.setdefault(hour.start.astimezone(zone).date(), []).append(hour)
    misfit = freedom = 0.0
    for members in days.values():
        total = sum(hour.counts.get(series, 0) for hour in members)
        observed = sum(hour.observed_s for hour in members)
        if total and len(members) > 1:
            expected = [total * hour.observed_s / observed for hour in members]
            counts = [hour.counts.get(series, 0) for hour in members]
            misfit += sum((count - mean) ** 2 / mean for count, mean in zip(counts, expected, strict=True))
            freedom += len(members) - 1
    return max(1.0, misfit / freedom) if freedom >= ENOUGH_FREEDOM else 1.0


def spread_point(rate: Rate, k: float, series: str, days: int) -> Point:
    """The sum of ``days`` days as a point whose interval allows for days that differ by ``k``."""
    return point(rate, series, dispersion=1 + k * rate.counts.get(series, 0) / max(1, days))


def compare(today: Point, band: Usual | None) -> Comparison:
    """Today against the usual; only a rate outside the band whose interval also leaves the usual rate counts."""
    if band is None:
        return "learning"
    if today.rate is None or today.observed_s < ENOUGH_TODAY_S:
        return "too_little"
    if today.rate > band.high and today.low > band.rate:
        return "more"
    if today.rate < band.low and today.high < band.rate:
        return "fewer"
    return "usual"
