"""Simulated weeks of one person before one camera, as the records that would have become known, in order."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from spasmwatch.domain.records import Detector, Diary, Observation, Record, Side, Spasm, SpasmKind

START = datetime(2025, 1, 6, tzinfo=UTC)
MIX: tuple[tuple[SpasmKind, Side, float], ...] = (
    ("hemifacial", "left", 0.75),
    ("blepharospasm", "both", 0.15),
    ("tic", "right", 0.10),
)
DETECTOR = Detector(name="spasmwatch", version="1")


@dataclass(frozen=True)
class Story:
    """``rate`` spasms an observed hour, ``minutes`` observed a day, independent days with CV ``variation``.

    ``effect`` multiplies the rate of a day; ``absent`` is the share of days without a face; ``round_the_clock`` reports
    every minute, also when nobody is there, as a real camera does, otherwise only the minutes with a face. On
    ``injections`` a botulinum treatment is logged; from day ``dies`` on the camera is silent, from ``blind`` faceless.
    """

    days: int = 90
    rate: float = 8.0
    minutes: int = 60
    variation: float = 0.45
    absent: float = 0.1
    effect: Callable[[int], float] = lambda _day: 1.0
    mix: Callable[[int], tuple[tuple[SpasmKind, Side, float], ...]] = lambda _day: MIX
    round_the_clock: bool = True
    injections: Collection[int] = ()
    dies: int | None = None
    blind: int | None = None
    version: Callable[[int], str] = lambda _day: "1"


def tell(story: Story, seed: int) -> Iterator[Record]:
    """The records of a story, always the same for the same seed."""
    random = np.random.default_rng(seed)
    number = 0
    for day in range(story.days):
        for record in _day(story, day, random):
            number += 1
            yield record.model_copy(update={"id": f"{seed:08x}-0000-7000-8000-{number:012x}", "seq": number})


def _day(story: Story, day: int, random: np.random.Generator) -> list[Record]:
    sigma = np.sqrt(np.log1p(story.variation**2))
    rate = story.rate * story.effect(day) * float(np.exp(sigma * random.standard_normal() - sigma**2 / 2))
    start = START + timedelta(days=day)
    known: list[tuple[datetime, Record]] = []
    if day in story.injections:
        known.append((start + timedelta(hours=9), _injection(start + timedelta(hours=9), day)))
    present = random.random() >= story.absent and (story.blind is None or day < story.blind)
    seen = set(random.choice(np.arange(9 * 60, 21 * 60), story.minutes, replace=False).tolist()) if present else set()
    if story.dies is None or day < story.dies:
        for minute in range(1440) if story.round_the_clock else sorted(seen):
            at = start + timedelta(minutes=minute)
            known.append((at + timedelta(seconds=60), _observation(at, minute in seen, story.version(day))))
            if minute in seen:
                spasms = _spasms(story, day, at, random.poisson(rate / 60), random)
                known.extend((spasm.end or at, spasm) for spasm in spasms)
    return [record for _, record in sorted(known, key=lambda entry: entry[0])]


def _envelope(what: str, node: str) -> dict[str, object]:
    return {"schema_": f"{what}/1.0", "home": "home", "node": node, "person": "patient", "boot": "boot1"}


def _observation(at: datetime, seen: bool, version: str) -> Observation:
    return Observation.model_construct(
        **_envelope("observation", "cam1"),
        start=at,
        seconds=60.0,
        observed_s=60.0 if seen else 0.0,
        face_s=60.0 if seen else 0.0,
        unobserved={} if seen else {"absent": 60.0},
        fps=25.0,
        detector=DETECTOR if version == "1" else Detector(name="spasmwatch", version=version),
    )


def _spasms(story: Story, day: int, at: datetime, number: int, random: np.random.Generator) -> Iterator[Spasm]:
    mix = story.mix(day)
    for kind in random.choice(len(mix), number, p=[share for _, _, share in mix]):
        begin = at + timedelta(seconds=float(random.uniform(0, 57)))
        yield Spasm.model_construct(
            **_envelope("spasm", "cam1"),
            phase="end",
            spasm_id=f"s{random.integers(1 << 62):x}",
            start=begin,
            end=begin + timedelta(seconds=float(random.uniform(0.3, 2))),
            kind=mix[kind][0],
            side=mix[kind][1],
            regions=("eye", "cheek"),
            bursts=1,
            intensity=0.6,
            confidence=0.9,
            closed_s=0.4,
            detector=DETECTOR,
        )


def _injection(at: datetime, day: int) -> Diary:
    return Diary.model_construct(
        **_envelope("diary", "diary"),
        at=at,
        logged_at=at,
        entry_id=f"injection{day}",
        author="anna",
        kind="treatment",
        subkind="botulinum",
    )
