"""Every dependency exists as a wheel for a 64-bit Raspberry Pi, so that nothing is compiled there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements/demo.lock", "deploy/pi/picamera2.lock")
BOOKWORM = "aarch64-manylinux_2_36"
"""Raspberry Pi OS Bookworm has glibc 2.36."""


@pytest.mark.parametrize("version", ["3.11", "3.13"])
@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_dependency_has_a_wheel_for_the_pi(lock: str, version: str, tmp_path: Path) -> None:
    command = [
        sys.executable, "-m", "uv", "pip", "install", "--dry-run", "--no-deps", "--only-binary", ":all:",
        "--require-hashes", "--python-platform", BOOKWORM, "--python-version", version, "--target", str(tmp_path),
        "-r", str(ROOT / lock),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and "connect" in done.stderr.lower() and os.environ.get("CI") != "true":
        pytest.skip("no package index in reach")
    assert done.returncode == 0, done.stderr
    assert "Would install" in done.stderr
