"""How a program lives and ends."""

import signal
import threading

import pytest

from spasmwatch import runtime
from spasmwatch.errors import SpasmWatchError
from spasmwatch.runtime import Program
from spasmwatch.settings import Settings


class Beats:
    """Stands in for the heartbeat."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def ready(self) -> None:
        self.said.append("ready")

    def beat(self) -> None:
        self.said.append("beat")

    def ending(self) -> None:
        self.said.append("ending")


@pytest.fixture
def beats(monkeypatch: pytest.MonkeyPatch) -> Beats:
    found = Beats()
    monkeypatch.setattr(runtime, "Heartbeat", lambda: found)
    return found


def test_a_program_beats_while_its_parts_are_alive_and_ends_when_one_hangs(beats: Beats) -> None:
    answers = iter([True, True, False])
    closed = threading.Event()

    class Resource:
        def close(self) -> None:
            closed.set()

    def wire(program: Program) -> None:
        program.own(Resource())
        program.watch("the lamp", lambda: True)
        program.watch("the camera", lambda: next(answers))

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SpasmWatchError, match="the camera hangs"):
        runtime.run("edge", Settings(), wire)
    assert beats.said == ["ready", "beat", "beat", "ending"]
    assert closed.is_set()
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_program_that_is_told_to_stop_ends_without_an_error(beats: Beats) -> None:
    runtime.run("edge", Settings(), lambda program: program.start("work", program.stopping.set))
    assert beats.said[0] == "ready"
    assert beats.said[-1] == "ending"
