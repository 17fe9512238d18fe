"""Simulated homes with a known truth: observed time, spasms in bouts, exposures that matter and ones that do not.

Times in hours since the first local midnight until they leave; every random number comes from the seed.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from spasmwatch.domain.association import Exposures, History, ObservedTime
from spasmwatch.domain.records import Diary, Record
from support import make

Floats = NDArray[np.float64]
START = datetime(2026, 1, 5, tzinfo=UTC)

TIMES_OF_DAY: dict[str, Callable[[Floats], Floats]] = {
    "flat": np.ones_like,
    "wave": lambda hour: np.exp(0.7 * np.cos((hour - 19) / 24 * 2 * np.pi)),
    "evening": lambda hour: np.where(hour >= 18, 2.0, np.where(hour >= 12, 1.0, 0.7)),
    "morning": lambda hour: np.where(hour < 10, 2.0, 1.0),
}


@dataclass(frozen=True)
class Cause:
    """One trigger. ``ratio`` holds within ``lasts_h`` after it.

    ``by_clock`` and ``by_day``: it comes at the times of day, on the days, on which spasms are frequent anyway;
    ``reverse``: it follows spasms; ``beside``: half of the time it comes within half an hour of that other trigger.
    """

    ratio: float = 1.0
    count: int = 60
    lasts_h: tuple[float, float] = (0, 1)
    by_clock: bool = False
    by_day: bool = False
    reverse: bool = False
    beside: str | None = None


@dataclass(frozen=True)
class Home:
    """What is simulated: ``rate`` spasms per observed hour in bouts of ``bout``, ``hours`` observed a day."""

    days: int = 60
    hours: float = 4.0
    rate: float = 3.0
    bout: float = 2.2
    day_spread: float = 0.4
    time_of_day: str = "wave"
    layout: str = "blocks"
    causes: dict[str, Cause] = field(default_factory=dict)


@dataclass(frozen=True)
class Simulated:
    """One simulated home: pieces of observed time, spasms and exposures, in hours; ``day_level`` by day."""

    begin: Floats
    length: Floats
    spasms: Floats
    exposures: dict[str, Floats]
    day_level: Floats

    def history(self, zone: ZoneInfo | None = None) -> History:
        """As columns for the statistics."""
        zero = START.timestamp()
        exposures = {
            name: Exposures(zero + 3600 * moments, zero + 3600 * moments, np.full(moments.size, np.nan))
            for name, moments in self.exposures.items()
        }
        return History(
            zone or ZoneInfo("UTC"),
            ObservedTime.of(zero + 3600 * self.begin, 3600 * self.length, 3600 * self.length),
            {"hemifacial": zero + 3600 * self.spasms},
            exposures,
        )

    def records(self) -> Iterator[Record]:
        """As wire records, in the order in which they became known."""
        found: list[tuple[datetime, Record]] = []
        for begin, length in zip(self.begin, self.length, strict=True):
            for minute in range(round(length * 60)):
                start = _time(begin) + timedelta(minutes=minute)
                found.append((start + timedelta(seconds=60), make.observation(start)))
        found += [(_time(spasm + 0.001), make.spasm(_time(spasm))) for spasm in self.spasms]
        for name, moments in self.exposures.items():
            for number, moment in enumerate(moments):
                entry = Diary.model_validate(
                    {
                        "person": "patient",
                        "at": _time(moment),
                        "entry_id": f"{name}-{number}",
                        "logged_at": _time(moment) + timedelta(minutes=2),
                        "author": "patient",
                        "kind": name,
                        "value": {"stress": 7, "caffeine": 1}.get(name),
                    }
                )
                found.append((entry.logged_at, entry))
        found.sort(key=lambda pair: pair[0])
        for number, (_, draft) in enumerate(found):
            identity = str(UUID(int=(0x019A << 112) | (0x7 << 76) | (0x8 << 60) | number))
            yield make.stamped(draft, seq=number).model_copy(update={"id": identity})


def simulate(home: Home, seed: int) -> Simulated:
    """One home, reproducible from its seed."""
    random = np.random.default_rng(seed)
    begin, length = _observed(home, random)
    level = (
        random.gamma(1 / home.day_spread**2, home.day_spread**2, home.days) if home.day_spread else np.ones(home.days)
    )
    exposures: dict[str, Floats] = {}
    for name, cause in home.causes.items():
        if not cause.reverse:
            at = _exposures(home, cause, begin, length, level, random)
            if cause.beside:
                near = random.choice(exposures[cause.beside], cause.count // 2) + random.uniform(
                    -0.5, 0.5, at.size // 2
                )
                near = near[_within(near, begin, length)]
                at = np.sort(np.append(near, random.choice(at, at.size - near.size, replace=False)))
            exposures[name] = at
    spasms = _spasms(home, begin, length, level, exposures, random)
    for name, cause in home.causes.items():
        if cause.reverse:
            chosen = random.choice(spasms, min(cause.count, spasms.size), replace=False)
            exposures[name] = np.sort(chosen + random.uniform(0.03, 0.4, chosen.size))
    return Simulated(begin, length, spasms, exposures, level)


def write(path: Path, records: Iterable[Record]) -> Path:
    """Write RECORDS.jsonl."""
    with path.open("wb") as file:
        file.writelines(record.payload() + b"\n" for record in records)
    return path


def _observed(home: Home, random: np.random.Generator) -> tuple[Floats, Floats]:
    begin: list[float] = []
    length: list[float] = []
    for day in range(home.days):
        if home.layout == "evening":
            starts = [17.0 + random.uniform(-1, 1)]
        elif home.layout == "hours":
            starts = sorted(random.choice(np.arange(7, 23), round(home.hours), replace=False).astype(float))
        else:
            starts = [random.uniform(7, 11), random.uniform(14, 20)]
        begin += [24 * day + start for start in starts]
        length += [home.hours / len(starts)] * len(starts)
    return np.array(begin), np.array(length)


def _within(moments: Floats, begin: Floats, length: Floats) -> NDArray[np.bool_]:
    place = np.searchsorted(begin, moments, side="right") - 1
    within: NDArray[np.bool_] = (place >= 0) & (moments < begin[place] + length[place])
    return within


def _exposures(
    home: Home, cause: Cause, begin: Floats, length: Floats, level: Floats, random: np.random.Generator
) -> Floats:
    busy = TIMES_OF_DAY[home.time_of_day](np.arange(0, 24, 0.1))
    found: list[float] = []
    while len(found) < cause.count:
        piece = random.integers(begin.size)
        moment = begin[piece] + random.uniform(0, length[piece])
        share = (busy[int(moment % 24 * 10)] / busy.max()) ** 2 if cause.by_clock else 1.0
        share *= min(level[int(moment // 24)] / 2, 1) if cause.by_day else 1.0
        if random.uniform() < share:
            found.append(moment)
    return np.sort(np.array(found))


def _spasms(
    home: Home, begin: Floats, length: Floats, level: Floats, exposures: dict[str, Floats], random: np.random.Generator
) -> Floats:
    """Bouts by thinning, from half an hour before each observed piece, then their spasms minutes apart."""
    early = begin - 0.5
    busy = TIMES_OF_DAY[home.time_of_day]
    usual = home.rate / home.bout / busy(np.arange(7, 22, 0.1)).mean()
    raised = float(np.prod([max(cause.ratio, 1.0) for cause in home.causes.values()]))
    highest = usual * busy(np.arange(0, 24, 0.1)).max() * level.max() * raised
    numbers = random.poisson(highest * (length + 0.5))
    moments = np.concatenate(
        [
            random.uniform(first, first + span, number)
            for first, span, number in zip(early, length + 0.5, numbers, strict=True)
        ]
    )
    rate = usual * busy(moments % 24) * level[np.clip((moments // 24).astype(int), 0, home.days - 1)]
    for name, at in exposures.items():
        cause = home.causes[name]
        if cause.ratio != 1:
            since = moments[:, None] - at[None, :]
            rate *= np.where(((since >= cause.lasts_h[0]) & (since < cause.lasts_h[1])).any(axis=1), cause.ratio, 1)
    starts = moments[random.uniform(size=moments.size) < rate / highest]
    sizes = random.geometric(1 / home.bout, starts.size)
    bouts = [
        start + np.append(0, np.cumsum(random.exponential(1.5 / 60, size - 1)))
        for start, size in zip(starts, sizes, strict=True)
    ]
    spasms = np.sort(np.concatenate([*bouts, np.zeros(0)]))
    return spasms[_within(spasms, begin, length)]


def _time(hours: float) -> datetime:
    return START + timedelta(hours=float(hours))
