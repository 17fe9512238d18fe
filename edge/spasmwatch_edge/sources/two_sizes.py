"""A picture that comes in two sizes: the large one to look at closely, the small one to find faces in."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class TwoSizes(np.ndarray[Any, np.dtype[np.uint8]]):
    """The large picture (height, width, 3), BGR, with the camera's ``small`` one of the same moment.

    It passes wherever a picture does; what is cut or computed from it is an ordinary one.
    """

    small: NDArray[np.uint8]


def two_sizes(large: NDArray[np.uint8], small: NDArray[np.uint8]) -> TwoSizes:
    """Both pictures as one."""
    picture = large.view(TwoSizes)
    picture.small = small
    return picture


def small_of(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The small picture where there is one, else the picture itself."""
    return getattr(picture, "small", picture)


def mirrored(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Left and right exchanged, in both sizes."""
    turned = np.ascontiguousarray(np.asarray(picture)[:, ::-1])
    small = small_of(picture)
    return turned if small is picture else two_sizes(turned, np.ascontiguousarray(small[:, ::-1]))
