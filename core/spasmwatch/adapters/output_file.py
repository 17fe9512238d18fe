"""Files that a command writes where a person asked for them: whole or not at all, and never in place of a device.

A command may run as root, and its target may be a pipe, a terminal, a link or a device node. Only a plain file is ever
replaced; everything else is written into and stays what it is.
"""

import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from spasmwatch.errors import SpasmWatchError


@contextmanager
def writing(target: Path, *, private: bool = False) -> Iterator[BinaryIO]:
    """``target`` for bytes. As a plain file it appears, or is replaced, only when the block has ended well.

    ``private``: readable by its owner alone, whatever was there. Raises SpasmWatchError when it cannot be written.
    """
    try:
        opened = _beside(target, private=private) if _is_plain_or_new(target) else target.open("wb")
        with opened as output:
            yield output
    except BrokenPipeError:
        raise  # a reader has gone, of this pipe or of standard output; that is no fault of the file
    except OSError as error:
        raise SpasmWatchError(f"cannot write {target}: {error.strerror or error}") from error


def _is_plain_or_new(target: Path) -> bool:
    try:
        return stat.S_ISREG(target.lstat().st_mode)
    except FileNotFoundError:
        return True


@contextmanager
def _beside(target: Path, *, private: bool) -> Iterator[BinaryIO]:
    """A new file in the same folder, so that the last step is one rename."""
    new = target.with_name(f".spasmwatch-{secrets.token_hex(6)}")
    try:
        # Exclusive: a link that somebody laid there is not followed.
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o666), "wb") as output:
            if target.exists() and not private:
                shutil.copymode(target, new)
            yield output
            output.flush()
            os.fsync(output.fileno())
        new.replace(target)
    except BaseException:
        with suppress(OSError):
            new.unlink()
        raise
