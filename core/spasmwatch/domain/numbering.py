"""Sets of whole numbers as sorted, inclusive ranges: which numbers of a producer's series have arrived."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import pairwise

Range = tuple[int, int]


def merged(ranges: Iterable[Range]) -> list[Range]:
    """The same numbers in as few sorted ranges as possible."""
    result: list[Range] = []
    for first, last in sorted(ranges):
        if result and first <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(result[-1][1], last))
        else:
            result.append((first, last))
    return result


def ranges_of(numbers: Iterable[int]) -> list[Range]:
    """Single numbers as ranges."""
    return merged((number, number) for number in numbers)


def missing(ranges: Sequence[Range]) -> list[Range]:
    """The ranges between sorted ranges: what has been skipped so far."""
    return [(before[1] + 1, after[0] - 1) for before, after in pairwise(ranges)]


def without(wanted: Iterable[Range], present: Sequence[Range]) -> list[Range]:
    """The parts of ``wanted`` that are not in the sorted ranges ``present``."""
    result = []
    for first, last in wanted:
        at = first
        for begin, end in present[max(0, bisect_left(present, (first, first)) - 1) :]:
            if begin > last:
                break
            if end >= at:
                if begin > at:
                    result.append((at, begin - 1))
                at = max(at, end + 1)
        if at <= last:
            result.append((at, last))
    return result


def size(ranges: Iterable[Range]) -> int:
    """How many numbers."""
    return sum(last - first + 1 for first, last in ranges)
