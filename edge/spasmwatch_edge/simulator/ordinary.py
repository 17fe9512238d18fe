"""The shapes of ordinary behaviour, which must not be taken for a spasm."""

import math

from numpy.random import Generator

from spasmwatch_edge.simulator.movements import Movement, OneSide, Part, both, paired


def blink(random: Generator, start: float, pattern: str | None = None) -> Movement:
    """Full, partial or slow; half of all natural blinks are partial, some come twice."""
    chosen = pattern or str(
        random.choice(["blink_full", "blink_partial", "blink_slow", "blink_double"], p=[0.5, 0.38, 0.06, 0.06])
    )
    depth = random.uniform(0.3, 0.75) if chosen == "blink_partial" else random.uniform(0.9, 1.0)
    slow = random.uniform(1.6, 2.6) if chosen == "blink_slow" else 1.0
    rise = random.uniform(0.05, 0.09) * slow
    hold = random.uniform(0.0, 0.05) * slow * slow
    fall = random.uniform(0.1, 0.2) * slow
    uneven = random.uniform(0.94, 1.0)
    starts = [start, start + rise + hold + fall + random.uniform(0.0, 0.15)]
    parts: list[Part] = []
    for at in starts[: 2 if chosen == "blink_double" else 1]:
        parts += [
            Part("lid_right", depth, at, rise, hold, fall),
            Part("lid_left", depth * uneven, at, rise, hold, fall),
            *both("brow", -0.05 * depth, at, rise, hold, fall),
        ]
    return Movement("blink", chosen, "both", depth, len(starts) if chosen == "blink_double" else 1, tuple(parts), False)


def smile(random: Generator, start: float) -> Movement:
    """Both corners, slow, seldom quite even; a wide one narrows the eyes."""
    strength = random.uniform(0.4, 1.0)
    rise, hold, fall = random.uniform(0.3, 0.8), random.uniform(0.5, 3.0), random.uniform(0.4, 1.2)
    uneven = random.uniform(0.75, 1.0)
    weak = str(random.choice(["left", "right"]))
    narrowing = random.uniform(0.0, 0.35) * strength
    parts = [
        *both("cheek", 0.8 * strength, start, rise, hold, fall),
        *both("lid", narrowing, start, rise, hold, fall),
        *both("squeeze", 0.4 * strength, start, rise, hold, fall),
    ]
    for side in ("left", "right"):
        amount = strength * (uneven if side == weak else 1.0)
        parts.append(Part(paired("corner", side), amount, start, rise, hold, fall))
    return Movement("smile", "smile", "both", strength, 1, tuple(parts), False)


def talk(random: Generator, start: float) -> Movement:
    """Syllables at 3 to 7 a second, with pauses, lips rounding and brows going along."""
    seconds = random.uniform(1.5, 8.0)
    parts: list[Part] = []
    at = start
    while at < start + seconds:
        length = random.uniform(0.12, 0.3)
        amount = random.uniform(0.02, 0.15)
        parts.append(Part("jaw", amount, at, 0.45 * length, 0.1 * length, 0.6 * length))
        if random.random() < 0.4:
            parts.append(Part("pucker", random.uniform(-0.25, 0.6), at, 0.5 * length, 0.1 * length, 0.7 * length))
        if random.random() < 0.08:
            parts += both("brow", random.uniform(0.1, 0.45), at, 0.2, random.uniform(0.1, 0.5), 0.3)
        at += length * random.uniform(0.8, 1.1) + (random.uniform(0.2, 0.6) if random.random() < 0.1 else 0.0)
    nod = random.uniform(-0.03, 0.03)
    parts.append(Part("pitch", nod, start, 0.4, max(0.1, seconds - 0.9), 0.5))
    return Movement("talk", "talk", "both", 1.0, 1, tuple(parts), False)


def chew(random: Generator, start: float) -> Movement:
    """One to two strokes a second, the jaw working somewhat to one side."""
    strokes = int(random.integers(4, 12))
    period, lean = random.uniform(0.5, 0.9), random.uniform(-0.25, 0.25)
    parts: list[Part] = []
    for stroke in range(strokes):
        at = start + stroke * period
        timing = (at, 0.4 * period, 0.05 * period, 0.5 * period)
        parts.append(Part("jaw", random.uniform(0.03, 0.09), *timing))
        parts.append(Part("corner_left", lean * random.uniform(0.6, 1.0), *timing))
        parts.append(Part("corner_right", -lean * random.uniform(0.6, 1.0), *timing))
        parts.append(Part("pucker", random.uniform(0.1, 0.4), *timing))
    return Movement("chew", "chew", "both", 1.0, strokes, tuple(parts), False)


def yawn(random: Generator, start: float) -> Movement:
    """Wide mouth, eyes narrowing to shut at the height."""
    strength = random.uniform(0.6, 1.0)
    rise, hold, fall = random.uniform(0.9, 1.6), random.uniform(0.6, 1.8), random.uniform(0.6, 1.2)
    close, shut = random.uniform(0.5, 1.0), start + 0.6 * rise
    parts = [
        Part("jaw", 0.42 * strength, start, rise, hold, fall),
        Part("pucker", 0.5 * strength, start, rise, hold, fall),
        *both("lid", close, shut, 0.5 * rise, hold, fall),
        *both("squeeze", 0.4 * close, shut, 0.5 * rise, hold, fall),
        *both("brow", random.uniform(-0.3, 0.4), start, rise, hold, fall),
        Part("pitch", -0.1 * strength, start, rise, hold, fall),
    ]
    return Movement("yawn", "yawn", "both", strength, 1, tuple(parts), False)


def turn(random: Generator, start: float) -> Movement:
    """The head turns aside or nods, and comes back; a blink often goes with it, and the eyes lead."""
    rise, hold, fall = random.uniform(0.25, 0.8), random.uniform(0.2, 2.5), random.uniform(0.3, 0.9)
    yaw, pitch = random.uniform(0.12, 0.42) * random.choice([-1.0, 1.0]), random.uniform(-0.1, 0.15)
    parts = [
        Part("yaw", yaw, start, rise, hold, fall),
        Part("pitch", pitch, start, rise, hold, fall),
        Part("roll", random.uniform(-0.1, 0.1), start, rise, hold, fall),
        Part("head_x", 0.25 * yaw, start, rise, hold, fall),
        Part("gaze_x", 0.08 * float(math.copysign(1.0, yaw)), start, 0.08, 0.3 * rise, rise),
    ]
    if random.random() < 0.6:
        parts += list(blink(random, start + 0.3 * rise, "blink_full").parts)
    return Movement("turn", "turn", "both", 1.0, 1, tuple(parts), False)


def look_down(random: Generator, start: float) -> Movement:
    """Reading or looking at a phone: the upper lids follow the eyes down."""
    amount = random.uniform(0.4, 1.0)
    rise, hold, fall = random.uniform(0.08, 0.25), random.uniform(0.4, 4.0), random.uniform(0.08, 0.25)
    parts = [
        *both("lid", 0.5 * amount, start, rise, hold, fall),
        Part("gaze_y", 0.05 * amount, start, rise, hold, fall),
        Part("pitch", random.uniform(0.0, 0.12), start, 1.5 * rise, max(0.0, hold - rise), 1.5 * fall),
    ]
    return Movement("look_down", "look_down", "both", amount, 1, tuple(parts), False)


def brows(random: Generator, start: float) -> Movement:
    """Both brows raised in conversation: slower than a tic, and held."""
    timing = (start, random.uniform(0.18, 0.35), random.uniform(0.3, 1.2), random.uniform(0.25, 0.5))
    strength = random.uniform(0.3, 0.9)
    return Movement("brows", "brows", "both", strength, 1, tuple(both("brow", strength, *timing)), False)


def light(random: Generator, start: float) -> Movement:
    """A lamp switched, a cloud, or a television's flicker."""
    change = random.uniform(-0.55, 0.35)
    if random.random() < 0.3:
        parts = [
            Part("light", random.uniform(-0.2, 0.2), start + at * 0.25, 0.05, random.uniform(0.05, 0.15), 0.05)
            for at in range(int(random.integers(4, 14)))
        ]
        return Movement("light", "light_flicker", "both", 1.0, len(parts), tuple(parts), False)
    sudden = random.random() < 0.5
    rise, fall = (0.04, 0.04) if sudden else (random.uniform(0.5, 2.0), random.uniform(0.5, 2.0))
    part = Part("light", change, start, rise, random.uniform(1.0, 5.0), fall)
    return Movement("light", "light_switch" if sudden else "light_cloud", "both", abs(change), 1, (part,), False)


def sneeze(random: Generator, start: float) -> Movement:
    """Eyes shut, head back, then down with an open mouth."""
    parts = [
        *both("lid", 1.0, start + 0.25, 0.2, 0.55, 0.25),
        *both("squeeze", 0.8, start + 0.3, 0.2, 0.45, 0.25),
        *both("nose", 0.7, start, 0.4, 0.3, 0.3),
        Part("jaw", random.uniform(0.08, 0.2), start, 0.45, 0.35, 0.2),
        Part("pitch", -0.12, start, 0.45, 0.1, 0.12),
        Part("pitch", random.uniform(0.12, 0.22), start + 0.62, 0.12, 0.15, 0.6),
        Part("head_y", 0.12, start + 0.62, 0.12, 0.15, 0.6),
    ]
    return Movement("sneeze", "sneeze", "both", 1.0, 1, tuple(parts), False)


def rest(random: Generator, start: float) -> Movement:
    """Eyes shut for rest: slowly, without force, the brows easing, the head sinking a little."""
    rise, hold, fall = random.uniform(0.4, 1.0), random.uniform(3.0, 12.0), random.uniform(0.3, 0.7)
    parts = [
        *both("lid", 1.0, start, rise, hold, fall),
        *both("brow", random.uniform(-0.05, 0.12), start, rise, hold, fall),
        Part("pitch", random.uniform(0.0, 0.15), start, 2 * rise, max(0.1, hold - rise), fall),
    ]
    return Movement("rest", "rest", "both", 1.0, 1, tuple(parts), False)


def grimace(random: Generator, start: float) -> Movement:
    """A face pulled on purpose: slow, both sides, seldom quite even, eyes narrowed but not shut."""
    timing = (start, random.uniform(0.3, 0.9), random.uniform(0.4, 2.5), random.uniform(0.3, 0.9))
    tilt = random.uniform(0.8, 1.2)
    parts: list[Part] = []
    for name, low, high in (
        ("lid", 0.0, 0.45),
        ("squeeze", 0.0, 0.8),
        ("brow", -0.9, 0.9),
        ("cheek", -0.3, 0.9),
        ("corner", -0.6, 0.9),
        ("nose", 0.0, 1.2),
    ):
        if random.random() < 0.5:
            amount = random.uniform(low, high)
            parts.append(Part(paired(name, "right"), amount, *timing))
            parts.append(Part(paired(name, "left"), amount * tilt, *timing))
    parts.append(Part("pucker", random.uniform(-0.2, 0.8), *timing))
    parts.append(Part("jaw", max(0.0, random.uniform(-0.1, 0.12)), *timing))
    return Movement("grimace", "grimace", "both", 1.0, 1, tuple(parts), False)


def smirk(random: Generator, start: float) -> Movement:
    """Half a smile: one corner of the mouth, slow and held, the eye stays open."""
    side: OneSide = "left" if random.random() < 0.5 else "right"
    strength = random.uniform(0.3, 0.9)
    timing = (start, random.uniform(0.3, 0.7), random.uniform(0.7, 2.5), random.uniform(0.4, 0.9))
    parts = (
        Part(paired("corner", side), strength, *timing),
        Part(paired("cheek", side), 0.5 * strength, *timing),
        Part(paired("squeeze", side), 0.2 * strength, *timing),
    )
    return Movement("smirk", "smirk", side, strength, 1, parts, False)


def rub(random: Generator, start: float) -> Movement:
    """A hand comes up and rubs one eye."""
    side: OneSide = "left" if random.random() < 0.5 else "right"
    rise, hold, fall = random.uniform(0.4, 0.8), random.uniform(0.6, 2.5), random.uniform(0.4, 0.8)
    hand = paired("hand", side)
    parts = [
        Part(hand, 1.0, start, rise, hold, fall),
        *both("lid", 0.6, start + 0.7 * rise, 0.2, hold, 0.3),
    ]
    strokes = range(int(hold / 0.3))
    parts += [Part(hand, -0.04, start + rise + 0.3 * stroke, 0.12, 0.02, 0.12) for stroke in strokes]
    return Movement("rub", "rub", side, 1.0, 1, tuple(parts), False)


def drink(random: Generator, start: float) -> Movement:
    """A cup comes up to the mouth, the head tips back a little."""
    rise, hold, fall = random.uniform(0.5, 1.0), random.uniform(1.0, 3.0), random.uniform(0.5, 1.0)
    parts = (
        Part("cup", 1.0, start, rise, hold, fall),
        Part("pitch", -random.uniform(0.02, 0.12), start + 0.6 * rise, 0.5, hold, fall),
        Part("jaw", 0.03, start + 0.6 * rise, 0.3, hold, 0.3),
        *both("lid", random.uniform(0.1, 0.4), start + 0.8 * rise, 0.3, hold, 0.4),
    )
    return Movement("drink", "drink", "both", 1.0, 1, parts, False)


def glance(random: Generator, start: float) -> Movement:
    """The eyes jump to another point and stay there for a while; too small and frequent to be labelled."""
    hold = random.uniform(0.4, 2.5)
    parts = (
        Part("gaze_x", random.normal(0.0, 0.035), start, 0.04, hold, 0.04),
        Part("gaze_y", random.normal(0.0, 0.012), start, 0.04, hold, 0.04),
    )
    return Movement("glance", "glance", "both", 1.0, 1, parts, False)
