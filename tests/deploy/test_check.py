"""`spasmwatch check`: what works is said, what does not is said with what to do, and nothing is kept."""

import json
import os
from pathlib import Path

import pytest

from spasmwatch.cli import main
from spasmwatch.domain.detection.signals import FaceSignals
from spasmwatch.settings.mqtt import Mqtt
from spasmwatch.setup.authority import Authority
from spasmwatch_edge import machine
from spasmwatch_edge.checks import judge
from support.servers import free_port


@pytest.fixture(autouse=True)
def _a_machine_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SPASMWATCH_") and "MODEL" not in name]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(machine, "clock_synchronised", lambda: True)
    monkeypatch.setattr(machine, "temperature", lambda: 55.0)
    monkeypatch.setattr(machine, "throttled", lambda: False)


def _settings(folder: Path, port: int, more: str = "") -> str:
    file = folder / "spasmwatch.toml"
    file.write_text(f'[home]\ndata = "{folder}/data"\n[mqtt]\nport = {port}\n{more}')
    return str(file)


def _check(
    capsys: pytest.CaptureFixture[str], settings: str, *options: str
) -> tuple[int, dict[str, dict[str, object]]]:
    status = main(["check", "--json", "--settings", settings, *options])
    findings = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return status, {finding["what"]: finding for finding in findings}


def test_a_home_in_order_passes(broker: Mqtt, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, found = _check(capsys, _settings(tmp_path, broker.port))
    assert status == 0, found
    assert {"data", "disk", "broker", "store", "model", "clock", "enrolment"} <= found.keys()
    assert found["broker"]["fine"] is True
    assert found["enrolment"]["fine"] is None


def test_what_does_not_work_is_said_with_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spasmwatch.setup.check.CONNECT_S", 0.5)
    monkeypatch.setattr(machine, "clock_synchronised", lambda: False)
    monkeypatch.setattr(machine, "throttled", lambda: True)
    monkeypatch.setattr("spasmwatch.setup.check.ENOUGH_DISK_MB", 1e12)
    status, found = _check(capsys, _settings(tmp_path, free_port()))
    assert status == 1
    failed = {name for name, finding in found.items() if finding["fine"] is False}
    assert failed == {"disk", "broker", "clock", "power"}
    assert "mqtt.host" in str(found["broker"]["says"])


def test_a_certificate_that_ends_soon_is_told(broker: Mqtt, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from datetime import UTC, datetime, timedelta

    long_ago = Authority(tmp_path / "ca", "home", datetime.now(UTC) - timedelta(days=800))
    long_ago.issue(tmp_path / "keys", "diary", hosts=("localhost",))
    pages = f'[diary]\ncertificate_file = "{tmp_path}/keys/own.crt"\nkey_file = "{tmp_path}/keys/own.key"\n'
    status, found = _check(capsys, _settings(tmp_path, broker.port, pages))
    assert status == 1
    assert "spasmwatch init" in str(found["certificate"]["says"])


def test_the_camera_is_looked_through_and_no_picture_stays(
    broker: Mqtt, tmp_path: Path, shared_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = shared_folder / "clips" / "d01_hfs_left.mp4"
    camera = f'[camera]\nsource = "{clip}"\n'
    status, found = _check(capsys, _settings(tmp_path, broker.port, camera), "--camera", "--consent")
    assert status == 0, found
    assert "25.0 pictures a second" in str(found["camera"]["says"])
    assert found["face"]["fine"] is True
    assert not [path for path in (tmp_path / "data").rglob("*") if path.is_file()]


def test_the_camera_stays_shut_without_consent(
    broker: Mqtt, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, found = _check(capsys, _settings(tmp_path, broker.port, '[camera]\nsource = "simulator"\n'), "--camera")
    assert status == 1
    assert "consent" in str(found["edge"]["says"])
    assert "camera" not in found


def test_a_camera_that_is_not_there_is_one_line(
    broker: Mqtt, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = _settings(tmp_path, broker.port, '[camera]\nsource = "usb:9"\n')
    status, found = _check(capsys, settings, "--camera", "--consent")
    assert status == 1
    assert found["edge"]["fine"] is False


def _face(**values: float) -> FaceSignals:
    face = FaceSignals.__new__(FaceSignals)
    for name, value in {"eye_distance": 60.0, "light": 120.0, "sharpness": 0.2, **values}.items():
        object.__setattr__(face, name, value)
    return face


@pytest.mark.parametrize(
    ("what", "values"),
    [("distance", {"eye_distance": 9.0}), ("light", {"light": 5.0}), ("sharpness", {"sharpness": 0.001})],
)
def test_a_picture_that_shows_too_little_is_told(what: str, values: dict[str, float]) -> None:
    times = [number / 25 for number in range(50)]
    fine = {finding.what: finding.fine for finding in judge(times, [_face()] * 50, "640×480")}
    assert set(fine.values()) == {True}
    found = {finding.what: finding.fine for finding in judge(times, [_face(**values)] * 50, "640×480")}
    assert [name for name, good in found.items() if not good] == [what]


def test_a_slow_or_dead_camera_is_told() -> None:
    (dead,) = judge([], [], "")
    assert dead.fine is False
    slow, nobody = judge([number / 5 for number in range(25)], [], "640×480")
    assert slow.fine is False
    assert nobody.fine is None
