"""What the face does at one moment: a number for each channel, 0 at rest."""

from typing import Literal, get_args

Channel = Literal[
    # 1 = the eye is closed; squeeze 1 = the lower lid rises as in forceful closure
    "lid_right",
    "lid_left",
    "squeeze_right",
    "squeeze_left",
    # 1 = raised as far as in surprise; negative = lowered
    "brow_right",
    "brow_left",
    # 1 = inner ends drawn together
    "frown",
    "cheek_right",
    "cheek_left",
    # 1 = the mouth corner pulled outwards and up; negative = drawn in
    "corner_right",
    "corner_left",
    # 1 = the wing of the nose raised
    "nose_right",
    "nose_left",
    # opening of the mouth in distances between the eyes
    "jaw",
    # 1 = rounded lips
    "pucker",
    # shift of the iris in distances between the eyes: x to the picture's right, y down
    "gaze_x",
    "gaze_y",
    # the head: shift in distances between the eyes, angles in radians (yaw to the picture's right, pitch down,
    # roll clockwise), relative change of size
    "head_x",
    "head_y",
    "roll",
    "yaw",
    "pitch",
    "size",
    # 1 = a hand at the eye, a cup at the mouth; from 0 (out of the picture) on they come near
    "hand_right",
    "hand_left",
    "cup",
    # change of light as a fraction of the usual light: -0.5 is half as bright
    "light",
]
CHANNELS: tuple[Channel, ...] = get_args(Channel)

Pose = dict[Channel, float]


def neutral() -> Pose:
    """A face at rest."""
    return dict.fromkeys(CHANNELS, 0.0)
