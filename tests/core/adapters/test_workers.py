"""Work shared out to other processes: in order, with their errors, and nobody is left behind."""

import math
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spasmwatch import errors
from spasmwatch.adapters import workers
from spasmwatch.adapters.workers import shared_out, worked_ahead
from spasmwatch.errors import SpasmWatchError, StoreError
from support import chores
from support.wait import until


def test_results_come_in_the_order_of_the_parts_and_other_things_are_done_meanwhile() -> None:
    done: list[str] = []
    assert shared_out(math.isqrt, [81, 4, 49, 1, 16], 2, lambda: done.append("tea")) == [9, 2, 7, 1, 4]
    assert done == ["tea"]


def test_processes_work_ahead_but_wait_with_what_nobody_has_taken(tmp_path: Path) -> None:
    parts = [tmp_path / str(number) for number in range(12)]
    for taken, answer in enumerate(worked_ahead(chores.fill, parts, 2), start=1):
        assert answer == chores.FILLED
        assert sum(part.exists() for part in parts) <= taken + 4


@pytest.mark.parametrize(("limit", "number"), [("100000 100000", 1), ("150000 100000", 2), ("max 100000", 3), ("", 3)])
def test_a_container_is_not_given_more_processes_than_may_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, number: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2})
    monkeypatch.setattr(workers, "LIMIT", tmp_path / "cpu.max")
    if limit:
        workers.LIMIT.write_text(limit)
    assert workers.processors() == number


def test_what_goes_wrong_in_a_process_is_raised_here() -> None:
    with pytest.raises(StoreError, match="the store is busy") as caught:
        shared_out(chores.fail, ["the store is busy"], 1)
    assert caught.value.retry_after == 3.0
    assert "in fail" in caught.value.__notes__[0]


def test_a_process_that_is_killed_is_one_clear_error() -> None:
    with pytest.raises(SpasmWatchError, match="a helping process was ended from outside"):
        shared_out(chores.die, [signal.SIGKILL], 1)
    with pytest.raises(SpasmWatchError, match="a helping process was ended from outside"):
        list(worked_ahead(chores.die, [signal.SIGKILL] * 9, 1))


def test_one_that_is_killed_while_it_answers_is_one_clear_error_too(tmp_path: Path) -> None:
    def wait_for_its_end() -> None:
        until(lambda: _at_work(tmp_path) != [])
        until(lambda: all(map(_gone, _at_work(tmp_path))))

    with pytest.raises(SpasmWatchError, match="a helping process was ended from outside"):
        shared_out(chores.speak_and_die, [tmp_path], 1, wait_for_its_end)


@pytest.mark.parametrize(
    ("work", "words"), [(chores.answer_what_cannot_travel, "cannot pickle"), (chores.fail_oddly, "rain in Spain")]
)
def test_what_cannot_travel_is_told_in_words(work: Callable[[int], object], words: str) -> None:
    with pytest.raises(Exception, match=words) as caught:
        shared_out(work, [1], 1)
    assert not isinstance(caught.value, SpasmWatchError)


def test_ctrl_c_is_heard_by_none_of_the_processes() -> None:
    assert shared_out(chores.deaf, [1, 2, 3], 3) == [{signal.SIGINT}] * 3


def _family(error: type[SpasmWatchError]) -> Iterator[type[SpasmWatchError]]:
    yield error
    for kind in error.__subclasses__():
        if kind.__module__ == errors.__name__:
            yield from _family(kind)


@pytest.mark.parametrize("kind", list(_family(SpasmWatchError)))
def test_every_error_can_travel_between_processes(kind: type[SpasmWatchError]) -> None:
    error = kind("what is wrong")
    back = pickle.loads(pickle.dumps(error))
    assert (type(back), str(back), vars(back)) == (kind, "what is wrong", vars(error))


def _gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    # What nobody has waited for yet is still listed.
    return ") Z " in Path(f"/proc/{process}/stat").read_text()


def _at_work(marks: Path) -> list[int]:
    return [int(mark.name) for mark in marks.iterdir()]


def test_when_something_goes_wrong_here_all_processes_end_at_once(tmp_path: Path) -> None:
    def fail_once_all_work() -> None:
        until(lambda: len(_at_work(tmp_path)) == 2)
        raise KeyboardInterrupt

    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        shared_out(chores.stay, [tmp_path] * 4, 2, fail_once_all_work)
    assert time.monotonic() - begun < 30
    assert all(map(_gone, _at_work(tmp_path)))


def _program(tmp_path: Path, rest: str) -> list[str]:
    """A program in which processes leave their marks and stay."""
    tests = Path(chores.__file__).parents[1]
    lines = (
        f"import sys, signal; sys.path.insert(0, {str(tests)!r})",
        # A run that was itself started in the background is deaf to Ctrl-C, and so would be all that it starts.
        "signal.signal(signal.SIGINT, signal.default_int_handler)",
        "from pathlib import Path; from support import chores",
        "from spasmwatch.adapters.workers import shared_out, worked_ahead",
        f"marks = Path({str(tmp_path)!r})",
        rest,
    )
    return [sys.executable, "-c", "\n".join(lines)]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 1), (signal.SIGTERM, -15), (signal.SIGKILL, -9)])
def test_no_process_outlives_the_one_that_started_it(tmp_path: Path, number: signal.Signals, status: int) -> None:
    rest = "try: shared_out(chores.stay, [marks] * 2, 2)\nexcept KeyboardInterrupt: sys.exit(1)"
    command = _program(tmp_path, rest)
    parent = subprocess.Popen(command, stderr=subprocess.PIPE, process_group=0)
    until(lambda: len(_at_work(tmp_path)) == 2)
    if number == signal.SIGINT:
        os.killpg(parent.pid, number)  # as Ctrl-C in a terminal: all of them hear it
    else:
        parent.send_signal(number)
    assert parent.wait(10) == status
    until(lambda: all(map(_gone, _at_work(tmp_path))))
    told = parent.communicate()[1].decode()
    assert "Traceback" not in told


def test_a_mistake_where_the_answers_are_used_ends_the_program_and_all_processes(tmp_path: Path) -> None:
    # The variable keeps the answers, so that nothing closes them.
    rest = "answers = worked_ahead(chores.leave_a_mark_or_stay, [marks / 'a', marks] * 2, 2)\nnext(answers)\n1 / 0"
    ended = subprocess.run(_program(tmp_path, rest), stderr=subprocess.PIPE, timeout=30, check=False)
    assert ended.returncode == 1
    assert b"ZeroDivisionError" in ended.stderr
    (tmp_path / "a").unlink()
    until(lambda: all(map(_gone, _at_work(tmp_path))))
