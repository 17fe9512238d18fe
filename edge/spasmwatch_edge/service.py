"""The camera program: watches, publishes what it saw, tells how it is doing, pauses, survives a stalled camera."""

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from uuid6 import uuid7

from spasmwatch.domain.detection.findings import Finding
from spasmwatch.domain.detection.signals import FrameSignals
from spasmwatch.domain.records import Health
from spasmwatch.domain.topics import Fault
from spasmwatch.errors import SourceError
from spasmwatch.ports import FrameSource, Outbox
from spasmwatch_edge import machine, reports
from spasmwatch_edge.faults import FaultState
from spasmwatch_edge.freeze import Freeze
from spasmwatch_edge.pause import Pause
from spasmwatch_edge.pipeline import Facts, Pipeline
from spasmwatch_edge.prior_file import PriorFile
from spasmwatch_edge.traces import TraceKeeper

log = logging.getLogger(__name__)

HEALTH_EVERY_S = 30.0
REOPEN_EVERY_S = 3.0
IDLE_S = 0.5
LONGEST_GAP_S = 20.0
"""After so long without a frame (the camera stands still, the machine slept) the time so far is accounted for."""
HANGS_S, DEAD_S = 10.0, 45.0
"""After so long without a turn of its loop a camera that opens or closes counts as at fault, and as lost."""
MOST_STARTED = 8
"""Of spasms that were told to go on, so many are remembered."""


class Look(Protocol):
    """Makes the numbers of one frame; see :class:`spasmwatch_edge.vision.Vision`."""

    def look(self, time: float, frame: NDArray[np.uint8]) -> FrameSignals:
        """The signals of ``frame``, taken at ``time``."""


class EdgeService:
    """Runs until the recording ends or ``stopping`` is set.

    ``source`` None is one that could not be opened yet. ``reopen`` opens it, also after a stall or a pause. ``live``
    sources may stall and come back, a recording may not. ``now`` is the time of frames, which only goes forwards;
    records are told ``moved()`` seconds later, see :class:`spasmwatch_edge.timeline.Timeline`. Traces are kept in
    ``folder`` for ``traces_days`` days (0: none). ``prior`` is what is known of the person, None where nothing is to be
    kept: a recording, the demo.
    """

    def __init__(
        self,
        *,
        source: FrameSource | None,
        reopen: Callable[[], FrameSource],
        live: bool,
        vision: Look,
        outbox: Outbox,
        prior: PriorFile | None,
        person: str,
        pause: Pause,
        tell_fault: Callable[[Fault], None],
        stopping: threading.Event,
        clock_ok: Callable[[], bool] = machine.clock_synchronised,
        side_verified: bool = False,
        folder: Path = Path("/"),
        traces_days: float = 0.0,
        now: Callable[[], float] = time.time,
        moved: Callable[[], float] = lambda: 0.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reopen, self._live, self._vision, self._outbox = reopen, live, vision, outbox
        self._person, self._pause, self._fault, self._stopping = person, pause, FaultState(tell_fault), stopping
        self._clock_ok, self._side_verified, self._folder = clock_ok, side_verified, folder
        self._now, self._moved, self._monotonic = now, moved, monotonic
        self._prior, self._freeze = prior, Freeze()
        self._pipeline = Pipeline(prior.prior if prior else None)
        self._traces = TraceKeeper(folder / "traces", traces_days, self._pipeline.detector)
        # Onset and id of spasms that were told to go on; a weak one may be told to have ended after a later one.
        self._started: deque[tuple[float, str]] = deque(maxlen=MOST_STARTED)
        self._throttling = machine.Throttling()
        self._source: FrameSource | None = source
        self._taken_at: float | None = None
        self._frames = 0
        self._lag = 0.0
        self._told_at: float | None = None
        self._turned_at = monotonic()

    def alive(self) -> bool:
        """Whether the loop still turns; a fault is told long before it counts as lost.

        Asked from another thread: nothing ends the wait for a driver that hangs as a camera opens or closes.
        """
        hanging_s = self._monotonic() - self._turned_at
        if hanging_s >= HANGS_S:
            self._break(f"the camera has not answered for {HANGS_S:.0f} s")
        return hanging_s < DEAD_S

    def run(self) -> None:
        """Watch. Raises SourceError when a recording cannot be read."""
        self._fault.tell()
        try:
            while not self._stopping.is_set():
                self._turned()
                if self._pause.on:
                    self._rest()
                elif self._watch():
                    break
        finally:
            self._close_source()
            facts, moved = self._pipeline.finish(), self._moved()
            self._publish(facts, moved)
            self._traces.end(facts.findings, moved)
            if self._prior:
                self._prior.save(self._now(), self._pipeline.detector.prior)
            self._health("stopped", None)
            # From here on nothing turns, and nothing hangs.
            self._turned_at = math.inf

    def _turned(self) -> None:
        self._turned_at = self._monotonic()

    def _watch(self) -> bool:
        """Frames until a pause, a stall or the end; True at the end."""
        try:
            if self._source is None:
                self._source = self._reopen()
                self._turned()
            for moment, frame in self._source.frames():
                self._turned()
                if self._stopping.is_set():
                    return True
                if self._pause.on:
                    return False
                self._see(moment, frame)
            return True
        except SourceError as error:
            if not self._live:
                raise
            self._break(str(error))
            self._close_source()
            self._wait_for_the_camera()
            return False

    def _see(self, moment: float, frame: NDArray[np.uint8]) -> None:
        if self._taken_at is not None and moment <= self._taken_at:
            # A recording that was paused goes on where it was: that time has gone by.
            return
        signals = self._vision.look(moment, frame)
        if self._live and self._freeze.lasts(moment, frame, face=signals.face is not None):
            raise SourceError("the picture stands still")
        if self._fault.end():
            log.info("the camera is back")
        self._take(signals)
        self._frames += 1
        self._lag = max(self._lag, self._now() - moment) if self._live else 0.0
        self._health_when_due(moment)

    def _take(self, signals: FrameSignals) -> None:
        while self._taken_at is not None and signals.time - self._taken_at > 2 * LONGEST_GAP_S:
            # A machine that slept: its time was not observed, and no minute is hours long.
            self._feed(FrameSignals(self._taken_at + LONGEST_GAP_S, None, signals.paused))
        self._feed(signals)

    def _feed(self, signals: FrameSignals) -> None:
        self._taken_at = signals.time
        facts, moved = self._pipeline.feed(signals), self._moved()
        self._publish(facts, moved)
        self._traces.feed(signals, facts.findings, moved)
        if self._prior and self._prior.keep(signals.time, self._pipeline.detector):
            self._traces.begin()

    def _rest(self) -> None:
        """Paused: the camera is off, its light too; time goes on and counts as paused. That is no fault."""
        if self._live:
            self._close_source()
        self._fault.end()
        self._stopping.wait(IDLE_S)
        self._take(FrameSignals(self._now(), None, paused=True))
        self._health_when_due(self._now())

    def _wait_for_the_camera(self) -> None:
        """Nothing is fed but now and then: what lies between is told as a camera that stood still, not as absence."""
        self._stopping.wait(REOPEN_EVERY_S)
        now = self._now()
        if self._taken_at is None or now - self._taken_at >= LONGEST_GAP_S:
            self._take(FrameSignals(now, None))
        self._health_when_due(now)

    def _publish(self, facts: Facts, moved: float) -> None:
        if facts.started is None and not facts.findings and not facts.minutes:
            return
        clock_ok = self._clock_ok()
        if facts.started is not None:
            spasm_id = str(uuid7())
            self._started.append((facts.started, spasm_id))
            start = facts.started + moved
            self._outbox.add(
                reports.spasm_start(self._person, spasm_id, start, side_verified=self._side_verified, clock_ok=clock_ok)
            )
        for finding in facts.findings:
            spasm_id = self._id_of(finding)
            told = replace(finding, start=finding.start + moved, end=finding.end + moved)
            self._outbox.add(
                reports.spasm_end(self._person, spasm_id, told, side_verified=self._side_verified, clock_ok=clock_ok)
            )
        for minute in facts.minutes:
            told_minute = replace(minute, start=minute.start + moved)
            self._outbox.add(reports.observation(self._person, told_minute, clock_ok=clock_ok))

    def _id_of(self, finding: Finding) -> str:
        """The one that its start was told with, else a new one."""
        for started in self._started:
            if finding.start <= started[0] <= finding.end:
                self._started.remove(started)
                return started[1]
        return str(uuid7())

    def _health_when_due(self, moment: float) -> None:
        if self._told_at is None:
            self._told_at = moment
        elif moment - self._told_at >= HEALTH_EVERY_S:
            state = "paused" if self._pause.on else "fault" if self._fault.now.active else "running"
            self._health(state, moment - self._told_at)
            self._told_at = moment

    def _health(self, state: str, span: float | None) -> None:
        self._outbox.add(
            Health.model_validate({
                "time": datetime.now(UTC),
                "program": "edge",
                "state": state,
                "cause": self._fault.now.cause,
                "fps": round(self._frames / span, 2) if span else None,
                "lag_s": round(self._lag, 3),
                "dropped": getattr(self._source, "dropped", None),
                "temperature_c": machine.temperature(),
                "throttled": self._throttling.look(),
                "baseline": self._pipeline.detector.prior.version,
                "disk_free_mb": machine.disk_free_mb(self._folder),
            })
        )  # fmt: skip
        self._frames, self._lag = 0, 0.0

    def _break(self, cause: str) -> None:
        if self._fault.begin(cause):
            self._health("fault", None)

    def _close_source(self) -> None:
        if self._source is not None:
            self._source.close()
            self._source = None
