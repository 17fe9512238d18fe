"""What the camera program takes of a small machine's memory while it watches the enrolled person."""

import itertools
import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from spasmwatch.settings.mqtt import Mqtt
from spasmwatch_edge.identity import FaceRecognizer, enrol
from spasmwatch_edge.landmark_model import FaceMesh
from spasmwatch_edge.model_file import RECOGNITION
from spasmwatch_edge.sources.recording import Recording
from support.require import require_model
from support.wait import until

AT_MOST_MB = 200


@pytest.fixture
def clip(shared_folder: Path) -> Path:
    return shared_folder / "clips" / "d01_hfs_left.mp4"


@pytest.fixture
def data(clip: Path, tmp_path: Path) -> Path:
    """The folder of a home in which the person of the clip is enrolled."""
    require_model(RECOGNITION)
    mesh, recognizer = FaceMesh(), FaceRecognizer()
    with closing(Recording(clip)) as recording:
        frames = [frame for _, frame in itertools.islice(recording.frames(), 10)]
    faces = [(frame, mesh.process(frame)) for frame in frames]
    views = [recognizer.describe(frame, face.landmarks) for frame, face in faces if face is not None]
    enrol("patient", views).save(tmp_path / "data" / "enrolment")
    return tmp_path / "data"


@pytest.fixture
def edge(broker: Mqtt, clip: Path, data: Path, tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The camera program on the recording, publishing to a real broker."""
    settings = tmp_path / "spasmwatch.toml"
    settings.write_text(
        f"[home]\ndata = {json.dumps(str(data))}\n[mqtt]\nport = {broker.port}\n"
        f'[camera]\nsource = {json.dumps(str(clip))}\nspeed = "max"\nduration_s = 10\n'
    )
    command = [sys.executable, "-m", "spasmwatch", "edge", "--settings", str(settings)]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)
    yield process
    process.terminate()
    try:
        process.wait(timeout=30)
    finally:
        process.kill()


def observed_s(data: Path) -> float:
    """Time in which the person was seen, of all that waits in the outbox."""
    payloads: list[str] = []
    outbox = f"file:{data}/outbox/cam1.sqlite?mode=ro"
    # The outbox may still be in the making.
    with suppress(sqlite3.OperationalError), closing(sqlite3.connect(outbox, uri=True)) as base:
        payloads = [payload for (payload,) in base.execute("SELECT payload FROM pending")]
    return sum(float(json.loads(payload).get("observed_s", 0.0)) for payload in payloads)


def greatest_mb(pid: int) -> float:
    """The most memory that was resident at once since the start of the process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) * 1024 / 1e6


def test_watching_the_enrolled_person_stays_within_the_memory_of_a_small_machine(
    edge: "subprocess.Popen[bytes]", data: Path, tmp_path: Path
) -> None:
    def seen() -> bool:
        assert edge.poll() is None, (tmp_path / "log").read_text()
        return observed_s(data) > 5

    until(seen, 120, "the person to be seen")
    assert greatest_mb(edge.pid) <= AT_MOST_MB
