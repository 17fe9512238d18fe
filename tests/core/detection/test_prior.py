"""The slow prior: shut eyes are not taken for open ones, tics are known again, and it survives being kept."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from spasmwatch.domain.detection.detector import LONGEST_FREEZE_S, Detector
from spasmwatch.domain.detection.findings import Finding
from spasmwatch.domain.detection.prior import KNOWN, LEARNED, TEMPLATE_CONFIDENCE, Prior, restore_prior
from spasmwatch.domain.detection.signals import FrameSignals
from support.faces import FACE, Act, detect, signals

TIC = Finding(100.0, 100.3, "tic", "left", ("mouth",), 1, 0.5, 0.6, 0.0, movement=(0.0, 3.0, 0.0, 1.0))
SHUT = 0.85


def observed(frames: Sequence[FrameSignals], detector: Detector) -> list[float]:
    times = []
    for frame in frames:
        detector.update(frame)
        if detector.reason is None:
            times.append(frame.time)
    return times


def known_prior(gap: float = 0.2) -> Prior:
    prior = Prior()
    for number in range(KNOWN + 1):
        prior.learn_open(
            -600.0 + 20.0 * number, replace(FACE, left=replace(FACE.left, gap=gap), right=replace(FACE.right, gap=gap))
        )
    return prior


def test_eyes_that_are_first_seen_shut_are_not_learned_and_that_time_is_not_observed() -> None:
    frames = signals([Act(-1.0, 12.0, close_left=SHUT, close_right=SHUT)], seconds=20.0)
    times = observed(frames, Detector())
    assert 12.5 < min(times) < 14.0
    assert len(times) > 100


def test_a_spasm_after_eyes_that_were_first_seen_shut_is_found() -> None:
    first = Act(-1.0, 12.0, close_left=SHUT, close_right=SHUT)
    second = Act(18.0, 18.3, close_left=0.9, mouth_left=0.1)
    assert [round(found.start) for found in detect(signals([first, second], seconds=24.0))] == [18]


def test_half_shut_eyes_of_a_known_person_wait_too() -> None:
    frames = signals([Act(-1.0, 12.0, close_left=0.6, close_right=0.6)], seconds=20.0)
    assert min(observed(frames, Detector())) < 2.0
    assert min(observed(frames, Detector(known_prior()))) > 12.0


def test_who_keeps_the_eyes_so_narrow_for_long_is_learned_all_the_same() -> None:
    narrow = Act(-1.0, 500.0, close_left=SHUT, close_right=SHUT)
    frames = signals([narrow], seconds=LONGEST_FREEZE_S + 5.0, fps=15.0, noise=0.0003)
    assert LONGEST_FREEZE_S < min(observed(frames, Detector())) < LONGEST_FREEZE_S + 3.0


def test_shut_eyes_that_were_taken_for_open_ones_are_found_out_when_they_open() -> None:
    first = Act(-1.0, 12.0, close_left=0.6, close_right=0.6)
    hold = Act(20.0, 22.0, close_left=0.95, close_right=0.95, brows=-0.04)
    found = detect(signals([first, hold], seconds=26.0))
    assert [(round(each.start), each.kind) for each in found] == [(20, "blepharospasm")]


def test_noise_does_not_keep_the_detector_from_learning_the_open_eyes() -> None:
    frames = signals([Act(-1.0, 12.0, close_left=0.9, close_right=0.9)], seconds=20.0, noise=0.004)
    assert max(observed(frames, Detector())) > 19.0


def test_a_blink_or_raised_brows_change_nothing() -> None:
    acts = [Act(3.0 * n, 3.0 * n + 0.2, close_left=0.9, close_right=0.9) for n in range(1, 6)]
    wide = [Act(18.5, 20.5, close_left=-0.3, close_right=-0.3, brows=0.05, slow=True)]
    times = observed(signals([*acts, *wide], seconds=24.0), Detector())
    assert len(times) > 22.5 * 25


def test_who_blinks_hard_and_often_is_learned_soon() -> None:
    blinks = [Act(0.8 * n, 0.8 * n + 0.3, close_left=0.9, close_right=0.9) for n in range(30)]
    assert min(observed(signals(blinks), Detector())) < 4.0


def test_a_nap_does_not_teach_what_open_eyes_are() -> None:
    blinks = [Act(2.0 * n, 2.0 * n + 0.2, close_left=0.9, close_right=0.9) for n in range(1, 15)]
    nap = Act(40.0, 400.0, close_left=SHUT, close_right=SHUT)
    detector = Detector(known_prior())
    observed(signals([*blinks, nap], seconds=400.0, fps=10.0, noise=0.0003), detector)
    assert detector.prior.gap.value == pytest.approx(0.2, abs=0.01)


def test_wide_eyes_for_a_moment_before_and_after_a_turn_of_the_head_change_nothing() -> None:
    wide = [Act(at, at + 0.2, close_left=-0.7, close_right=-0.7) for at in (8.0, 10.5)]
    frames = [
        replace(frame, face=replace(frame.face, yaw=40.0)) if frame.face and 8.1 < frame.time < 10.6 else frame
        for frame in signals(wide)
    ]
    assert max(observed(frames, Detector())) > 19.0
    assert len([time for time in observed(frames, Detector()) if 11.0 < time < 13.0]) > 45


def test_a_tic_is_the_more_certain_the_better_its_movement_is_known() -> None:
    prior = Prior()
    confidences = [prior.more_certain(TIC) for _ in range(LEARNED + 2)]
    assert confidences[0] == TIC.confidence
    assert confidences == sorted(confidences)
    assert confidences[LEARNED] == confidences[-1] == pytest.approx(TIC.confidence + TEMPLATE_CONFIDENCE)


def test_another_movement_of_the_same_part_gains_nothing() -> None:
    prior = Prior()
    for _ in range(LEARNED):
        prior.more_certain(TIC)
    assert prior.more_certain(replace(TIC, movement=(3.0, 0.0, -1.0, 0.0))) == TIC.confidence
    assert prior.more_certain(replace(TIC, side="right")) == TIC.confidence


def test_a_tic_that_comes_again_later_than_a_bout_is_more_certain() -> None:
    jerks = [Act(at, at + 0.26, mouth_left=0.14) for at in (8.0, 150.0, 300.0)]
    confidences = [found.confidence for found in detect(signals(jerks, seconds=310.0, noise=0.0005))]
    assert len(confidences) == 3
    assert confidences[0] < confidences[1] < confidences[2]


def test_a_kept_prior_is_the_same_again() -> None:
    prior = known_prior()
    prior.more_certain(TIC)
    again = restore_prior(json.loads(json.dumps(prior.state())))
    assert again.state() == prior.state()
    assert again.more_certain(TIC) == prior.more_certain(TIC) > TIC.confidence


@pytest.mark.parametrize("since", [9.0, 12.4, 14.0, 19.9, 142.1, 147.0])
def test_a_detector_that_goes_on_from_its_state_finds_the_same(since: float) -> None:
    acts = [
        Act(-1.0, 12.0, close_left=0.6, close_right=0.6),
        *(Act(at, at + 0.26, mouth_left=0.14) for at in (16.0, 18.5, 150.0)),
        Act(22.0, 145.0, close_left=0.95, close_right=0.95, brows=-0.04),
    ]
    detector, states = Detector(), []
    found: list[Finding] = []
    frames = signals(acts, seconds=155.0, fps=15.0, noise=0.0005)
    for frame in frames:
        found += detector.update(frame)
        if detector.calm and (frame.time <= since or not states):
            states = [(frame.time, len(found), json.dumps(detector.state()))]
    time, before, state = states[-1]
    again = Detector()
    again.restore(json.loads(state))
    later = [finding for frame in frames if frame.time > time for finding in again.update(frame)]
    assert [each.kind for each in found].count("tic") == 3
    assert later == found[before:]


def test_a_detector_that_goes_on_from_its_state_knows_the_prior() -> None:
    detector, again = Detector(known_prior()), Detector()
    again.restore(json.loads(json.dumps(detector.state())))
    frames = signals([Act(-1.0, 12.0, close_left=0.6, close_right=0.6)], seconds=20.0)
    assert observed(frames, again) == observed(frames, detector)
    old = detector.state()
    for name in ("prior", "new_since", "open_frames", "opened_since", "held_until"):
        del old[name]
    Detector().restore(old)
