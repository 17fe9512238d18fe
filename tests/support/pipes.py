"""Pipes in place of files: what a command writes goes through them."""

import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def drained_pipe(path: Path) -> Iterator[list[bytes]]:
    """A named pipe at ``path`` with a reader; the list holds what was written into it once the block has ended.

    Raises AssertionError when something took the pipe's place.
    """
    os.mkfifo(path)
    content: list[bytes] = []
    reader = threading.Thread(target=lambda: content.append(path.read_bytes()), daemon=True)
    reader.start()
    yield content
    reader.join(10)
    assert stat.S_ISFIFO(path.lstat().st_mode)
