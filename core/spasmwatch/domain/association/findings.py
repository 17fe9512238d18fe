"""What one comparison found, and what may be said about it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from spasmwatch.domain.association.windows import BEFORE
from spasmwatch.domain.records import Association

MIN_EXPOSURES: Final = 8
MIN_SPASMS: Final = 20
"""Below these nothing is estimated (an engineering choice)."""
SIGNIFICANT: Final = 0.05
RELEVANT: Final = math.log(2)
"""A ratio of 2, or of one half, is what a verdict of no association must be able to rule out."""
HINT: Final = 0.1
"""What points this clearly to one side is not called no association, however narrow its interval."""
DECLARED_WEIGHT: Final = 20.0
"""How much more of the allowed false discoveries the declared comparison gets than each of the others: that of all
spasms in the declared window, on which the verdict of a trigger rests."""
MOST_NEEDED: Final = 999

_TO_FIND: Final = 1.96 + 0.84
"""Distance in standard errors at which an association is found at 5 % in 80 % of the cases."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One trigger, window and kind of spasm.

    ``ratio`` is of spasms per observed hour, exposed to not exposed, with its 95 % interval ``low`` to ``high``;
    ``p`` is unadjusted, ``q`` adjusted over all comparisons. ``exposures`` are those whose window was observed,
    ``least`` is how many of them any estimate takes, ``needed`` about how many more this one takes.
    ``from_before`` says that the hour before was raised and this was not clearly more.
    ``by_clock`` says that the same clock times on other days show it too (the negative control).
    ``together`` are other triggers that come at the same times and cannot be told from this one.
    ``step`` is what a ratio of a day-level trigger is given for.
    """

    trigger: str
    window: str
    kind: str
    primary: bool
    exposures: int
    spasms: int
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    q: float | None = None
    needed: int | None = None
    from_before: bool = False
    by_clock: bool = False
    dose_ratio: float | None = None
    dose_low: float | None = None
    dose_high: float | None = None
    step: float | None = None
    least: int = MIN_EXPOSURES
    together: tuple[str, ...] = ()
    verdict: Association = "not_enough_data"


def judged(findings: Sequence[Finding]) -> list[Finding]:
    """The findings with q-values over all that have an estimate, and with their verdicts."""
    tested = [finding for finding in findings if finding.p is not None]
    adjusted = iter(
        false_discovery_rates(
            [finding.p or 0.0 for finding in tested],
            [DECLARED_WEIGHT if finding.primary and finding.kind == "all" else 1.0 for finding in tested],
        )
    )
    with_q = [replace(finding, q=next(adjusted)) if finding.p is not None else finding for finding in findings]
    return [replace(finding, verdict=_verdict(finding), needed=_needed(finding)) for finding in with_q]


def false_discovery_rates(p: Sequence[float], weight: Sequence[float]) -> list[float]:
    """Benjamini–Hochberg q-values with weights fixed beforehand (Genovese, Roeder and Wasserman 2006)."""
    count, mean = len(p), sum(weight) / max(len(weight), 1)
    weighted = [each * mean / its for each, its in zip(p, weight, strict=True)]
    q, lowest = [1.0] * count, 1.0
    for rank, index in reversed(list(enumerate(sorted(range(count), key=weighted.__getitem__), start=1))):
        lowest = min(lowest, weighted[index] * count / rank)
        q[index] = lowest
    return q


def _verdict(finding: Finding) -> Association:
    if finding.ratio is None or finding.low is None or finding.high is None or finding.q is None:
        return "not_enough_data"
    significant = finding.q <= SIGNIFICANT and not finding.low <= 1 <= finding.high
    if finding.window == BEFORE.name:
        # What comes before an exposure is no effect of it: it is reverse or nothing.
        return "reverse" if finding.from_before else "none" if _rules_out_a_doubling(finding) else "not_enough_data"
    if finding.from_before:
        return "reverse"
    if significant and not finding.by_clock:
        return "more" if finding.ratio > 1 else "fewer"
    return "none" if finding.by_clock or _rules_out_a_doubling(finding) else "not_enough_data"


def _rules_out_a_doubling(finding: Finding) -> bool:
    assert finding.low is not None and finding.high is not None and finding.p is not None  # noqa: S101, PT018
    hint = finding.p < HINT
    return math.log(finding.low) > -RELEVANT and math.log(finding.high) < RELEVANT and not hint


def _needed(finding: Finding) -> int | None:
    """About how many more exposures it takes, at the precision reached so far; None where nothing is missing."""
    if _verdict(finding) != "not_enough_data":
        return None
    if finding.ratio is None or finding.low is None or finding.high is None:
        return _missing(finding)
    effect = abs(math.log(finding.ratio))
    error = math.log(finding.high / finding.low) / 2 / 1.96
    # Either this ratio becomes clear, or a doubling can be ruled out, whichever comes first.
    target = max(effect, RELEVANT - effect) / _TO_FIND
    more = finding.exposures * ((error / target) ** 2 - 1)
    return min(max(math.ceil(more), 1), MOST_NEEDED)


def _missing(finding: Finding) -> int:
    """To the least exposures; where spasms are too few, to about as many exposures as bring enough of them."""
    wanted = float(finding.least)
    if 0 < finding.spasms < MIN_SPASMS:
        wanted = max(wanted, finding.exposures * MIN_SPASMS / finding.spasms)
    return min(max(math.ceil(wanted) - finding.exposures, 1), MOST_NEEDED)
