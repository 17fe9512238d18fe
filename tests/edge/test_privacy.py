"""No picture leaves the camera process: its open files, sockets and what it leaves behind are looked at."""

import gzip
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spasmwatch.settings.mqtt import Mqtt
from support.faces import signals
from support.wait import until

from .test_service import SPASM, Home

MAGIC = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF", b"ftyp", b"\x1aE\xdf\xa3", b"GIF8", b"BM6")


@pytest.fixture
def edge(broker: Mqtt, tmp_path: Path) -> Iterator[tuple["subprocess.Popen[bytes]", Path]]:
    """The camera program on the simulator, publishing to a real broker and keeping traces."""
    data = tmp_path / "data"
    settings = tmp_path / "spasmwatch.toml"
    settings.write_text(
        f"[home]\ndata = {json.dumps(str(data))}\n[mqtt]\nport = {broker.port}\n"
        '[camera]\nsource = "simulator"\ndemo = true\nduration_s = 6\ntraces_days = 1\n'
    )
    command = [sys.executable, "-m", "spasmwatch", "edge", "--settings", str(settings)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    yield process, data
    process.terminate()
    process.communicate(timeout=30)


def open_paths(pid: int) -> set[str]:
    """Files that the process has open for writing, by path."""
    found = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(entry.readlink())
            flags = int(Path(f"/proc/{pid}/fdinfo/{entry.name}").read_text().split("flags:")[1].split()[0], 8)
        except OSError:
            continue
        if target.startswith("/") and flags & (os.O_WRONLY | os.O_RDWR):
            found.add(target)
    return found


def shared_memory(pid: int) -> set[str]:
    """Files and other memory that the process writes to and that others can see, by path."""
    lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    return {
        line.split(maxsplit=5)[5] for line in lines if line.split()[1].startswith("rw") and line.split()[1][3] == "s"
    }


def connections(pid: int) -> tuple[set[tuple[str, int]], set[int]]:
    """Remote ends of the process's connections (address as the kernel writes it, port), and its own ports."""
    inodes = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(entry.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    remote, local = set(), set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[9] in inodes:
                address, port = fields[2].split(":")
                remote.add((address, int(port, 16)))
                local.add(int(fields[1].split(":")[1], 16))
    return {(address, port) for address, port in remote if port}, local


def check_traces(traces: list[Path]) -> None:
    """They are of a size that numbers need, and apart from a few names they hold numbers only."""
    for trace in traces:
        assert trace.suffix == ".trace"
        text = gzip.decompress(trace.read_bytes())
        content = json.loads(text)
        words = {content.pop("schema"), *content.pop("detector").values()}
        assert max(map(len, words)) < 40
        assert len(text) < 20_000 + 2000 * len(content["frames"]), "larger than the numbers of its frames"
        assert {type(one) for one in leaves(content)} <= {int, float, bool, type(None)}


def leaves(content: Any) -> Iterator[Any]:
    """All values that are no list or object."""
    if isinstance(content, dict | list):
        for one in content.values() if isinstance(content, dict) else content:
            yield from leaves(one)
    else:
        yield content


def test_the_camera_program_opens_nothing_that_could_take_a_picture_away(
    edge: tuple["subprocess.Popen[bytes]", Path], broker: Mqtt
) -> None:
    process, data = edge
    written: set[str] = set()
    talked_to: set[tuple[str, int]] = set()
    own_ports: set[int] = set()

    def ended() -> bool:
        if process.poll() is not None:
            return True
        written.update(open_paths(process.pid) | shared_memory(process.pid))
        remote, local = connections(process.pid)
        talked_to.update(remote)
        own_ports.update(local)
        return False

    until(ended, 120, "the simulated recording to end")
    assert process.returncode == 0
    allowed = (str(data / "outbox"), str(data / "traces"), "/dev/null", "/proc/")
    assert {path for path in written if not path.startswith(allowed)} == set()
    # A look may fall between the making of the two ends of a connection to itself (the MQTT client has one).
    assert {(address, port) for address, port in talked_to if port not in own_ports} == {("0100007F", broker.port)}
    left = [path for path in data.rglob("*") if path.is_file()]
    assert left
    for path in left:
        content = path.read_bytes()
        assert not any(magic in content for magic in MAGIC[:2]), path
        assert content[:4] not in MAGIC, path

    # On a busy machine the simulator drops too many pictures for a spasm to be seen.
    check_traces([path for path in left if path.parent.name == "traces"])
    with sqlite3.connect(next((data / "outbox").glob("*.sqlite"))) as base:
        sizes = [len(payload) for (payload,) in base.execute("SELECT payload FROM pending")]
    assert max(sizes) < 2048, "a record is large enough to hold a picture"


def test_a_run_that_keeps_traces_writes_them_and_the_prior_and_they_hold_numbers_only(tmp_path: Path) -> None:
    home = Home(tmp_path, signals(SPASM, seconds=12.0), live=True, traces_days=1.0)
    home.service.run()
    prior = tmp_path / "prior.json"
    assert prior.stat().st_size < 8192, "it is large enough to hold a picture"
    written = [path for path in tmp_path.rglob("*") if path.is_file() and path != prior]
    assert len(written) == 1
    check_traces(written)
