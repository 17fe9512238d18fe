"""A home as `spasmwatch init` lays it down, and its broker running the shipped configuration."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.home import SHIPPED, HomeBroker
from spasmwatch.cli import main
from support.require import require
from support.servers import free_port, running

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def laid_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `init` has run, with two cameras. Tests must not change it."""
    folder = tmp_path_factory.mktemp("home")
    shutil.copy(ROOT / "docker-compose.yml", folder)
    cameras = ["--camera", "cam1=living room", "--camera", "cam2=kitchen"]
    assert (
        main(["init", "--folder", str(folder), "--timezone", "Europe/Berlin", "--host", "spasmwatch.local", *cameras])
        == 0
    )
    return folder


@pytest.fixture(scope="session")
def home_broker(laid_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HomeBroker]:
    """Mosquitto with the shipped configuration, moved to a free port of loopback."""
    folder = tmp_path_factory.mktemp("broker")
    shutil.copytree(laid_home / "var" / "mosquitto", folder, dirs_exist_ok=True)
    port = free_port()
    text = SHIPPED.read_text(encoding="utf-8").replace("listener 8883", f"listener {port} 127.0.0.1")
    if os.getuid() == 0:
        # Started by root, Mosquitto would become a user who cannot read this test's folder.
        text += "user root\n"
    (folder / "mosquitto.conf").write_text(text)
    command = [require("mosquitto"), "-c", "mosquitto.conf"]
    with running(command, port, folder / "log", folder=folder):
        yield HomeBroker(port, laid_home / "var")
