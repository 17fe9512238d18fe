"""Each spasm is told with what the person did meanwhile, also one that is told late."""

from dataclasses import replace

import numpy as np

from spasmwatch.domain.detection.findings import Finding
from spasmwatch.domain.detection.signals import FrameSignals
from spasmwatch_edge.pipeline import Pipeline
from support.faces import Act, signals

CLEAR = Act(20.0, 20.3, close_left=0.9, mouth_left=0.1)


def weak(at: float) -> Act:
    return Act(at, at + 0.24, close_left=0.25)


def speech(start: float, end: float) -> list[Act]:
    return [Act(at, at + 0.3, mouth_open=0.15) for at in np.arange(start, end, 0.4)]


def told(acts: list[Act]) -> list[Finding]:
    pipeline = Pipeline()
    found = [finding for frame in signals(acts, 25.0, noise=0.001) for finding in pipeline.feed(frame).findings]
    return [*found, *pipeline.finish().findings]


def test_what_was_said_after_a_weak_spasm_is_not_its_context() -> None:
    clear, late = told([weak(8.0), *speech(13.0, 16.0), CLEAR])
    assert (clear.context, late.context) == ((), ())
    assert late.end < 9.0


def test_talking_during_a_weak_spasm_is_its_context_though_it_is_told_late() -> None:
    clear, late = told([*speech(6.0, 9.4), weak(8.0), CLEAR])
    assert (clear.context, late.context) == ((), ("talking",))


def test_a_start_that_came_to_nothing_does_not_hide_the_next_one() -> None:
    # The landmarks shut one eye, both pictures change alike: no spasm in the end.
    frames = signals([Act(8.0, 8.6, close_left=0.6), Act(14.0, 14.5, close_left=0.9, mouth_left=0.1)], noise=0.001)

    def both_change(frame: FrameSignals) -> FrameSignals:
        assert frame.face is not None
        right = replace(frame.face.right, change=frame.face.left.change * 0.6)
        return replace(frame, face=replace(frame.face, right=right))

    pipeline = Pipeline()
    facts = [pipeline.feed(both_change(frame) if frame.time < 10.0 else frame) for frame in frames]
    assert [round(each.started) for each in facts if each.started is not None] == [8, 14]
    assert [round(found.start) for each in facts for found in each.findings] == [14]
