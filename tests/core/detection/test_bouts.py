"""Weak evidence counts only in a bout: within two minutes of a clear spasm of the same sign, before or after it."""

import json
from dataclasses import replace

import pytest

from spasmwatch.domain.detection.bouts import BOUT_S, Bouts
from spasmwatch.domain.detection.detector import Detector
from spasmwatch.domain.detection.findings import Finding
from support.faces import Act, detect, signals

CLEAR = Finding(100.0, 100.3, "hemifacial", "left", ("eye",), 1, 0.5, 0.8, 0.0)
TIC = replace(CLEAR, kind="tic", regions=("mouth",))


def weak(start: float) -> Finding:
    return replace(CLEAR, start=start, end=start + 0.3, clear=False, weak=True)


def weak_twitch(at: float) -> Act:
    return Act(at, at + 0.24, close_left=0.25)


def twitch(at: float, side: str = "left") -> Act:
    if side == "left":
        return Act(at, at + 0.3, close_left=0.9, mouth_left=0.1)
    return Act(at, at + 0.3, close_right=0.9, mouth_right=0.1)


def starts(acts: list[Act], seconds: float = 20.0) -> list[float]:
    return [round(found.start) for found in detect(signals(acts, seconds=seconds, noise=0.001))]


def test_weak_twitches_alone_are_told_to_nobody() -> None:
    assert starts([weak_twitch(8.0)]) == []
    assert starts([weak_twitch(8.0), weak_twitch(8.5), weak_twitch(14.0)]) == []


def test_a_weak_twitch_counts_after_a_clear_one_on_its_side() -> None:
    assert starts([twitch(8.0), weak_twitch(12.0)]) == [8, 12]
    assert starts([twitch(8.0, "right"), weak_twitch(12.0)]) == [8]


def test_weak_twitches_wait_for_a_clear_one_and_are_told_after_it_in_their_order() -> None:
    assert starts([weak_twitch(6.0), weak_twitch(8.0), twitch(12.0)]) == [12, 6, 8]
    assert starts([weak_twitch(8.0), twitch(12.0, "right")]) == [12]


@pytest.mark.parametrize(("start", "told"), [(100.0 - BOUT_S + 1, True), (100.0 - BOUT_S - 1, False)])
def test_it_waits_no_longer_though_nothing_happens_meanwhile(start: float, told: bool) -> None:
    bouts = Bouts()
    assert bouts.counting([weak(start)], start + 1.5) == []
    kept = Bouts()
    kept.restore(json.loads(json.dumps(bouts.state())))
    for each in (bouts, kept):
        assert each.counting([CLEAR], float("inf")) == [CLEAR, *([weak(start)] if told else [])]


@pytest.mark.parametrize(("start", "told"), [(100.0 + BOUT_S, True), (101.0 + BOUT_S, False)])
def test_a_bout_ends(start: float, told: bool) -> None:
    bouts = Bouts()
    bouts.counting([CLEAR], 101.5)
    assert bouts.counting([weak(start)], start + 1.5) == ([weak(start)] if told else [])


def test_weak_twitches_do_not_keep_up_a_bout() -> None:
    bouts = Bouts()
    bouts.counting([CLEAR], 101.5)
    for start in (150.0, 200.0):
        assert bouts.counting([weak(start)], start + 1.5) == [weak(start)]
    assert bouts.counting([weak(250.0)], 251.5) == []


def test_many_weak_bursts_in_one_series_are_clear() -> None:
    beats = [Act(8.0 + 0.4 * beat, 8.24 + 0.4 * beat, close_left=0.27, mouth_left=0.02) for beat in range(6)]
    assert starts(beats[:1]) == []
    assert starts(beats) == [8]


def test_a_smaller_jerk_of_the_mouth_is_enough_where_it_has_just_jerked() -> None:
    speech = [Act(2.5 * n, 2.5 * n + 0.8, mouth_left=0.045, slow=True) for n in range(1, 10)]
    small = Act(37.0, 37.26, mouth_left=0.0775, mouth_right=0.02)
    large = Act(30.0, 30.26, mouth_left=0.14)
    assert starts([*speech, small], seconds=42.0) == []
    assert starts([*speech, large, small], seconds=42.0) == [30, 37]


def test_a_detector_that_goes_on_from_its_state_knows_of_the_bout() -> None:
    frames = signals([twitch(8.0), weak_twitch(14.0)], noise=0.001)
    detector, again = Detector(), Detector()
    before = [found for frame in frames if frame.time < 12.0 for found in detector.update(frame)]
    again.restore(json.loads(json.dumps(detector.state())))
    after = [found for frame in frames if frame.time >= 12.0 for found in again.update(frame)]
    assert [round(found.start) for found in before + after] == [8, 14]
    old = detector.state()
    del old["bouts"]
    Detector().restore(old)


def test_only_what_is_clear_or_in_a_bout_is_told_while_it_goes_on() -> None:
    def announced(acts: list[Act]) -> set[int]:
        detector, going = Detector(), set()
        for frame in signals(acts, noise=0.001):
            detector.update(frame)
            if detector.going is not None:
                going.add(round(detector.going))
        return going

    assert announced([weak_twitch(8.0), twitch(12.0), weak_twitch(15.0)]) == {12, 15}


def test_a_tic_of_the_eye_is_no_bout_of_its_half_of_the_face() -> None:
    bouts = Bouts()
    wink = replace(TIC, regions=("eye",))
    assert bouts.counting([wink], 101.5) == [wink]
    assert bouts.counting([weak(105.0)], 106.5) == []
