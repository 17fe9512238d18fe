"""The whole chain in one command: camera program, broker, recorder, alerts and page, over real MQTT."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from support.servers import free_port
from support.wait import until


def demo(*arguments: str, timeout: float = 150) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "spasmwatch", "demo", "--no-browser", "--json", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)


@contextmanager
def running_demo(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "spasmwatch", "demo", "--no-browser", "--json", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def summary_of(ended: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert ended.returncode == 0, ended.stderr
    summary: dict[str, Any] = json.loads(ended.stdout)
    return summary


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_a_recording_goes_from_the_camera_to_the_store(shared_folder: Path) -> None:
    summary = summary_of(demo("--video", str(shared_folder / "clips" / "d01_hfs_left.mp4"), "--speed", "max"))
    assert summary["spasms"]["hemifacial"]["left"] >= 3
    assert summary["stored"] == summary["published"]
    assert summary["observed_s"] > 30


def test_the_simulator_shows_every_kind_and_an_escalation_is_pushed() -> None:
    port = free_port()
    with running_demo("--duration", "75", "--port", str(port)) as process:
        until(lambda: answers(f"http://127.0.0.1:{port}/"), timeout=40, what="the page answering 200")
        printed, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    summary = json.loads(printed)
    assert set(summary["spasms"]) >= {"hemifacial", "blepharospasm", "tic"}
    assert any(alert["rule"] == "escalation" for alert in summary["alerts"])
    assert summary["stored"] == summary["published"]
    assert summary["pushes_delivered"] >= 1


def test_ctrl_c_ends_it_cleanly_with_everything_stored(tmp_path: Path) -> None:
    port = free_port()
    with running_demo("--port", str(port), "--data", str(tmp_path / "kept")) as process:
        until(lambda: answers(f"http://127.0.0.1:{port}/"), timeout=40, what="the page answering 200")
        process.send_signal(signal.SIGINT)
        printed, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert "Traceback" not in said
    summary = json.loads(printed)
    assert summary["stored"] == summary["published"]
    children = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(tmp_path) not in children, "a program of the demo is still running"


@pytest.fixture
def videos(tmp_path: Path) -> dict[str, Path]:
    empty, corrupt = tmp_path / "empty.mp4", tmp_path / "corrupt.mp4"
    empty.touch()
    corrupt.write_bytes(os.urandom(50_000))
    # A name that TOML cannot take as JSON would write it.
    wall = tmp_path / "wall \U0001f9f1.avi"
    writer = cv2.VideoWriter(str(wall), cv2.VideoWriter.fourcc(*"MJPG"), 25.0, (160, 120))
    for _ in range(10):
        writer.write(np.full((120, 160, 3), 90, np.uint8))
    writer.release()
    return {"missing": tmp_path / "missing.mp4", "empty": empty, "corrupt": corrupt, "without a face": wall}


@pytest.mark.parametrize("kind", ["missing", "empty", "corrupt", "without a face"])
def test_a_video_that_cannot_be_read_is_one_clear_line(kind: str, videos: dict[str, Path], tmp_path: Path) -> None:
    ended = demo("--video", str(videos[kind]), "--speed", "max")
    assert ended.returncode == 1
    assert ended.stdout == ""
    lines = [line for line in ended.stderr.splitlines() if line.startswith("spasmwatch: ")]
    assert len(lines) == 1
    assert videos[kind].name in lines[0]
    assert "Traceback" not in ended.stderr


def test_a_port_in_use_is_one_clear_line() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = demo("--port", str(taken.getsockname()[1]))
    assert ended.returncode == 1
    assert "is in use" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
