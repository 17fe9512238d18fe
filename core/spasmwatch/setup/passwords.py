"""Random passwords and the forms in which servers keep them."""

import base64
import hashlib
import hmac
import secrets
from pathlib import Path

from spasmwatch.setup.files import read, write

ITERATIONS = 101
"""Mosquitto's own number. The passwords are random, so more would only slow every reconnect."""


def secret(file: Path, prefix: str = "", characters: int = 43) -> str:
    """What ``file`` holds; made at random and kept there when there is none yet."""
    if not file.exists():
        write(file, prefix + secrets.token_urlsafe(64)[:characters] + "\n")
    return read(file).decode().strip()


def broker_hash(password: str, salt: bytes | None = None) -> str:
    """A password as Mosquitto's password file keeps it: ``$7$``, PBKDF2 with SHA-512."""
    salt = salt or secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    return f"$7${ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def matches(password: str, kept: str) -> bool:
    """Whether ``kept`` is what :func:`broker_hash` makes of ``password``."""
    try:
        salt = base64.b64decode(kept.split("$")[3])
    except (IndexError, ValueError):
        return False
    return hmac.compare_digest(broker_hash(password, salt), kept)


def broker_password_file(file: Path, passwords: dict[str, str]) -> bool:
    """Keep the accounts' hashes in ``file``; it is left alone when it holds exactly these. True when rewritten."""
    if file.exists():
        kept = dict(line.split(":", 1) for line in read(file).decode().splitlines() if ":" in line)
        if kept.keys() == passwords.keys() and all(matches(passwords[name], kept[name]) for name in kept):
            return False
    write(file, "".join(f"{name}:{broker_hash(password)}\n" for name, password in passwords.items()))
    return True
