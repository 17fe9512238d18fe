"""`spasmwatch backup` and `spasmwatch restore`: everything of a home, one command each."""

import argparse
import os
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from spasmwatch import settings as settings_room
from spasmwatch.cli import Handler
from spasmwatch.errors import SpasmWatchError, UsageError
from spasmwatch.settings import Settings

if TYPE_CHECKING:
    from spasmwatch.setup.archive import ArchiveWriter

BESIDE_SETTINGS = (
    "init.json", "ca", "certificates", "secrets", "mosquitto", "ntfy", "cameras", "home",
    "ca.crt", "own.crt", "own.key", "mqtt_password", "mqtt_password.txt",
)  # fmt: skip
"""What ``init`` and the installer lay beside a settings file."""
BESIDE_DATA = ("data/edge", "data/recorder2", "data/grafana")
"""What other containers keep below a server's ``var``: enrolment, a second recorder's dead letters, accounts."""
REPLACEABLE = ("models", "log")
"""Folders in ``home.data`` that need no backup."""
ASIDE = "before-restore-"
"""How the folder begins to which ``restore`` moves what was there; backups leave it out."""


def backup(parser: argparse.ArgumentParser) -> Handler:
    """Write settings, keys, state and everything stored into one file."""
    parser.add_argument("target", type=Path, metavar="FILE", help="the new file, or a folder that gets a dated one")
    parser.add_argument("--keep", type=int, metavar="N", help="with a folder: keep the newest N of ours, remove older")
    return _backup


def _backup(args: argparse.Namespace) -> None:
    from spasmwatch.setup.archive import writing

    target: Path = args.target
    if args.keep is not None and (args.keep < 1 or not target.is_dir()):
        raise UsageError("--keep wants a number from 1 on, and a folder to keep them in")
    settings_file = _settings_file(args.settings)
    settings = settings_room.load(settings_file)
    if not settings.home.data.is_dir():
        raise SpasmWatchError(f"there is nothing to back up: no folder {settings.home.data}")
    folder = target if target.is_dir() else None
    if folder:
        target = folder / f"spasmwatch-{datetime.now(UTC):%Y%m%d-%H%M%S}.tar.gz"
    with writing(target) as archive:
        _add_settings(archive, settings_file)
        aside = (path.name for path in settings.home.data.glob(f"{ASIDE}*"))
        archive.add_tree(settings.home.data, "data", without=(*REPLACEABLE, *aside))
        counts = _add_store(archive, settings)
        archive.finish(settings.home.name, settings_file or Path("spasmwatch.toml"), counts)
    print(f"{target}: {sum(counts.values()):,} records, {target.stat().st_size / 1e6:.1f} MB")
    print("It holds keys, passwords and diary texts: keep it where nobody else can read it.")
    if folder and args.keep:
        for old in sorted(folder.glob("spasmwatch-*.tar.gz"))[: -args.keep]:
            old.unlink()


def _settings_file(given: Path | None) -> Path | None:
    """The settings file in use, None for none."""
    named = given or (Path(os.environ["SPASMWATCH_SETTINGS"]) if os.environ.get("SPASMWATCH_SETTINGS") else None)
    usual = (Path("spasmwatch.toml"), Path("/etc/spasmwatch/spasmwatch.toml"))
    found = named or next((file for file in usual if file.is_file()), None)
    return found.resolve() if found else None


def _add_settings(archive: "ArchiveWriter", settings_file: Path | None) -> None:
    if settings_file is None:
        return
    archive.add(settings_file, f"settings/{settings_file.name}")
    for name in BESIDE_SETTINGS:
        path = settings_file.parent / name
        if path.is_dir():
            archive.add_tree(path, f"settings/{name}", without=("data",))
        elif path.is_file():
            archive.add(path, f"settings/{name}")
    for name in BESIDE_DATA:
        archive.add_tree(settings_file.parent / name, f"settings/{name}")


def _add_store(archive: "ArchiveWriter", settings: Settings) -> dict[str, int]:
    """Counts of what is stored; the records themselves where the store is no file in ``home.data``."""
    from spasmwatch.adapters.stores import open_store
    from spasmwatch.setup import contents

    store = open_store(settings, readonly=True)
    try:
        counts = store.counts()
        if settings.store.kind != "sqlite":
            contents.dump(store, settings, archive.scratch)
            for name in (contents.RECORDS, contents.ROLLUPS):
                archive.add(archive.scratch / name, f"store/{name}")
        return counts
    finally:
        store.close()


def restore(parser: argparse.ArgumentParser) -> Handler:
    """Put a backup back, on the same or on a new machine; stop the programs first."""
    parser.add_argument("source", type=Path, metavar="FILE", help="a file that `spasmwatch backup` wrote")
    parser.add_argument("--force", action="store_true", help="replace what is there; it is moved aside, not removed")
    parser.add_argument(
        "--settings-only",
        action="store_true",
        help="settings and keys only: the first step where the store is a server",
    )
    return _restore


def _restore(args: argparse.Namespace) -> None:
    from spasmwatch.setup.archive import unpack

    if not args.source.is_file():
        raise SpasmWatchError(f"no file at {args.source}")
    with tempfile.TemporaryDirectory(prefix="spasmwatch-restore-") as scratch:
        folder = Path(scratch)
        manifest = unpack(args.source, folder)
        settings_file = _settings_file(args.settings) or Path(manifest.settings)
        if settings_file.exists() and not settings_file.is_file():
            raise UsageError(f"{settings_file} is no plain file: --settings names the settings file to restore")
        # Read where they are, so that wrong ones are noticed before anything is touched.
        kept = folder / "settings" / Path(manifest.settings).name
        settings = settings_room.load(kept if kept.exists() else None)
        if not args.settings_only:
            _put(folder / "data", settings.home.data, force=args.force)
        if (folder / "settings").is_dir():
            _put_settings(folder / "settings", kept, settings_file, force=args.force)
        if args.settings_only:
            print(f"restored settings and keys of {manifest.made} in {settings_file.parent}")
            return
        counts = _fill_store(settings_file, settings, folder / "store")
    missing = {what: number for what, number in manifest.counts.items() if counts.get(what, 0) < number}
    if missing:
        raise SpasmWatchError(f"the store holds fewer records than the backup: {missing}")
    print(f"restored the backup of {manifest.made}: {sum(counts.values()):,} records, settings in {settings_file}")


def _put(source: Path, target: Path, *, force: bool) -> None:
    """Move a folder's files into place. What is there is refused, or with ``force`` moved aside."""
    if target.is_dir() and any(target.iterdir()):
        if not force:
            raise SpasmWatchError(f"{target} is not empty; stop the programs and use --force, it will be moved aside")
        _move_aside(target)
    _copy(source, target)


def _move_aside(folder: Path) -> None:
    """The contents only: the folder itself may be a mount."""
    aside = folder / f"{ASIDE}{datetime.now(UTC):%Y%m%d-%H%M%S}"
    inside = list(folder.iterdir())
    aside.mkdir(mode=0o700)
    for path in inside:
        if not path.name.startswith(ASIDE):
            path.rename(aside / path.name)


def _put_settings(source: Path, kept: Path, settings_file: Path, *, force: bool) -> None:
    if settings_file.exists() and settings_file.read_bytes() != kept.read_bytes():
        if not force:
            raise SpasmWatchError(f"{settings_file} is there and differs; use --force to replace it")
        settings_file.replace(settings_file.with_name(f"{settings_file.name}.before-restore"))
    _copy(source, settings_file.parent)
    if kept.name != settings_file.name:
        (settings_file.parent / kept.name).replace(settings_file)


def _copy(source: Path, target: Path) -> None:
    try:
        target.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copytree(source, target, dirs_exist_ok=True)
    except (OSError, shutil.Error) as error:
        raise SpasmWatchError(f"cannot restore into {target}: {error}") from error


def _fill_store(settings_file: Path, settings: Settings, folder: Path) -> dict[str, int]:
    from spasmwatch.adapters.stores import open_store
    from spasmwatch.setup import contents

    if settings_file.exists():
        settings = settings_room.load(settings_file)
    store = open_store(settings)
    try:
        if folder.is_dir():
            contents.load(store, folder)
        return store.counts()
    finally:
        store.close()
