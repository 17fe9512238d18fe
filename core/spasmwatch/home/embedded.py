"""Starts the embedded home: broker with one account a program, then the programs, and ends them outermost first."""

import json
import secrets
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from spasmwatch.adapters.embedded_broker import EmbeddedBroker
from spasmwatch.errors import SpasmWatchError
from spasmwatch.home.programs import ProgramProcess
from spasmwatch.runtime import private_folder
from spasmwatch.settings.mqtt import RUNNING_BROKER

PROGRAMS = ("recorder", "alerts", "diary", "triggers", "insights", "edge")
"""In the order of starting: the writer first, the camera last, so that nothing has to wait for its receipt."""
WATCHER = "watcher"
"""Account of the launcher's own look at what is said, and of commands given by hand."""


def free_port() -> int:
    """A loopback port that nobody uses at the moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def port_is_free(port: int) -> bool:
    """Whether this machine lets us listen on ``port`` of loopback."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class EmbeddedHome:
    """One broker and the programs of one machine, each a process of its own with its own account."""

    def __init__(self, data: Path, settings_file: Path | None, programs: Sequence[str] = PROGRAMS) -> None:
        self._data = data
        self.port = free_port()
        self._stack = ExitStack()
        self._accounts = self._keep_accounts()
        self._broker: EmbeddedBroker | None = None
        log = private_folder(data / "log")
        self._programs = {
            name: ProgramProcess(
                name,
                settings_file,
                self.environment(name),
                log / f"{name}.log",
                # Without it the command prints once and ends.
                ("--serve",) if name == "insights" else (),
            )
            for name in programs
        }

    def _keep_accounts(self) -> dict[str, str]:
        """A password for every program, made once, in files that only this user can read."""
        folder = private_folder(self._data / "secrets")
        accounts = {}
        for name in (*PROGRAMS, WATCHER):
            path = folder / f"{name}.password"
            if not path.exists():
                path.touch(mode=0o600)
                path.write_text(secrets.token_urlsafe(24), encoding="utf-8")
            accounts[name] = path.read_text(encoding="utf-8").strip()
        return accounts

    def environment(self, name: str) -> dict[str, str]:
        """What tells a program where the embedded broker is and who it is there."""
        return {
            "SPASMWATCH_MQTT__HOST": "127.0.0.1",
            "SPASMWATCH_MQTT__PORT": str(self.port),
            "SPASMWATCH_MQTT__USERNAME": name,
            "SPASMWATCH_MQTT__PASSWORD_FILE": str(self._data / "secrets" / f"{name}.password"),
        }

    def start_broker(self) -> None:
        """Start the broker. Raises BusError."""
        self._broker = EmbeddedBroker(private_folder(self._data / "broker"), self.port, self._accounts)
        self._stack.callback(self._broker.close)
        running = self._data / RUNNING_BROKER
        password_file = self._data / "secrets" / f"{WATCHER}.password"
        running.write_text(json.dumps({"port": self.port, "username": WATCHER, "password_file": str(password_file)}))
        self._stack.callback(running.unlink, missing_ok=True)

    @property
    def broker_runs(self) -> bool:
        """Whether the broker is alive."""
        return self._broker is not None and self._broker.running

    def restart_broker(self) -> None:
        """Start a broker again that has ended; the programs connect again by themselves. Raises BusError."""
        if self._broker is not None:
            self._broker.start()

    def start_programs(self) -> None:
        """Start the programs, the camera last."""
        for program in self._programs.values():
            program.start()
            self._stack.callback(program.stop)

    def start_program(self, name: str) -> None:
        """Start one program again."""
        self._programs[name].start()

    def stop_program(self, name: str) -> None:
        """End one program, if it runs."""
        self._programs[name].stop()

    def status(self, name: str) -> int | None:
        """Exit status of one program, or None while it runs."""
        return self._programs[name].status

    def failure(self, name: str) -> SpasmWatchError:
        """Why a program ended, in its own words."""
        return self._programs[name].failure()

    def ended(self) -> list[str]:
        """Programs that no longer run."""
        return [name for name, program in self._programs.items() if program.status is not None]

    def close(self) -> None:
        """End the programs in the reverse order of starting, then the broker."""
        self._stack.close()
