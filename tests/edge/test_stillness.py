"""The landmark network rests while the face does, and only then."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from spasmwatch.domain.detection.geometry import Alignment
from spasmwatch_edge.stillness import Stillness

EYES_APART = 60.0
FACE = Alignment(np.array([320.0, 240.0, 0.0]), np.eye(3), 1.0 / EYES_APART, yaw=0.0, pitch=0.0, roll=0.0)
random = np.random.default_rng(1)


def picture(noise: float = 0.0, *, bright: float = 1.0, lid: float = 0.0) -> NDArray[np.uint8]:
    """A face of soft structure with two dark eyes; ``lid`` of the right one is covered by skin."""
    down, across = np.mgrid[:480, :640].astype(np.float64)
    grey = 130 + 30 * np.sin(across / 25) * np.cos(down / 31)
    for x in (290, 350):
        grey[228:246, x - 14 : x + 14] = 40
    covered = round(18 * lid)
    grey[228 : 228 + covered, 276:304] = 150
    grey = bright * grey + noise * random.standard_normal(grey.shape)
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def share_skipped(frames: list[NDArray[np.uint8]]) -> float:
    """Of frames at 25 a second, by a network that looks whenever it is asked to."""
    stillness, skipped = Stillness(), 0
    for number, frame in enumerate(frames):
        if stillness.still(number / 25, frame):
            skipped += 1
        else:
            stillness.remember(number / 25, frame, FACE)
    return skipped / len(frames)


@pytest.mark.parametrize("noise", [0.0, 2.5, 6.0])
def test_a_face_at_rest_is_looked_at_once_a_second_whatever_the_noise(noise: float) -> None:
    assert share_skipped([picture(noise) for _ in range(50)]) >= 0.9


def test_a_lid_that_sinks_a_little_is_looked_at() -> None:
    stillness = Stillness()
    stillness.remember(0.0, picture(2.5), FACE)
    assert all(stillness.still(number / 25, picture(2.5)) for number in range(1, 6))
    assert not stillness.still(0.28, picture(2.5, lid=0.15))


def test_a_lamp_that_brightens_everything_alike_is_no_movement() -> None:
    stillness = Stillness()
    stillness.remember(0.0, picture(), FACE)
    brighter = np.clip(picture().astype(int) + 20, 0, 255).astype(np.uint8)
    assert stillness.still(0.04, brighter)


def test_in_the_dark_where_noise_could_hide_a_twitch_every_frame_is_looked_at() -> None:
    assert share_skipped([picture(8.0, bright=0.15) for _ in range(50)]) <= 0.1


def test_doubled_frames_of_a_slow_camera_do_not_make_its_noise_look_small() -> None:
    frames = [picture(6.0) for _ in range(40)]
    assert share_skipped([frame for frame in frames for _ in range(2)]) >= 0.9


def test_a_moving_head_is_looked_at_and_leaves_the_measured_noise_alone() -> None:
    stillness, moving = Stillness(), []
    stillness.remember(0.0, picture(2.5), FACE)
    for number in range(1, 40):
        frame = np.roll(picture(2.5), number % 8 * 3, axis=1)
        moving.append(not stillness.still(number / 25, frame))
        moved = replace(FACE, centre=FACE.centre + np.array([number % 8 * 3, 0.0, 0.0]))
        stillness.remember(number / 25, frame, moved)
    assert np.mean(moving) >= 0.9
    assert not stillness.still(1.6, picture(2.5, lid=0.3))


def test_a_face_that_is_gone_must_be_found_again() -> None:
    stillness = Stillness()
    stillness.remember(0.0, picture(), FACE)
    stillness.forget()
    assert not stillness.still(0.04, picture())
