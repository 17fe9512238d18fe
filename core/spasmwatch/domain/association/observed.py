"""Observed time as a function of the clock: the denominator of every rate, exact between any two moments."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spasmwatch.domain.association.windows import inside

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ObservedTime:
    """Piecewise-constant share of the time in which the person was seen well enough.

    ``edges`` are n + 1 rising moments in seconds since the epoch, ``share`` n values from 0 to 1 between them.
    """

    edges: Floats
    share: Floats

    @classmethod
    def of(cls, start: ArrayLike, seconds: ArrayLike, observed_s: ArrayLike, node: ArrayLike | None = None) -> Self:
        """The union over cameras of observation pieces, given as equally long columns in any order.

        ``start`` is in seconds since the epoch. Repeated pieces of one camera count once; where two cameras overlap the
        better view counts. Without ``node`` all pieces are of one camera.
        """
        starts, lengths, seen = (np.asarray(column, dtype=float) for column in (start, seconds, observed_s))
        if starts.size == 0:
            return cls(np.zeros(1), np.zeros(0))
        names = (
            np.zeros(starts.size, dtype=int) if node is None else np.unique(np.asarray(node), return_inverse=True)[1]
        )
        edges = np.unique(np.concatenate((starts, starts + lengths)))
        middle = (edges[:-1] + edges[1:]) / 2
        share = np.zeros(middle.size)
        for name in np.unique(names):
            mine = names == name
            share = np.maximum(share, _share(starts[mine], lengths[mine], seen[mine], middle))
        return cls(edges, share)

    @property
    def total_s(self) -> float:
        """All observed seconds."""
        return float(self.share @ np.diff(self.edges))

    def until(self, moments: ArrayLike) -> Floats:
        """Observed seconds before each moment."""
        summed = np.concatenate(([0.0], np.cumsum(self.share * np.diff(self.edges))))
        return np.asarray(np.interp(np.asarray(moments, dtype=float), self.edges, summed))

    def without(self, first: ArrayLike, last: ArrayLike) -> "ObservedTime":
        """The same without what lies in the spans [first, last): there something else was unknown."""
        starts, ends = np.asarray(first, dtype=float), np.asarray(last, dtype=float)
        if starts.size == 0 or self.share.size == 0:
            return self
        edges = np.unique(np.concatenate((self.edges, np.clip((starts, ends), self.edges[0], self.edges[-1]).ravel())))
        middle = (edges[:-1] + edges[1:]) / 2
        place = np.searchsorted(self.edges, middle, side="right") - 1
        return ObservedTime(edges, np.where(inside(middle, starts, ends), 0.0, self.share[place]))

    def at(self, moments: ArrayLike) -> NDArray[np.bool_]:
        """Whether each moment lies in a piece with any observed time."""
        if self.share.size == 0:
            return np.zeros(np.shape(moments), dtype=bool)
        place = np.searchsorted(self.edges, np.asarray(moments, dtype=float), side="right") - 1
        inside = (place >= 0) & (place < self.share.size)
        return inside & (self.share[np.clip(place, 0, self.share.size - 1)] > 0)


def _share(starts: Floats, lengths: Floats, seen: Floats, moments: Floats) -> Floats:
    """Observed share of one camera at each moment; of overlapping pieces the one that began last."""
    order = np.argsort(starts, kind="stable")
    starts, lengths, seen = starts[order], lengths[order], seen[order]
    place = np.searchsorted(starts, moments, side="right") - 1
    piece = np.clip(place, 0, None)
    inside = (place >= 0) & (moments < starts[piece] + lengths[piece])
    return np.where(inside, np.minimum(seen[piece] / lengths[piece], 1.0), 0.0)
