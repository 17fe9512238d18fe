"""Findings and minutes as records."""

from datetime import UTC, datetime

from spasmwatch.domain.detection.detector import NAME, VERSION
from spasmwatch.domain.detection.exposure import Minute
from spasmwatch.domain.detection.findings import Finding
from spasmwatch.domain.records import Detector, Observation, Spasm

DETECTOR = Detector(name=NAME, version=VERSION)


def moment(seconds: float) -> datetime:
    """Seconds since the epoch as a time."""
    return datetime.fromtimestamp(seconds, UTC)


def spasm_start(person: str, spasm_id: str, start: float, *, side_verified: bool, clock_ok: bool) -> Spasm:
    """News for the live view: a spasm goes on."""
    return Spasm(
        person=person,
        phase="start",
        spasm_id=spasm_id,
        start=moment(start),
        detector=DETECTOR,
        side_verified=side_verified,
        clock_ok=clock_ok,
    )


def spasm_end(person: str, spasm_id: str, finding: Finding, *, side_verified: bool, clock_ok: bool) -> Spasm:
    """The complete record of a spasm."""
    return Spasm(
        person=person,
        phase="end",
        spasm_id=spasm_id,
        start=moment(finding.start),
        end=moment(max(finding.start, finding.end)),
        kind=finding.kind,
        side=finding.side,
        regions=finding.regions,
        bursts=finding.bursts,
        intensity=finding.intensity,
        confidence=finding.confidence,
        closed_s=finding.closed_s,
        context=finding.context,
        detector=DETECTOR,
        side_verified=side_verified,
        clock_ok=clock_ok,
    )


def observation(person: str, minute: Minute, *, clock_ok: bool) -> Observation:
    """What a minute could and could not show."""
    return Observation(
        person=person,
        start=moment(minute.start),
        seconds=round(minute.seconds, 3),
        observed_s=round(min(minute.observed_s, minute.seconds), 3),
        face_s=round(minute.face_s, 3),
        unobserved={reason: round(seconds, 3) for reason, seconds in minute.unobserved.items() if seconds > 0},
        fps=round(minute.fps, 2),
        blinks=minute.blinks,
        spasm_closed_s=round(minute.spasm_closed_s, 3),
        rest_closed_s=round(minute.rest_closed_s, 3),
        unclear_closed_s=round(minute.unclear_closed_s, 3),
        openness_left=minute.median_openness("left"),
        openness_right=minute.median_openness("right"),
        talking_s=round(minute.talking_s, 3),
        light=minute.median_light(),
        detector=DETECTOR,
        clock_ok=clock_ok,
    )
