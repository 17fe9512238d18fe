"""The command line: one clear line and the right exit status, whatever goes wrong."""

import subprocess
import sys

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
        (["demo", "--speed", "max"], 2, "--speed max needs --video"),
        (["edge", "--settings", "absent.toml"], 2, "no settings file"),
        (["run", "--settings", "absent.toml"], 2, "no settings file"),
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
