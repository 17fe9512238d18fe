"""``analyze``: the edge's own causal code over a recording, in one pass."""

import json
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, TextIO

import cv2

from spasmwatch.adapters.output_file import writing
from spasmwatch.domain.detection.exposure import Minute
from spasmwatch.domain.detection.findings import Finding
from spasmwatch.domain.detection.signals import FrameSignals
from spasmwatch.errors import SourceError
from spasmwatch_edge import reports
from spasmwatch_edge.landmark_model import FaceMesh
from spasmwatch_edge.person import Anybody
from spasmwatch_edge.pipeline import Facts, Pipeline
from spasmwatch_edge.sources.recording import Recording
from spasmwatch_edge.traces import replay
from spasmwatch_edge.vision import Vision

ANY_DAY = 1e9


def look_at(video: Path, progress: TextIO) -> Iterator[FrameSignals]:
    """The signals of every frame, with times from the start of the video. Raises SourceError, ModelError."""
    recording = Recording(video, start=0.0)
    cv2.setNumThreads(1)
    try:
        vision = Vision(Anybody(FaceMesh()).find)
        shown = -1
        for time, frame in recording.frames():
            yield vision.look(time, frame)
            share = int(100 * (time * recording.fps + 1) / max(1, recording.frames_expected))
            if share // 5 != shown // 5:
                shown = share
                print(f"{video.name}: {min(share, 100)} % ({time:.0f} s)", file=progress, flush=True)
    finally:
        recording.close()


def analyze_signals(frames: Iterator[FrameSignals], observations: Path | None, name: str) -> None:
    """Print a JSON line for each spasm as soon as it is known. Raises SourceError when no face was ever seen."""
    pipeline = Pipeline()
    seen = False
    with writing(observations) if observations else nullcontext() as file:
        for frame in frames:
            seen = seen or frame.face is not None
            _tell(pipeline.feed(frame), file)
        if not seen:
            raise SourceError(f"{name}: no face was found in it")
        _tell(pipeline.finish(), file)


def replay_trace(trace: Path) -> None:
    """Print what the detector makes of a trace: times since the epoch, as the live run had them. Raises SourceError."""
    for finding in replay(trace):
        print(json.dumps(line(finding)), flush=True)


def line(finding: Finding) -> dict[str, Any]:
    """One spasm as ``analyze`` prints it."""
    return {
        "start_s": round(finding.start, 3),
        "end_s": round(finding.end, 3),
        "kind": finding.kind,
        "side": finding.side,
        "regions": list(finding.regions),
        "bursts": finding.bursts,
        "intensity": finding.intensity,
        "confidence": finding.confidence,
        "closed_s": finding.closed_s,
    }


def _tell(facts: Facts, observations: BinaryIO | None) -> None:
    for finding in facts.findings:
        print(json.dumps(line(finding)), flush=True)
    if observations is not None:
        observations.writelines(_observation_line(minute) for minute in facts.minutes)


def _observation_line(minute: Minute) -> bytes:
    # Records have times of the wall clock; here they are counted from the start of the video.
    record = reports.observation("home", replace(minute, start=ANY_DAY), clock_ok=True).model_dump(mode="json")
    envelope = {"schema", "id", "home", "node", "person", "boot", "seq", "start", "clock_ok"}
    told = {"start_s": round(minute.start, 3)} | {key: value for key, value in record.items() if key not in envelope}
    return f"{json.dumps(told)}\n".encode()


def progress_stream(quiet: bool) -> TextIO:
    """Standard error, or nowhere."""
    return Path("/dev/null").open("w", encoding="utf-8") if quiet else sys.stderr
