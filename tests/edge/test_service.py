"""The camera program as its records, faults and pauses show it."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spasmwatch.domain.detection.signals import FrameSignals
from spasmwatch.domain.records import Health, Observation, Record, Spasm
from spasmwatch.domain.topics import Fault, PauseCommand, PauseState
from spasmwatch.errors import SourceError
from spasmwatch_edge.pause import Pause
from spasmwatch_edge.prior_file import PriorFile
from spasmwatch_edge.service import EdgeService
from support.faces import Act, signals

EPOCH = 1_790_000_000.0


class Kept:
    """An outbox that only remembers."""

    def __init__(self) -> None:
        self.records: list[Any] = []

    def add(self, record: Any) -> Any:
        self.records.append(record)
        return record

    def of(self, model: type[Record]) -> list[Any]:
        return [record for record in self.records if isinstance(record, model)]


class Clock(threading.Event):
    """Time that passes only while somebody waits."""

    def __init__(self) -> None:
        super().__init__()
        self.time = EPOCH

        self.at_time: dict[float, Any] = {}

    def wait(self, timeout: float | None = None) -> bool:
        self.time += timeout or 0.0
        for moment in [moment for moment in self.at_time if self.time >= moment]:
            self.at_time.pop(moment)()
        return self.is_set()


class Scripted:
    """A source of one frame per signal; ``break_at`` raises there once, ``at`` calls back before that frame."""

    def __init__(self, clock: Clock, frames: list[FrameSignals], *, break_at: float | None = None) -> None:
        self.clock, self.script, self.break_at = clock, frames, break_at
        self.at: dict[float, Any] = {}
        self.opened = self.closed = 0
        self.broken = 0
        # From when till when the picture is the same.
        self.frozen = (0.0, 0.0)
        # Whether frames are dated when they are asked for, as a camera's, or when they were taken, as a recording's.
        self.paced = True

    def frames(self) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        while self.script:
            signal = self.script[0]
            if self.break_at is not None and signal.time >= self.break_at:
                self.break_at = None
                raise SourceError("camera 0: no picture for 8 s")
            for moment in [moment for moment in self.at if signal.time >= moment]:
                self.at.pop(moment)()
            self.script.pop(0)
            self.clock.time = max(self.clock.time, EPOCH + signal.time)
            yield (self.clock.time if self.paced else EPOCH + signal.time), self.picture(signal.time)
        self.clock.set()

    def picture(self, time: float) -> NDArray[np.uint8]:
        """One grey level for each frame at 25 a second: no two neighbours are the same, as behind a sensor."""
        begin, end = self.frozen
        number = round(25 * (begin if begin <= time < end else time))
        return np.full((4, 4, 3), number % 251, np.uint8)

    def close(self) -> None:
        self.closed += 1

    def look(self, time: float, frame: NDArray[np.uint8]) -> FrameSignals:
        return FrameSignals(time, self.face)

    @property
    def face(self) -> Any:
        return self.all_faces[min(self.looked(), len(self.all_faces) - 1)]

    def looked(self) -> int:
        return len(self.all_faces) - len(self.script) - 1

    def reopen(self) -> "Scripted":
        self.opened += 1
        if self.opened <= self.broken:
            raise SourceError("camera 0: it cannot be opened")
        # What a camera saw while nobody asked is gone.
        self.script = [signal for signal in self.script if EPOCH + signal.time >= self.clock.time]
        return self

    all_faces: list[Any]


class Home:
    """A service with everything around it in sight."""

    def __init__(
        self,
        folder: Path,
        frames: list[FrameSignals],
        *,
        live: bool,
        break_at: float | None = None,
        traces_days: float = 0.0,
        moved: float = 0.0,
        away: bool = False,
    ) -> None:
        self.clock, self.outbox = Clock(), Kept()
        self.faults: list[Fault] = []
        self.told_at: list[float] = []
        self.pauses: list[PauseState] = []
        self.source = Scripted(self.clock, list(frames), break_at=break_at)
        self.source.all_faces = [frame.face for frame in frames]
        self.pause = Pause(folder / "pause.json", self.now, self.pauses.append)
        self.service = EdgeService(
            source=None if away else self.source,
            reopen=self.source.reopen,
            live=live,
            vision=self.source,
            outbox=self.outbox,
            prior=PriorFile(folder / "prior.json", "patient", "camera 0", self.clock.time),
            person="patient",
            pause=self.pause,
            tell_fault=self.tell_fault,
            stopping=self.clock,
            clock_ok=lambda: True,
            now=lambda: self.clock.time,
            moved=lambda: moved,
            monotonic=lambda: self.clock.time,
            folder=folder,
            traces_days=traces_days,
        )

    def tell_fault(self, fault: Fault) -> None:
        self.faults.append(fault)
        self.told_at.append(self.clock.time - EPOCH)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.time, UTC)

    def command(self, verb: str, *, patient: bool, minutes: float | None = None) -> None:
        until = None if minutes is None else self.now() + timedelta(minutes=minutes)
        fields = {"id": f"{verb}-{self.clock.time}", "verb": verb, "actor": "anna", "patient": patient}
        self.pause.obey(PauseCommand.model_validate({**fields, "until": until, "time": self.now()}))


SPASM = [Act(6.0, 8.0, close_left=0.7, mouth_left=0.08)]


def test_a_spasm_is_told_when_it_begins_and_published_whole_when_it_is_over(tmp_path: Path) -> None:
    home = Home(tmp_path, signals(SPASM, seconds=12.0), live=False)
    home.service.run()
    start, end = home.outbox.of(Spasm)
    assert (start.phase, end.phase) == ("start", "end")
    assert start.spasm_id == end.spasm_id
    assert (end.kind, end.side) == ("hemifacial", "left")
    assert end.start.timestamp() - EPOCH == pytest.approx(6.0, abs=0.1)


def test_a_weak_spasm_that_is_told_late_does_not_take_the_id_of_the_one_that_began(tmp_path: Path) -> None:
    weak, clear = Act(4.0, 4.24, close_left=0.25), Act(9.0, 10.0, close_left=0.7, mouth_left=0.08)
    home = Home(tmp_path, signals([weak, clear], seconds=14.0, noise=0.001), live=False)
    home.service.run()
    start, end, late = home.outbox.of(Spasm)
    assert [record.phase for record in (start, end, late)] == ["start", "end", "end"]
    assert start.spasm_id == end.spasm_id != late.spasm_id
    assert [round(record.start.timestamp() - EPOCH) for record in (end, late)] == [9, 4]


def test_the_last_part_of_a_minute_is_published_too(tmp_path: Path) -> None:
    home = Home(tmp_path, signals([], seconds=12.0), live=False)
    home.service.run()
    observations = home.outbox.of(Observation)
    assert sum(o.seconds for o in observations) == pytest.approx(12.0, abs=0.2)
    assert home.outbox.of(Health)[-1].state == "stopped"


def test_a_stalled_camera_is_a_fault_until_it_is_back(tmp_path: Path) -> None:
    home = Home(tmp_path, signals([], seconds=40.0), live=True, break_at=10.0)
    home.service.run()
    assert [fault.active for fault in home.faults] == [False, True, False]
    assert "no picture" in (home.faults[1].cause or "")
    assert home.source.opened == 1


def observed_s(home: Home) -> float:
    return sum(float(one.observed_s) for one in home.outbox.of(Observation))


def test_a_picture_that_stands_still_while_a_face_is_in_it_is_a_fault_until_it_changes(tmp_path: Path) -> None:
    home = Home(tmp_path, signals([], seconds=100.0), live=True)
    home.source.frozen = (20.0, 60.0)
    home.service.run()
    assert [fault.active for fault in home.faults] == [False, True, False]
    assert home.faults[1].cause == "the picture stands still"
    began, over = home.told_at[1:]
    assert began == pytest.approx(28.0, abs=0.5)
    assert over == pytest.approx(60.0, abs=4.0)
    assert home.source.opened > 3
    unseen = sum(o.unobserved.get("slow", 0.0) for o in home.outbox.of(Observation))
    assert unseen == pytest.approx(35.0, abs=3.0)
    assert observed_s(home) == pytest.approx(100.0 - unseen - 3.0, abs=2.0)


@pytest.mark.parametrize(("live", "face"), [(True, False), (False, True)], ids=["a dark room", "a recording"])
def test_a_picture_that_may_stand_still_is_no_fault(tmp_path: Path, live: bool, face: bool) -> None:
    frames = signals([], seconds=40.0)
    home = Home(tmp_path, frames if face else [FrameSignals(frame.time, None) for frame in frames], live=live)
    home.source.frozen = (5.0, 40.0)
    home.service.run()
    assert [fault.active for fault in home.faults] == [False]
    assert sum(o.unobserved.get("slow", 0.0) for o in home.outbox.of(Observation)) == 0.0
    assert observed_s(home) == pytest.approx(39.0 if face else 0.0, abs=0.5)


def test_a_camera_that_hangs_as_it_opens_is_a_fault_and_then_lost(tmp_path: Path) -> None:
    home = Home(tmp_path, signals([], seconds=2.0), live=True, away=True)
    said: dict[int, tuple[bool, bool]] = {}

    def hang() -> Scripted:
        """As the main thread sees it, after so many seconds."""
        for seconds in (9, 11, 44, 46):
            home.clock.time = EPOCH + seconds
            said[seconds] = home.service.alive(), home.faults[-1].active
        return home.source

    home.service._reopen = hang
    home.service.run()
    assert said == {9: (True, False), 11: (True, True), 44: (True, True), 46: (False, True)}
    assert "has not answered" in (home.faults[1].cause or "")
    assert [fault.active for fault in home.faults] == [False, True, False]


def test_a_loop_that_has_ended_does_not_hang(tmp_path: Path) -> None:
    home = Home(tmp_path, signals([], seconds=2.0), live=True)
    home.service.run()
    home.clock.time += 3600
    assert home.service.alive()
    assert [fault.active for fault in home.faults] == [False]


def test_a_recording_that_breaks_ends_the_program_with_its_reason(tmp_path: Path) -> None:
    home = Home(tmp_path, signals([], seconds=20.0), live=False, break_at=10.0)
    with pytest.raises(SourceError, match="no picture"):
        home.service.run()
    assert sum(o.seconds for o in home.outbox.of(Observation)) == pytest.approx(10.0, abs=0.2)


def test_a_pause_switches_the_camera_off_and_counts_as_paused(tmp_path: Path) -> None:
    home = Home(tmp_path, signals([], seconds=30.0), live=True)
    home.source.at[10.0] = lambda: home.command("pause", patient=False, minutes=2)
    home.service.run()
    assert home.source.closed >= 1
    paused = sum(o.unobserved.get("paused", 0.0) for o in home.outbox.of(Observation))
    assert paused == pytest.approx(120.0, abs=2.0)
    assert [state.paused for state in home.pauses] == [False, True, False]


def test_a_camera_that_is_not_there_at_the_start_is_a_fault_and_is_waited_for(tmp_path: Path) -> None:
    later = [replace(frame, time=frame.time + 200.0) for frame in signals([], seconds=40.0)]
    home = Home(tmp_path, later, live=True, away=True)
    home.source.broken = 50
    home.service.run()
    assert [fault.active for fault in home.faults] == [False, True, False]
    observations = home.outbox.of(Observation)
    assert sum(o.unobserved.get("slow", 0.0) for o in observations) > 120
    assert sum(o.unobserved.get("absent", 0.0) for o in observations) < 10
    assert {health.state for health in home.outbox.of(Health)} >= {"fault", "running"}
    assert len(home.outbox.of(Health)) > 4


def test_a_pause_is_never_a_fault(tmp_path: Path) -> None:
    home = Home(tmp_path, signals([], seconds=20.0), live=True, away=True)
    home.source.broken = 2
    home.clock.at_time = {EPOCH + 6.0: lambda: home.command("pause", patient=True, minutes=5)}
    home.service.run()
    assert [fault.active for fault in home.faults] == [False, True, False]
    paused = [health for health in home.outbox.of(Health) if health.state == "paused"]
    assert paused
    assert all(health.cause is None for health in paused)


def test_a_machine_that_slept_for_hours_has_no_minute_of_hours(tmp_path: Path) -> None:
    frames = signals([], seconds=30.0)
    late = [replace(frame, time=frame.time + 4 * 3600.0) for frame in frames]
    home = Home(tmp_path, [*frames, *late], live=True)
    home.service.run()
    observations = home.outbox.of(Observation)
    assert max(o.seconds for o in observations) <= 61
    assert sum(o.observed_s for o in observations) == pytest.approx(55.0, abs=5.0)


def test_after_the_clock_was_set_records_bear_the_new_time(tmp_path: Path) -> None:
    home = Home(tmp_path, signals(SPASM, seconds=70.0), live=True, moved=86_400.0)
    home.service.run()
    _, end = home.outbox.of(Spasm)
    assert end.start.timestamp() - EPOCH == pytest.approx(86_406.0, abs=0.1)
    assert min(o.start.timestamp() for o in home.outbox.of(Observation)) >= EPOCH + 86_399


def test_what_a_recording_shows_from_the_time_of_a_pause_is_passed_over(tmp_path: Path) -> None:
    home = Home(tmp_path, signals(SPASM, seconds=60.0), live=False)
    home.source.at[4.0] = lambda: home.command("pause", patient=True, minutes=0.5)
    home.source.paced = False
    home.service.run()
    assert home.outbox.of(Spasm) == []


def test_only_the_patient_ends_a_pause_early(tmp_path: Path) -> None:
    home = Home(tmp_path, signals([], seconds=1.0), live=True)
    home.command("pause", patient=False, minutes=60)
    home.clock.time += 60
    home.command("resume", patient=False)
    assert home.pause.on
    home.clock.time += 60
    home.command("resume", patient=True)
    assert not home.pause.on


def test_a_pause_survives_a_restart_and_ends_in_time(tmp_path: Path) -> None:
    home = Home(tmp_path, signals([], seconds=1.0), live=True)
    home.command("pause", patient=True, minutes=10)
    again = Home(tmp_path, signals([], seconds=1.0), live=True)
    assert again.pause.on
    again.clock.time += 601
    assert not again.pause.on


def test_a_damaged_pause_file_keeps_the_camera_off(tmp_path: Path) -> None:
    (tmp_path / "pause.json").write_text("{")
    assert Home(tmp_path, signals([], seconds=1.0), live=True).pause.on
