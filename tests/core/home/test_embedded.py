"""The embedded home: accounts that nobody guesses, an order of starting and ending, restarts with patience."""

from pathlib import Path

import pytest

from spasmwatch import settings
from spasmwatch.adapters.embedded_broker import EmbeddedBroker
from spasmwatch.adapters.mqtt import MqttBus
from spasmwatch.domain.topics import Topics
from spasmwatch.errors import BusError
from spasmwatch.home.embedded import PROGRAMS, EmbeddedHome
from spasmwatch.home.permanent import RESTART_S, STEADY_S, Restarts
from spasmwatch.settings.mqtt import Mqtt
from support.servers import free_port
from support.wait import until


def test_every_program_has_a_password_of_its_own_that_only_this_user_can_read(tmp_path: Path) -> None:
    home = EmbeddedHome(tmp_path, None)
    files = [Path(home.environment(name)["SPASMWATCH_MQTT__PASSWORD_FILE"]) for name in PROGRAMS]
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)
    assert len({file.read_text() for file in files}) == len(PROGRAMS)


def test_passwords_are_made_once(tmp_path: Path) -> None:
    first = Path(EmbeddedHome(tmp_path, None).environment("edge")["SPASMWATCH_MQTT__PASSWORD_FILE"]).read_text()
    assert Path(EmbeddedHome(tmp_path, None).environment("edge")["SPASMWATCH_MQTT__PASSWORD_FILE"]).read_text() == first


def test_the_embedded_broker_refuses_who_has_no_account(tmp_path: Path) -> None:
    port = free_port()
    broker = EmbeddedBroker(tmp_path, port, {"edge": "right"})
    topics = Topics("spasmwatch", "home")
    friend = MqttBus(Mqtt(port=port, username="edge", password="right"), topics, client="friend")  # type: ignore[arg-type]
    stranger = MqttBus(Mqtt(port=port, username="edge", password="wrong"), topics, client="stranger")  # type: ignore[arg-type]
    nobody = MqttBus(Mqtt(port=port), topics, client="nobody")
    try:
        friend.wait_until_connected(10)
        for refused in (stranger, nobody):
            with pytest.raises(BusError):
                refused.wait_until_connected(1)
    finally:
        for resource in (friend, stranger, nobody, broker):
            resource.close()


def test_commands_given_by_hand_find_the_broker_of_a_running_home(tmp_path: Path) -> None:
    file = tmp_path / "spasmwatch.toml"
    file.write_text(f"[home]\ndata = '{tmp_path}'\n")
    home = EmbeddedHome(tmp_path, file, ())
    home.start_broker()
    bus = MqttBus(settings.load(file).mqtt, Topics("spasmwatch", "home"), client="by-hand")
    try:
        bus.wait_until_connected(10)
    finally:
        bus.close()
        home.close()
    assert settings.load(file).mqtt == Mqtt(), "a home that has ended is not looked for"


def test_a_broker_that_ended_is_started_again_and_the_programs_find_it(tmp_path: Path) -> None:
    file = tmp_path / "spasmwatch.toml"
    file.write_text(f"[home]\ndata = '{tmp_path}'\n")
    home = EmbeddedHome(tmp_path, file, ())
    home.start_broker()
    bus = MqttBus(settings.load(file).mqtt, Topics("spasmwatch", "home"), client="program")
    try:
        bus.wait_until_connected(10)
        process = home._broker._broker._process
        process.kill()
        process.wait()
        assert not home.broker_runs
        until(lambda: not bus.connected, timeout=10, what="the loss being noticed")
        home.restart_broker()
        assert home.broker_runs
        bus.wait_until_connected(20)
    finally:
        bus.close()
        home.close()


def test_a_program_that_keeps_failing_is_started_again_ever_more_slowly() -> None:
    restarts = Restarts()
    waits, now = [], 0.0
    for _ in range(6):
        wait = restarts.failed("edge", now)
        assert wait is not None
        assert restarts.failed("edge", now) is None, "one failure is told once"
        waits.append(wait)
        now += wait
        assert restarts.due(now) == ["edge"]
    assert waits == [*RESTART_S, RESTART_S[-1], RESTART_S[-1]]


def test_a_program_that_ran_steadily_starts_again_at_once_after_a_failure() -> None:
    restarts = Restarts()
    for _ in range(4):
        restarts.failed("edge", 0.0)
        restarts.due(1000.0)
    assert restarts.failed("edge", 1000.0 + STEADY_S + 1) == RESTART_S[0]
