"""A replayed trace gives exactly what the live run gave; traces are off by default, private and expire."""

import gzip
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from spasmwatch.domain.detection.detector import Detector
from spasmwatch.domain.detection.signals import FrameSignals
from spasmwatch.domain.records import Spasm
from spasmwatch.errors import SourceError
from spasmwatch_edge.reports import moment
from spasmwatch_edge.traces import TraceKeeper, replay
from support.faces import Act, signals

from .test_service import SPASM, Home

LATE = [
    Act(5.0, 5.2, close_left=0.95, close_right=0.95),
    Act(46.0, 46.25, close_left=0.7, mouth_left=0.08),
    Act(46.5, 46.8, close_left=0.7, mouth_left=0.08),
]


def traced(folder: Path, acts: list[Act], seconds: float) -> Home:
    home = Home(folder, signals(acts, seconds=seconds), live=False, traces_days=1.0)
    home.service.run()
    return home


def test_replaying_a_trace_gives_exactly_the_live_result(tmp_path: Path) -> None:
    home = traced(tmp_path, LATE, 52.0)
    live = [record for record in home.outbox.of(Spasm) if record.phase == "end"]
    (trace,) = (tmp_path / "traces").glob("*.trace")
    (found,) = replay(trace)
    (record,) = live
    assert found.start == pytest.approx(record.start.timestamp(), abs=1e-6)
    assert found.end == pytest.approx(record.end.timestamp(), abs=1e-6)
    same = ("kind", "side", "regions", "bursts", "intensity", "confidence", "closed_s")
    assert [getattr(found, name) for name in same] == [getattr(record, name) for name in same]


def test_after_the_clock_was_set_a_trace_bears_the_time_of_its_record(tmp_path: Path) -> None:
    home = Home(tmp_path, signals(SPASM, seconds=12.0), live=True, traces_days=1.0, moved=7200.0)
    home.service.run()
    (record,) = [record for record in home.outbox.of(Spasm) if record.phase == "end"]
    (trace,) = (tmp_path / "traces").glob("*.trace")
    assert trace.stem == f"{record.start:%Y%m%dT%H%M%S%f}"
    (found,) = replay(trace)
    assert (moment(found.start), moment(found.end)) == (record.start, record.end)
    content = json.loads(gzip.decompress(trace.read_bytes()))
    del content["moved_s"]
    trace.write_bytes(gzip.compress(json.dumps(content).encode()))
    (earlier,) = replay(trace)
    assert found.start - earlier.start == pytest.approx(7200.0)


def test_analyze_replays_a_trace(tmp_path: Path) -> None:
    traced(tmp_path, SPASM, 12.0)
    (trace,) = (tmp_path / "traces").glob("*.trace")
    command = [sys.executable, "-m", "spasmwatch", "analyze", "--replay", str(trace)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(done.stdout)["kind"] == "hemifacial"


def test_without_the_setting_no_trace_is_kept(tmp_path: Path) -> None:
    home = Home(tmp_path, signals(SPASM, seconds=12.0), live=False)
    home.service.run()
    assert not (tmp_path / "traces").exists()


def test_traces_are_for_this_user_alone_and_expire(tmp_path: Path) -> None:
    folder = tmp_path / "traces"
    folder.mkdir()
    old = folder / "old.trace"
    old.write_bytes(b"")
    os.utime(old, (time.time() - 90_000, time.time() - 90_000))
    traced(tmp_path, SPASM, 12.0)
    (kept,) = folder.iterdir()
    assert kept != old
    assert kept.stat().st_mode & 0o077 == 0


def test_traces_expire_also_when_no_spasm_follows_and_all_when_switched_off(tmp_path: Path) -> None:
    old, young = tmp_path / "old.trace", tmp_path / "young.trace"
    for path, age in ((old, 90_000), (young, 80_000)):
        path.write_bytes(b"")
        os.utime(path, (time.time() - age, time.time() - age))
    detector = Detector()
    keeper = TraceKeeper(tmp_path, 1.0, detector)
    assert [path.name for path in tmp_path.iterdir()] == ["young.trace"]
    os.utime(young, (time.time() - 90_000, time.time() - 90_000))
    for frame in (FrameSignals(0.0, None), FrameSignals(3601.0, None)):
        keeper.feed(frame, detector.update(frame))
    assert list(tmp_path.iterdir()) == []
    young.write_bytes(b"")
    TraceKeeper(tmp_path, 0.0, detector)
    assert list(tmp_path.iterdir()) == []


def test_a_trace_that_begins_while_nothing_moves_has_the_face_that_stands_still(tmp_path: Path) -> None:
    frames = signals(LATE, seconds=52.0)
    still = [
        replace(frame, face=frames[0].face, repeated=True) if frame.time % 1.0 > 0 and frame.time < 44 else frame
        for frame in frames
    ]
    detector, live = Detector(), []
    keeper = TraceKeeper(tmp_path, 1.0, detector)
    for frame in still:
        found = detector.update(frame)
        keeper.feed(frame, found)
        live += found
    (trace,) = tmp_path.glob("*.trace")
    assert list(replay(trace)) == live[-1:]


def test_a_spasm_that_the_end_of_the_run_cuts_off_is_replayed_too(tmp_path: Path) -> None:
    home = traced(tmp_path, [Act(6.0, 20.0, close_left=0.8, mouth_left=0.08)], 10.0)
    (record,) = [record for record in home.outbox.of(Spasm) if record.phase == "end"]
    (trace,) = (tmp_path / "traces").glob("*.trace")
    (found,) = replay(trace)
    assert found.end == pytest.approx(record.end.timestamp(), abs=1e-6)


def test_unrest_for_hours_fills_no_memory(tmp_path: Path) -> None:
    detector = Detector()
    keeper = TraceKeeper(tmp_path, 1.0, detector)
    for frame in signals([Act(5.0, 5000.0, close_left=0.9, close_right=0.9)], seconds=2000.0, fps=5.0):
        keeper.feed(frame, [])
        detector.update(frame)
    assert sum(len(part) for _, part in keeper._parts) <= 910 * 5


@pytest.mark.parametrize("content", [b"", b"no trace", b"\x1f\x8b"], ids=["empty", "text", "cut short"])
def test_a_file_that_is_no_trace_is_one_clear_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.trace"
    path.write_bytes(content)
    with pytest.raises(SourceError, match="not a trace"):
        list(replay(path))


def test_keeping_traces_does_not_grow_with_time(tmp_path: Path) -> None:
    detector = Detector()
    keeper = TraceKeeper(tmp_path, 1.0, detector)
    for frame in signals([], seconds=100.0, fps=10.0):
        keeper.feed(frame, detector.update(frame))
    assert sum(len(part) for _, part in keeper._parts) <= 2 * 15 * 10 + 2


def test_a_trace_of_an_earlier_version_is_refused_by_name(tmp_path: Path) -> None:
    traced(tmp_path, SPASM, 12.0)
    (trace,) = (tmp_path / "traces").glob("*.trace")
    content = json.loads(gzip.decompress(trace.read_bytes())) | {"schema": "trace/1.0"}
    trace.write_bytes(gzip.compress(json.dumps(content).encode()))
    with pytest.raises(SourceError, match=r"trace/1\.0 of another version; only trace/2"):
        list(replay(trace))
