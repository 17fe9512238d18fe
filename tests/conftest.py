"""Fixtures for every room."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from spasmwatch.settings.mqtt import Mqtt
from support.influx import Engine, influxdb
from support.servers import mosquitto

# How long an example takes says something about the machine, not about the code; timings belong in bench/.
settings.register_profile("spasmwatch", deadline=None)
settings.load_profile("spasmwatch")


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


@pytest.fixture(scope="session")
def influx_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A real InfluxDB engine for the whole run; tests take the fixture ``influx``."""
    with influxdb(tmp_path_factory.mktemp("influx")) as engine:
        yield engine


@pytest.fixture
def influx(influx_server: Engine) -> Engine:
    """The real InfluxDB engine behind its forwarder, with empty buckets: ``influx.settings`` leads there."""
    for database in (influx_server.settings.bucket, influx_server.settings.diary_bucket):
        influx_server.create(database)
    return influx_server
