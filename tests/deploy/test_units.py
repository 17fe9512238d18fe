"""The systemd units: valid, and hardened as far as systemd itself rates it."""

import re
import subprocess
from pathlib import Path

import pytest

from support.require import require

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "systemd"
SERVICES = sorted(FOLDER.glob("*.service"))
UNITS = [*SERVICES, *sorted(FOLDER.glob("*.timer"))]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_is_valid(unit: Path, tmp_path: Path) -> None:
    program = require("systemd-analyze")
    for other in UNITS:
        # What it starts is not installed here; verify wants an existing program.
        text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", other.read_text(), flags=re.MULTILINE)
        (tmp_path / other.name).write_text(text)
    done = subprocess.run(
        [program, "verify", "--man=no", str(tmp_path / unit.name)], capture_output=True, text=True, check=False
    )
    complaints = [line for line in done.stderr.splitlines() if "spasmwatch" in line]
    assert (done.returncode, complaints) == (0, [])


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_a_service_is_rated_three_or_better(unit: Path) -> None:
    command = [require("systemd-analyze"), "security", "--offline=true", "--no-pager", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    rating = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)
    assert rating, done.stderr
    assert float(rating[1]) <= 3.0


@pytest.mark.parametrize("name", ["spasmwatch", "spasmwatch-edge"])
def test_a_program_that_hangs_or_fails_is_started_again(name: str) -> None:
    text = (FOLDER / f"{name}.service").read_text()
    for line in ("Type=notify", "WatchdogSec=60", "Restart=always", "StartLimitIntervalSec=0"):
        assert f"\n{line}\n" in text
