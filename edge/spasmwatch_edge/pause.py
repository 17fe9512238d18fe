"""The pause: anybody may stop the camera; only the patient, or somebody at the device, starts it before its time."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from spasmwatch.domain.topics import PauseCommand, PauseState
from spasmwatch.errors import RecordError
from spasmwatch.ports import Message

log = logging.getLogger(__name__)


class Pause:
    """Keeps the state in a file, so that a restart does not end a pause. ``tell`` gets every new state."""

    def __init__(self, path: Path, now: Callable[[], datetime], tell: Callable[[PauseState], None]) -> None:
        self._path, self._now, self._tell = path, now, tell
        self._lock = threading.Lock()
        self._done: list[str] = []
        self._state = self._read()
        tell(self._state)

    @property
    def on(self) -> bool:
        """Whether the camera has to be off now. An elapsed pause, or one ended at the device, is told once."""
        with self._lock:
            if self._state.paused and (not self._state.holds(self._now()) or not self._path.exists()):
                self._keep(PauseState(paused=False))
            return self._state.paused

    def receive(self, message: Message) -> None:
        """A command from outside; what is not valid is logged and dropped."""
        message.acknowledge()
        if message.retained:
            return
        try:
            self.obey(PauseCommand.parse(message.payload))
        except RecordError as error:
            log.warning("pause command ignored: %s", error)

    def obey(self, command: PauseCommand) -> None:
        """Pause, or resume when the patient says so."""
        with self._lock:
            if command.id in self._done:
                return
            self._done = [*self._done[-99:], command.id]
            if command.verb == "resume":
                if not command.patient:
                    log.warning("%s may not end the pause: only the patient may", command.actor)
                elif self._state.paused:
                    self._keep(PauseState(paused=False, by=command.actor))
                return
            until = command.until
            if self._state.holds(self._now()):
                held = self._state.until
                until = None if held is None or until is None else max(held, until)
            if until is None or until > self._now():
                self._keep(PauseState(paused=True, since=self._now(), until=until, by=command.actor))

    def _keep(self, state: PauseState) -> None:
        self._state = state
        try:
            if state.paused:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._path.write_bytes(state.payload())
            else:
                self._path.unlink(missing_ok=True)
        except OSError as error:
            log.error("cannot keep the pause in %s: %s", self._path, error)
        self._tell(state)

    def _read(self) -> PauseState:
        try:
            return PauseState.parse(self._path.read_bytes())
        except FileNotFoundError:
            return PauseState(paused=False)
        except (OSError, RecordError) as error:
            # When in doubt the camera stays off.
            log.error("%s cannot be read (%s): staying paused; `spasmwatch edge resume` ends it", self._path, error)
            return PauseState(paused=True, since=self._now())
