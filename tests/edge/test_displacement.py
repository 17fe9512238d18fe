"""The third witness on made-up faces: a texture in which parts are shifted by known amounts."""

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from spasmwatch.domain.detection.geometry import Alignment
from spasmwatch_edge.displacement import PARTS, DisplacementWitness

# Pixels in an inter-ocular distance, and where the middle between the eyes lies.
UNIT, MIDDLE = 60.0, (160.0, 120.0)
# Places of the parts on the upright face.
PLACES = {
    "bridge": (0.0, 0.15),
    "nose_right": (-0.27, 0.7),
    "nose_left": (0.27, 0.7),
    "brow_right": (-0.5, -0.33),
    "brow_left": (0.5, -0.33),
    "mouth_right": (-0.42, 1.15),
    "mouth_left": (0.42, 1.15),
    "edge_right": (-0.5, -0.33),
    "edge_left": (0.5, -0.33),
}


def aligned() -> NDArray[np.float64]:
    points = np.zeros((478, 3))
    for name, part in PARTS.items():
        points[list(part.points), :2] = PLACES[name]
    return points


def alignment(x: float = 0.0, y: float = 0.0) -> Alignment:
    """A face that looks straight ahead, its landmarks ``x`` and ``y`` pixels beside the truth."""
    mean = Alignment(np.zeros(3), np.eye(3), 1.0, 0.0, 0.0, 0.0).apply(np.zeros((1, 3)))[0]
    centre = np.array([*MIDDLE, 0.0]) + mean * UNIT + [x, y, 0.0]
    return Alignment(centre, np.eye(3), 1 / UNIT, 0.0, 0.0, 0.0)


def picture(
    moved: dict[str, tuple[float, float]] | None = None, light: float = 1.0, person: int = 3
) -> NDArray[np.uint8]:
    """Skin with texture; around each part of ``moved`` it is shifted by so many inter-ocular distances (x, y down)."""
    random = np.random.default_rng(person)
    skin = cv2.GaussianBlur(random.uniform(0, 255, (280, 320)).astype(np.float32), (0, 0), 3.0)
    skin = 120 + 3 * (skin - skin.mean())
    rows, columns = np.mgrid[:280, :320].astype(np.float32)
    map_x, map_y = columns.copy(), rows.copy()
    for name, (dx, dy) in (moved or {}).items():
        px, py = (PLACES[name][axis] * UNIT + MIDDLE[axis] for axis in (0, 1))
        py -= PARTS[name].above * UNIT
        near = np.exp(-((np.hypot(columns - px, rows - py) / (0.3 * UNIT)) ** 4)).astype(np.float32)
        map_x -= near * dx * UNIT
        map_y -= near * dy * UNIT
    shifted = cv2.remap(skin, map_x, map_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(cv2.cvtColor(np.clip(light * shifted, 0, 255).astype(np.uint8), cv2.COLOR_GRAY2BGR))


def after(
    frame: NDArray[np.uint8], place: Alignment | None = None, rest: NDArray[np.uint8] | None = None
) -> dict[str, Any]:
    """What the witness says of ``frame`` after a second of the face at ``rest``."""
    witness = DisplacementWitness()
    for number in range(25):
        witness.look(number / 25, picture() if rest is None else rest, alignment(), aligned(), frontal=True)
    return witness.look(1.0, frame, place or alignment(), aligned(), frontal=True)


def test_each_part_is_found_where_it_has_moved_to() -> None:
    moved = after(picture({"nose_left": (0.0, -0.06), "edge_right": (0.0, -0.05), "mouth_left": (0.07, -0.03)}))
    assert moved["left"].nose == pytest.approx(0.06, abs=0.012)
    assert moved["right"].brow == pytest.approx(0.05, abs=0.012)
    assert moved["left"].mouth_out == pytest.approx(0.07, abs=0.015)
    assert moved["left"].mouth_up == pytest.approx(0.03, abs=0.012)
    still = (moved["right"].nose, moved["left"].brow, moved["right"].mouth_out, moved["right"].mouth_up)
    assert max(abs(value) for value in still) < 0.006


def test_a_rim_does_not_hold_the_brow() -> None:
    """It stays where it is, darker than anything else, just below the brow's upper edge."""

    def with_rims(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        for name in ("brow_right", "brow_left"):
            x, y = (round(PLACES[name][axis] * UNIT + MIDDLE[axis]) for axis in (0, 1))
            frame[y + 2 : y + 6, x - 20 : x + 20] = 10
        return frame

    raised = picture({"edge_right": (0.0, -0.05), "edge_left": (0.0, -0.05)})
    moved = after(with_rims(raised), rest=with_rims(picture()))
    assert moved["right"].brow == pytest.approx(0.05, abs=0.012)
    assert moved["left"].brow == pytest.approx(0.05, abs=0.012)


def test_what_the_whole_head_does_or_a_lamp_is_no_displacement() -> None:
    for moved in (after(picture(), alignment(x=2.0, y=-3.0)), after(picture(light=0.6))):
        for side in moved.values():
            assert max(abs(side.brow), abs(side.nose), abs(side.mouth_out), abs(side.mouth_up)) < 0.006


def test_of_a_hidden_part_nothing_is_said() -> None:
    frame = picture({"mouth_right": (-0.06, 0.0)})
    frame[150:, 180:] = np.random.default_rng(8).integers(0, 255, (130, 140, 3))
    moved = after(frame)
    assert (moved["left"].mouth_out, moved["left"].mouth_up) == (0.0, 0.0)
    assert moved["right"].mouth_out == pytest.approx(0.06, abs=0.015)


def test_another_face_is_learned_anew() -> None:
    witness = DisplacementWitness()
    for number in range(25):
        witness.look(number / 25, picture(), alignment(), aligned(), frontal=True)
    other = picture(person=4)
    for number in range(25, 125):
        witness.look(number / 25, other, alignment(), aligned(), frontal=True)
    moved = witness.look(5.0, picture({"mouth_left": (0.0, -0.05)}, person=4), alignment(), aligned(), frontal=True)
    assert moved["left"].mouth_up == pytest.approx(0.05, abs=0.012)
