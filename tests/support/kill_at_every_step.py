"""Runs the alert service again and again in child processes, killing each at the next step; prints what it came to.

``python kill_at_every_step.py FOLDER``: a process without threads, so that it may fork. A step is anything that leaves
a trace: a commit, a record in the outbox, an acknowledgement to the broker, a push. What a child had not acknowledged
to the broker comes again, as from a persistent session.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from spasmwatch.adapters.outbox import DiskOutbox
from spasmwatch.domain.topics import AlertCommand
from spasmwatch.ports import Message, Notification
from spasmwatch_services.alerts.state import State
from support import make
from support.alerting import NOON, TOPICS, Desk, HandClock


class Steps:
    """Counts steps; at the fatal one the process kills itself as ``kill -9`` would."""

    def __init__(self, fatal: int, trace: Path) -> None:
        self._fatal, self._count, self._trace = fatal, 0, trace

    def step(self, name: str) -> None:
        self._count += 1
        if self._count == self._fatal:
            _write(self._trace, name)
            os.kill(os.getpid(), signal.SIGKILL)


def _write(path: Path, line: str) -> None:
    with path.open("a") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def _watched(steps: Steps) -> None:
    """Make every trace of the state file and the outbox a step."""
    transaction, add, handed_over, done = State.transaction, DiskOutbox.add, State.handed_over, State.done

    @contextmanager
    def stepped(self: State) -> Iterator[None]:
        with transaction(self):
            yield
            steps.step("before a commit")
        steps.step("after a commit")

    def after(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            result = function(*arguments)
            steps.step(name)
            return result

        return call

    State.transaction = stepped  # type: ignore[method-assign]
    DiskOutbox.add = after("record in the outbox", add)  # type: ignore[method-assign]
    State.handed_over = after("record handed over", handed_over)  # type: ignore[method-assign]
    State.done = after("push noted, not committed", done)  # type: ignore[method-assign]


def _child(folder: Path, fatal: int) -> None:
    steps = Steps(fatal, folder / "killed")
    _watched(steps)
    desk = Desk(folder, clock=HandClock(NOON))
    push = desk.push.send

    def send(address: str, notification: Notification) -> None:
        push(address, notification)
        _write(folder / "pushed", notification.body)
        steps.step("push accepted, not noted")

    desk.push.send = send  # type: ignore[method-assign]
    desk.service.hand_over()  # as at every start
    desk.work()
    for name, topic, payload in _messages(desk):
        if name in _lines(folder / "acknowledged"):
            continue

        def acknowledge(name: str = name) -> None:
            _write(folder / "acknowledged", name)
            steps.step("acknowledged to the broker")

        desk.service.receive(Message(topic, payload, retained=False, acknowledge=acknowledge))
        desk.work()
    desk.clock.time += timedelta(minutes=61)
    desk.work()
    found = {record.id: record.state for record in desk.alerts()}
    result = {
        "states": list(found.values()),
        "pushed": len(_lines(folder / "pushed")),
        "killed": _lines(folder / "killed"),
        "open": [alert.state for alert in desk.engine.lifecycle.open()],
        "waiting": desk.state.pushes()[1],
    }
    print(json.dumps(result), flush=True)


def _messages(desk: Desk) -> list[tuple[str, str, bytes]]:
    """Six spasms that escalate, an acknowledgement, a snooze of one hour."""
    out: list[tuple[str, str, bytes]] = []
    for number in range(6):
        spasm = make.spasm(NOON - timedelta(seconds=60 - number), spasm_id=f"s{number}")
        stamped = make.stamped(spasm).model_copy(update={"id": f"00000000-0000-7000-8000-{number:012x}"})
        out.append((f"spasm{number}", TOPICS.of("cam1", "spasm"), stamped.payload()))
    alert_id = f"escalation-patient-{NOON:%Y%m%dT%H%M%S}000"
    for verb in ("acknowledge", "snooze"):
        until = NOON + timedelta(hours=1) if verb == "snooze" else None
        command = AlertCommand.model_validate(
            {"id": verb, "verb": verb, "actor": "anna", "until": until, "time": desk.clock.now()}
        )
        out.append((verb, TOPICS.alert_command("anna", alert_id), command.payload()))
    return out


def main() -> None:
    """One line of JSON for each step at which a child was killed, and a last one without a kill."""
    base = Path(sys.argv[1])
    for fatal in range(1, 1000):
        folder = base / str(fatal)
        folder.mkdir()
        for which in (fatal, 0):
            child = os.fork()
            if child == 0:
                _child(folder, which)
                os._exit(0)
            _, status = os.waitpid(child, 0)
            if which == fatal and not os.WIFSIGNALED(status):
                return  # this one ran to its end: there are no more steps


if __name__ == "__main__":
    main()
