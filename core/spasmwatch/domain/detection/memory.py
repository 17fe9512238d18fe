"""What a detector remembers, as plain numbers, so that a trace may begin in the middle of a day and end the same."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Final

from spasmwatch.domain.detection.baseline import Baseline, Level
from spasmwatch.domain.detection.signals import EyeSignals, FaceSignals, FrameSignals
from spasmwatch.domain.detection.smoothing import Noise

State = dict[str, Any]

# Levels that traces of version 1.1 do not know yet: they begin empty there.
ADDED: Final = frozenset({"blink_lowering"})


def levels(baseline: Baseline) -> Iterator[tuple[str, Level]]:
    """Every level of a baseline with its name."""
    for name, value in vars(baseline).items():
        if isinstance(value, Level):
            yield name, value
        else:
            for side, level in value.items():
                yield f"{name}_{side}", level


def baseline_state(baseline: Baseline) -> State:
    """All levels."""
    return {name: level.state() for name, level in levels(baseline)}


def restore_baseline(state: State) -> Baseline:
    """A baseline with these levels. Raises KeyError, TypeError and ValueError on a damaged state."""
    baseline = Baseline()
    for name, level in levels(baseline):
        if name in state or name not in ADDED:
            level.restore(state[name])
    return baseline


def noise_state(noises: dict[str, Noise]) -> State:
    """All noises."""
    return {name: noise.state() for name, noise in noises.items()}


def face_state(face: FaceSignals) -> State:
    """A face as plain numbers."""
    return asdict(face)


def restore_face(state: State) -> FaceSignals:
    """The face of :func:`face_state`."""
    return FaceSignals(**{**state, "left": EyeSignals(**state["left"]), "right": EyeSignals(**state["right"])})


def frame_state(frame: FrameSignals) -> State:
    """A frame; the face of a repeated one is left out, it is that of the frame before."""
    face = None if frame.face is None or frame.repeated else face_state(frame.face)
    return {"time": frame.time, "face": face, "paused": frame.paused, "repeated": frame.repeated}


def restore_frame(state: State, before: FaceSignals | None) -> FrameSignals:
    """The frame of :func:`frame_state`; ``before`` is the face of the frame before it."""
    repeated = bool(state["repeated"])
    face = before if repeated else None if state["face"] is None else restore_face(state["face"])
    return FrameSignals(float(state["time"]), face, bool(state["paused"]), repeated)
