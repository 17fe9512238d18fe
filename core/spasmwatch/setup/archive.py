"""A backup file: settings, state and the store's contents in one compressed archive with a list of hashes."""

import hashlib
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from spasmwatch import __version__
from spasmwatch.adapters import output_file
from spasmwatch.errors import SpasmWatchError

MANIFEST = "manifest.json"
LAYOUT = 1
_SQLITE = b"SQLite format 3\0"
_SQLITE_COMPANIONS = ("-wal", "-shm", "-journal")


@dataclass(frozen=True)
class Manifest:
    """What a backup holds. ``settings`` is where the settings file was, ``counts`` what the store held by kind."""

    layout: int
    version: str
    made: str
    home: str
    settings: str
    counts: dict[str, int]
    hashes: dict[str, str]


class ArchiveWriter:
    """Collects files; the archive appears under its name only when it is whole."""

    def __init__(self, archive: tarfile.TarFile, scratch: Path) -> None:
        self._archive, self.scratch = archive, scratch
        self._hashes: dict[str, str] = {}

    def add_tree(self, folder: Path, prefix: str, *, without: tuple[str, ...] = ()) -> None:
        """Every regular file below ``folder``, except in subfolders named in ``without``."""
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder)
            if inside.parts[0] not in without and path.is_file() and not path.is_symlink():
                self.add(path, f"{prefix}/{inside.as_posix()}")

    def add(self, file: Path, name: str) -> None:
        """One file; of a database a consistent copy, even while its program writes to it."""
        if file.name.endswith(_SQLITE_COMPANIONS):
            return
        try:
            if _is_sqlite(file):
                file = _copy_of_database(file, self.scratch / "database")
            content_hash = _hash_of(file)
            self._archive.add(file, name, recursive=False)
        except FileNotFoundError:
            return  # a temporary file that its program has finished with
        except (OSError, sqlite3.Error) as error:
            raise SpasmWatchError(f"cannot back up {file}: {error}") from error
        self._hashes[name] = content_hash

    def finish(self, home: str, settings: Path, counts: dict[str, int]) -> Manifest:
        """Write the manifest."""
        made = datetime.now(UTC).isoformat(timespec="seconds")
        manifest = Manifest(LAYOUT, __version__, made, home, str(settings), counts, self._hashes)
        listing = self.scratch / MANIFEST
        listing.write_text(json.dumps(asdict(manifest), indent=1), encoding="utf-8")
        self._archive.add(listing, MANIFEST)
        return manifest


@contextmanager
def writing(target: Path) -> Iterator[ArchiveWriter]:
    """A new backup ``target``, for its owner alone; nothing is left when it fails. Raises SpasmWatchError."""
    try:
        with (
            tempfile.TemporaryDirectory(prefix=".spasmwatch-", dir=target.parent) as scratch,
            output_file.writing(target, private=True) as output,
            tarfile.open(fileobj=output, mode="w:gz", compresslevel=6) as archive,
        ):
            yield ArchiveWriter(archive, Path(scratch))
    except (OSError, tarfile.TarError) as error:
        raise SpasmWatchError(f"cannot write the backup {target}: {error}") from error


def unpack(archive_file: Path, folder: Path) -> Manifest:
    """Unpack into ``folder`` and compare every file with its hash. Raises SpasmWatchError; then use nothing of it."""
    try:
        with tarfile.open(archive_file, "r:gz") as archive:
            _extract(archive, folder)
        fields = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        manifest = Manifest(**fields)
    except (OSError, EOFError, tarfile.TarError, ValueError, TypeError) as error:
        raise SpasmWatchError(f"{archive_file} is no whole backup of SpasmWatch: {error}") from error
    if manifest.layout != LAYOUT:
        raise SpasmWatchError(f"{archive_file} was made by version {manifest.version}; restore it with that version")
    for name, expected in manifest.hashes.items():
        if not (folder / name).is_file() or _hash_of(folder / name) != expected:
            raise SpasmWatchError(f"{archive_file} is damaged: {name} is not what was backed up")
    return manifest


def _extract(archive: tarfile.TarFile, folder: Path) -> None:
    """Plain files only, and only below ``folder``. Raises TarError on anything else.

    ``extractall`` learnt to refuse the rest in Python 3.11.4; Debian 12 has 3.11.2.
    """
    for member in archive:
        target = folder / member.name
        content = archive.extractfile(member) if member.isfile() else None
        if content is None or not target.resolve().is_relative_to(folder.resolve()):
            raise tarfile.TarError(f"{member.name!r} is no plain file of a backup")
        target.parent.mkdir(parents=True, exist_ok=True)
        with content, target.open("xb") as output:
            shutil.copyfileobj(content, output)
        target.chmod(0o600 | member.mode & 0o755)
        os.utime(target, (member.mtime, member.mtime))


def _is_sqlite(file: Path) -> bool:
    with file.open("rb") as source:
        return source.read(len(_SQLITE)) == _SQLITE


def _copy_of_database(file: Path, copy: Path) -> Path:
    copy.unlink(missing_ok=True)
    with (
        closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
    return copy


def _hash_of(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
