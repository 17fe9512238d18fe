"""Thirteen months of one home in numbers that can be worked out on paper, written by the production store.

Every day, 8 to 20 o'clock UTC: half of each hour observed; 2 one-sided left and 1 brief movement right an hour, so 6
spasms per observed hour. In the last seven days twice as many: 12 per observed hour.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from spasmwatch.domain.records import Alert, Diary, Health, Insight, Label, Observation, Record, Spasm, Trend, Trigger
from spasmwatch.domain.rollups import Rollup
from support import make

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
FIRST = datetime(2025, 10, 20, tzinfo=UTC)
WORSE = datetime(2026, 11, 14, tzinfo=UTC)
MINUTES_FROM = datetime(2026, 11, 8, tzinfo=UTC)
"""Minutes, health and readings begin here: dashboards ask for days of them. Spasms and roll-ups are all there."""
HOURS = range(8, 20)
DISMISSED = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
DIARY = (
    ("treatment", "botulinum", 1),
    *((kind, None, 19) for kind in ("caffeine", "stress", "fatigue", "sleep", "medication")),
)
MISTAKES = (("treatment", "surgery"), ("stress", None))
"""Entered on the 18th and taken back: nothing of it is shown."""
READINGS = (("temperature", 21.5), ("humidity", 45.0), ("bright_light", 300.0), ("noise", 40.0))


def records(minutes_from: datetime = MINUTES_FROM) -> Iterator[Record | Rollup]:
    """The whole history up to NOW."""
    day = FIRST
    while day <= NOW:
        yield from _day(day, minutes_from)
        day += timedelta(days=1)
    yield from _alerts()
    yield from _words()
    yield from _found()


def _day(day: datetime, minutes_from: datetime) -> Iterator[Record | Rollup]:
    times = [day + timedelta(hours=hour) for hour in HOURS]
    hours = [time for time in times if time + timedelta(hours=1) <= NOW]
    factor = 2 if day >= WORSE else 1
    for time in hours:
        yield _rollup("hour", time, 1, factor)
        yield from _hour(time, factor, minutes=day >= minutes_from)
    yield _rollup("day", day, len(hours), factor)
    ratio = float(factor)
    yield _stamped(
        Trend(
            person="patient", time=day + timedelta(hours=7), state="more" if factor == 2 else "usual", rate=6 * ratio,
            usual=6.0, ratio=ratio, low=ratio * 0.8, high=ratio * 1.25, coverage=0.5,
        ),
        "insights",
    )  # fmt: skip


def _rollup(bucket: str, start: datetime, hours: int, factor: int) -> Rollup:
    left, right = 2 * factor * hours, factor * hours
    counts = {"hemifacial_left": left, "hemifacial_all": left, "tic_right": right, "tic_all": right}
    counts |= {"all_left": left, "all_right": right, "all_all": left + right}
    return Rollup.model_validate(
        {
            "bucket": bucket, "home": "home", "person": "patient", "start": start, "observed_s": 1800.0 * hours,
            "counts": counts, "closed_s": 36.0 * hours, "blinks": 600 * hours,
        }
    )  # fmt: skip


def _hour(time: datetime, factor: int, *, minutes: bool) -> Iterator[Record]:
    for minute in range(60 if minutes else 0):
        observed = 60.0 if minute < 30 else 0.0
        yield _stamped(
            Observation(
                person="patient", start=time + timedelta(minutes=minute), seconds=60.0, observed_s=observed,
                face_s=observed + 6, fps=25.0, blinks=20, light=120.0,
            )
        )  # fmt: skip
    for number in range(3 * factor):
        kind, side = ("hemifacial", "left") if number < 2 * factor else ("tic", "right")
        yield _stamped(spasm(time + timedelta(minutes=2 * number), kind, side))
    if not minutes:
        return
    yield _health(time, "recorder", "recorder", lag_s=0.2, dead_letters=1)
    yield _health(
        time + timedelta(seconds=3500), "cam1", "edge", temperature_c=55.0, disk_free_mb=20000.0, outbox_depth=3,
        dropped=2, lag_s=0.1,
    )  # fmt: skip
    for kind, value in READINGS:
        yield trigger(time, kind, "reading", "zigbee2mqtt", "lounge", value=value)


def spasm(start: datetime, kind: str, side: str) -> Spasm:
    """One spasm as the history has them."""
    return make.spasm(
        start, seconds=0.8, kind=kind, side=side, bursts=2, intensity=0.5, confidence=0.9, context=("resting",),
        spasm_id=f"s{start.timestamp():.0f}",
    )  # fmt: skip


def trigger(time: datetime, kind: str, form: str, source: str, device: str, **fields: Any) -> Record:
    """One thing measured or noticed in the home."""
    return _stamped(
        Trigger.model_validate(
            {
                "person": "home", "time": time, "kind": kind, "form": form, "source": source, "device": device,
                **fields,
            }
        ),
        "triggers",
    )  # fmt: skip


def _health(time: datetime, node: str, program: str, **figures: Any) -> Record:
    return _stamped(Health.model_validate({"time": time, "program": program, "state": "running", **figures}), node)


def _alerts() -> Iterator[Record]:
    for state, hour in (("firing", 9), ("acknowledged", 10)):
        time = datetime(2026, 11, 18, hour, tzinfo=UTC)
        yield _stamped(
            Alert.model_validate(
                {
                    "person": "patient", "time": time, "alert_id": "a1", "rule": "escalation", "severity": "warning",
                    "state": state, "since": time, "reason": "12 an hour instead of 6",
                }
            ),
            "alerts",
        )  # fmt: skip


def _words() -> Iterator[Record]:
    for number, (kind, subkind, day) in enumerate(DIARY):
        time = datetime(2026, 11, day, 9, number, tzinfo=UTC)
        # First with a wrong date, then corrected.
        yield _entry(f"e{number}", 1, time - timedelta(days=3), kind, subkind)
        yield _entry(f"e{number}", 2, time, kind, subkind)
    for number, (kind, subkind) in enumerate(MISTAKES):
        for revision in (2, 1):
            time = datetime(2026, 11, 18, 9, tzinfo=UTC)
            yield _entry(f"mistake{number}", revision, time, kind, subkind, deleted=revision == 2)
    yield _stamped(
        Label(
            person="patient", time=NOW, spasm_id=f"s{DISMISSED.timestamp():.0f}", spasm_node="cam1", start=DISMISSED,
            kind="hemifacial", side="left", verdict="false_alarm", author="anna",
        ),
        "diary",
    )  # fmt: skip


def _entry(entry: str, revision: int, at: datetime, kind: str, subkind: str | None, *, deleted: bool = False) -> Record:
    return _stamped(
        Diary.model_validate(
            {
                "person": "patient", "at": at, "entry_id": entry, "revision": revision, "deleted": deleted,
                "logged_at": at, "author": "anna", "kind": kind, "subkind": subkind, "value": 1.0,
                "text": "a private word",
            }
        ),
        "diary",
    )  # fmt: skip


def _found() -> Iterator[Record]:
    for hour in (9, 11):
        time = datetime(2026, 11, 18, hour, tzinfo=UTC)
        yield trigger(time, "caffeine", "event", "rule", "kettle", person="patient", certainty=0.8)
    yield _stamped(
        Insight(
            person="patient", time=datetime(2026, 11, 20, 6, tzinfo=UTC), trigger="caffeine", window="1-4", kind="all",
            primary=True, verdict="more", ratio=1.8, low=1.2, high=2.7, q=0.01, exposures=20, needed=0,
        ),
        "insights",
    )  # fmt: skip


def _stamped(draft: Record, node: str = "cam1") -> Record:
    return make.stamped(draft, node=node)
