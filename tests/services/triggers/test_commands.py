"""``spasmwatch triggers``: discover proposes settings that work, test tells what a recording becomes."""

import json
import re
from pathlib import Path

import pytest

from spasmwatch import cli
from spasmwatch.adapters.mqtt import MqttBus
from spasmwatch.domain.parsing import parse
from spasmwatch.domain.records import Trigger
from spasmwatch.domain.topics import Topics
from spasmwatch.settings import load
from spasmwatch.settings.mqtt import Mqtt
from support.servers import free_port

TRAFFIC = Path(__file__).parent / "traffic"


def test_test_prints_one_valid_record_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    recording = str(TRAFFIC / "zigbee2mqtt.jsonl")
    assert cli.main(["triggers", "test", recording, "--settings", str(TRAFFIC / "rules.toml")]) == 0
    records = [parse(line) for line in capsys.readouterr().out.splitlines()]
    assert {record.what for record in records} == {"trigger", "diary"}
    assert len({record.id for record in records}) == len(records)


def test_what_discover_proposes_can_be_pasted_and_finds_the_coffee(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty.toml"
    empty.write_text("")
    for source, device in (("zigbee2mqtt", "kitchen/coffee machine"), ("tasmota", "coffee")):
        recording = str(TRAFFIC / f"{source}.jsonl")
        assert cli.main(["triggers", "discover", recording, "--settings", str(empty)]) == 0
        proposal = capsys.readouterr().out
        pasted = tmp_path / f"{source}.toml"
        pasted.write_text(proposal)
        rules = load(pasted).triggers.rules
        assert any(rule.preset == "coffee_machine" and rule.device == device for rule in rules.values())
        assert cli.main(["triggers", "test", recording, "--settings", str(pasted)]) == 0
        records = [parse(line) for line in capsys.readouterr().out.splitlines()]
        coffees = [one for one in records if isinstance(one, Trigger) and one.kind == "caffeine" and one.rule]
        assert len(coffees) == 1


def test_discover_shows_values_units_buttons_and_what_nobody_understands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = tmp_path / "mixed.jsonl"
    lines = (TRAFFIC / "zigbee2mqtt.jsonl").read_text().splitlines()
    for topic, payload in (
        ("rflink/plug/1", "7"),
        ("zigbee2mqtt/cellar door", '{"contact": false}'),
        ("zigbee2mqtt/coffee plug", '{"power_outage_count": 3}'),
        (
            "shellyplusi4-1/events/rpc",
            '{"method": "NotifyEvent", "params": {"events": [{"component": "input:0", "event": "btn_up"}]}}',
        ),
    ):
        lines.append(json.dumps({"time": "2026-03-02T08:00:00Z", "topic": topic, "payload": payload, "retain": False}))
    recording.write_text("\n".join(lines))
    assert cli.main(["triggers", "discover", str(recording)]) == 0
    proposal = capsys.readouterr().out
    assert "0.9 … 1290 W" in proposal
    assert 'action = "single"' in proposal
    assert "readings of temperature in °C" in proposal
    assert "rflink/ (1)" in proposal
    assert re.search("cellar door +contact +false +on or off, for a rule", proposal)
    assert re.search("coffee plug +power_outage_count +3$", proposal, re.MULTILINE)
    assert "btn_up" in proposal
    assert 'action = "btn_up"' not in proposal


def test_a_recording_with_bad_lines_is_used_as_far_as_it_goes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = tmp_path / "torn.jsonl"
    good = (TRAFFIC / "tasmota.jsonl").read_text()
    recording.write_text(
        "\ufeff" + good + 'not json\n{"time": "2026-03-02T08:00:00", "topic": "x", "payload": ""}\n{"time": 1e999}\n'
    )
    assert cli.main(["triggers", "test", str(recording)]) == 0
    told = capsys.readouterr()
    assert told.out.count("\n") >= 5
    assert told.err.count("line skipped") == 3


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["test"], 2, "test needs a recording"),
        (["test", "missing.jsonl"], 1, "cannot read missing.jsonl"),
        (["serve", "some.jsonl"], 2, "triggers test FILE"),
        (["test", "some.jsonl", "--run-on", "nan"], 2, "--run-on: nan is not between"),
        (["discover", "--seconds", "-3"], 2, "--seconds: -3 is not between"),
        (["discover", "--seconds", "soon"], 2, "'soon' is no number of seconds"),
    ],
)
def test_wrong_use_is_one_clear_line(
    arguments: list[str], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["triggers", *arguments]) == status
    complaint = capsys.readouterr().err.strip().splitlines()[-1]
    assert said in complaint


def test_a_recording_that_found_no_broker_leaves_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings, recording = tmp_path / "s.toml", tmp_path / "mine.jsonl"
    settings.write_text(f"[mqtt]\nport = {free_port()}\n")
    arguments = ["triggers", "discover", "--seconds", "0", "--settings", str(settings), "--record", str(recording)]
    assert cli.main(arguments) == 1
    assert "no MQTT broker" in capsys.readouterr().err.strip().splitlines()[-1]
    assert not recording.exists()


def test_a_file_that_is_no_recording_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text("hello\n")
    assert cli.main(["triggers", "test", str(file)]) == 1
    assert "no line is" in capsys.readouterr().err.strip().splitlines()[-1]


def test_discover_listens_to_a_real_broker_and_keeps_a_private_recording(
    broker: Mqtt, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, recording = tmp_path / "s.toml", tmp_path / "mine.jsonl"
    settings.write_text(f"[mqtt]\nport = {broker.port}\n")
    devices = MqttBus(broker, Topics("spasmwatch", "home"), client="devices")
    devices.wait_until_connected(10)
    devices.publish("zigbee2mqtt/espresso", b'{"power": 900}', retain=True)
    arguments = ["triggers", "discover", "--seconds", "2", "--settings", str(settings), "--record", str(recording)]
    assert cli.main(arguments) == 0
    devices.close()
    assert "[triggers.rules.espresso]" in capsys.readouterr().out
    assert json.loads(recording.read_text())["retain"] is True
    assert recording.stat().st_mode & 0o077 == 0
    assert cli.main(arguments) == 1
    assert "File exists" in capsys.readouterr().err
