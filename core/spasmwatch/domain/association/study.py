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
    logged = [trigger for trigger in sorted(history.exposures) if history.exposures[trigger].start.size]
    hinting = [each for each in logged if each not in DAY_LEVEL and within_day.hints(history, calendar, each)]
    findings = []
    for trigger in logged:
        if trigger in DAY_LEVEL:
            findings += by_day.compare(history, calendar, trigger)
        else:
            others = [other for other in hinting if other != trigger]
            findings += within_day.compare(history, calendar, trigger, others)
    judgements = judged(findings)
    # A single kind is tested once, as all spasms, and told under both names.
    only = history.occurred if len(history.occurred) == 1 else []
    under_its_name = [replace(finding, kind=kind) for kind in only for finding in judgements]
    return sorted([*judgements, *under_its_name], key=lambda finding: finding.trigger)


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
