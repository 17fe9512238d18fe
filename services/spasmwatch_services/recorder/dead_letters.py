"""The dead-letter file: what could not be stored, with the reason, one JSON object a line."""

import base64
import fcntl
import hashlib
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from spasmwatch.domain.records import rfc3339
from spasmwatch.errors import SpasmWatchError

REMEMBERED = 10_000
EXCERPT = 64 * 1024
"""Of a larger payload only this much is kept: it was no record of ours anyway."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One payload that could not be stored."""

    time: str
    topic: str
    reason: str
    payload: bytes

    @property
    def digest(self) -> str:
        """Names the letter: the same payload on the same topic is the same letter."""
        return hashlib.sha256(self.topic.encode() + b"\0" + self.payload).hexdigest()[:12]

    def names(self, person: str) -> bool:
        """Whether it speaks of a person, as far as can be told from a broken payload."""
        return f'"{person}"'.encode() in self.payload


class DeadLetters:
    """Appends to ``dead-letters.jsonl``; at ``max_mb`` it becomes ``dead-letters.1.jsonl`` and a new one begins."""

    def __init__(self, folder: Path, max_mb: float) -> None:
        self._file, self._older = folder / "dead-letters.jsonl", folder / "dead-letters.1.jsonl"
        self._max_bytes = max_mb * 1e6
        self._lock = threading.Lock()
        self._known: dict[str, float] = {}
        self._seen: list[tuple[int, int, int]] = []
        self._notice_others()

    def add(self, topic: str, payload: bytes, reason: str) -> float | None:
        """Keep a letter, on disk when this returns. Raises SpasmWatchError when the disk does not take it.

        None for a new letter; for a payload that is there already, how many seconds this program has known it.
        """
        letter = DeadLetter(rfc3339(datetime.now(UTC)), topic, reason, payload[:EXCERPT])
        with self._lock:
            try:
                self._notice_others()
                if letter.digest in self._known:
                    return time.monotonic() - self._known[letter.digest]
                with self._alone():
                    self._append(letter)
                    self._seen = self._stamps()
            except OSError as error:
                raise SpasmWatchError(f"cannot write {self._file}: {error.strerror}; make room on the disk") from error
            self._remember(letter.digest)
            return None

    def _notice_others(self) -> None:
        """A person may have removed letters with a program of their own: these are new when they come again."""
        if self._stamps() != self._seen:
            before, self._known, self._seen = self._known, {}, self._stamps()
            for letter in self:
                self._remember(letter.digest)
            self._known.update((digest, since) for digest, since in before.items() if digest in self._known)

    def _stamps(self) -> list[tuple[int, int, int]]:
        facts = [file.stat() for file in (self._older, self._file) if file.exists()]
        return [(fact.st_ino, fact.st_size, fact.st_mtime_ns) for fact in facts]

    def _remember(self, digest: str) -> None:
        self._known[digest] = time.monotonic()
        if len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other process rewrites the file meanwhile."""
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._file.parent / ".dead-letters.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _append(self, letter: DeadLetter) -> None:
        if self._file.exists() and self._file.stat().st_size > self._max_bytes:
            self._file.replace(self._older)
        line = _line(letter)
        with os.fdopen(os.open(self._file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600), "a+b") as file:
            if file.tell() and os.pread(file.fileno(), 1, file.tell() - 1) != b"\n":
                line = b"\n" + line  # what a power cut or a full disk left half-written stays a line of its own
            file.write(line)
            file.flush()
            os.fsync(file.fileno())

    def __iter__(self) -> Iterator[DeadLetter]:
        """All letters, oldest first; a half-written last line (a power cut) is passed over."""
        for file in (self._older, self._file):
            if file.exists():
                with file.open("rb") as lines:
                    for line in lines:
                        if (letter := _letter(line)) is not None:
                            yield letter

    def remove(self, digests: set[str]) -> None:
        """Rewrite the files without these letters; what has come meanwhile stays. Raises SpasmWatchError."""
        try:
            with self._lock, self._alone():
                for file in (self._older, self._file):
                    if file.exists():
                        _rewrite(file, digests)
                self._known = {digest: since for digest, since in self._known.items() if digest not in digests}
        except OSError as error:
            raise SpasmWatchError(f"cannot rewrite {self._file}: {error.strerror}") from error


def _rewrite(file: Path, unwanted: set[str]) -> None:
    letters = [letter for line in file.read_bytes().splitlines() if (letter := _letter(line))]
    new = file.with_suffix(".new")
    new.write_bytes(b"".join(_line(letter) for letter in letters if letter.digest not in unwanted))
    new.chmod(0o600)
    new.replace(file)


def _line(letter: DeadLetter) -> bytes:
    fields: dict[str, Any] = asdict(letter)
    try:
        fields["payload"] = letter.payload.decode()
    except UnicodeDecodeError:
        fields["payload"] = None
        fields["base64"] = base64.b64encode(letter.payload).decode()
    return json.dumps(fields).encode() + b"\n"


def _letter(line: bytes) -> DeadLetter | None:
    try:
        fields = json.loads(line)
        text = fields["payload"]
        payload = base64.b64decode(fields["base64"]) if text is None else text.encode()
        return DeadLetter(str(fields["time"]), str(fields["topic"]), str(fields["reason"]), payload)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
