"""Fixtures for every room."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from spasmwatch.settings.mqtt import Mqtt
from support.servers import mosquitto


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """The development material beside the checkout; tests that need it are left out where it is absent."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("the folder ../shared with development clips is not here")
    return folder


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mqtt]:
    """Settings of a real Mosquitto that this test has to itself."""
    with mosquitto(tmp_path) as port:
        yield Mqtt(port=port)
