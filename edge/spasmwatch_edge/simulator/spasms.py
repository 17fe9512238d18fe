"""The shapes of spasms: hemifacial spasm, blepharospasm and tics."""

from dataclasses import dataclass
from typing import Literal, get_args

from numpy.random import Generator

from spasmwatch_edge.simulator.movements import Movement, OneSide, Part, Side, both, paired


@dataclass(frozen=True, slots=True)
class HemifacialStyle:
    """What stays the same from spasm to spasm of one person: how far each region takes part, and its lag."""

    side: OneSide
    eye: float
    cheek: float
    mouth: float
    brow: float
    mouth_lag: float


def hemifacial_style(random: Generator, side: OneSide) -> HemifacialStyle:
    """The brow rises in three of four; the mouth takes part in most (93 % spread beyond one region)."""
    spread = random.random() < 0.93
    return HemifacialStyle(
        side=side,
        eye=random.uniform(0.8, 1.05),
        cheek=random.uniform(0.5, 1.0) if spread else 0.1,
        mouth=random.uniform(0.5, 1.0) if spread else 0.0,
        brow=random.uniform(0.4, 0.9) if random.random() < 0.75 else random.uniform(-0.2, 0.0),
        mouth_lag=random.uniform(0.0, 0.06),
    )


def hemifacial(
    random: Generator, start: float, style: HemifacialStyle, strength: float, pattern: str | None = None
) -> Movement:
    """A clonic series, a single twitch or a tonic hold of one half of the face."""
    chosen = pattern or str(random.choice(["hfs_clonic", "hfs_single", "hfs_tonic"], p=[0.5, 0.25, 0.25]))
    parts: list[Part] = []
    bursts = 1
    if chosen == "hfs_clonic":
        bursts = int(random.integers(2, 9))
        period = random.uniform(0.19, 0.34)
        at = start
        for _ in range(bursts):
            rise, hold, fall = 0.28 * period, random.uniform(0.1, 0.25) * period, random.uniform(0.4, 0.6) * period
            parts += _half_face(style, strength * random.uniform(0.75, 1.05), at, rise, hold, fall)
            at += period * random.uniform(0.85, 1.15)
    elif chosen == "hfs_single":
        rise, hold, fall = random.uniform(0.05, 0.09), random.uniform(0.02, 0.08), random.uniform(0.09, 0.17)
        parts += _half_face(style, strength, start, rise, hold, fall)
    else:
        hold = random.uniform(0.7, 4.5)
        rise, fall = random.uniform(0.08, 0.25), random.uniform(0.15, 0.5)
        parts += _half_face(style, strength, start, rise, hold, fall)
        parts += _tremor(random, style, strength, start + rise, hold)
    return Movement("hemifacial", chosen, style.side, strength, bursts, tuple(parts), spasm=True)


def _half_face(
    style: HemifacialStyle, strength: float, start: float, rise: float, hold: float, fall: float
) -> list[Part]:
    side, later = style.side, start + style.mouth_lag
    parts = [
        Part(paired("lid", side), style.eye * strength, start, rise, hold, fall),
        Part(paired("squeeze", side), 0.8 * style.eye * strength, start, rise, hold, fall),
        Part(paired("cheek", side), style.cheek * strength, start, rise, hold, fall),
        Part(paired("corner", side), style.mouth * strength, later, rise, hold, fall),
        Part(paired("brow", side), style.brow * strength, start, rise, hold, fall),
        Part(paired("nose", side), 0.4 * style.cheek * strength, later, rise, hold, fall),
    ]
    return [part for part in parts if abs(part.amount) > 0.01]


def _tremor(random: Generator, style: HemifacialStyle, strength: float, start: float, seconds: float) -> list[Part]:
    """The fine flicker on top of a tonic hold."""
    parts = []
    at = start
    while at + 0.2 < start + seconds:
        amount = -random.uniform(0.03, 0.15) * strength
        parts.append(Part(paired("lid", style.side), amount, at, 0.05, 0.02, 0.06))
        parts.append(Part(paired("corner", style.side), amount * style.mouth, at, 0.05, 0.02, 0.06))
        at += random.uniform(0.15, 0.7)
    return parts


def blepharospasm(random: Generator, start: float, strength: float, pattern: str | None = None) -> Movement:
    """Both eyes: a forceful hold, or a cluster of forceful blinks, with lowered brows."""
    chosen = pattern or str(random.choice(["bsp_hold", "bsp_cluster"]))
    brow, frown, lag = random.uniform(0.4, 0.9), random.uniform(0.2, 0.9), random.uniform(0.0, 0.02)
    uneven = random.uniform(0.9, 1.0)
    bursts = 1 if chosen == "bsp_hold" else int(random.integers(3, 7))
    period = random.uniform(0.24, 0.4)
    parts: list[Part] = []
    at = start
    for _ in range(bursts):
        if chosen == "bsp_hold":
            rise, hold, fall = random.uniform(0.08, 0.2), random.uniform(0.9, 4.0), random.uniform(0.15, 0.4)
        else:
            rise, hold, fall = 0.25 * period, random.uniform(0.2, 0.35) * period, 0.4 * period
        parts += [
            Part("lid_right", 1.05 * strength, at, rise, hold, fall),
            Part("lid_left", 1.05 * strength * uneven, at + lag, rise, hold, fall),
            *both("squeeze", strength, at, rise, hold, fall),
            *both("brow", -brow * strength, at, rise, hold, fall),
            *both("cheek", 0.35 * strength, at, rise, hold, fall),
            *both("nose", 0.3 * strength, at, rise, hold, fall),
            Part("frown", frown * strength, at, rise, hold, fall),
        ]
        at += period * random.uniform(0.9, 1.15)
    return Movement("blepharospasm", chosen, "both", strength, bursts, tuple(parts), spasm=True)


TicPattern = Literal["tic_mouth", "tic_brow", "tic_nose", "tic_eye"]


@dataclass(frozen=True, slots=True)
class TicStyle:
    """A tic is stereotyped: one person's comes again in the same shape."""

    pattern: TicPattern
    side: OneSide
    rise: float
    hold: float
    fall: float


def tic_style(random: Generator, side: OneSide, pattern: TicPattern | None = None) -> TicStyle:
    """One person's tic; it takes a quarter to less than half a second."""
    patterns: tuple[TicPattern, ...] = get_args(TicPattern)
    drawn = patterns[int(random.integers(len(patterns)))]
    return TicStyle(
        pattern or drawn,
        side,
        random.uniform(0.06, 0.1),
        random.uniform(0.03, 0.12),
        random.uniform(0.1, 0.18),
    )


def tic(start: float, style: TicStyle, strength: float) -> Movement:
    """A brief movement outside the patterns of the other spasms."""
    side, timing = style.side, (start, style.rise, style.hold, style.fall)
    reported: Side = side
    if style.pattern == "tic_mouth":
        parts = [
            Part(paired("corner", side), strength, *timing),
            Part(paired("cheek", side), 0.3 * strength, *timing),
        ]
    elif style.pattern == "tic_brow":
        parts, reported = both("brow", strength, *timing), "both"
    elif style.pattern == "tic_nose":
        parts = [*both("nose", 1.5 * strength, *timing), *both("cheek", 0.3 * strength, *timing)]
        parts, reported = [*parts, Part("frown", 0.4 * strength, *timing)], "both"
    else:
        parts = [
            Part(paired("lid", side), strength, *timing),
            Part(paired("squeeze", side), strength, *timing),
            Part(paired("cheek", side), 0.5 * strength, *timing),
            # As in a wink: the brow goes down with the lid, which it does not in hemifacial spasm.
            Part(paired("brow", side), -0.35 * strength, *timing),
        ]
    return Movement("tic", style.pattern, reported, strength, 1, tuple(parts), spasm=True)
