"""The report's numbers as CSV: one long table, each number with its observed time or interval."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from spasmwatch.domain.treatments import Cycle
from spasmwatch.ports import Rate
from spasmwatch_services.charts import point, weekly
from spasmwatch_services.insights.report.facts import Facts

Fields = dict[str, object]

COLUMNS = ("section", "name", "first", "last", "value", "low", "high", "unit", "count", "observed_h", "note")


def table(facts: Facts, zone: ZoneInfo) -> str:
    """All rows under one header."""
    written = io.StringIO()
    writer = csv.DictWriter(written, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for row in _rows(facts, zone):
        writer.writerow({name: _cell(value) for name, value in row.items()})
    return written.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, float):
        return f"{value:.6g}"
    # A spreadsheet would run a text that begins like a formula.
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" else value


def _rows(facts: Facts, zone: ZoneInfo) -> Iterator[Fields]:
    yield {
        "section": "period", "name": facts.person, "first": facts.first, "last": facts.last, "count": facts.spasms,
        "observed_h": facts.observed_h, "note": "enough observed" if facts.enough else "not enough observed for rates",
    }  # fmt: skip
    yield from _rates("day", facts.days, 1, facts, zone)
    yield from _rates("week", weekly(facts.days, zone), 7, facts, zone)
    yield from _patterns(facts)
    for cycle in facts.cycles:
        yield from _cycle(cycle)
    for finding in facts.findings:
        yield {
            "section": "trigger", "name": f"{finding.trigger} {finding.window} {finding.kind}", "first": facts.first,
            "last": facts.last, "value": finding.ratio, "low": finding.low, "high": finding.high, "unit": "rate ratio",
            "count": finding.exposures, "note": finding.verdict,
        }  # fmt: skip
    for symptom in facts.symptoms:
        day = symptom.at.astimezone(zone).date()
        yield {"section": "symptom", "name": symptom.name, "first": day, "note": symptom.tier}
    for version, since in facts.versions:
        yield {"section": "detector", "name": version, "first": since.astimezone(zone).date()}


def _rates(section: str, rates: Sequence[Rate], days: int, facts: Facts, zone: ZoneInfo) -> Iterator[Fields]:
    for rate in rates:
        this, first = point(rate, dispersion=facts.dispersion), rate.start.astimezone(zone).date()
        seen = this.rate is not None and facts.enough
        yield {
            "section": section, "first": first, "last": first + timedelta(days=days - 1),
            "value": this.rate if seen else None,
            "low": this.low if seen else None, "high": this.high if seen else None, "unit": "spasms per observed hour",
            "count": this.count, "observed_h": rate.observed_s / 3600,
        }  # fmt: skip


def _patterns(facts: Facts) -> Iterator[Fields]:
    for pattern in facts.patterns:
        for side, n in pattern.sides.items():
            yield {
                "section": "pattern", "name": f"{pattern.kind} {side}", "first": facts.first, "last": facts.last,
                "value": n / facts.observed_h if facts.enough else None, "unit": "spasms per observed hour",
                "count": n, "observed_h": facts.observed_h, "note": f"side verified {pattern.verified:.0%}",
            }  # fmt: skip


def _cycle(cycle: Cycle) -> Iterator[Fields]:
    parts = (("onset", cycle.onset, "days"), ("plateau", cycle.plateau, "rate ratio"), ("lasted", cycle.lasted, "days"))
    for name, estimate, unit in parts:
        if estimate is not None:
            yield {
                "section": "cycle", "name": name, "first": date.fromordinal(cycle.day), "value": estimate.value,
                "low": estimate.low, "high": estimate.high, "unit": unit, "note": cycle.state,
            }  # fmt: skip
