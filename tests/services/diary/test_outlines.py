"""The outline of the face around a spasm comes from the traces that the camera program keeps; numbers, no picture."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from spasmwatch.domain.detection.detector import Detector
from spasmwatch.domain.detection.signals import FrameSignals
from spasmwatch.domain.records import Spasm
from spasmwatch_edge.traces import TraceKeeper
from support.diary_house import NOW, TestHome
from support.faces import Act, signals
from support.make import spasm

TWITCH = [Act(5.0, 5.3, close_left=0.8, mouth_left=0.1), Act(5.5, 5.8, close_left=0.8, mouth_left=0.1)]


def _today(frames: list[FrameSignals]) -> list[FrameSignals]:
    return [replace(frame, time=NOW.timestamp() + frame.time) for frame in frames]


@pytest.fixture(params=[0.0, 7200.0], ids=["", "after the clock was set"])
def traced(home: TestHome, request: pytest.FixtureRequest) -> Spasm:
    """A spasm of which the camera program has kept a trace; its record was moved by a microsecond."""
    moved: float = request.param
    detector = Detector()
    keeper = TraceKeeper(home.house.settings.home.data / "traces", 1.0, detector)
    findings = []
    for frame in _today(signals(TWITCH, seconds=9.0)):
        found = detector.update(frame)
        keeper.feed(frame, found, moved)
        findings += found
    (finding,) = findings
    start = datetime.fromtimestamp(finding.start + moved, UTC) + timedelta(microseconds=1)
    home.clock.moment = start + timedelta(minutes=1)
    return Spasm.model_validate(home.hear(spasm(start, finding.end - finding.start)).model_dump())


def address(one: Spasm) -> str:
    return f"/api/v1/spasms/{one.node}/{one.spasm_id}/outline"


def test_review_replays_the_outline_with_the_eye_closing(home: TestHome, traced: Spasm) -> None:
    caregiver = home.visitor("caregiver")
    assert address(traced) in caregiver.get("/review").text
    moments = caregiver.get(address(traced)).json()
    gaps = {side: [one["face"][side]["gap"] for one in moments if -0.9 < one["t"] < 1.0] for side in ("left", "right")}
    assert min(gaps["left"]) < 0.5 * min(gaps["right"])
    assert moments[0]["t"] < -0.8
    assert moments[-1]["t"] <= 2.5


def test_without_a_trace_there_is_nothing_to_replay(home: TestHome) -> None:
    caregiver = home.visitor("caregiver")
    plain = home.hear(spasm(home.clock.now() - timedelta(minutes=2)))
    assert isinstance(plain, Spasm)
    assert "data-outline" not in caregiver.get("/review").text
    answer = caregiver.get(address(plain))
    assert (answer.status_code, answer.json()["detail"]) == (404, "No trace of this spasm is kept.")


@pytest.mark.parametrize("content", [b"", b"no trace", b"\x1f\x8b"], ids=["empty", "text", "cut short"])
def test_a_damaged_trace_is_no_outline_and_breaks_nothing(home: TestHome, traced: Spasm, content: bytes) -> None:
    caregiver = home.visitor("caregiver")
    (file,) = (home.house.settings.home.data / "traces").iterdir()
    file.write_bytes(content)
    assert caregiver.get(address(traced)).status_code == 404


def test_only_who_may_judge_spasms_sees_an_outline(home: TestHome, traced: Spasm) -> None:
    for role, status in (("owner", 200), ("viewer", 403), ("patient", 403)):
        assert home.visitor(role).get(address(traced)).status_code == status, role
    assert home.client().get(address(traced)).status_code == 401
