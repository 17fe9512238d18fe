"""The guided tasks at the device, done by a made-up person who hears what is said."""

import functools
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spasmwatch.domain.detection.signals import FrameSignals
from spasmwatch.errors import SpasmWatchError, UsageError
from spasmwatch.settings import Settings
from spasmwatch_edge import guided, wiring
from spasmwatch_edge.identity import load_enrolment
from spasmwatch_edge.placement import Placement, load_placement
from support.faces import Act, signals

ANSWER_AFTER_S, ANSWER_FOR_S, BETWEEN_S = 0.5, 2.0, 0.8
PICTURE = np.zeros((4, 4, 3), np.uint8)


@functools.cache
def streams(seconds: float, fps: float) -> dict[str, list[FrameSignals]]:
    """The same frames with open eyes, and with one of them shut all the time."""
    acts = {"open": [], "left": [Act(-1.0, 1e9, close_left=0.9)], "right": [Act(-1.0, 1e9, close_right=0.9)]}
    return {name: signals(act, seconds=seconds, fps=fps) for name, act in acts.items()}


@dataclass
class Sitter:
    """A person before a camera: source, `say`, and what the patched models see.

    ``shuts``: the eyes that really close after each question, asked for or by a spasm, e.g. ``left`` or ``right left``.
    ``mirrored``: the stream. ``face``: what is unusual about every frame's FaceSignals. ``faces``: how many people are
    in view, ``mistaken`` shows one more in every second look. ``speech_s``: how long each line is spoken, while nobody
    takes the frames.
    """

    shuts: Sequence[str] = ()
    mirrored: bool = False
    fps: float = 25.0
    seconds: float = 60.0
    face: dict[str, Any] = field(default_factory=dict)
    faces: int = 1
    mistaken: bool = False
    speech_s: float = 0.0
    said: list[str] = field(default_factory=list)
    now: float = 0.0

    def __post_init__(self) -> None:
        self._answers: list[tuple[float, str]] = []
        self._looks = 0
        self._to_come = list(self.shuts)
        self._streams = streams(self.seconds, self.fps)

    def say(self, line: str) -> None:
        self.said.append(line)
        self.now += self.speech_s
        if "keep it closed" in line and self._to_come:
            for number, eye in enumerate(self._to_come.pop(0).split()):
                self._answers.append((self.now + ANSWER_AFTER_S + number * (ANSWER_FOR_S + BETWEEN_S), eye))

    def frames(self) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        for frame in self._streams["open"]:
            if frame.time >= self.now:
                self.now = frame.time
                yield frame.time, PICTURE

    def close(self) -> None:
        pass

    def look(self, time: float, _: NDArray[np.uint8]) -> FrameSignals:
        """Stands in for Vision's."""
        shut = next((eye for began, eye in self._answers if began <= time < began + ANSWER_FOR_S), "open")
        if self.mirrored:
            shut = {"left": "right", "right": "left"}.get(shut, shut)
        frame = self._streams[shut][round(time * self.fps)]
        assert frame.face is not None
        return replace(frame, face=replace(frame.face, **self.face))

    def find_all(self, _: NDArray[np.uint8]) -> list[None]:
        """Stands in for FaceMesh's."""
        self._looks += 1
        return [None] * (2 if self.mistaken and self._looks % 2 else self.faces)

    def questions(self) -> list[str]:
        """The eyes that were asked for."""
        return ["left" if "left eye" in line else "right" for line in self.said if "keep it closed" in line]


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Runs `place` with a Sitter."""

    def run(sitter: Sitter) -> Placement:
        monkeypatch.setattr(guided, "FaceMesh", lambda: sitter)
        monkeypatch.setattr(guided, "Anybody", lambda _: type("Anyone", (), {"find": None}))
        monkeypatch.setattr(guided, "Vision", lambda _: sitter)
        return guided.place(sitter, "usb:0", tmp_path, sitter.say)

    return run


@pytest.mark.parametrize("mirrored", [False, True])
def test_closing_left_then_right_tells_whether_the_stream_is_mirrored(
    place: Any, tmp_path: Path, mirrored: bool
) -> None:
    sitter = Sitter(shuts=["left", "right"], mirrored=mirrored)
    assert place(sitter) == Placement(mirrored, side_verified=True, camera="usb:0")
    assert load_placement(tmp_path, "usb:0").mirrored is mirrored
    assert sitter.questions() == ["left", "right"]
    assert "close your left eye" in sitter.said[1]
    assert sitter.now < 15.0


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_spasm_of_the_other_eye_does_not_mirror_the_stream(place: Any, mirrored: bool) -> None:
    sitter = Sitter(shuts=["right", "right", "left", "right"], mirrored=mirrored)
    assert place(sitter).mirrored is mirrored
    assert sitter.questions() == ["left", "right"] * 2
    assert any("same eye" in line for line in sitter.said)


def test_one_who_obeys_after_the_spasm_does_not_answer_the_next_question(place: Any) -> None:
    sitter = Sitter(shuts=["right left", "right", "left", "right"])
    assert not place(sitter).mirrored


def test_answers_that_never_fit_change_nothing(place: Any, tmp_path: Path) -> None:
    with pytest.raises(SpasmWatchError, match="nothing was changed"):
        place(Sitter(shuts=["right"] * 6))
    assert not list(tmp_path.iterdir())


def test_an_eye_that_nobody_closes_changes_nothing(place: Any, tmp_path: Path) -> None:
    with pytest.raises(SpasmWatchError, match="one eye alone close, so nothing was changed"):
        place(Sitter())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("fps", "face", "advised", "allowed"),
    [
        (15.0, {}, "short twitches may be missed", "longer than 0.2 seconds"),
        (25.0, {"eye_distance": 26.0}, "move the camera nearer", "clear spasms only"),
        (25.0, {"light": 40.0}, "put a lamp", "dim light: I can see clear spasms only"),
    ],
)
def test_a_place_that_merely_limits_gets_through_and_says_what_it_limits(
    place: Any, fps: float, face: dict[str, float], advised: str, allowed: str
) -> None:
    sitter = Sitter(shuts=["left", "right"], fps=fps, face=face)
    assert place(sitter).side_verified
    assert advised in sitter.said[0]
    before_the_question = sitter.said[
        sitter.said.index("Now close your left eye and keep it closed for two seconds.") - 1
    ]
    assert allowed in before_the_question
    assert 20.0 < sitter.now < 35.0


@pytest.mark.parametrize(
    ("face", "faces", "why"), [({"eye_distance": 10.0}, 1, "too small to watch"), ({}, 2, "more than one face")]
)
def test_a_place_from_which_nothing_can_be_watched_ends_with_an_error(
    place: Any, tmp_path: Path, face: dict[str, float], faces: int, why: str
) -> None:
    sitter = Sitter(fps=10.0, seconds=310.0, face=face, faces=faces)
    with pytest.raises(SpasmWatchError, match=why):
        place(sitter)
    assert sitter.now == pytest.approx(300.0, abs=1.0)
    assert sitter.questions() == []
    assert not list(tmp_path.iterdir())


def test_what_is_mistaken_for_a_second_face_now_and_then_does_not_hold_up(place: Any) -> None:
    sitter = Sitter(shuts=["left", "right"], face={"eye_distance": 26.0}, mistaken=True)
    assert place(sitter).side_verified
    assert not any("more than one face" in line for line in sitter.said)


def test_a_voice_is_not_taken_for_a_slow_camera(place: Any) -> None:
    sitter = Sitter(shuts=["left", "right"], face={"light": 40.0}, speech_s=4.0)
    assert place(sitter).side_verified
    assert not any("pictures a second: t" in line for line in sitter.said)


class Enrolling:
    """A face that is seen in every frame from ``comes_at`` on and described by the same numbers."""

    eye_distance = 60.0
    landmarks = None

    def __init__(self, comes_at: float = 0.0) -> None:
        self.comes_at, self.time = comes_at, 0.0

    def frames(self) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        for number in range(600):
            self.time = number / 10
            yield self.time, PICTURE

    def close(self) -> None:
        pass

    def process(self, _: NDArray[np.uint8]) -> "Enrolling | None":
        return self if self.time >= self.comes_at else None

    def describe(self, _: NDArray[np.uint8], landmarks: None) -> NDArray[np.float32]:
        description = np.zeros(128, np.float32)
        description[0] = 1.0
        return description


@pytest.fixture
def enrol(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Runs `enrol_person` with a face; returns what was said."""

    def run(face: Enrolling) -> list[str]:
        said: list[str] = []
        monkeypatch.setattr(guided, "FaceMesh", lambda: face)
        monkeypatch.setattr(guided, "FaceRecognizer", lambda: face)
        guided.enrol_person("patient", face, tmp_path, said.append, threading.Event())
        return said

    return run


def test_enrolling_says_each_task_and_keeps_the_descriptions(enrol: Any, tmp_path: Path) -> None:
    face = Enrolling()
    *tasks, last = enrol(face)
    assert tasks == [f"Please {task}." for task in guided.TASKS]
    assert "patient is enrolled" in last
    assert face.time < 20.0
    enrolment = load_enrolment(tmp_path, "patient")
    assert enrolment is not None
    assert enrolment.similarity(face.describe(PICTURE, None)) == pytest.approx(1.0)


def test_enrolling_says_when_it_sees_no_face(enrol: Any) -> None:
    assert enrol(Enrolling(comes_at=5.0))[1] == "I see no face."


def test_enrolling_keeps_nothing_of_somebody_who_never_comes(enrol: Any, tmp_path: Path) -> None:
    with pytest.raises(SpasmWatchError, match="usable views"):
        enrol(Enrolling(comes_at=1e9))
    assert not list(tmp_path.iterdir())


def test_without_a_terminal_consent_has_to_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    with pytest.raises(UsageError, match="consent is needed"):
        guided.ask_consent(given=False)
    assert guided.ask_consent(given=True) is None  # type: ignore[func-returns-value]


@pytest.mark.parametrize(("answer", "agrees"), [("yes", True), (" Y ", True), ("no", False), ("", False)])
def test_at_a_terminal_the_person_is_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], answer: str, agrees: bool
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _: answer)
    try:
        guided.ask_consent(given=False)
        agreed = True
    except UsageError:
        agreed = False
    assert agreed is agrees
    assert "No picture is stored or sent" in capsys.readouterr().out


@pytest.mark.parametrize("demo", [False, True])
def test_without_enrolment_somebody_counts_in_the_demo_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, demo: bool
) -> None:
    monkeypatch.setattr(wiring, "FaceMesh", Enrolling)
    settings = Settings.model_validate({"home": {"data": tmp_path}, "camera": {"demo": demo}})
    if demo:
        find = wiring.find_person(settings)
        assert isinstance(find(0.0, PICTURE), Enrolling)
    else:
        with pytest.raises(SpasmWatchError, match="nobody is enrolled"):
            wiring.find_person(settings)
