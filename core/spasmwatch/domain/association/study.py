"""Every trigger against every kind of spasm in every declared window, judged together."""

from dataclasses import replace

import numpy as np

from spasmwatch.domain.association import by_day, within_day
from spasmwatch.domain.association.cells import Calendar
from spasmwatch.domain.association.findings import Finding, judged
from spasmwatch.domain.association.history import Exposures, History
from spasmwatch.domain.association.windows import DAY_LEVEL, EXPOSED_FROM


def associations(history: History) -> list[Finding]:
    """All findings, by trigger, kind and window; empty where nothing was observed or there is no exposure."""
    if history.observed.total_s == 0:
        return []
    history = _observed_only(history)
    calendar = Calendar.of(float(history.observed.edges[0]), float(history.observed.edges[-1]), history.zone)
    findings = []
    for trigger in sorted(history.exposures):
        if history.exposures[trigger].start.size:
            compare = by_day.compare if trigger in DAY_LEVEL else within_day.compare
            findings += compare(history, calendar, trigger)
    return judged(findings)


def _observed_only(history: History) -> History:
    """Spasms in observed time, and exposures that are ones: stress 2 of 10 is a calm moment."""
    exposures = {
        trigger: _from(columns, EXPOSED_FROM[trigger]) if trigger in EXPOSED_FROM else columns
        for trigger, columns in history.exposures.items()
    }
    spasms = {kind: moments[history.observed.at(moments)] for kind, moments in history.spasms.items()}
    return replace(history, spasms=spasms, exposures=exposures)


def _from(exposures: Exposures, lowest: float) -> Exposures:
    keep = ~(np.nan_to_num(exposures.dose, nan=np.inf) < lowest)
    return Exposures(exposures.start[keep], exposures.end[keep], exposures.dose[keep])
