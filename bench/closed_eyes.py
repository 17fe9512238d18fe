"""What shut eyes truly were, and what the detector took them for: a part of ``bench/detection.py``.

The gravest error is a spasm of both eyes that is counted as rest. The simulator knows at every moment what shuts the
eyes; the detector's own closures tell what they were counted as.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from spasmwatch.domain.detection.closures import sort_closures
from spasmwatch.domain.detection.detector import Detector
from spasmwatch.domain.detection.exposure import Closures
from spasmwatch.domain.detection.findings import SHUT, Finding
from spasmwatch_edge.simulator.movements import Movement, posed
from spasmwatch_edge.simulator.pose import neutral

TRULY: Final = ("blepharospasm", "rest")
# A moment that was counted twice stands under the first of these.
COUNTED: Final = ("rest", "unclear", "spasm", "blink", "nothing", "unseen")

Span = tuple[float, float, str]


class Watched(Detector):
    """The detector, with the spans of all that it found out about shut eyes."""

    def __init__(self) -> None:
        super().__init__()
        self.spans: list[Span] = []

    def _close_episode(self, now: float) -> list[Finding]:
        bursts = sorted(self._bursts, key=lambda burst: burst.start)
        frames, lowering, before = list(self._frames), self.baseline.usual_blink_lowering, Closures()
        findings = super()._close_episode(now)
        if bursts and not self._bursts:
            for number, burst in enumerate(bursts, start=1):
                # What this burst adds to those before it is what it was counted as.
                after = sort_closures(bursts[:number], findings, frames, lowering)
                if burst.channel == "closure":
                    self.spans.append((burst.start, burst.end, _added(before, after)))
                before = after
            self.spans += [(finding.start, finding.end, "spasm") for finding in findings]
        return findings


def _added(before: Closures, after: Closures) -> str:
    if after.rest_s > before.rest_s:
        return "rest"
    if after.unclear_s > before.unclear_s:
        return "unclear"
    return "blink" if after.blinks > before.blinks else "spasm"


def shut_by(movements: Sequence[Movement], time: float) -> str | None:
    """Which of ``TRULY`` keeps both eyes at least half shut at ``time``."""
    for movement in movements:
        if movement.kind in TRULY and movement.start <= time <= movement.end:
            pose = posed([movement], neutral(), time)
            if min(pose["lid_left"], pose["lid_right"]) >= SHUT:
                return movement.kind
    return None


def counted_as(spans: Sequence[Span], time: float) -> str:
    """What the detector took the eyes for at ``time``."""
    return min((name for start, end, name in spans if start <= time <= end), key=COUNTED.index, default="nothing")


def shut_seconds(scenario: Any, signals: Sequence[Any]) -> Counter[tuple[str, str]]:
    """Seconds of one scene by (what shut the eyes, what that was counted as)."""
    detector, unseen = Watched(), set()
    for frame in signals:
        detector.update(frame)
        if detector.reason is not None:
            unseen.add(frame.time)
    detector.finish()
    movements, seconds = scenario.schedule(), Counter[tuple[str, str]]()
    for frame in signals:
        truly = shut_by(movements, frame.time)
        if truly is not None:
            name = "unseen" if frame.time in unseen else counted_as(detector.spans, frame.time)
            seconds[truly, name] += 1 / scenario.scene.fps  # type: ignore[assignment]
    return seconds


def closed_eyes_table(scenes: Sequence[tuple[Any, Sequence[Any]]]) -> None:
    """Print the seconds with shut eyes in ``scenes`` (scenario, signals), by split and together."""
    found = [(scenario.split, shut_seconds(scenario, signals)) for scenario, signals in scenes]
    print(f"\n{'seconds with both eyes shut by':35s}{'scenes':>7s}{'all':>8s}" + "".join(f"{c:>9s}" for c in COUNTED))
    for truly in TRULY:
        for splits in (("tuning",), ("test",), ("tuning", "test")):
            own = [s for split, s in found if split in splits and any(truly == what for what, _ in s)]
            parts = [sum(seconds[truly, name] for seconds in own) for name in COUNTED]
            title = f"{truly}, {' and '.join(splits)} faces"
            print(f"{title:35s}{len(own):7d}{sum(parts):8.1f}" + "".join(f"{part:9.1f}" for part in parts))
