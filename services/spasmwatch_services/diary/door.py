"""Who may knock: by which name, and at the first set-up from another device with a code read on this machine."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from spasmwatch.errors import SpasmWatchError
from spasmwatch.settings import Settings
from spasmwatch.settings.diary import DiarySettings

HERE = ("127.0.0.1", "::1", "localhost")


def known_by(diary: DiarySettings, host: str) -> bool:
    """Whether these pages may be asked for under the name in a ``Host`` header.

    On loopback any page on the web could reach us, by a name of its own that it points at 127.0.0.1, and do what needs
    no log-in: the first set-up, everything in the open demo. Elsewhere the certificate or the proxy holds the name.
    """
    if not diary.on_loopback or diary.trusted_proxies:
        return True
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    return name in HERE or (not diary.open_on_loopback and name in diary.names)


def needs_code(diary: DiarySettings, headers: Mapping[str, str]) -> bool:
    """Whether the first set-up may come from another device: then only who can read a file here becomes the owner."""
    forwarded = "x-forwarded-for" in headers or "forwarded" in headers
    return not diary.on_loopback or bool(diary.trusted_proxies) or forwarded


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
