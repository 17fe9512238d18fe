"""The recorder wired as it runs, on a real Mosquitto: its metrics page, two of them side by side, replayed letters."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from spasmwatch.adapters.mqtt import MqttBus
from spasmwatch.adapters.sqlite_store import SqliteStore
from spasmwatch.cli import main
from spasmwatch.domain.records import Health
from spasmwatch.domain.topics import Topics
from spasmwatch.runtime import Program
from spasmwatch.settings import load
from spasmwatch.settings.mqtt import Mqtt
from spasmwatch_services.recorder.__main__ import wire
from support import make
from support.servers import free_port
from support.wait import until

TOPICS = Topics("spasmwatch", "home")


def written(folder: Path, broker: Mqtt, extra: str = "") -> Path:
    settings = folder / "spasmwatch.toml"
    settings.write_text(
        f'[home]\ndata = "{folder}/data"\n[mqtt]\nport = {broker.port}\n[recorder]\nhealth_every_s = 1\n{extra}'
    )
    return settings


@contextmanager
def recording(settings: Path) -> Iterator[Program]:
    program = Program("recorder", load(settings))
    wire(program)
    yield program
    program.close()
    assert program.failure is None


@contextmanager
def sender(broker: Mqtt) -> Iterator[MqttBus]:
    bus = MqttBus(broker, TOPICS, client="sender")
    bus.wait_until_connected(10)
    yield bus
    bus.close()


@contextmanager
def reader(folder: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(folder / "data" / "store.sqlite", home="home", timezone="UTC", readonly=True)
    yield store
    store.close()


def test_its_figures_are_on_a_page_for_prometheus_and_in_its_health_records(broker: Mqtt, tmp_path: Path) -> None:
    port = free_port()
    settings = written(tmp_path, broker, f"metrics_port = {port}\n")
    with recording(settings), sender(broker) as bus, reader(tmp_path) as store:
        until(lambda: bool(store.counts().get("health")), timeout=20)
        bus.publish_all([(TOPICS.of("cam1", "spasm"), make.stamped(make.spasm()).payload())])
        bus.publish_all([(TOPICS.of("cam1", "spasm"), b"rubbish")])
        until(lambda: any(isinstance(item, Health) and item.dead_letters for item in store.everything("health")))
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            page = answer.read().decode()
    assert 'spasmwatch_records_stored_total{what="spasm"} 1.0' in page
    assert "spasmwatch_dead_letters_total 1.0" in page


def test_two_recorders_of_a_group_store_everything_once_and_agree_on_the_sums(broker: Mqtt, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "two")]
    spasms = [make.stamped(make.spasm(make.START + timedelta(seconds=10 * n)), seq=n) for n in range(120)]
    settings = []
    for folder in folders:
        folder.mkdir()
        settings.append(written(folder, broker, f'share = "group"\nnode = "recorder_{folder.name}"\n'))
        # One store for both.
        (folder / "data").mkdir()
    (tmp_path / "store.sqlite").touch()
    for folder in folders:
        (folder / "data" / "store.sqlite").symlink_to(tmp_path / "store.sqlite")
    with recording(settings[0]) as first, recording(settings[1]) as second, sender(broker) as bus:
        with reader(folders[0]) as store:
            until(lambda: store.counts().get("health", 0) >= 2, timeout=20)
            for spasm in spasms:
                bus.publish(TOPICS.of("cam1", "spasm"), spasm.payload())
            until(lambda: store.counts().get("spasm") == 120)
            hour = (make.START, make.START + timedelta(hours=1), "hour", "UTC")

            def total() -> int:
                return sum(rate.counts.get("all_all", 0) for rate in store.rates("patient", *hour))  # type: ignore[arg-type]

            until(lambda: total() == 120, timeout=20)
        assert not first.stopping.is_set()
        assert not second.stopping.is_set()


def test_a_letter_leaves_by_a_replay_once_it_is_in_the_store(
    broker: Mqtt, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = written(tmp_path, broker)
    letters = tmp_path / "data" / "recorder" / "dead-letters.jsonl"
    letters.parent.mkdir(parents=True)
    spasm = make.stamped(make.spasm())
    topic = TOPICS.of("cam1", "spasm")
    foreign = make.stamped(make.spasm(), node="cam2").payload().decode()
    for payload in (spasm.payload().decode(), "rubbish", foreign):
        with letters.open("a") as file:
            letter = {"time": "2026-01-01T00:00:00Z", "topic": topic, "reason": "too new", "payload": payload}
            file.write(json.dumps(letter) + "\n")
    monkeypatch.setattr("spasmwatch_services.recorder.replaying.ARRIVE_S", 5.0)
    with recording(settings), reader(tmp_path) as store:
        until(lambda: bool(store.counts().get("health")), timeout=20)
        assert main(["recorder", "dead-letters", "--settings", str(settings), "--replay"]) == 1
        assert list(store.everything("spasm")) == [spasm]
    told = capsys.readouterr()
    assert "1 dead letters removed, 2 left" in told.out
    assert "1 of the records published again are not in the store" in told.err
    assert main(["recorder", "dead-letters", "--settings", str(settings)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_status_shows_who_is_there_and_what_is_stored(
    broker: Mqtt, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = written(tmp_path, broker)
    with recording(settings), reader(tmp_path) as store:
        until(lambda: bool(store.counts().get("health")), timeout=20)
        assert main(["status", "--settings", str(settings), "--json"]) == 0
        status = json.loads(capsys.readouterr().out)
        assert (status["broker"], status["store"]) == ("reached", "reached")
        assert status["programs"] == {"recorder": "online"}
        assert status["faults"] == {}
        assert main(["status", "--settings", str(settings)]) == 0
        assert "program   recorder: online" in capsys.readouterr().out


def test_a_metrics_port_in_use_is_one_clear_line(broker: Mqtt, tmp_path: Path) -> None:
    settings = written(tmp_path, broker, f"metrics_port = {broker.port}\n")
    assert main(["recorder", "--settings", str(settings)]) == 2
