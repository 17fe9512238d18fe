"""What comes before a face at home: a hand that rubs an eye, a cup at the mouth."""

from dataclasses import dataclass

import cv2
import numpy as np

from spasmwatch_edge.simulator.portrait import Picture
from spasmwatch_edge.simulator.pose import Pose
from spasmwatch_edge.simulator.stage import Floats, Stage

CHEEKS = (50, 280, 205, 425)
MOUTH = (13, 14)
EYES = {"right": (33, 133, 159, 145), "left": (263, 362, 386, 374)}
CUP_COLOUR = (95, 110, 150)  # BGR in full light


@dataclass(frozen=True, slots=True)
class _Prop:
    """A picture and its opacity (0–1). Its ``anchor`` (x, y) lies on ``target``, at amount 0 ``away`` from there."""

    colour: Floats
    opacity: Floats
    anchor: tuple[float, float]
    target: tuple[float, float]
    away: tuple[float, float]


class Props:
    """A hand for each eye and a cup, in the light and the skin colour of this face."""

    def __init__(self, stage: Stage) -> None:
        unit, points = stage.unit, stage.landmarks
        places = np.clip(np.rint(points[list(CHEEKS), :2]).astype(int), 0, np.array(stage.studio.shape[1::-1]) - 1)
        skin = stage.studio[places[:, 1], places[:, 0]].astype(np.float32).mean(axis=0)
        self._hands = {
            side: _hand(unit, skin, _middle(points, EYES[side]), 1 if side == "left" else -1) for side in EYES
        }
        light = float(skin.mean()) / 150.0
        self._cup = _cup(unit, np.array(CUP_COLOUR, np.float32) * light, _middle(points, MOUTH))

    def draw(self, picture: Picture, pose: Pose) -> None:
        """Draw into ``picture`` (in place) what is held before the face."""
        for amount, prop in (
            (pose["hand_right"], self._hands["right"]),
            (pose["hand_left"], self._hands["left"]),
            (pose["cup"], self._cup),
        ):
            if amount > 0.01:
                _paste(picture, prop, amount)


def _middle(points: Floats, indices: tuple[int, ...]) -> tuple[float, float]:
    x, y = points[list(indices), :2].mean(axis=0)
    return float(x), float(y)


def _hand(unit: float, skin: Floats, eye: tuple[float, float], outwards: int) -> _Prop:
    """A fist with bent fingers, its knuckles at the eye, coming from below and outside."""
    width, height = round(1.3 * unit), round(4.0 * unit)
    shape = np.zeros((height, width), np.uint8)
    shade = np.ones((height, width), np.float32)
    middle = width // 2
    cv2.ellipse(shape, (middle, round(0.62 * unit)), (round(0.42 * unit), round(0.45 * unit)), 0, 0, 360, 255, -1)
    cv2.rectangle(
        shape, (middle - round(0.27 * unit), round(0.7 * unit)), (middle + round(0.27 * unit), height), 255, -1
    )
    for finger in range(4):
        x = middle + round((finger - 1.5) * 0.2 * unit)
        cv2.ellipse(shape, (x, round(0.3 * unit)), (round(0.11 * unit), round(0.2 * unit)), 0, 0, 360, 255, -1)
        # The gap between two fingers lies in shadow.
        cv2.line(shade, (x, round(0.2 * unit)), (x, round(0.55 * unit)), 1.12, max(1, round(0.07 * unit)))
    shading = cv2.GaussianBlur(shade, (0, 0), 0.04 * unit) * np.linspace(1.05, 0.8, width, dtype=np.float32)
    opacity = cv2.GaussianBlur(shape, (0, 0), 0.012 * unit).astype(np.float32) / 255.0
    colour = np.clip(skin * 0.93 * shading[..., None], 0, 255).astype(np.float32)
    return _Prop(colour, opacity, (width / 2, 0.3 * unit), eye, (1.3 * outwards * unit, 3.2 * unit))


def _cup(unit: float, colour: Floats, mouth: tuple[float, float]) -> _Prop:
    """A mug, its rim at the mouth, coming from below."""
    width, height = round(1.1 * unit), round(1.3 * unit)
    shape = np.zeros((height, width), np.uint8)
    cv2.rectangle(shape, (round(0.1 * unit), round(0.15 * unit)), (width - round(0.1 * unit), height), 255, -1)
    cv2.ellipse(shape, (width // 2, round(0.15 * unit)), (round(0.45 * unit), round(0.13 * unit)), 0, 0, 360, 255, -1)
    across = np.cos(np.linspace(-1.1, 1.1, width, dtype=np.float32))
    opacity = cv2.GaussianBlur(shape, (0, 0), 0.012 * unit).astype(np.float32) / 255.0
    shaded = np.broadcast_to(np.clip(colour * across[None, :, None] * 1.1, 0, 255), (height, width, 3))
    return _Prop(shaded.astype(np.float32), opacity, (width / 2, 0.15 * unit), mouth, (0.0, 3.4 * unit))


def _paste(picture: Picture, prop: _Prop, amount: float) -> None:
    left = round(prop.target[0] + (1.0 - amount) * prop.away[0] - prop.anchor[0])
    top = round(prop.target[1] + (1.0 - amount) * prop.away[1] - prop.anchor[1])
    height, width = prop.opacity.shape
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(picture.shape[1], left + width), min(picture.shape[0], top + height)
    if x0 >= x1 or y0 >= y1:
        return
    part = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
    opacity = prop.opacity[part][..., None]
    below = picture[y0:y1, x0:x1]
    picture[y0:y1, x0:x1] = (below * (1.0 - opacity) + prop.colour[part] * opacity).astype(np.uint8)
