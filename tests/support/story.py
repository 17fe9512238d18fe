"""A home with a past: weeks of spasms, observed time, diary and alerts, seeded, ending now."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from spasmwatch.adapters.sqlite_store import SqliteStore
from spasmwatch.domain.records import Alert, Diary, Observation, Record, Spasm
from spasmwatch.domain.rollups import Rollup, day_of, hours_between, summarise_day, summarise_hour
from support.make import alert, diary, observation, spasm, stamped

PIECE = timedelta(minutes=5)
"""Length of one observation; the camera sends them each minute, the past is kept coarser."""


def fill(path: Path, *, days: int, now: datetime, home: str = "home", zone: str = "UTC", worse: float = 1.0) -> None:
    """Write ``days`` days up to ``now`` into a new embedded store; the last two days are ``worse`` times as bad."""
    store = SqliteStore(path, home=home, timezone=zone)
    place = ZoneInfo(zone)
    try:
        start, _ = day_of(now - timedelta(days=days), place)
        while start < now:
            _, following = day_of(start, place)
            ago = (now - start).days
            seed = random.Random(f"{start:%Y-%m-%d}")
            records = list(_day(seed, start, min(following, now), now, 6.0 * (worse if ago < 2 else 1.0)))
            kept = [stamped(record, home=home) for record in records]
            store.write([*kept, *_rollups(kept, start, min(following, now), home, place)])
            start = following
        store.write([stamped(record, home=home) for record in _story(now)])
    finally:
        store.close()


def _day(seed: random.Random, start: datetime, end: datetime, now: datetime, rate: float) -> Iterator[Record]:
    dice = np.random.default_rng(seed.randrange(2**32))
    today = rate * dice.lognormal(-0.05, 0.3)
    sitting = False
    at = start
    while at < end:
        hour = (at - start) / timedelta(hours=1)
        if at.minute == 0:
            sitting = 7 <= hour < 23 and seed.random() < 0.35
        if end == now and now - at < timedelta(hours=3):
            sitting = True
        length = min(PIECE, end - at)
        # Where time runs out (now) the last piece is short; in view means most of it.
        seen = seed.uniform(0.6, 1.0) * length.total_seconds() if sitting else 0.0
        yield _piece(at, length, seen)
        for _ in range(int(dice.poisson(today * seen / 3600))):
            yield _spasm(seed, at + length * seed.random())
        at += length


def _piece(at: datetime, length: timedelta, seen: float) -> Observation:
    seconds = max(1.0, length.total_seconds())
    reason = "turned" if seen else "absent"
    return observation(
        at, seen, seconds=seconds, face_s=seen, unobserved={reason: seconds - seen}, blinks=int(seen / 4)
    )


def _spasm(seed: random.Random, at: datetime) -> Spasm:
    kind, side = seed.choices(
        [("hemifacial", "left"), ("blepharospasm", "both"), ("tic", "right")], weights=[7, 2, 1]
    )[0]  # fmt: skip
    return spasm(
        at, round(seed.uniform(0.3, 2.5), 2), kind=kind, side=side, intensity=round(seed.uniform(0.3, 0.9), 2),
        confidence=round(seed.uniform(0.6, 0.95), 2),
    )  # fmt: skip


def _rollups(records: list[Record], start: datetime, end: datetime, home: str, zone: ZoneInfo) -> Iterator[Rollup]:
    spasms = [record for record in records if isinstance(record, Spasm)]
    observations = [record for record in records if isinstance(record, Observation)]
    hours = []
    for hour in hours_between(start, end - timedelta(microseconds=1), zone):
        inside = [item for item in spasms if hour[0] - PIECE <= item.start < hour[1] + PIECE]
        seen = [item for item in observations if hour[0] - PIECE <= item.start < hour[1]]
        hours.append(summarise_hour(home, "patient", hour, inside, seen))
    yield from hours
    yield summarise_day(home, "patient", start, hours)


def _story(now: datetime) -> Iterator[Diary | Alert]:
    morning = now - timedelta(hours=5)
    yield diary(morning, kind="caffeine", subkind="coffee", value=1, unit="cups", author="anna")
    yield diary(now - timedelta(hours=3), kind="stress", value=6, unit=None, author="patient")
    yield diary(now - timedelta(hours=1, minutes=20), kind="remedy", subkind="warm_compress", value=None, unit=None)
    yield diary(
        now - timedelta(days=24), kind="treatment", subkind="botulinum", value=None, unit=None, text="left, 25 units"
    )
    reason = "More spasms than usual: 11 in the last observed hour (usual 6)."
    since = now - timedelta(minutes=35)
    yield alert(since, alert_id="escalation-1", since=since, reason=reason)


if __name__ == "__main__":
    import sys

    fill(Path(sys.argv[1]), days=int(sys.argv[2]), now=datetime.now(UTC))
