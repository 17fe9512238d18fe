"""The recorder as its own process between a real Mosquitto and a real file."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from spasmwatch.adapters.courier import Courier
from spasmwatch.adapters.mqtt import MqttBus
from spasmwatch.adapters.outbox import DiskOutbox
from spasmwatch.adapters.sqlite_store import SqliteStore
from spasmwatch.domain.topics import Topics
from spasmwatch.settings.mqtt import Mqtt
from spasmwatch.settings.outbox import OutboxSettings
from support import make
from support.wait import until

TOPICS = Topics("spasmwatch", "home")


@pytest.fixture
def recorder(broker: Mqtt, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    settings = tmp_path / "spasmwatch.toml"
    settings.write_text(f'[home]\ndata = "{tmp_path}/data"\n[mqtt]\nport = {broker.port}\n')
    command = [sys.executable, "-m", "spasmwatch", "recorder", "--settings", str(settings)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


def test_a_record_travels_from_the_outbox_to_the_file_and_the_receipt_empties_the_outbox(
    recorder: subprocess.Popen[bytes], broker: Mqtt, tmp_path: Path
) -> None:
    bus = MqttBus(broker, TOPICS, client="cam1", node="cam1")
    outbox = DiskOutbox(tmp_path / "cam1.sqlite", home="home", node="cam1", settings=OutboxSettings(resend_after_s=1))
    courier = Courier(outbox, bus, TOPICS, "cam1", OutboxSettings(resend_after_s=1))
    spasm = outbox.add(make.spasm())
    until(lambda: outbox.depth() == 0, timeout=40)
    for resource in (courier, bus, outbox):
        resource.close()
    store = SqliteStore(tmp_path / "data" / "store.sqlite", home="home", timezone="UTC", readonly=True)
    assert list(store.everything("spasm")) == [spasm]
    recorder.send_signal(signal.SIGTERM)
    assert recorder.wait(30) == 0
    healths = [record.state for record in store.everything("health")]  # type: ignore[attr-defined]
    assert healths[0] == "running"
    store.close()
