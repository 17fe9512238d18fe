"""Bouts: weak evidence counts only within two minutes of a clear spasm of the same sign."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from spasmwatch.domain.detection.findings import Finding, Sign

# Spasms come in bouts: so far from a clear one, before or after it, weak ones are taken for a part of its bout. Noise
# comes at any time; without such a limit one clear finding would let it in for good.
BOUT_S: Final = 120.0


class Bouts:
    """Remembers when each sign was last seen clearly, and the weak findings that wait for a clear one."""

    def __init__(self) -> None:
        self._clear_until: dict[Sign, float] = {}
        self._waiting: list[Finding] = []

    def going_on(self, time: float) -> set[Sign]:
        """The signs that were seen clearly not long before ``time`` (seconds)."""
        return {sign for sign, end in self._clear_until.items() if time - end <= BOUT_S}

    def counting(self, findings: Sequence[Finding], now: float) -> list[Finding]:
        """Those of an episode's ``findings`` that count, and after them, by start, those that waited for one of these.

        ``now``: seconds.
        """
        told = [each for each in findings if not each.weak or self._is_in_bout(each)]
        clear = [finding for finding in findings if finding.clear]
        waiting = [*self._waiting, *(each for each in findings if each.weak and not self._is_in_bout(each))]
        late = [weak for weak in waiting if any(_follows(weak, other) for other in clear)]
        self._waiting = [weak for weak in waiting if weak not in late and now - weak.end <= BOUT_S]
        self._clear_until |= {finding.sign: finding.end for finding in clear}
        return told + sorted(late, key=lambda finding: finding.start)

    def _is_in_bout(self, finding: Finding) -> bool:
        return finding.sign in self.going_on(finding.start)

    def state(self) -> dict[str, Any]:
        """What it remembers, as plain values."""
        return {
            "clear_until": [[*sign, end] for sign, end in self._clear_until.items()],
            "waiting": [asdict(finding) for finding in self._waiting],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from :meth:`state`. Raises KeyError, TypeError and ValueError on a damaged one."""
        self._clear_until = {(kind, side, region): float(end) for kind, side, region, end in state["clear_until"]}
        self._waiting = [
            Finding(**{**each, **{name: tuple(each.get(name, ())) for name in ("regions", "context", "movement")}})
            for each in state["waiting"]
        ]


def _follows(weak: Finding, clear: Finding) -> bool:
    """Whether a clear finding is of the same sign, and came soon after the weak one or before it in its episode."""
    return clear.sign == weak.sign and clear.start - weak.end <= BOUT_S
