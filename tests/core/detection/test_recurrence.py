"""Weak evidence counts only of who shows the same clearly, before or soon after."""

import json
from dataclasses import replace

import pytest

from spasmwatch.domain.detection.detector import Detector
from spasmwatch.domain.detection.findings import Finding
from spasmwatch.domain.detection.recurrence import SURE_TIC, WAITING_S, Recurrence
from spasmwatch.domain.records import SpasmKind
from support.faces import Act, detect, signals


def weak(at: float) -> Act:
    return Act(at, at + 0.24, close_left=0.25)


def clear(at: float, side: str = "left") -> Act:
    if side == "left":
        return Act(at, at + 0.3, close_left=0.9, mouth_left=0.1)
    return Act(at, at + 0.3, close_right=0.9, mouth_right=0.1)


def finding(start: float, *, kind: SpasmKind = "hemifacial", told: bool = True, confidence: float = 0.6) -> Finding:
    region = "mouth" if kind == "tic" else "eye"
    return Finding(start, start + 0.3, kind, "left", (region,), 1, 0.5, confidence, 0.0, clear=told)


def starts(acts: list[Act], seconds: float = 20.0) -> list[float]:
    return [round(found.start) for found in detect(signals(acts, seconds=seconds, noise=0.001))]


def test_weak_twitches_alone_are_told_to_nobody() -> None:
    assert starts([weak(8.0)]) == []
    assert starts([weak(8.0), weak(8.5), weak(14.0)]) == []


def test_a_weak_twitch_counts_after_a_clear_one_on_its_side() -> None:
    assert starts([clear(8.0), weak(12.0)]) == [8, 12]
    assert starts([clear(8.0, "right"), weak(12.0)]) == [8]


def test_a_weak_twitch_waits_for_a_clear_one_and_is_told_after_it() -> None:
    assert starts([weak(8.0), clear(12.0)]) == [12, 8]
    assert starts([weak(8.0), clear(12.0, "right")]) == [12]


def test_it_waits_no_longer_than_a_bout_lasts() -> None:
    recurrence, first = Recurrence(), finding(10.0, told=False)
    assert recurrence.told([first], 11.5) == []
    soon, late = finding(100.0), finding(100.0 + WAITING_S)
    kept = json.loads(json.dumps(recurrence.state()))
    assert recurrence.told([soon], 101.5) == [soon, first]
    again = Recurrence()
    again.restore(kept)
    assert again.told([], 50.0 + WAITING_S) == []
    assert again.told([late], 101.5 + WAITING_S) == [late]


def test_many_weak_bursts_in_one_series_are_clear() -> None:
    beats = [Act(8.0 + 0.4 * beat, 8.24 + 0.4 * beat, close_left=0.27, mouth_left=0.02) for beat in range(6)]
    assert starts(beats[:1]) == []
    assert starts(beats) == [8]


def test_a_strong_tic_or_one_seen_twice_is_known_and_so_more_certain() -> None:
    def told(*confidences: float) -> list[float]:
        recurrence = Recurrence()
        tics = [finding(10.0 * n, kind="tic", confidence=each) for n, each in enumerate(confidences)]
        return [found.confidence for tic in tics for found in recurrence.told([tic], tic.end)]

    assert told(SURE_TIC, 0.5) == pytest.approx([SURE_TIC, 0.6])
    assert told(0.5, 0.5, 0.5) == pytest.approx([0.5, 0.5, 0.6])


def test_a_smaller_jerk_of_the_mouth_is_enough_where_it_has_jerked_before() -> None:
    speech = [Act(2.5 * n, 2.5 * n + 0.8, mouth_left=0.045, slow=True) for n in range(1, 10)]
    small = Act(37.0, 37.26, mouth_left=0.0775, mouth_right=0.02)
    large = Act(30.0, 30.26, mouth_left=0.14)
    assert starts([*speech, small], seconds=42.0) == []
    assert starts([*speech, large, small], seconds=42.0) == [30, 37]


def test_a_detector_that_goes_on_from_its_state_knows_what_it_knew() -> None:
    frames = signals([clear(8.0), weak(14.0)], noise=0.001)
    detector, again = Detector(), Detector()
    before = [found for frame in frames if frame.time < 12.0 for found in detector.update(frame)]
    again.restore(json.loads(json.dumps(detector.state())))
    after = [found for frame in frames if frame.time >= 12.0 for found in again.update(frame)]
    assert [round(found.start) for found in before + after] == [8, 14]
    old = detector.state()
    del old["recurrence"]
    Detector().restore(old)


def test_a_tic_of_the_eye_does_not_make_weak_twitches_of_its_half_known() -> None:
    recurrence = Recurrence()
    wink = replace(finding(5.0, kind="tic", confidence=0.9), regions=("eye",))
    assert recurrence.told([wink], 6.0) == [wink]
    assert recurrence.told([finding(9.0, told=False)], 10.0) == []
