"""The code that proves, at the first set-up from another device, that one can read files on this machine."""

import secrets
from pathlib import Path

from spasmwatch.errors import SpasmWatchError
from spasmwatch.settings import Settings


def setup_code(settings: Settings) -> str:
    """The code, made when first needed. Raises SpasmWatchError."""
    path = code_file(settings)
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600)
            path.write_text(f"{secrets.randbelow(10**8):08d}\n", encoding="utf-8")
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SpasmWatchError(f"cannot keep the set-up code in {path}: {error.strerror}") from error


def code_file(settings: Settings) -> Path:
    """Where the code is kept until the first account is made."""
    return settings.home.data / "diary" / "setup-code"
