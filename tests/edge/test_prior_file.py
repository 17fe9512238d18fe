"""What is usual for the person is kept on the device, and begins anew with a treatment or another camera."""

import json
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from spasmwatch.domain.detection.detector import Detector
from spasmwatch.domain.topics import Treated
from spasmwatch.ports import Message
from spasmwatch_edge.prior_file import SAVE_EVERY_S, PriorFile
from support.faces import FACE, Act, signals

NOW = 1_700_000_000.0


def opened(folder: Path, camera: str = "camera 0", now: float = NOW, person: str = "patient") -> PriorFile:
    return PriorFile(folder / "prior.json", person, camera, now)


def treated(at: float) -> Message:
    return Message(
        "spasmwatch/home/diary/treated",
        Treated(at=datetime.fromtimestamp(at, UTC)).payload(),
        retained=True,
        acknowledge=lambda: None,
    )


def test_what_was_learned_is_there_after_a_restart_for_its_own_user_alone(tmp_path: Path) -> None:
    kept = opened(tmp_path)
    kept.prior.learn_open(NOW, FACE)
    kept.save(NOW + 1.0, kept.prior)
    assert opened(tmp_path, now=NOW + 9.0).prior.state() == kept.prior.state()
    assert stat.S_IMODE((tmp_path / "prior.json").stat().st_mode) == 0o600


def test_it_is_saved_now_and_then(tmp_path: Path) -> None:
    kept, detector = opened(tmp_path), Detector()
    assert not kept.keep(NOW + SAVE_EVERY_S - 1.0, detector)
    assert not (tmp_path / "prior.json").exists()
    assert not kept.keep(NOW + SAVE_EVERY_S, detector)
    assert (tmp_path / "prior.json").exists()


def test_another_camera_or_person_begins_a_new_version(tmp_path: Path) -> None:
    kept = opened(tmp_path)
    kept.prior.learn_open(NOW, FACE)
    kept.save(NOW, kept.prior)
    for other in (opened(tmp_path, "camera 1", NOW + 5.0).prior, opened(tmp_path, now=NOW + 5.0, person="ben").prior):
        assert (other.version, other.since, len(other.gap)) == (2, NOW + 5.0, 0)


def test_a_treatment_begins_a_new_version_once(tmp_path: Path) -> None:
    kept = opened(tmp_path)
    detector = Detector(kept.prior)
    kept.hear(treated(NOW - 3600.0))
    assert not kept.keep(NOW + 1.0, detector)
    kept.hear(treated(NOW + 2.0))
    assert kept.keep(NOW + 3.0, detector)
    assert not kept.keep(NOW + 4.0, detector)
    assert (detector.prior.version, detector.prior.since) == (2, NOW + 3.0)
    # The broker says it again after a restart.
    again = opened(tmp_path, now=NOW + 10.0)
    again.hear(treated(NOW + 2.0))
    assert not again.keep(NOW + 11.0, Detector(again.prior))
    assert again.prior.version == 2


def test_a_clock_that_is_behind_begins_one_version_and_not_many(tmp_path: Path) -> None:
    kept = opened(tmp_path)
    detector = Detector(kept.prior)
    kept.hear(treated(NOW + 86400.0))
    assert [kept.keep(NOW + second, detector) for second in (1.0, 2.0, 3.0)] == [True, False, False]
    assert detector.prior.version == 2


def test_it_waits_for_the_end_of_what_is_going_on(tmp_path: Path) -> None:
    kept = opened(tmp_path)
    detector = Detector(kept.prior)
    kept.hear(treated(NOW + 1.0))
    for frame in signals([Act(8.0, 30.0, close_left=0.9, mouth_left=0.1)], seconds=12.0):
        detector.update(frame)
    assert not kept.keep(NOW + 12.0, detector)
    detector.finish()
    assert kept.keep(NOW + 13.0, detector)


def test_a_treatment_that_was_none_changes_nothing(tmp_path: Path) -> None:
    kept = opened(tmp_path)
    kept.hear(treated(NOW + 1.0))
    kept.hear(Message("spasmwatch/home/diary/treated", b"", retained=True, acknowledge=lambda: None))
    assert not kept.keep(NOW + 2.0, Detector(kept.prior))


@pytest.mark.parametrize("damaged", ["", "[]", "{}", '{"version": "x"}', json.dumps({"camera": "camera 0"})])
def test_a_damaged_file_is_learned_anew(tmp_path: Path, damaged: str, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "prior.json").write_text(damaged)
    assert opened(tmp_path).prior.version == 1
    assert "learned anew" in caplog.text


def test_a_message_that_cannot_be_read_changes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    kept = opened(tmp_path)
    kept.hear(Message("spasmwatch/home/diary/treated", b"{}", retained=True, acknowledge=lambda: None))
    assert not kept.keep(NOW + 1.0, Detector(kept.prior))
    assert "ignored" in caplog.text


def test_a_disk_that_takes_nothing_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    kept = PriorFile(tmp_path / "missing" / "prior.json", "patient", "camera 0", NOW)
    kept.save(NOW, kept.prior)
    assert "cannot keep" in caplog.text
