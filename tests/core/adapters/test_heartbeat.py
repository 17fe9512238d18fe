"""A program tells systemd and its container that it lives."""

import socket
from pathlib import Path

from spasmwatch.adapters import heartbeat as module
from spasmwatch.adapters.heartbeat import Heartbeat


def test_systemd_hears_that_a_program_is_ready_lives_and_ends(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(5)
        heartbeat = Heartbeat({"NOTIFY_SOCKET": str(tmp_path / "notify")})
        heartbeat.ready()
        heartbeat.ending()
        assert [systemd.recv(100) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]


def test_beats_are_not_sent_more_often_than_needed(tmp_path: Path) -> None:
    file = tmp_path / "alive"
    heartbeat = Heartbeat({"SPASMWATCH_HEARTBEAT": str(file)})
    heartbeat.beat()
    assert file.exists()
    file.unlink()
    heartbeat.beat()
    assert not file.exists()
    heartbeat._last -= module.EVERY_S
    heartbeat.beat()
    assert file.exists()


def test_a_listener_that_is_gone_does_no_harm(tmp_path: Path) -> None:
    gone = Heartbeat({"NOTIFY_SOCKET": str(tmp_path / "gone"), "SPASMWATCH_HEARTBEAT": "/does/not/exist/alive"})
    gone.ready()
    Heartbeat({}).ready()
