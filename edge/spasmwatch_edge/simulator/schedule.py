"""What happens when: movements drawn from a seed, minute by minute, and their labels."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.random import Generator

from spasmwatch_edge.simulator import ordinary, spasms
from spasmwatch_edge.simulator.movements import Movement, OneSide
from spasmwatch_edge.simulator.spasms import TicPattern

# Spasms less than a second apart would be one spasm; so they keep this distance from one another and from
# ordinary movements that a viewer could not tell from them in passing.
SPASM_GAP = 1.3
BLOCK = 60.0
ATTEMPTS = 6
# A recording starts at rest, so that a detector sees the open face first.
FIRST_QUIET = 2.0

SPASMS = ("hemifacial", "blepharospasm", "tic")
LARGE = (
    "smile",
    "talk",
    "chew",
    "yawn",
    "turn",
    "look_down",
    "brows",
    "sneeze",
    "rest",
    "grimace",
    "smirk",
    "rub",
    "drink",
)
HEALTHY_RATES = {
    "blink": 16.0,
    "glance": 14.0,
    "smile": 1.2,
    "talk": 2.0,
    "chew": 0.6,
    "yawn": 0.2,
    "turn": 1.0,
    "look_down": 0.8,
    "brows": 0.5,
    "light": 0.4,
    "sneeze": 0.1,
}
RESTING_RATES = {"blink": 15.0}


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How often each kind of movement happens (``rates``, a minute), on which side, how strongly.

    ``side`` and ``tic`` (its pattern) None draw one for the whole schedule. ``first`` fixes kinds at times, so that a
    short demo has them. ``sway`` scales the unrest of the head: 1 is a sitting person, 0.15 one at rest, below a pixel.
    """

    rates: dict[str, float] = field(default_factory=lambda: dict(HEALTHY_RATES))
    side: OneSide | None = None
    strength: tuple[float, float] = (0.4, 1.0)
    first: tuple[tuple[str, float], ...] = ()
    sway: float = 1.0
    tic: TicPattern | None = None


HEALTHY = Behaviour()
RESTING = Behaviour(rates=RESTING_RATES, sway=0.15)
SPASMODIC = Behaviour(rates=HEALTHY_RATES | {"hemifacial": 5.0, "blepharospasm": 1.0, "tic": 1.5})
# Hemifacial spasms lead, on one side; each kind is seen within the first half minute.
DEMO = Behaviour(
    rates={
        "blink": 14.0,
        "glance": 10.0,
        "smile": 0.6,
        "talk": 1.0,
        "hemifacial": 11.0,
        "blepharospasm": 0.5,
        "tic": 0.5,
    },
    side="left",
    tic="tic_mouth",
    strength=(0.75, 1.0),
    first=(("hemifacial", 4.0), ("blepharospasm", 11.5), ("hemifacial", 18.0), ("tic", 25.5)),
)


class Cast:
    """One person's way of moving: what stays the same through a whole schedule."""

    def __init__(self, random: Generator, behaviour: Behaviour) -> None:
        sides: tuple[OneSide, OneSide] = ("left", "right")
        side = behaviour.side or sides[int(random.integers(2))]
        self._strength = behaviour.strength
        self._hemifacial = spasms.hemifacial_style(random, side)
        self._tic = spasms.tic_style(random, sides[int(random.integers(2))], behaviour.tic)

    def movement(self, kind: str, random: Generator, start: float) -> Movement:
        """One movement of this kind that starts at ``start``."""
        strength = float(random.uniform(*self._strength))
        if kind == "hemifacial":
            style = replace(self._hemifacial, eye=self._hemifacial.eye * random.uniform(0.9, 1.05))
            return spasms.hemifacial(random, start, style, strength)
        if kind == "blepharospasm":
            return spasms.blepharospasm(random, start, max(0.6, strength))
        if kind == "tic":
            return spasms.tic(start, self._tic, max(0.6, strength))
        return ORDINARY[kind](random, start)


ORDINARY = {
    "blink": ordinary.blink,
    "smile": ordinary.smile,
    "talk": ordinary.talk,
    "chew": ordinary.chew,
    "yawn": ordinary.yawn,
    "turn": ordinary.turn,
    "look_down": ordinary.look_down,
    "brows": ordinary.brows,
    "light": ordinary.light,
    "sneeze": ordinary.sneeze,
    "rest": ordinary.rest,
    "glance": ordinary.glance,
    "grimace": ordinary.grimace,
    "smirk": ordinary.smirk,
    "rub": ordinary.rub,
    "drink": ordinary.drink,
}
KINDS = (*SPASMS, *ORDINARY)


def blocks(seed: int, behaviour: Behaviour) -> Iterator[list[Movement]]:
    """Endless: the movements that start in each successive minute, by start. The same seed gives the same."""
    random = np.random.default_rng([seed, 1])
    cast = Cast(random, behaviour)
    placed: list[Movement] = []
    at = 0.0
    while True:
        # Only what may still be going on can be in the way.
        placed = [movement for movement in placed if movement.end > at - SPASM_GAP]
        before = len(placed)
        for kind, start in _wishes(random, behaviour, at):
            _place(placed, cast, random, kind, start, at)
        yield sorted(placed[before:], key=lambda movement: movement.start)
        at += BLOCK


def _wishes(random: Generator, behaviour: Behaviour, at: float) -> list[tuple[str, float | None]]:
    """Kinds, and times where they are fixed, asked for in one minute: the ones most important to place first."""
    wishes: list[tuple[str, float | None]] = [
        (kind, start) for kind, start in behaviour.first if at <= start < at + BLOCK
    ]
    for kind in KINDS:
        wishes += [(kind, None)] * int(random.poisson(behaviour.rates.get(kind, 0.0)))
    return wishes


def _place(placed: list[Movement], cast: Cast, random: Generator, kind: str, start: float | None, block: float) -> None:
    """Add one movement where it disturbs no other; after some tries in a full minute, leave it out."""
    shape = int(random.integers(2**32))
    earliest = block + (FIRST_QUIET if block == 0 else 0.0)
    for _ in range(ATTEMPTS):
        at = float(random.uniform(earliest, block + BLOCK)) if start is None else start
        # The same shape at every try: otherwise the short ones would get in and the long ones not.
        movement = cast.movement(kind, np.random.default_rng(shape), at)
        if not any(_disturbs(movement, other) for other in placed):
            placed.append(movement)
            return


def _disturbs(new: Movement, old: Movement) -> bool:
    """Whether two movements may not stand as close as they do."""
    if "light" in (new.kind, old.kind):
        return False
    gap = 0.0
    if new.spasm or old.spasm:
        other = old if new.spasm else new
        gap = SPASM_GAP if other.spasm or other.kind in LARGE else 0.45
        if other.kind == "glance":
            return False
        if other.kind == "talk":
            # People have spasms while they talk.
            return False
    elif new.kind == old.kind:
        gap = 0.4
    elif {new.kind, old.kind} & {"blink", "glance", "talk"}:
        return False
    return new.start - gap < old.end and old.start < new.end + gap


class Active:
    """Follows a schedule in time; it is read (by start, it may be endless) only as far as needed."""

    def __init__(self, schedule: Iterable[Movement]) -> None:
        self._coming = iter(schedule)
        self._next = next(self._coming, None)
        self._going: list[Movement] = []

    def at(self, time: float) -> list[Movement]:
        """The movements going on at ``time``, which must not go back."""
        while self._next is not None and self._next.start <= time:
            self._going.append(self._next)
            self._next = next(self._coming, None)
        self._going = [movement for movement in self._going if movement.end > time]
        return self._going


def until(seed: int, behaviour: Behaviour, seconds: float) -> list[Movement]:
    """All movements that are over by ``seconds``, by start; spasms that would be cut off are left out."""
    found: list[Movement] = []
    for number, block in enumerate(blocks(seed, behaviour)):
        found += block
        if (number + 1) * BLOCK >= seconds:
            break
    return [movement for movement in found if movement.end < seconds - 0.2]


def apart(schedule: Iterable[Movement], taken: Sequence[tuple[float, float]]) -> list[Movement]:
    """The movements that keep the distance of spasms from the ``taken`` spans (start, end)."""
    return [
        movement
        for movement in schedule
        if all(movement.end + SPASM_GAP < start or end + SPASM_GAP < movement.start for start, end in taken)
    ]


def labels(
    name: str, schedule: Sequence[Movement], fps: float, seconds: float, size: tuple[int, int]
) -> dict[str, Any]:
    """The labels of a recording: ``events`` must be reported, ``confounders`` must not."""
    return {
        "name": name,
        "fps": fps,
        "seconds": seconds,
        "size": list(size),
        "events": [label(movement) for movement in schedule if movement.spasm],
        "confounders": [label(movement) for movement in schedule if not movement.spasm and movement.kind != "glance"],
    }


def label(movement: Movement) -> dict[str, Any]:
    """One entry of the labels."""
    return {
        "kind": movement.kind,
        "side": movement.side,
        "start": round(movement.start, 3),
        "end": round(movement.end, 3),
        "strength": round(movement.strength, 2),
        "bursts": movement.bursts,
        "pattern": movement.pattern,
    }
