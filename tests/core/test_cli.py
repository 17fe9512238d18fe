"""The command line: one clear line and the right exit status, whatever goes wrong."""

import io
import subprocess
import sys
from pathlib import Path

import pytest

from spasmwatch.cli import main


def test_without_a_command_the_overview_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "spasmwatch COMMAND" in capsys.readouterr().out


def test_help_lists_every_command_with_its_purpose(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    overview = capsys.readouterr().out
    assert "not installed here" not in overview
    assert "demo" in overview


def test_an_unknown_command_is_one_line_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dmeo"]) == 2
    assert capsys.readouterr().err.startswith("spasmwatch: unknown command 'dmeo'")


@pytest.mark.parametrize(
    ("arguments", "status", "complaint"),
    [
        (["demo", "--video", "absent.mp4", "--no-browser"], 1, "no video at absent.mp4"),
        (["demo", "--duration", "-1"], 2, "--duration"),
        (["demo", "--settings", __file__], 2, "not valid TOML"),
        (["demo", "--settings", str(Path(__file__).with_name("none.toml"))], 2, "no settings file"),
        (["demo", "--duration", "nan"], 2, "--duration"),
        (["demo", "--port", "70000"], 2, "--port must be a number from 0 to 65535"),
        (["demo", "--speed", "max"], 2, "--speed max needs --video"),
        (["edge", "--settings", "absent.toml"], 2, "no settings file"),
        (["run", "--settings", "absent.toml"], 2, "no settings file"),
        (["insights", "--from", "yesterday"], 2, "spasmwatch: argument --from: 'yesterday' is no date"),
        (["report", "--out", "r.pdf", "--to", "9999-12-31"], 2, "no record can be of 9999-12-31"),
        (["export", "--nonsense"], 2, "unrecognized arguments: --nonsense"),
    ],
)
def test_a_mistake_is_one_line_without_a_traceback(arguments: list[str], status: int, complaint: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "spasmwatch", *arguments], capture_output=True, text=True, check=False
    )
    assert ended.returncode == status
    assert complaint in ended.stderr
    assert "Traceback" not in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_a_question_that_nobody_answers_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "spasmwatch.toml").write_text(f'[home]\ndata = "{tmp_path}/data"\n')
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert main(["forget", "--settings", str(tmp_path / "spasmwatch.toml"), "patient"]) == 1
    assert capsys.readouterr().err.startswith("spasmwatch: nobody is there to answer")


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = tmp_path / "spasmwatch.toml"
    settings.write_text(f'[home]\ndata = "{settings}/data"\n')
    assert main(["forget", "--settings", str(settings), "--yes", "patient"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("spasmwatch: ")
    assert "Not a directory" in told
