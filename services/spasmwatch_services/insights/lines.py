"""Findings as JSON lines, as a table for a person and as ``insight`` records."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from spasmwatch.domain.association import Finding, wording
from spasmwatch.domain.records import Insight


def fields(finding: Finding) -> dict[str, Any]:
    """The fields of one line, as the command-line contract names them."""
    return {
        "trigger": finding.trigger,
        "window": finding.window,
        "kind": finding.kind,
        "primary": finding.primary,
        "ratio": _rounded(finding.ratio),
        "low": _rounded(finding.low),
        "high": _rounded(finding.high),
        "q": _rounded(finding.q),
        "exposures": finding.exposures,
        "needed": finding.needed,
        "verdict": finding.verdict,
    }


def json_line(finding: Finding) -> str:
    """One JSON object."""
    return json.dumps(fields(finding), allow_nan=False)


def record(finding: Finding, person: str, time: datetime) -> Insight:
    """A draft for the store."""
    return Insight.model_validate({"person": person, "time": time, **fields(finding)})


def show(findings: Sequence[Finding], console: Console) -> None:
    """What each declared window says, one line a trigger, then every comparison."""
    primary = [finding for finding in findings if finding.primary and finding.kind == "all"]
    if not primary:
        console.print("No exposures are recorded in observed time: log coffee, stress and sleep in the diary.")
        return
    for finding in primary:
        console.print(f"• {wording.sentence(finding)}", highlight=False)
    table = Table(box=None, header_style="bold")
    for name in ("trigger", "window", "spasms", "ratio (95 %)", "q", "exposures", "verdict"):
        table.add_column(name, justify="right" if name in ("q", "exposures") else "left")
    for finding in findings:
        table.add_row(
            wording.trigger(finding.trigger),
            f"{finding.window}{' *' if finding.primary else ''}",
            wording.KINDS.get(finding.kind, finding.kind),
            wording.interval(finding.ratio, finding.low, finding.high),
            "–" if finding.q is None else f"{finding.q:.3f}",
            str(finding.exposures),
            wording.VERDICTS[finding.verdict] + (f", about {finding.needed} more" if finding.needed else ""),
        )
    console.print(table)
    console.print(
        "* the window declared beforehand. The time of day and other triggers that may matter are held equal."
    )
    console.print("Associations within this person; they do not show causes.")


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")
