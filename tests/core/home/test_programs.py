"""What the failure of a program is called: in its own last words, of this run."""

from pathlib import Path

from spasmwatch.home.programs import ProgramProcess


def failure_of(program: ProgramProcess) -> str:
    program.start()
    assert program.process is not None
    program.process.wait(60)
    return str(program.failure())


def test_a_failed_program_is_told_in_its_own_words(tmp_path: Path) -> None:
    program = ProgramProcess("edge", tmp_path / "none.toml", {}, tmp_path / "edge.log")
    assert failure_of(program) == f"edge: no settings file at {tmp_path / 'none.toml'}"


def test_words_of_an_earlier_run_are_not_taken_for_the_reason(tmp_path: Path) -> None:
    log = tmp_path / "edge.log"
    log.write_text("spasmwatch: the reason of last week\n")
    # Python cannot begin at all with this in its environment.
    program = ProgramProcess("edge", None, {"PYTHONHOME": str(tmp_path)}, log)
    told = failure_of(program)
    assert told.startswith("edge: it ended with status 1: ")
    assert "last week" not in told
