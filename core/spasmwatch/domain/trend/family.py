"""One test family: all spasms together first, then every kind × side, for one α a day."""

from collections.abc import Mapping
from dataclasses import dataclass

from spasmwatch.domain.trend.comparison import Comparison, holm

TOTAL_SHARE = 0.8
"""Share of α that goes to the total; when the total is significant, it passes on to the kinds × sides."""
LEAST_COUNT = 5
"""Fewer recent spasms of one kind and side than this are not tested."""


@dataclass(frozen=True, slots=True)
class Worse:
    """Whether all spasms together are worse, and which kinds × sides are, the clearest first."""

    total: bool
    cells: tuple[str, ...]

    @property
    def any(self) -> bool:
        """Whether the family raises an alert at all."""
        return self.total or bool(self.cells)


def judge_family(total: Comparison, cells: Mapping[str, Comparison], alpha: float, ratio: float) -> Worse:
    """Family-wise level ``alpha`` (fallback procedure of Wiens and Dmitrienko 2005 with Holm inside the cells).

    Only a rate ratio of at least ``ratio`` counts as worse.
    """
    total_worse = total.p_more <= alpha * TOTAL_SHARE and total.ratio >= ratio
    tested = {name: cell for name, cell in cells.items() if cell.recent_count >= LEAST_COUNT}
    level = alpha if total_worse else alpha * (1 - TOTAL_SHARE)
    rejected = holm([cell.p_more for cell in tested.values()], level)
    worse = [
        name
        for (name, cell), is_rejected in zip(tested.items(), rejected, strict=True)
        if is_rejected and cell.ratio >= ratio
    ]
    return Worse(total_worse, tuple(sorted(worse, key=lambda name: tested[name].p_more)))
