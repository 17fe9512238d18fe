"""What the detector tells apart, on a made-up face."""

import math
from dataclasses import replace

import numpy as np
import pytest

from spasmwatch.domain.detection.baseline import Baseline
from spasmwatch.domain.detection.closures import is_cluster
from spasmwatch.domain.detection.detector import Detector
from spasmwatch.domain.detection.evidence import STRAINED_ASYMMETRY, Units, judge
from spasmwatch.domain.detection.signals import FrameSignals
from support.faces import FACE, OPEN, Act, detect, signals


def twitch(at: float, side: str = "left", seconds: float = 0.24) -> Act:
    """One clonic twitch of half a face."""
    if side == "left":
        return Act(at, at + seconds, close_left=0.7, mouth_left=0.08)
    return Act(at, at + seconds, close_right=0.7, mouth_right=0.08)


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_twitch_of_half_the_face_is_hemifacial_on_that_side(side: str) -> None:
    (found,) = detect(signals([twitch(8.0, side)]))
    assert (found.kind, found.side, found.bursts) == ("hemifacial", side, 1)
    assert found.start == pytest.approx(8.0, abs=0.06)
    assert found.end == pytest.approx(8.24, abs=0.08)
    assert {"eye", "mouth"} <= set(found.regions)


def looking_aside(frames: list[FrameSignals], since: float, until: float) -> list[FrameSignals]:
    """The same face, whose eyes look aside meanwhile: both their pictures are changed, by squares."""
    aside = []
    for frame in frames:
        assert frame.face is not None
        by = 0.35 if since <= frame.time <= until else 0.0
        left, right = (replace(eye, change=math.hypot(eye.change, by)) for eye in (frame.face.left, frame.face.right))
        aside.append(replace(frame, face=replace(frame.face, left=left, right=right)))
    return aside


def test_a_weak_twitch_is_seen_while_the_eyes_look_aside() -> None:
    frames = signals([Act(8.0, 8.3, close_left=0.5, mouth_left=0.08)])
    (found,) = detect(looking_aside(frames, 7.0, 12.0))
    assert (found.kind, found.side) == ("hemifacial", "left")


def test_who_looks_aside_as_the_spasm_begins_does_not_hide_it() -> None:
    beats = [Act(at, at + 0.24, close_left=0.5, mouth_left=0.08) for at in (8.0, 8.4, 8.8)]
    (found,) = detect(looking_aside(signals(beats), 7.96, 12.0))
    assert (found.kind, found.side) == ("hemifacial", "left")
    only_eyes = [Act(at, at + 0.24, close_left=0.5) for at in (8.0, 8.4, 8.8)]
    assert detect(looking_aside(signals(only_eyes), 7.96, 12.0)) == [], "without brow or mouth it may be the look"


def test_twitches_less_than_a_second_apart_are_one_spasm_with_bursts() -> None:
    (found,) = detect(signals([twitch(8.0), twitch(8.4), twitch(8.8)]))
    assert found.bursts == 3
    assert found.end == pytest.approx(9.04, abs=0.1)


def test_twitches_more_than_a_second_apart_are_two_spasms() -> None:
    assert [round(found.start) for found in detect(signals([twitch(8.0), twitch(10.0)]))] == [8, 10]


def test_a_tonic_spasm_of_half_a_minute_does_not_become_the_new_usual() -> None:
    (found,) = detect(signals([Act(8.0, 38.0, close_left=0.6, mouth_left=0.06)], seconds=45.0))
    assert found.kind == "hemifacial"
    assert found.end - found.start == pytest.approx(30.0, abs=0.3)
    assert found.closed_s > 25.0


def test_a_long_squeeze_of_both_eyes_with_lowered_brows_is_blepharospasm() -> None:
    (found,) = detect(signals([Act(8.0, 10.0, close_left=0.95, close_right=0.95, brows=-0.05)]))
    assert (found.kind, found.side) == ("blepharospasm", "both")
    assert found.closed_s == pytest.approx(1.9, abs=0.2)


def test_a_long_hold_with_a_wrinkled_nose_needs_less_lowering_of_the_brows_but_not_in_a_smile_or_a_sneeze() -> None:
    def shut(until: float, mouth: float = 0.0, mouth_open: float = 0.0) -> Act:
        mouth_acts = {"mouth_left": mouth, "mouth_right": mouth, "mouth_open": mouth_open}
        return Act(8.0, until, close_left=0.95, close_right=0.95, brows=-0.008, nose=0.012, **mouth_acts)

    (found,) = detect(signals([shut(10.0)]))
    assert found.kind == "blepharospasm"
    assert detect(signals([shut(8.7)])) == []
    assert detect(signals([shut(10.0, mouth=0.1)])) == []
    assert detect(signals([shut(10.0, mouth_open=0.1)])) == []


def test_a_long_hold_in_which_brows_cheeks_and_nose_all_move_needs_little_of_each() -> None:
    def shut(until: float = 10.0, **others: float) -> Act:
        acts = {"brows": -0.006, "nose": 0.006, "cheeks": 0.006} | others
        return Act(8.0, until, close_left=0.95, close_right=0.95, **acts)

    (found,) = detect(signals([shut()]))
    assert found.kind == "blepharospasm"
    assert detect(signals([shut(8.7)])) == [], "no longer than a slow blink"
    for still in ({"nose": 0.0}, {"cheeks": 0.0}, {"brows": 0.0}):
        assert detect(signals([shut(**still)])) == []
    assert detect(signals([shut(mouth_left=0.1, mouth_right=0.1)])) == [], "a smile"
    assert detect(signals([shut(mouth_open=0.1)])) == [], "a sneeze"
    assert detect(signals([shut(18.0)])) == [], "so long only by force"


def test_a_squeeze_is_one_hold_though_weak_landmarks_flicker() -> None:
    frames = []
    for number, frame in enumerate(signals([Act(8.0, 10.0, close_left=0.4, close_right=0.4, brows=-0.05)])):
        assert frame.face is not None
        # Two frames of five show lids that are less than half as far shut.
        open_by = 0.04 if 8.2 < frame.time < 9.8 and number % 5 < 2 else 0.0
        left, right = (replace(eye, gap=eye.gap + open_by) for eye in (frame.face.left, frame.face.right))
        frames.append(replace(frame, face=replace(frame.face, left=left, right=right)))
    (found,) = detect(frames)
    assert (found.kind, found.bursts) == ("blepharospasm", 1)


def closed_seconds(frames: list[FrameSignals]) -> tuple[float, float]:
    """Seconds of rest and unclear ones."""
    detector = Detector()
    rest = unclear = 0.0
    for frame in frames:
        detector.update(frame)
        rest += detector.closures.rest_s
        unclear += detector.closures.unclear_s
    return rest, unclear


def test_brows_that_only_sink_a_little_leave_shut_eyes_unclear_and_never_rest() -> None:
    frames = signals([*blinks_with(0.0), Act(12.0, 14.0, close_left=0.95, close_right=0.95, brows=-0.013)])
    assert detect(frames) == []
    rest, unclear = closed_seconds(frames)
    assert rest == 0.0
    assert unclear == pytest.approx(2.0, abs=0.15)


def blinks_with(brows: float) -> list[Act]:
    """Six blinks before the tenth second, in which the brows seem to rise so far."""
    return [Act(1.5 + n, 1.7 + n, close_left=0.95, close_right=0.95, brows=brows) for n in range(2, 8)]


@pytest.mark.parametrize(
    ("blinks", "rest_s"),
    [([], 0.0), (blinks_with(0.0), 2.0), (blinks_with(0.03), 0.0)],
    ids=["no blink yet", "usual blinks", "brows that rise further in blinks"],
)
def test_shut_eyes_are_rest_only_where_the_brows_are_no_lower_than_in_known_blinks(
    blinks: list[Act], rest_s: float
) -> None:
    shut = Act(12.0, 14.0, close_left=0.95, close_right=0.95, brows=0.012)
    rest, unclear = closed_seconds(signals([*blinks, shut]))
    assert rest == pytest.approx(rest_s, abs=0.15)
    assert rest + unclear == pytest.approx(2.0, abs=0.15)


def test_rest_under_a_steady_frown_is_rest() -> None:
    frown = Act(10.0, 16.0, brows=-0.03)
    shut = Act(12.0, 14.0, close_left=0.95, close_right=0.95, brows=0.01)
    rest, unclear = closed_seconds(signals([*blinks_with(0.0), frown, shut]))
    assert rest == pytest.approx(2.0, abs=0.15)
    assert unclear == 0.0


def test_brows_that_a_hand_hides_in_blinks_do_not_make_a_squeeze_of_rest() -> None:
    shut = Act(12.0, 14.0, close_left=0.95, close_right=0.95)
    assert detect(signals([*blinks_with(0.03), shut])) == []


def test_a_squeeze_counts_from_where_the_brows_are_in_this_persons_blinks() -> None:
    def hold(at: float) -> Act:
        return Act(at, at + 2.0, close_left=0.95, close_right=0.95, brows=0.0, nose=0.012)

    assert detect(signals([hold(14.0)])) == []
    # As behind rims: the brows seem to rise in every blink.
    (found,) = detect(signals([*blinks_with(0.012), hold(14.0)]))
    assert found.kind == "blepharospasm"


def test_brows_that_were_low_before_the_eyes_closed_are_no_squeeze() -> None:
    frown = Act(8.0, 14.0, brows=-0.03)
    assert detect(signals([frown, Act(10.0, 12.0, close_left=0.95, close_right=0.95)])) == []
    (found,) = detect(signals([frown, Act(10.0, 12.0, close_left=0.95, close_right=0.95, brows=-0.03)]))
    assert found.kind == "blepharospasm"


def test_a_blink_of_eyes_that_a_pulled_face_narrows_is_no_hold_and_no_cluster() -> None:
    grimace = Act(8.0, 9.2, close_left=0.4, close_right=0.4, brows=-0.03, slow=True)
    blinks = [Act(at, at + 0.16, close_left=0.95, close_right=0.95) for at in (8.5, 9.3)]
    assert detect(signals([grimace, *blinks])) == []


def test_a_hand_at_the_eyes_is_no_squeeze() -> None:
    hidden = Act(8.0, 10.0, close_left=0.8, close_right=0.8, brows=-0.03, nose=-0.03)
    assert detect(signals([hidden])) == []


def test_eyes_that_look_unequal_in_rest_are_no_one_sided_spasm() -> None:
    assert detect(signals([Act(8.0, 14.0, close_left=0.35, close_right=0.8)])) == []
    pulled = Act(8.0, 10.0, close_left=0.35, close_right=0.8, mouth_right=0.1)
    (found,) = detect(signals([pulled]))
    assert (found.kind, found.side) == ("hemifacial", "right")


def test_an_eye_that_narrows_a_little_more_in_a_smile_is_no_spasm() -> None:
    smile = Act(8.0, 11.0, mouth_left=0.15, mouth_right=0.15)
    narrower = [Act(at, at + 0.5, close_left=0.25) for at in (9.0, 9.8)]
    assert detect(signals([smile, *narrower])) == []
    (found,) = detect(signals([smile, twitch(9.0)]))
    assert (found.kind, found.side) == ("hemifacial", "left")


def test_an_eye_that_is_narrowed_slowly_is_no_spasm() -> None:
    def narrowed(slow: bool) -> Act:
        return Act(8.0, 9.6, close_left=0.3, mouth_left=0.05, slow=slow)

    assert detect(signals([narrowed(True)])) == []
    (found,) = detect(signals([narrowed(False)]))
    assert (found.kind, found.side) == ("hemifacial", "left")


def test_one_frame_in_which_an_eye_changes_alone_does_not_make_a_lowered_look_one_sided() -> None:
    frames = signals([Act(8.0, 10.0, close_left=0.35, close_right=0.05)])
    seen = []
    for frame in frames:
        assert frame.face is not None
        if 8.04 < frame.time < 9.96:
            # Both pictures change, the other one a little less; in one frame hardly.
            lucky = abs(frame.time - 9.0) < 0.01
            left, right = replace(frame.face.left, change=0.4), replace(frame.face.right, change=0.1 if lucky else 0.22)
            seen.append(replace(frame, face=replace(frame.face, left=left, right=right)))
        else:
            seen.append(frame)
    assert detect(seen) == []


def test_a_cluster_of_forceful_blinks_is_blepharospasm() -> None:
    blinks = [Act(8.0 + 0.4 * n, 8.25 + 0.4 * n, close_left=0.95, close_right=0.95, brows=-0.04) for n in range(4)]
    (found,) = detect(signals(blinks))
    assert (found.kind, found.bursts) == ("blepharospasm", 4)


def test_slow_closures_with_lowered_brows_are_no_cluster() -> None:
    def closures(slow: bool) -> list[Act]:
        times = [8.0, 9.5, 11.0]
        return [Act(at, at + 1.3, close_left=0.95, close_right=0.95, brows=-0.03, slow=slow) for at in times]

    assert detect(signals(closures(slow=True))) == []
    (found,) = detect(signals(closures(slow=False)))
    assert (found.kind, found.bursts) == ("blepharospasm", 3)


def test_the_more_blinks_follow_one_another_the_less_need_the_brows_sink() -> None:
    def blinks(count: int) -> list[Act]:
        return [
            Act(8.0 + 0.4 * n, 8.25 + 0.4 * n, close_left=0.95, close_right=0.95, brows=-0.008) for n in range(count)
        ]

    assert detect(signals(blinks(3))) == []
    (found,) = detect(signals(blinks(5)))
    assert (found.kind, found.bursts) == ("blepharospasm", 5)


@pytest.mark.parametrize(
    ("forces", "cluster"),
    [
        ([0.05, 0.05], False),
        ([0.013] * 3, False),
        ([0.016] * 3, True),
        ([0.005] * 4, False),
        ([0.007] * 4, True),
        ([0.004] * 9, False),
    ],
)
def test_a_cluster_is_at_least_three_closures_of_some_force(forces: list[float], cluster: bool) -> None:
    assert is_cluster(forces) is cluster


def test_a_sudden_jerk_of_one_mouth_corner_is_a_tic_at_first_sight() -> None:
    (found,) = detect(signals([Act(8.0, 8.26, mouth_left=0.12)]))
    assert (found.kind, found.side, found.regions) == ("tic", "left", ("mouth",))


def test_a_mouth_corner_that_jumps_far_is_a_tic_in_a_lively_mouth_too_but_not_with_the_other_one() -> None:
    speech = [Act(at, at + 0.8, mouth_left=0.05, slow=True) for at in np.arange(2.0, 19.0, 1.6)]
    assert [found.kind for found in detect(signals([*speech, Act(12.8, 13.1, mouth_left=0.09)]))] == ["tic"]
    for other in (0.07, -0.12):
        assert detect(signals([*speech, Act(12.8, 13.1, mouth_left=0.12, mouth_right=other)])) == []


def test_a_smile_in_which_one_mouth_corner_is_ahead_of_the_other_for_a_frame_is_no_jerk() -> None:
    ahead = Act(8.0, 8.4, mouth_left=0.075)
    assert [found.kind for found in detect(signals([ahead]))] == ["tic"]
    assert detect(signals([ahead, Act(8.06, 8.4, mouth_right=0.075)])) == []


def test_one_strong_frame_of_a_wrinkled_nose_is_enough() -> None:
    (found,) = detect(signals([Act(8.0, 8.12, nose=0.025)], fps=15.0))
    assert (found.kind, found.regions) == ("tic", ("cheek",))


def test_a_sudden_wrinkling_of_the_nose_is_a_tic_though_no_landmark_follows_it() -> None:
    (found,) = detect(signals([Act(8.0, 8.26, nose=0.05)]))
    assert (found.kind, found.side, found.regions) == ("tic", "both", ("cheek",))


def test_a_half_smile_that_dips_for_a_moment_does_not_end_in_a_jerk() -> None:
    # Long enough that the smile itself does not make this mouth a restless one.
    smile = Act(40.0, 41.6, mouth_left=0.08, slow=True)
    dip = Act(40.9, 41.02, mouth_left=-0.1)
    assert detect(signals([smile, dip], seconds=46.0)) == []


def test_a_jerk_is_one_though_a_blink_follows_or_a_weak_rebound() -> None:
    jerk = Act(8.0, 8.26, nose=0.05)
    blink = Act(8.34, 8.5, close_left=0.95, close_right=0.95, nose=0.03)
    rebound = Act(8.36, 8.52, nose=0.017)
    for after in (blink, rebound):
        assert [found.start for found in detect(signals([jerk, after]))] == [pytest.approx(8.0, abs=0.06)]


def test_a_nose_that_dips_for_a_moment_as_it_is_slowly_wrinkled_does_not_begin_with_a_jerk() -> None:
    first, rest = Act(8.0, 8.16, nose=0.04), Act(8.2, 9.0, nose=0.04, slow=True)
    assert [found.kind for found in detect(signals([first]))] == ["tic"]
    assert detect(signals([first, rest])) == []


def test_one_eye_that_closes_with_its_brow_is_a_tic_though_this_side_has_had_spasms() -> None:
    wink = Act(12.0, 12.26, close_left=0.7, brows=-0.015)
    spasm, jerk = detect(signals([twitch(8.0), wink]))
    assert (spasm.kind, jerk.kind, jerk.regions) == ("hemifacial", "tic", ("eye",))
    (_, again) = detect(signals([twitch(8.0), Act(12.0, 12.26, close_left=0.7)]))
    assert again.kind == "hemifacial"


def test_one_eye_that_closes_weakly_is_a_tic_only_of_who_has_shown_a_clear_one() -> None:
    weak = Act(12.0, 12.26, close_left=0.38, close_right=0.2, brows=-0.015)
    assert detect(signals([weak], noise=0.001)) == []
    clear, again = detect(signals([Act(8.0, 8.26, close_left=0.7, brows=-0.015), weak], noise=0.001))
    assert (clear.kind, again.kind, again.regions) == ("tic", "tic", ("eye",))


def with_brows_moved(frames: list[FrameSignals], start: float, end: float, by: float) -> list[FrameSignals]:
    """As when the third witness holds the rim, and for a while the brow that comes up from behind it."""
    jumped = []
    for frame in frames:
        assert frame.face is not None
        moved = by if start <= frame.time <= end else 0.0
        sides = {side: replace(frame.face.side(side), brow_moved=moved) for side in ("left", "right")}
        jumped.append(replace(frame, face=replace(frame.face, **sides)))
    return jumped


def test_displacement_that_jumps_while_the_brows_rise_slowly_is_no_tic() -> None:
    frames = signals([Act(8.0, 8.5, brows=0.06, slow=True, slips=True)], fps=60.0)
    assert detect(with_brows_moved(frames, 8.2, 8.4, 0.08)) == []


def test_brows_and_nose_are_not_judged_while_the_head_turns() -> None:
    def turning(frames: list[FrameSignals], degrees: float) -> list[FrameSignals]:
        turned = []
        for frame in frames:
            assert frame.face is not None
            yaw = float(np.clip((frame.time - 7.8) / 0.5, 0.0, 1.0)) * degrees
            turned.append(replace(frame, face=replace(frame.face, yaw=yaw)))
        return turned

    for flash in (Act(8.0, 8.26, brows=0.06), Act(8.0, 8.26, nose=0.06)):
        assert [found.kind for found in detect(turning(signals([flash]), 2.0))] == ["tic"]
        assert detect(turning(signals([flash]), 7.0)) == []


def test_brows_that_jump_for_one_witness_and_rise_for_the_other_are_no_tic() -> None:
    flash = signals([Act(8.0, 8.27, brows=0.07, slow=True)])
    assert [found.regions for found in detect(flash)] == [("brow",)]
    assert detect(with_brows_moved(flash, 8.1, 8.25, 0.07)) == []


def test_a_jerk_that_was_not_seen_to_end_is_no_tic() -> None:
    frames = signals([Act(8.0, 9.5, mouth_left=0.2)])
    assert detect([replace(f, face=None) if f.time > 8.15 else f for f in frames]) == []


def test_landmarks_that_jump_without_the_skin_are_no_tic() -> None:
    mouth = Act(8.0, 8.26, mouth_left=0.12, slips=True)
    brows = Act(12.0, 12.26, brows=0.06, slips=True)
    assert detect(signals([mouth, brows])) == []


@pytest.mark.parametrize(
    "act",
    [
        Act(8.0, 8.2, close_left=0.95, close_right=0.9),
        Act(8.0, 8.2, close_left=0.5, close_right=0.45),
        Act(8.0, 8.5, close_left=0.9, close_right=0.9),
        Act(8.0, 13.0, close_left=1.0, close_right=1.0),
        Act(8.0, 10.0, mouth_left=0.12, mouth_right=0.1, close_left=0.1, close_right=0.1, slow=True),
        Act(8.0, 9.0, mouth_left=0.1, slow=True),
        Act(8.0, 9.2, brows=0.06, slow=True),
        Act(8.0, 8.9, nose=0.06, slow=True),
    ],
    ids=["blink", "partial blink", "slow blink", "rest", "smile", "half smile", "raised brows", "pulled nose"],
)
def test_ordinary_movements_are_no_spasm(act: Act) -> None:
    assert detect(signals([act])) == []


def test_blinks_are_counted_and_rest_is_rest() -> None:
    detector = Detector()
    blinks, rest, unclear = 0, 0.0, 0.0
    acts = [
        Act(5.0, 5.2, close_left=0.95, close_right=0.95),
        Act(7.0, 7.2, close_left=0.5, close_right=0.5),
        Act(9.0, 13.0, close_left=1.0, close_right=1.0, brows=0.01),
    ]
    for frame in signals(acts):
        detector.update(frame)
        blinks += detector.closures.blinks
        rest += detector.closures.rest_s
        unclear += detector.closures.unclear_s
    assert blinks == 2
    assert rest == pytest.approx(4.0, abs=0.2)
    assert unclear == 0.0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"yaw": 40.0}, "turned"),
        ({"light": 5.0}, "dark"),
        ({"eye_distance": 8.0}, "small"),
        ({"sharpness": 0.001}, "blurred"),
    ],
)
def test_what_cannot_be_seen_is_not_observed_rather_than_no_spasm(change: dict[str, float], reason: str) -> None:
    detector = Detector()
    for frame in signals([], seconds=3.0):
        detector.update(frame)
    assert detector.reason is None
    detector.update(FrameSignals(3.0, replace(FACE, **change)))
    assert detector.reason == reason


@pytest.mark.parametrize(("light", "lost"), [(40.0, True), (120.0, False)])
def test_in_the_dark_eyes_that_look_shut_but_have_open_lids_are_not_observed(light: float, lost: bool) -> None:
    reasons = reasons_in(looking_aside(signals([], seconds=80.0), 8.0, 70.0), light)
    assert {reasons[time] for time in reasons if 8.1 <= time <= 69.9} == ({"dark"} if lost else {None})
    assert {reasons[time] for time in reasons if 2.0 <= time <= 7.9 or time >= 70.2} == {None}


def test_a_new_look_of_the_eyes_in_dim_light_is_learned_in_the_end() -> None:
    reasons = reasons_in(looking_aside(signals([], seconds=130.0), 20.0, 130.0), 40.0)
    assert reasons[60.0] == "dark"
    assert reasons[125.0] is None


def test_a_spasm_that_is_followed_in_the_dark_is_in_observed_time() -> None:
    frames = looking_aside(signals([Act(8.0, 12.0, close_left=0.7, mouth_left=0.08)]), 7.0, 13.0)
    reasons = reasons_in(frames, 40.0)
    assert {reasons[time] for time in reasons if 8.2 <= time <= 11.8} == {None}


def reasons_in(frames: list[FrameSignals], light: float) -> dict[float, str | None]:
    """Why each frame of a face in this light is not observed, by its time."""
    detector, reasons = Detector(), {}
    for frame in frames:
        assert frame.face is not None
        detector.update(replace(frame, face=replace(frame.face, light=light)))
        reasons[frame.time] = detector.reason
    return reasons


def test_a_spasm_that_is_hidden_half_way_ends_where_it_was_last_seen() -> None:
    frames = signals([Act(8.0, 12.0, close_left=0.7, mouth_left=0.08)])
    frames = [replace(f, face=None) if 10.0 <= f.time < 14.0 else f for f in frames]
    found = detect(frames)
    assert found[0].end == pytest.approx(10.0, abs=0.1)


def test_in_heavy_noise_the_time_is_not_observed_instead_of_full_of_spasms() -> None:
    detector = Detector()
    found, observed = [], 0
    for frame in signals([], seconds=20.0, noise=0.05):
        found += detector.update(frame)
        observed += detector.reason is None
    assert found == []
    assert observed < 100


@pytest.mark.parametrize("fps", [15.0, 30.0, 60.0])
def test_a_twitch_is_found_at_every_usual_frame_rate(fps: float) -> None:
    (found,) = detect(signals([twitch(8.0)], fps=fps))
    assert found.kind == "hemifacial"


def test_below_nine_frames_a_second_nothing_is_claimed() -> None:
    detector = Detector()
    for frame in signals([], fps=6.0):
        detector.update(frame)
    assert detector.reason == "slow"


def test_a_going_spasm_is_told_before_it_ends() -> None:
    detector = Detector()
    told = None
    for frame in signals([Act(8.0, 14.0, close_left=0.7, mouth_left=0.08)]):
        detector.update(frame)
        if told is None and detector.going is not None:
            told = (frame.time, detector.going)
    assert told is not None
    assert told[0] < 8.4
    assert told[1] == pytest.approx(8.0, abs=0.06)


def test_a_small_flash_of_the_brows_is_a_tic_in_a_calm_face_but_not_in_a_lively_one() -> None:
    flash = Act(12.0, 12.3, brows=0.034)
    (found,) = detect(signals([flash]))
    assert (found.kind, found.side, found.regions) == ("tic", "both", ("brow",))
    large = Act(12.0, 12.3, brows=0.06)

    def mimicry(brows: float) -> list[Act]:
        return [Act(2.0 + 0.8 * n, 2.7 + 0.8 * n, brows=brows, slow=True) for n in range(12)]

    assert [found.kind for found in detect(signals([*mimicry(0.05), large]))] == ["tic"]
    assert detect(signals([*mimicry(0.06), large])) == []


def test_brows_that_rise_slowly_or_with_slipped_landmarks_are_no_tic() -> None:
    slow = Act(12.0, 12.56, brows=0.036, slow=True)
    slipped = Act(12.0, 12.3, brows=0.06, mouth_left=-0.2, mouth_right=-0.2)
    assert detect(signals([slow], fps=60.0)) == []
    assert detect(signals([slipped])) == []


def test_a_person_whose_eyes_blink_unequally_has_no_spasm_at_every_blink() -> None:
    blinks = [Act(3.0 + 2.0 * n, 3.25 + 2.0 * n, close_left=0.9, close_right=0.5) for n in range(8)]
    late = [finding for finding in detect(signals(blinks)) if finding.start > 8.0]
    assert late == []
    spasm = Act(18.6, 19.1, close_left=0.9, mouth_left=0.1)
    (found,) = [finding for finding in detect(signals([*blinks[:7], spasm])) if finding.start > 8.0]
    assert (found.kind, found.side) == ("hemifacial", "left")


def test_eyes_that_blink_unequally_need_no_less_asymmetry_when_both_are_shut() -> None:
    def score(usual_skew: float) -> float:
        baseline = Baseline()
        baseline.gap["left"].value = baseline.gap["right"].value = OPEN.gap
        for time in (1.0, 3.0, 5.0):
            baseline.blink_skew.add(time, usual_skew)
        left, right = replace(OPEN, gap=0.02, change=0.6), replace(OPEN, gap=0.14, change=0.2)
        evidence = judge(6.0, replace(FACE, left=left, right=right, mouth_open=0.0), baseline, Units())
        assert STRAINED_ASYMMETRY < evidence.skew < 1.0
        return evidence.one_sided["left"]

    assert score(0.0) > 1.0
    assert score(0.6) == 0.0


def test_what_an_older_trace_does_not_hold_yet_begins_empty() -> None:
    detector = Detector()
    for frame in signals([Act(2.0, 2.2, close_left=0.95, close_right=0.95, brows=0.02)], seconds=5.0):
        detector.update(frame)
    assert detector.baseline.usual_blink_lowering == pytest.approx(-0.02, abs=0.005)
    state = detector.state()
    del state["baseline"]["blink_lowering"]
    again = Detector()
    again.restore(state)
    assert again.baseline.usual_blink_lowering is None
    del state["baseline"]["pull"]
    with pytest.raises(KeyError):
        Detector().restore(state)


def test_clear_spasms_of_both_sides_in_turn_are_of_no_known_pattern() -> None:
    acts = [
        Act(8.0, 8.5, close_left=0.9, mouth_left=0.1),
        Act(8.8, 9.3, close_right=0.9, mouth_right=0.1),
    ]
    (found,) = detect(signals(acts, noise=0.001))
    assert (found.kind, found.side, round(found.start, 1)) == ("unclassified", "both", 8.0)


def test_a_hold_of_minutes_is_told_every_two_minutes_and_all_of_it_is_spasm() -> None:
    hold = Act(8.0, 300.0, close_left=0.95, close_right=0.95, brows=-0.04)
    detector = Detector()
    found, spasm, other = [], 0.0, 0.0
    for frame in signals([hold], seconds=310.0, fps=10.0):
        found += detector.update(frame)
        spasm += detector.closures.spasm_s
        other += detector.closures.rest_s + detector.closures.unclear_s
    assert [round(each.start) for each in found] == [8, 128, 248]
    assert {each.kind for each in found} == {"blepharospasm"}
    assert spasm == pytest.approx(292.0, abs=2.0)
    assert other == 0.0
