"""Thirteen months of one home in numbers that can be worked out on paper.

Every day, 8 to 20 o'clock UTC: half of each hour observed; 2 one-sided left and 1 brief movement right an hour, so 6
spasms per observed hour. In the last seven days twice as many: 12 per observed hour.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
FIRST = datetime(2025, 10, 20, tzinfo=UTC)
WORSE = datetime(2026, 11, 14, tzinfo=UTC)
HOURS = range(8, 20)
WHO = "home=home,person=patient"
KINDS = ("hemifacial", "blepharospasm", "tic", "unclassified", "all")
SIDES = ("left", "right", "both", "all")
DIARY = (
    ("treatment", "botulinum", 1),
    *((kind, "none", 19) for kind in ("caffeine", "stress", "fatigue", "sleep", "medication")),
)


def lines() -> Iterator[str]:
    """The whole history up to NOW as line protocol, times in seconds."""
    day = FIRST
    while day <= NOW:
        yield from _day(day)
        day += timedelta(days=1)
    yield from _events()


def _day(day: datetime) -> Iterator[str]:
    times = [day + timedelta(hours=hour) for hour in HOURS]
    hours = [time for time in times if time + timedelta(hours=1) <= NOW]
    factor = 2 if day >= WORSE else 1
    for time in hours:
        yield f"rollup_hour,{WHO} {_rollup(1, factor)} {_s(time)}"
        yield from _hour(time, factor)
    yield f"rollup_day,{WHO} {_rollup(len(hours), factor)} {_s(day)}"
    state, ratio = ("more", 2.0) if factor == 2 else ("usual", 1.0)
    yield (
        f'trend,{WHO},node=insights state="{state}",rate={6.0 * factor},usual=6.0,ratio={ratio},low={ratio * 0.8},'
        f"high={ratio * 1.25},coverage=0.5 {_s(day + timedelta(hours=7))}"
    )


def _rollup(hours: int, factor: int) -> str:
    left, right = 2 * factor * hours, factor * hours
    counts = {f"n_{kind}_{side}": 0 for kind in KINDS for side in SIDES}
    counts |= {"n_hemifacial_left": left, "n_hemifacial_all": left, "n_tic_right": right, "n_tic_all": right}
    counts |= {"n_all_left": left, "n_all_right": right, "n_all_all": left + right}
    fields = [f"{name}={count}.0" for name, count in counts.items()]
    return ",".join([f"observed_s={1800.0 * hours}", f"closed_s={36.0 * hours}", f"blinks={600.0 * hours}", *fields])


def _hour(time: datetime, factor: int) -> Iterator[str]:
    for minute in range(60):
        observed = 60.0 if minute < 30 else 0.0
        yield (
            f"observation,{WHO},node=cam1 seconds=60.0,observed_s={observed},face_s={observed + 6},fps=25.0,"
            f"blinks=20.0,light=0.5 {_s(time) + 60 * minute}"
        )
    for number in range(3 * factor):
        kind, side = ("hemifacial", "left") if number < 2 * factor else ("tic", "right")
        yield (
            f"spasm,{WHO},node=cam1,kind={kind},side={side} intensity=0.5,confidence=0.9,duration_s=0.8,closed_s=0.4,"
            f'bursts=2.0,regions="eye,cheek",context="resting",verdict="none" {_s(time) + 120 * number}'
        )
    yield f'health,home=home,node=recorder,program=recorder state="running",lag_s=0.2,dead_letters=1.0 {_s(time)}'
    yield (
        f'health,home=home,node=cam1,program=edge state="running",temperature_c=55.0,disk_free_mb=20000.0,'
        f"outbox_depth=3.0,dropped=2.0,lag_s=0.1 {_s(time) + 3500}"
    )
    for kind, value in (("temperature", 21.5), ("humidity", 45.0), ("bright_light", 300.0), ("noise", 40.0)):
        yield (
            f"trigger,home=home,person=home,kind={kind},form=reading,source=zigbee2mqtt,device=lounge "
            f"value={value},certainty=1.0 {_s(time)}"
        )


def _events() -> Iterator[str]:
    for state, hour in (("firing", 9), ("acknowledged", 10)):
        at = _s(datetime(2026, 11, 18, hour, tzinfo=UTC))
        yield (
            f'alert,{WHO},rule=escalation,severity=warning state="{state}",reason="12 an hour instead of 6",'
            f'alert_id="a1" {at}'
        )
    for number, (kind, subkind, day) in enumerate(DIARY):
        at = _s(datetime(2026, 11, day, 9, number, tzinfo=UTC))
        yield f'diary,{WHO},author=anna,revision=1 kind="{kind}",subkind="{subkind}",value=1.0,entry_id="e{kind}" {at}'
    for hour in (9, 11):
        at = _s(datetime(2026, 11, 18, hour, tzinfo=UTC))
        yield f"trigger,home=home,person=patient,kind=caffeine,form=event,source=rule,device=kettle certainty=0.8 {at}"
    yield (
        f'insight,{WHO},node=insights trigger="caffeine",window="1-4",kind="all",verdict="more",ratio=1.8,low=1.2,'
        f"high=2.7,q=0.01,exposures=20.0,needed=0.0 {_s(datetime(2026, 11, 20, 6, tzinfo=UTC))}"
    )


def _s(time: datetime) -> int:
    return round(time.timestamp())
