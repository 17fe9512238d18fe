"""A home as `spasmwatch init` lays it down, and its broker running the shipped configuration."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.home import HomeBroker, running_home_broker
from spasmwatch.cli import main

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
    with running_home_broker(laid_home, tmp_path_factory.mktemp("broker")) as broker:
        yield broker
