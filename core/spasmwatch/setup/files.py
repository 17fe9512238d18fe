"""Small private files: written whole or not at all, for the owner only."""

import os
from pathlib import Path

from spasmwatch.errors import SpasmWatchError


def read(file: Path) -> bytes:
    """Raises SpasmWatchError when it cannot be read."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise SpasmWatchError(f"cannot read {file}: {error.strerror}") from error


def write(file: Path, content: bytes | str) -> None:
    """Replace ``file`` at once, readable by its owner alone. Raises SpasmWatchError."""
    data = content.encode() if isinstance(content, str) else content
    beside = file.with_name(f".{file.name}.new")
    try:
        folder(file.parent)
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as output:
            output.write(data)
            output.flush()
            os.fsync(output.fileno())
        beside.replace(file)
    except OSError as error:
        raise SpasmWatchError(f"cannot write {file}: {error.strerror}") from error


def folder(path: Path) -> Path:
    """``path`` made, with its parents, for its owner alone. Raises SpasmWatchError."""
    try:
        # mkdir gives the mode to the last folder only.
        for missing in reversed([path, *(parent for parent in path.parents if not parent.exists())]):
            missing.mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise SpasmWatchError(f"cannot make the folder {path}: {error.strerror}") from error
    return path
