"""The slow prior: what is known of this person for longer than an hour of sitting before the camera.

The baseline follows half a minute and is learned anew whenever the face was away. This is kept through absences and
restarts, so that eyes which are shut when they are first seen are not taken for open ones, and a tic is known again. A
treatment changes what is usual (a weaker lid after botulinum), and so does another camera: then a new version begins.
"""

import math
from dataclasses import dataclass, field
from typing import Any, Final

from spasmwatch.domain.detection.baseline import Level
from spasmwatch.domain.detection.findings import Finding, Sign, share
from spasmwatch.domain.detection.signals import FaceSignals

# Eyes that are first seen with less than this share of their usual gap are shut. (Shut ones came to .17 to .55 of open
# ones in 33 simulated closures of 12 faces; eyes that look down to about .6.)
SHUT_SHARE: Final = 0.55
# Likewise of a person who is not known yet, in inter-ocular distances: open eyes had .067 and more (narrow ones, behind
# glasses), shut ones .012 to .067. So some faces' shut eyes are still taken for open ones, until they open.
SHUT_GAP: Final = 0.055
# The prior is known after so many values, one every so many seconds, and remembers an hour of them.
KNOWN: Final = 12
EVERY_S: Final = 10.0
REMEMBERED_S: Final = 3600.0
# A movement is known after so many of a sign; then one just like them is so much more certain.
LEARNED: Final = 3
TEMPLATE_CONFIDENCE: Final = 0.2
MOST_LEARNED: Final = 12


@dataclass(slots=True)
class Template:
    """How the face moves at the peak of one sign's tics: the mean of their ``Finding.movement``."""

    count: int = 0
    movement: tuple[float, ...] = ()

    def likeness(self, movement: tuple[float, ...]) -> float:
        """0 unknown or unlike, 1 known well and just like it (the cosine of both movements)."""
        size = math.hypot(*movement) * math.hypot(*self.movement)
        if size == 0.0:
            return 0.0
        cosine = sum(a * b for a, b in zip(movement, self.movement, strict=True)) / size
        return max(0.0, cosine) * min(1.0, self.count / LEARNED)

    def learn(self, movement: tuple[float, ...]) -> None:
        """One more of this sign; of one that waited in a trace of version 1.6 the movement is not known."""
        if not movement:
            return
        self.count = min(MOST_LEARNED, self.count + 1)
        old = self.movement or movement
        self.movement = tuple(a + (b - a) / self.count for a, b in zip(old, movement, strict=True))


@dataclass(slots=True)
class Prior:
    """What is known of one person before one camera. ``version`` counts from 1 and began at ``since`` (seconds).

    ``shut_gap``: see ``SHUT_GAP``.
    """

    version: int = 1
    since: float = 0.0
    shut_gap: float = SHUT_GAP
    gap: Level = field(default_factory=lambda: Level(0.6, REMEMBERED_S, EVERY_S))
    tics: dict[Sign, Template] = field(default_factory=dict)

    def looks_shut(self, face: FaceSignals) -> bool:
        """Whether eyes that are seen for the first time seem to be shut."""
        known = len(self.gap) >= KNOWN
        return open_gap(face) < (SHUT_SHARE * self.gap.value if known else self.shut_gap)

    def learn_open(self, time: float, face: FaceSignals) -> None:
        """Take a frame that is certainly no event."""
        self.gap.add(time, open_gap(face))

    def more_certain(self, finding: Finding) -> float:
        """Confidence of a tic, with what was learned of the same movement before; it is learned from then on."""
        template = self.tics.setdefault(finding.sign, Template())
        likeness = template.likeness(finding.movement)
        template.learn(finding.movement)
        return share(finding.confidence + TEMPLATE_CONFIDENCE * likeness)

    def state(self) -> dict[str, Any]:
        """Everything, as plain values."""
        tics = [[*sign, template.count, list(template.movement)] for sign, template in self.tics.items()]
        return {"version": self.version, "since": self.since, "gap": self.gap.state(), "tics": tics}


def restore_prior(state: dict[str, Any]) -> Prior:
    """The prior of :meth:`Prior.state`. Raises KeyError, TypeError and ValueError on a damaged one."""
    prior = Prior(version=int(state["version"]), since=float(state["since"]))
    prior.gap.restore(state["gap"])
    for kind, side, region, count, movement in state["tics"]:
        prior.tics[kind, side, region] = Template(int(count), tuple(float(value) for value in movement))
    return prior


def open_gap(face: FaceSignals) -> float:
    """Mean gap between the lids of both eyes, in inter-ocular distances."""
    return (face.left.gap + face.right.gap) / 2
