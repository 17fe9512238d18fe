"""Child processes: started, watched, ended in order; what a program said last is what its failure is called."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from spasmwatch.errors import SpasmWatchError

STOP_S = 20.0
"""How long a program may take to end in good order: it flushes its outbox first."""


@dataclass
class ProgramProcess:
    """One ``spasmwatch NAME`` running as a child; its log goes to ``log``."""

    name: str
    settings_file: Path | None
    environment: dict[str, str]
    log: Path
    arguments: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _said_before: int = field(default=0, init=False)

    def start(self) -> None:
        """Start it; what it prints is added to its log file."""
        command = [sys.executable, "-m", "spasmwatch", self.name, *self.arguments]
        if self.settings_file:
            command += ["--settings", str(self.settings_file)]
        with self.log.open("ab") as log:
            self._said_before = log.tell()
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment},
                start_new_session=True,  # Ctrl-C reaches the parent alone, which ends the programs in order
            )

    @property
    def status(self) -> int | None:
        """Exit status, or None while it runs."""
        return self.process.poll() if self.process else None

    def stop(self) -> None:
        """Ask it to end and wait; kill it when it does not."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def failure(self) -> SpasmWatchError:
        """Why it ended, in its own last words."""
        lines = self.log.read_bytes()[self._said_before :].decode(errors="replace").splitlines()
        words = next((line for line in reversed(lines) if line.startswith("spasmwatch: ")), "")
        last = next((line for line in reversed(lines) if line.strip()), "it said nothing")
        reason = words.removeprefix("spasmwatch: ") or f"it ended with status {self.status}: {last}"
        return SpasmWatchError(f"{self.name}: {reason}")
