"""Traces: the numbers around each spasm, kept for a while if wanted, to look again with other thresholds.

No picture is in them. A trace holds what the detector remembered some time before the spasm and the signals of every
frame since, so that replaying it gives exactly what the live run gave.
"""

import gzip
import json
import logging
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from spasmwatch.domain.detection.detector import NAME, VERSION, Detector
from spasmwatch.domain.detection.findings import Finding
from spasmwatch.domain.detection.memory import State, face_state, frame_state, restore_face, restore_frame
from spasmwatch.domain.detection.signals import FrameSignals
from spasmwatch.errors import SourceError

log = logging.getLogger(__name__)

# Version 2 holds the displacement of brows, nose and mouth, which the detector cannot do without. 2.1 says by how much
# the clock had been set, too.
SCHEMA: Final = "trace/2.1"
CHECKPOINT_S: Final = 15.0
LONGEST_TRACE_S: Final = 900.0
EXPIRE_EVERY_S: Final = 3600.0
DAY_S: Final = 86400.0


class TraceKeeper:
    """Fed with every frame and what the detector made of it; writes a file for each spasm, removes old ones.

    ``days`` 0 keeps none, not even what was kept before.
    """

    def __init__(self, folder: Path, days: float, detector: Detector) -> None:
        self._folder, self._days, self._detector = folder, days, detector
        # The frames since the last two checkpoints: a trace begins at the older one.
        self._parts: list[tuple[State, list[FrameSignals]]] = []
        self._checked_at: float | None = None
        self._expired_at = float("-inf")
        self.begin()
        self._expire()

    def begin(self) -> None:
        """What the detector remembers, while it is calm, was changed by somebody: no trace reaches back beyond that."""
        self._parts = [(self._detector.state(), [])]

    def feed(self, frame: FrameSignals, findings: list[Finding], moved: float = 0.0) -> None:
        """After the detector has taken ``frame`` and told ``findings``; records bear times ``moved`` seconds later."""
        if frame.time - self._expired_at >= EXPIRE_EVERY_S:
            self._expired_at = frame.time
            self._expire()
        if not self._days:
            return
        self._parts[-1][1].append(frame)
        if findings:
            self._write(findings[0], moved, ended=False)
        if self._checked_at is None:
            self._checked_at = frame.time
        if frame.time - self._checked_at < CHECKPOINT_S:
            return
        if self._detector.calm:
            self._checked_at = frame.time
            self._parts = [self._parts[-1], (self._detector.state(), [])]
        elif frame.time - self._checked_at >= LONGEST_TRACE_S:
            # Without a beginning it cannot be replayed: whoever sleeps for hours leaves no trace, and fills no memory.
            self._parts = [({}, [])]

    def end(self, findings: list[Finding], moved: float = 0.0) -> None:
        """The detector has told ``findings`` because the frames have ended; ``moved`` as for :meth:`feed`."""
        if self._days and findings:
            self._write(findings[0], moved, ended=True)

    def _write(self, finding: Finding, moved: float, *, ended: bool) -> None:
        state = self._parts[0][0]
        if not state:
            log.warning("no trace of a spasm that followed more than %.0f minutes of unrest", LONGEST_TRACE_S / 60)
            return
        frames = [frame for _, part in self._parts for frame in part]
        content = {
            "schema": SCHEMA,
            "detector": {"name": NAME, "version": VERSION},
            "moved_s": moved,
            "state": state,
            # A frame in which nothing moved shows the face of the one before, which the first frame here lacks.
            "face": face_state(frames[0].face) if frames and frames[0].face else None,
            "frames": [frame_state(frame) for frame in frames],
            "ended": ended,
        }
        name = datetime.fromtimestamp(finding.start + moved, UTC).strftime("%Y%m%dT%H%M%S%f") + ".trace"
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            partial = self._folder / f".{name}"
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(gzip.compress(json.dumps(content).encode()))
            partial.replace(self._folder / name)
        except OSError as error:
            log.error("cannot keep a trace in %s: %s", self._folder, error.strerror)

    def _expire(self) -> None:
        oldest = datetime.now(UTC).timestamp() - self._days * DAY_S
        for path in [*self._folder.glob("*.trace"), *self._folder.glob(".*.trace")]:
            try:
                if path.stat().st_mtime < oldest or path.name.startswith("."):
                    path.unlink()
            except OSError as error:
                log.error("cannot remove the trace %s: %s", path, error.strerror)


def replay(path: Path) -> Iterator[Finding]:
    """What the detector of today makes of a trace, with the times of records. Raises SourceError if it is no trace."""
    content = _read(path)
    try:
        moved = float(content.get("moved_s", 0.0))
        for finding in _findings(content):
            yield replace(finding, start=finding.start + moved, end=finding.end + moved)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SourceError(f"{path}: a damaged trace ({type(error).__name__}: {error})") from error


def _findings(content: dict[str, Any]) -> Iterator[Finding]:
    """As the frames have their times. Raises KeyError, TypeError, ValueError and AttributeError on a damaged trace."""
    detector = Detector()
    face = restore_face(content["face"]) if content.get("face") else None
    detector.restore(content["state"])
    for state in content["frames"]:
        frame = restore_frame(state, face)
        face = frame.face
        yield from detector.update(frame)
    if content.get("ended"):
        yield from detector.finish()


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(gzip.decompress(path.read_bytes()))
    except FileNotFoundError:
        raise SourceError(f"{path}: no such trace") from None
    except (OSError, EOFError, ValueError) as error:
        raise SourceError(f"{path}: not a trace ({error})") from error
    if not isinstance(content, dict) or str(content.get("schema", "")).partition("/")[0] != "trace":
        raise SourceError(f"{path}: not a trace")
    if content["schema"].partition(".")[0] != SCHEMA.partition(".")[0]:
        raise SourceError(f"{path}: {content['schema']} of another version; only {SCHEMA} can be replayed")
    return content
