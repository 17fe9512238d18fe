"""``spasmwatch backtest`` as a person and a script use it."""

import os
from pathlib import Path

import pytest

from spasmwatch.cli import main
from spasmwatch.domain.parsing import parse
from spasmwatch.domain.records import Alert
from support.histories import Story, tell


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten weeks with a tripled rate in the end."""
    path = tmp_path_factory.mktemp("history") / "records.jsonl"
    story = Story(
        days=76, minutes=30, variation=0.3, round_the_clock=False, effect=lambda day: 3.0 if day >= 70 else 1.0
    )
    path.write_bytes(b"".join(record.payload() + b"\n" for record in tell(story, 5)))
    return path


def test_each_transition_is_a_valid_alert_record(history: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backtest", "--input", str(history), "--json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    alerts = [parse(line) for line in lines]
    assert all(isinstance(alert, Alert) for alert in alerts)
    assert len({alert.id for alert in alerts}) == len(alerts)
    warnings = [alert.rule for alert in alerts if isinstance(alert, Alert) and alert.severity == "warning"]
    assert warnings == ["worsening"]


def test_the_same_history_gives_the_same_alerts(history: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = []
    for _ in range(2):
        main(["backtest", "--input", str(history), "--json"])
        runs.append(capsys.readouterr().out)
    assert runs[0] == runs[1]


def test_a_person_gets_a_table_and_a_total(history: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backtest", "--input", str(history)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any("worsening" in line and "times" in line for line in lines)
    assert "you would have had" in lines[-1]
    assert "1 worsening" in lines[-1]


def test_two_settings_can_be_compared(history: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    now, strict = tmp_path / "now.toml", tmp_path / "strict.toml"
    now.write_text("")
    strict.write_text("[alerts.worsening]\nratio = 9.0\n")
    assert main(["backtest", "--input", str(history), "--settings", str(now), "--compare", str(strict)]) == 0
    lines = capsys.readouterr().out.splitlines()
    totals = [line for line in lines if "you would have had" in line]
    assert "worsening" in totals[0]
    assert "worsening" not in totals[1]
    only = lines[lines.index(f"Only with {now}:") :]
    assert "worsening" in only[1]
    assert only[-2:] == [f"Only with {strict}:", "  nothing"]


def test_without_any_record_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "spasmwatch.toml"
    file.write_text(f'[home]\ndata = "{tmp_path}"\n')
    assert main(["backtest", "--settings", str(file)]) == 0
    assert capsys.readouterr().out.strip() == f"With {file}: there are no records, so there is nothing to judge."


def test_broken_lines_are_named_and_the_rest_is_judged(
    history: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    broken = tmp_path / "broken.jsonl"
    broken.write_bytes(b'{"schema": "spasm/1.0"\n' + history.read_bytes())
    assert main(["backtest", "--input", str(broken), "--json"]) == 0
    assert "worsening" in capsys.readouterr().out


def test_a_file_that_is_not_in_order_is_judged_with_a_warning(
    history: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backwards = tmp_path / "backwards.jsonl"
    lines = history.read_bytes().splitlines(keepends=True)
    backwards.write_bytes(b"".join(reversed(lines)))
    assert main(["backtest", "--input", str(backwards)]) == 0
    said = capsys.readouterr()
    assert "not in the order in which they became known" in said.err
    assert f"{len(lines)} records" in said.out


def test_a_pipe_cannot_be_read_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    settings = tmp_path / "other.toml"
    settings.write_text("")
    assert main(["backtest", "--input", str(pipe), "--compare", str(settings)]) == 2
    assert f"{pipe} can be read once: give a file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--input", "nowhere.jsonl"], 1, "cannot read nowhere.jsonl"),
        (["--timezone", "Mars/Olympus"], 2, "no IANA time zone"),
        (["--until", "tomorrow"], 2, "is no time"),
        (["--until", "9999-12-31T00:00:00Z"], 2, "is too late"),
    ],
)
def test_wrong_use_is_one_clear_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, words: str
) -> None:
    assert main(["backtest", "--json", *arguments]) == status
    error = capsys.readouterr().err.strip().splitlines()
    assert words in error[-1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[alerts.worsening]\nrecent_days = 28\nbaseline_days = 20\n", "recent_days must be fewer than baseline_days"),
        ("[alerts.blind]\nafter_h = 80.0\n", "warn_after_h must not be less than after_h"),
        ("[alerts.fault]\nafter_minutes = 90.0\n", "warn_after_minutes must not be less"),
        ("[alerts.wearing_off]\nplateau_to_day = 15\n", "plateau_from_day"),
        ("[alerts.quiet]\nbegin = 22:00:00\nend = 22:00:00\n", "begin and end are the same"),
        ('[[alerts.recipients]]\nname = "anna"\n', "give either address or address_file"),
        ("[alerts.escalation]\nburst_cuont = 5\n", "did you mean 'burst_count'"),
    ],
)
def test_contradictory_settings_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    file = tmp_path / "spasmwatch.toml"
    file.write_text(text)
    assert main(["backtest", "--settings", str(file), "--json"]) == 2
    assert words in capsys.readouterr().err
