"""Entries handed over on this machine: the command line puts files into a folder, the diary takes them out.

So ``spasmwatch diary add`` needs no account at the broker, and works while the diary is down.
"""

import json
import logging
import threading
from collections.abc import Sequence
from pathlib import Path

from uuid6 import uuid7

from spasmwatch.domain.topics import DiaryAdd
from spasmwatch.errors import RecordError, SpasmWatchError, UsageError
from spasmwatch.runtime import private_folder
from spasmwatch.settings import Settings
from spasmwatch_services.diary.entries import Entries

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.5


def folder(settings: Settings) -> Path:
    """Where the files are handed over."""
    return settings.home.data / "diary" / "inbox"


def hand_over(settings: Settings, wishes: Sequence[DiaryAdd]) -> None:
    """Put entries into the folder, all or none. Raises SpasmWatchError."""
    place = private_folder(folder(settings))
    lines = "".join(wish.model_dump_json() + "\n" for wish in wishes)
    name = str(uuid7())
    unfinished = place / f"{name}.part"
    try:
        unfinished.touch(mode=0o600)
        unfinished.write_text(lines, encoding="utf-8")
        unfinished.rename(place / f"{name}.jsonl")
    except OSError as error:
        raise SpasmWatchError(f"cannot write to {place}: {error.strerror}") from error


class Inbox:
    """Takes the files out, oldest first; a file goes only after all of its entries are in the outbox."""

    def __init__(self, place: Path, entries: Entries) -> None:
        self._place, self._entries = place, entries

    def run(self, stopping: threading.Event) -> None:
        """Look until told to stop."""
        while not stopping.wait(LOOK_EVERY_S):
            self.take()

    def take(self) -> None:
        """Take out what is there."""
        for file in sorted(self._place.glob("*.jsonl")):
            try:
                for line in file.read_text(encoding="utf-8").splitlines():
                    self._take(line, file)
                file.unlink()
            except OSError as error:
                log.error("cannot take in %s: %s", file, error)

    def _take(self, line: str, file: Path) -> None:
        try:
            self._entries.grant(DiaryAdd.parse(line.encode()))
        except (RecordError, UsageError) as error:
            log.error("an entry in %s is not understood and kept in refused: %s", file, error)
            with (self._place / "refused").open("a", encoding="utf-8") as refused:
                refused.write(json.dumps({"line": line, "reason": str(error)}) + "\n")
