"""The pause: anybody may stop the camera; only the patient, or somebody at the device, starts it before its time."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from spasmwatch.domain.topics import PauseCommand, PauseState
from spasmwatch.errors import RecordError
from spasmwatch.ports import Message

log = logging.getLogger(__name__)

BY_HOURS: Final = "hours"
"""Who paused, when it was the hours in the settings."""
BY_BUTTON: Final = "button"
"""Who paused, when it was the button at the device."""


class Pause:
    """Keeps the state in a file, so that a restart does not end a pause. ``tell`` gets every new state.

    ``closed_until`` says when the camera may watch again, None when it may now: outside of its hours it is paused. The
    patient may start it then, too; that holds until the hours end the next time.
    """

    def __init__(
        self,
        path: Path,
        now: Callable[[], datetime],
        tell: Callable[[PauseState], None],
        closed_until: Callable[[datetime], datetime | None] = lambda _: None,
    ) -> None:
        self._path, self._now, self._tell, self._closed_until = path, now, tell, closed_until
        self._lock = threading.RLock()
        self._done: list[str] = []
        self._kept = True
        self._awake_until: datetime | None = None
        self._state = self._read()
        tell(self._state)

    @property
    def on(self) -> bool:
        """Whether the camera has to be off now. An elapsed pause, or one ended at the device, is told once."""
        with self._lock:
            now = self._now()
            if self._state.paused:
                if not self._kept:
                    self._kept = self._write()
                elif not self._path.exists():
                    self._end()
                if self._state.paused and not self._state.holds(now):
                    self._keep(PauseState(paused=False))
            if not self._state.paused and (until := self._closed_until(now)) and until != self._awake_until:
                self._keep(PauseState(paused=True, since=now, until=until, by=BY_HOURS))
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
                    self._end(command.actor)
                return
            until = command.until
            if self._state.holds(self._now()):
                held = self._state.until
                until = None if held is None or until is None else max(held, until)
            if until is None or until > self._now():
                self._keep(PauseState(paused=True, since=self._now(), until=until, by=command.actor))

    def press(self) -> None:
        """The button at the device: it pauses without end, and ends a pause."""
        with self._lock:
            if self.on:
                self._end(BY_BUTTON)
            else:
                self._keep(PauseState(paused=True, since=self._now(), by=BY_BUTTON))

    def _end(self, by: str | None = None) -> None:
        """By the patient or at the device, so the hours do not begin it again at once."""
        self._awake_until = self._closed_until(self._now())
        self._keep(PauseState(paused=False, by=by))

    def _keep(self, state: PauseState) -> None:
        self._state = state
        self._kept = self._write()
        self._tell(state)

    def _write(self) -> bool:
        """Whether the file says what the state is. A pause that the disk does not take holds all the same."""
        try:
            if self._state.paused:
                self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                partial = self._path.with_suffix(".partial")
                partial.write_bytes(self._state.payload())
                partial.replace(self._path)
            else:
                self._path.unlink(missing_ok=True)
        except OSError as error:
            if self._kept:
                log.error("cannot keep the pause in %s: %s", self._path, error.strerror)
            return False
        return True

    def _read(self) -> PauseState:
        try:
            return PauseState.parse(self._path.read_bytes())
        except FileNotFoundError:
            return PauseState(paused=False)
        except (OSError, RecordError) as error:
            # When in doubt the camera stays off.
            log.error("%s cannot be read (%s): staying paused; `spasmwatch edge resume` ends it", self._path, error)
            return PauseState(paused=True, since=self._now())
