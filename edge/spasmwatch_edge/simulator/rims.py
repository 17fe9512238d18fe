"""Glasses that the person on the portrait wears: the skin moves behind them, they themselves go with the head only.

Found as the one thin dark thing that crosses the bridge of the nose and reaches beyond both eyes.
"""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from spasmwatch_edge.simulator.portrait import Picture, Portrait
from spasmwatch_edge.simulator.stage import Floats, Stage, lay_out

Mask = NDArray[np.uint8]

# Skin that the rims are compared with; how much darker than their surroundings, in shares of its brightness, and how
# dark at most they are.
CHEEKS, DARKER, DARKEST = (50, 280, 117, 346), 0.25, 0.5
BRIDGE = 168
EYES = ((33, 160, 158, 133, 153, 144), (362, 385, 387, 263, 373, 380))
# In distances between the eyes: the thickest rim; where glasses are, around the midpoint of the eyes; how far a pair
# reaches at least; half the width and height of the bridge of the nose that it crosses; the rim's shadow.
THICKEST = 0.16
ABOVE, BELOW, BESIDE = 0.6, 0.65, 1.4
LEAST_REACH = 0.7
BRIDGE_X, BRIDGE_Y = 0.06, 0.22
SHADOW = 0.025
# An eye's lashes are dark, too: so much larger than the eye's outline is what is never taken for a rim.
WITH_LASHES = 1.25


class OwnGlasses:
    """The pair on a studio picture, kept to be put on again when the skin has moved."""

    def __init__(self, studio: Picture, share: Floats) -> None:
        """``share``: how much of each pixel (rows, columns, 1) the rims take, 0-1."""
        rows, columns = (np.flatnonzero(share[..., 0].max(axis=axis) > 0) for axis in (1, 0))
        self._box = (slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1))
        self._keep = 1.0 - share[self._box]
        self._add = share[self._box] * studio[self._box].astype(np.float32)

    def put_on(self, picture: Picture) -> None:
        """Draw the glasses into ``picture`` (in place)."""
        picture[self._box] = np.rint(picture[self._box] * self._keep + self._add).astype(np.uint8)


def lay_out_wearing(
    portrait: Portrait, width: int, height: int, eye_distance: float, centre: tuple[float, float]
) -> tuple[Stage, OwnGlasses | None]:
    """The stage, as ``lay_out`` gives it, without the glasses that the portrait wears; and these, if it wears any."""
    share = rims_on(portrait)
    stage = lay_out(portrait, width, height, eye_distance, centre)
    if share is None:
        return stage, None
    rims = replace(portrait, picture=np.repeat(np.rint(255 * share).astype(np.uint8)[..., None], 3, axis=2))
    placed = lay_out(rims, width, height, eye_distance, centre).studio[..., :1].astype(np.float32) / 255.0
    if not placed.any():
        return stage, None  # out of the picture
    hidden = (share > 0.02).astype(np.uint8)
    skin = cv2.inpaint(portrait.picture, hidden, 0.06 * portrait.unit, cv2.INPAINT_TELEA)
    bare = replace(portrait, picture=np.asarray(skin, np.uint8))
    return lay_out(bare, width, height, eye_distance, centre), OwnGlasses(stage.studio, placed)


def rims_on(portrait: Portrait) -> Floats | None:
    """How much of each pixel (rows, columns) the rims take, 0-1; None without glasses, or with ones that are light."""
    _, labels = cv2.connectedComponents(_dark(portrait), connectivity=8)
    unit, (x, y) = portrait.unit, portrait.landmarks[BRIDGE, :2]
    rows = slice(max(0, int(y - BRIDGE_Y * unit)), int(y + BRIDGE_Y * unit) + 1)
    columns = slice(max(0, int(x - BRIDGE_X * unit)), int(x + BRIDGE_X * unit) + 1)
    bridge = labels[rows, columns]
    for label in np.unique(bridge[bridge > 0]):
        found = labels == label
        reach = np.flatnonzero(found.any(axis=0))
        crosses = bool((bridge == label).any(axis=0).all())
        if crosses and reach[0] < x - LEAST_REACH * unit and reach[-1] > x + LEAST_REACH * unit:
            return _softened(found.astype(np.uint8), unit)
    return None


def _dark(portrait: Portrait) -> Mask:
    """What is thin and dark where glasses may be, beside the eyes themselves."""
    unit, points = portrait.unit, portrait.landmarks[:, :2]
    grey = np.asarray(cv2.cvtColor(portrait.picture, cv2.COLOR_BGR2GRAY), np.uint8)
    skin = float(np.median([grey[int(y), int(x)] for x, y in points[list(CHEEKS)]]))
    thin = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, _disc(THICKEST * unit))
    dark = ((thin > DARKER * skin) & (grey < DARKEST * skin)).astype(np.uint8)
    for eye in EYES:
        middle = points[list(eye)].mean(axis=0)
        outline = np.rint(middle + WITH_LASHES * (points[list(eye)] - middle)).astype(np.int32)
        cv2.fillConvexPoly(dark, cv2.convexHull(outline), 0)
    x, y = (portrait.eyes[0] + portrait.eyes[1]) / 2
    rows = slice(max(0, int(y - ABOVE * unit)), int(y + BELOW * unit))
    columns = slice(max(0, int(x - BESIDE * unit)), int(x + BESIDE * unit))
    around = np.zeros_like(dark)
    around[rows, columns] = dark[rows, columns]
    return around


def _softened(found: Mask, unit: float) -> Floats:
    """The rims with their shadow, soft at the edges."""
    wide = cv2.dilate(found, _disc(2 * SHADOW * unit)).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(wide, (0, 0), 0.01 * unit), np.float32)


def _disc(width: float) -> Mask:
    size = 2 * round(width / 2) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)), np.uint8)
