"""What the service keeps over a restart.

Where rules stand, presses not yet delivered, open alerts, whether Home Assistant knows us, and until when it was alive.
"""

import logging
import os
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ValidationError

from spasmwatch.domain.parsing import explain
from spasmwatch.domain.records import Alert, Time
from spasmwatch.domain.topics import DiaryAdd
from spasmwatch.domain.triggers.rules import Progress
from spasmwatch.errors import OutboxError
from spasmwatch.settings import Settings

log = logging.getLogger(__name__)


def memory_file(settings: Settings) -> Path:
    """Where the service of this home keeps its memory."""
    return settings.home.data / "triggers.json"


def forget(settings: Settings, person: str) -> int:
    """Remove what is kept about a person: rules and presses concern the watched one. Raises OutboxError."""
    path = memory_file(settings)
    memory = Memory.load(path)
    alerts = [alert for alert in memory.alerts if alert.person != person]
    removed = len(memory.alerts) - len(alerts)
    fresh = Memory(alive=memory.alive, announced=memory.announced, alerts=alerts)
    if person == settings.home.person:
        removed += len(memory.presses) + len(memory.progress)
    else:
        fresh.presses, fresh.progress = memory.presses, memory.progress
    if removed:
        fresh.save(path)
    return removed


class Memory(BaseModel):
    """One small JSON file, replaced whole and synced."""

    alive: Time | None = None
    progress: dict[str, dict[str, dict[str, Progress]]] = {}
    presses: list[DiaryAdd] = []
    alerts: list[Alert] = []
    announced: bool = False

    @classmethod
    def load(cls, path: Path) -> Self:
        """What was kept; an unreadable file is put aside with a warning."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return cls()
        except (ValidationError, OSError) as error:
            log.warning("%s cannot be read (%s); starting without it", path, explain(error))
            return cls()

    def save(self, path: Path) -> None:
        """Raises OutboxError when the disk does not take it."""
        fresh = path.with_suffix(".new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh.touch(mode=0o600)
            with fresh.open("wb") as file:
                file.write(self.model_dump_json(exclude_defaults=True).encode())
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        except OSError as error:
            raise OutboxError(f"cannot write {path}: {error.strerror}") from error
