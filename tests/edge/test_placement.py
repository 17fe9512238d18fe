"""Aiming: what is said about a place, and how left and right are found out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spasmwatch_edge.placement import Mirrored, Placement, SideCheck, advice, allows, load_placement
from support.faces import FACE, Act, signals


@pytest.mark.parametrize(
    ("change", "fps", "said"),
    [
        ({}, 25.0, None),
        ({"eye_distance": 20.0}, 25.0, "nearer"),
        ({"light": 30.0}, 25.0, "lamp"),
        ({"yaw": 25.0}, 25.0, "looks left"),
        ({"pitch": 25.0}, 25.0, "too high"),
        ({}, 12.0, "pictures a second"),
    ],
)
def test_each_problem_has_its_advice(change: dict[str, float], fps: float, said: str | None) -> None:
    problems = advice(replace(FACE, **change), fps)
    assert problems == [] if said is None else said in problems[0]


def test_without_a_face_the_camera_is_to_be_turned() -> None:
    assert "no face" in advice(None, 25.0)[0]


def test_a_good_place_says_what_it_allows() -> None:
    assert "60 pixels" in allows(FACE, 25.0)


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_closed_eye_shows_which_side_of_the_stream_is_left(side: str) -> None:
    act = Act(5.0, 8.0, close_left=0.9) if side == "left" else Act(5.0, 8.0, close_right=0.9)
    check = SideCheck()
    assert {check.feed(frame) for frame in signals([act], seconds=8.0)} - {None} == {side}


def test_closing_both_eyes_tells_no_side() -> None:
    check = SideCheck()
    assert {check.feed(frame) for frame in signals([Act(5.0, 9.0, close_left=1.0, close_right=1.0)])} == {None}


def test_the_place_is_remembered_and_a_damaged_note_means_aim_again(tmp_path: Path) -> None:
    Placement(mirrored=True, side_verified=True).save(tmp_path)
    assert load_placement(tmp_path) == Placement(mirrored=True, side_verified=True)
    (tmp_path / "placement.json").write_text("[]")
    assert load_placement(tmp_path) == Placement()


def test_a_mirrored_stream_is_turned_round() -> None:
    class Source:
        def frames(self):  # type: ignore[no-untyped-def]
            yield 0.0, np.arange(6, dtype=np.uint8).reshape(1, 2, 3)

        def close(self) -> None:
            pass

    ((_, frame),) = Mirrored(Source()).frames()
    assert frame.tolist() == [[[3, 4, 5], [0, 1, 2]]]
