"""Aiming: what is said about a place, and how left and right are found out."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spasmwatch.errors import SpasmWatchError
from spasmwatch_edge.placement import (
    GIVE_UP_S,
    LIMITED_S,
    Mirrored,
    Patience,
    Placement,
    SideCheck,
    advice,
    allows,
    load_placement,
)
from support.faces import FACE, Act, signals


@pytest.mark.parametrize(
    ("change", "fps", "said", "prevents"),
    [
        ({"eye_distance": 26.0}, 25.0, "small (26", False),
        ({"eye_distance": 19.0}, 25.0, "too small", True),
        ({"light": 30.0}, 25.0, "dim: put a lamp", False),
        ({"light": 7.0}, 25.0, "too dark", True),
        ({"sharpness": 0.01}, 25.0, "too blurred", True),
        ({"yaw": 25.0}, 25.0, "looks left", False),
        ({"yaw": -29.0}, 25.0, "looks too far right", True),
        ({"pitch": 25.0}, 25.0, "stands too high", False),
        ({"pitch": -33.0}, 25.0, "stands much too low", True),
        ({}, 12.0, "short twitches", False),
        ({}, 8.0, "too few", True),
    ],
)
def test_each_problem_has_its_advice(change: dict[str, float], fps: float, said: str, prevents: bool) -> None:
    (only,) = advice(replace(FACE, **change), fps)
    assert said in only.says
    assert only.prevents is prevents


def test_a_good_place_needs_no_advice() -> None:
    assert advice(FACE, 25.0) == []


def test_without_a_face_the_camera_is_to_be_turned() -> None:
    assert "no face" in advice(None, 25.0)[0].says


def test_what_prevents_watching_is_said_before_what_limits_it() -> None:
    small, slow = replace(FACE, eye_distance=26.0), 8.0
    assert [one.prevents for one in advice(small, slow)] == [True, False]
    assert "more than one face" in advice(small, 25.0, faces=2)[0].says


@pytest.mark.parametrize(
    ("change", "fps", "said"),
    [
        ({}, 25.0, "60 pixels between the eyes, 25 pictures a second: I can see weak spasms too, from a tenth"),
        ({"eye_distance": 26.0}, 25.0, "clear spasms only, from a tenth"),
        ({"light": 30.0}, 25.0, "dim light: I can see clear spasms only"),
        ({"yaw": 20.0}, 25.0, "seen from the side: I can see clear spasms only"),
        ({"pitch": -22.0}, 25.0, "seen from below: I can see clear spasms only"),
        ({}, 12.5, "weak spasms too, and of these what is longer than 0.2 seconds"),
    ],
)
def test_a_place_says_what_it_allows(change: dict[str, float], fps: float, said: str) -> None:
    assert said in allows(replace(FACE, **change), fps)


def test_a_place_that_merely_limits_is_good_enough_after_a_while() -> None:
    patience, dim = Patience(0.0), advice(replace(FACE, light=30.0), 25.0)
    assert not patience.over(1.0, advice(None, 25.0))
    assert not patience.over(LIMITED_S, dim)
    assert patience.over(LIMITED_S + 1.0, dim)


def test_a_place_from_which_nothing_can_be_watched_is_given_up_in_the_end() -> None:
    patience = Patience(0.0)
    assert not patience.over(GIVE_UP_S - 1.0, advice(None, 25.0))
    with pytest.raises(SpasmWatchError, match="nothing was changed: I see no face"):
        patience.over(GIVE_UP_S, advice(None, 25.0))


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_closed_eye_shows_which_side_of_the_stream_is_left(side: str) -> None:
    act = Act(5.0, 8.0, close_left=0.9) if side == "left" else Act(5.0, 8.0, close_right=0.9)
    check = SideCheck()
    assert {check.feed(frame) for frame in signals([act], seconds=8.0)} - {None} == {side}


def test_closing_both_eyes_tells_no_side() -> None:
    check = SideCheck()
    assert {check.feed(frame) for frame in signals([Act(5.0, 9.0, close_left=1.0, close_right=1.0)])} == {None}


def test_a_voice_that_holds_up_the_frames_does_not_hide_the_eye() -> None:
    check = SideCheck()
    frames = signals([Act(5.0, 7.0, close_right=0.9)], seconds=7.0)
    # Four seconds without a frame right before the eye closes.
    late = [replace(frame, time=frame.time + (4.0 if frame.time > 4.9 else 0.0)) for frame in frames]
    assert {check.feed(frame) for frame in late} - {None} == {"right"}


def test_the_eyes_are_calm_only_while_none_of_them_is_shut() -> None:
    check, calm = SideCheck(), {}
    for frame in signals([Act(5.0, 8.0, close_left=0.9)], seconds=10.0):
        check.feed(frame)
        calm[round(frame.time, 2)] = check.calm_s
    assert calm[4.8] > 2.0
    assert calm[7.0] == 0.0
    assert calm[9.8] == pytest.approx(1.8, abs=0.3)


def test_the_place_is_remembered_and_a_damaged_note_means_aim_again(tmp_path: Path) -> None:
    kept = Placement(mirrored=True, side_verified=True, camera="usb:0")
    kept.save(tmp_path)
    assert load_placement(tmp_path, "usb:0") == kept
    (tmp_path / "placement.json").write_text("[]")
    assert load_placement(tmp_path, "usb:0") == Placement()


def test_the_sides_of_another_camera_are_not_believed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Placement(mirrored=True, side_verified=True, camera="usb:0").save(tmp_path)
    assert load_placement(tmp_path, "picamera2") == Placement()
    (warning,) = caplog.messages
    assert "usb:0, not with picamera2: run `spasmwatch edge place` again" in warning


def test_a_place_kept_by_an_earlier_version_is_believed(tmp_path: Path) -> None:
    (tmp_path / "placement.json").write_text(json.dumps({"mirrored": True, "side_verified": True}))
    assert load_placement(tmp_path, "usb:0") == Placement(mirrored=True, side_verified=True)


def test_a_mirrored_stream_is_turned_round() -> None:
    class Source:
        def frames(self):  # type: ignore[no-untyped-def]
            yield 0.0, np.arange(6, dtype=np.uint8).reshape(1, 2, 3)

        def close(self) -> None:
            pass

    ((_, frame),) = Mirrored(Source()).frames()
    assert frame.tolist() == [[[3, 4, 5], [0, 1, 2]]]
