"""A power cut: what the operating system had not yet written is gone, what `add` returned is not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from spasmwatch.adapters.outbox import DiskOutbox
from spasmwatch.domain.parsing import parse
from spasmwatch.settings.outbox import OutboxSettings
from support.require import require

PRODUCER = """
import sys
from datetime import timedelta
from pathlib import Path
from spasmwatch.adapters.outbox import DiskOutbox
from spasmwatch.settings.outbox import OutboxSettings
from support import make

outbox = DiskOutbox(Path(sys.argv[1]), home="home", node="cam1", settings=OutboxSettings())
if sys.argv[2] == "careless":
    outbox._base.execute("PRAGMA synchronous=OFF")
for n in range(1000):
    print(outbox.add(make.spasm(make.START + timedelta(minutes=n))).id, flush=True)
"""


@pytest.fixture(scope="module")
def synced_only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shim, compiled."""
    library = tmp_path_factory.mktemp("shim") / "synced_only.so"
    source = Path(__file__).parents[1] / "support" / "synced_only.c"
    subprocess.run([require("cc"), "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


def survivors(folder: Path, shim: Path, manner: str, kept: int) -> tuple[list[str], list[str]]:
    """Ids that a producer was told to be safe before the cut, and those on the disk after it."""
    disk = folder / "disk"
    disk.mkdir()
    environment = {**os.environ, "LD_PRELOAD": str(shim), "SYNCED_FOLDER": str(disk)}
    environment["PYTHONPATH"] = str(Path(__file__).parents[1])
    command = [sys.executable, "-c", PRODUCER, str(folder / "cam1.sqlite"), manner]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        promised = [process.stdout.readline().strip() for _ in range(kept)]
        process.kill()
    outbox = DiskOutbox(disk / "cam1.sqlite", home="home", node="cam1", settings=OutboxSettings())
    found = [parse(item.payload).id for item in outbox.due(2000)]
    outbox.close()
    return promised, found


def test_a_power_cut_loses_no_record_that_was_given_to_the_outbox(tmp_path: Path, synced_only: Path) -> None:
    promised, found = survivors(tmp_path, synced_only, "as it is", 30)
    assert promised == found[: len(promised)]


def test_without_syncing_records_would_be_lost(tmp_path: Path, synced_only: Path) -> None:
    promised, found = survivors(tmp_path, synced_only, "careless", 30)
    assert len(found) < len(promised)
