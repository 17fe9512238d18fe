"""Small private files: written whole or not at all, for the owner only."""

from pathlib import Path

from spasmwatch.adapters.output_file import writing
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
    folder(file.parent)
    with writing(file, private=True) as output:
        output.write(data)


def folder(path: Path) -> Path:
    """``path`` made, with its parents, for its owner alone. Raises SpasmWatchError."""
    try:
        # mkdir gives the mode to the last folder only.
        for missing in reversed([path, *(parent for parent in path.parents if not parent.exists())]):
            missing.mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise SpasmWatchError(f"cannot make the folder {path}: {error.strerror}") from error
    return path
