"""What comes again in one person: weak evidence counts only for what this person has shown clearly, or soon does."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any, Final

from spasmwatch.domain.detection.findings import Finding, Sign, share

# So long a weak finding waits for a clear one with the same sign. Spasms come in bouts; noise has nothing to wait for.
WAITING_S: Final = 120.0
# One tic of less confidence (a peak of 2 units) may have been anything; the same movement again is none.
SURE_TIC: Final = 0.55
# A tic whose movement is known is so much more certain.
RECURRING_CONFIDENCE: Final = 0.1


class Recurrence:
    """Remembers the ``signs`` that a person has shown clearly, and weak findings that wait for theirs."""

    def __init__(self) -> None:
        self.signs: set[Sign] = set()
        self._once: set[Sign] = set()
        self._waiting: list[Finding] = []

    def told(self, findings: Sequence[Finding], now: float) -> list[Finding]:
        """Those of ``findings`` that count, and after them what has waited for one of these; ``now`` in seconds."""
        sure = [self._more_certain(finding) for finding in findings if finding.clear]
        for finding in sure:
            if finding.kind != "tic" or finding.confidence >= SURE_TIC or finding.sign in self._once:
                self.signs.add(finding.sign)
            self._once.add(finding.sign)
        waiting = [*(finding for finding in findings if not finding.clear), *self._waiting]
        late = [finding for finding in waiting if finding.sign in self.signs]
        self._waiting = [each for each in waiting if each not in late and now - each.end <= WAITING_S]
        return sure + late

    def _more_certain(self, finding: Finding) -> Finding:
        if finding.kind != "tic" or finding.sign not in self.signs:
            return finding
        return replace(finding, confidence=share(finding.confidence + RECURRING_CONFIDENCE))

    def state(self) -> dict[str, Any]:
        """What it remembers, as plain values."""
        return {
            "signs": sorted(map(list, self.signs)),
            "once": sorted(map(list, self._once)),
            "waiting": [asdict(finding) for finding in self._waiting],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from :meth:`state`. Raises KeyError and TypeError on a damaged one."""
        self.signs = {(kind, side, region) for kind, side, region in state["signs"]}
        self._once = {(kind, side, region) for kind, side, region in state["once"]}
        self._waiting = [
            Finding(**{**each, "regions": tuple(each["regions"]), "context": tuple(each["context"])})
            for each in state["waiting"]
        ]
