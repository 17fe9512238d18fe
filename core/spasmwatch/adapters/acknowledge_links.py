"""Signed, expiring, single-use addresses with which a phone answers a push; the pages redeem them by POST only.

The alert service makes them, the pages redeem them; both share one key file. A token names one alert, one verb and one
caregiver; its id becomes the id of the command, which the alert service follows only once.
"""

import base64
import binascii
import contextlib
import hashlib
import hmac
import os
import secrets
import sqlite3
import threading
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import ValidationError
from uuid6 import uuid7

from spasmwatch.domain.records import Name, ShortText, Time, Verb
from spasmwatch.domain.topics import AlertCommand, WireMessage
from spasmwatch.errors import LinkRefused, OutboxError
from spasmwatch.settings import Settings

PATH = "/answer"
"""Below the pages' address: ``POST <page>/answer/<token>``."""


class Claim(WireMessage):
    """What a token allows: one answer of one caregiver to one alert until ``expires``."""

    id: ShortText
    alert_id: ShortText
    verb: Verb
    actor: Name
    expires: Time
    snooze_hours: float | None = None


class LinkMaker:
    """Makes addresses below the pages' own address."""

    def __init__(self, page: str, key: bytes, lifetime: timedelta) -> None:
        self._page, self._key, self._lifetime = page.rstrip("/"), key, lifetime

    def address(
        self,
        alert_id: str,
        verb: Verb,
        actor: str,
        now: datetime,
        snooze_hours: float | None = None,
        at_least: timedelta = timedelta(0),
    ) -> str:
        """An address that gives this answer once; it lasts as long as the household has set, but ``at_least``."""
        claim = Claim(
            id=str(uuid7()),
            alert_id=alert_id,
            verb=verb,
            actor=actor,
            expires=now + max(self._lifetime, at_least),
            snooze_hours=snooze_hours,
        )
        return f"{self._page}{PATH}/{sign(self._key, claim)}"


class LinkRedeemer:
    """Turns a token into the command it stands for, once. ``used`` is where the used ones are remembered."""

    def __init__(self, key: bytes, used: Path) -> None:
        self._key = key
        self._lock = threading.Lock()
        try:
            used.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._base = sqlite3.connect(used, isolation_level=None, check_same_thread=False, timeout=10)
            self._base.execute("PRAGMA journal_mode=WAL")
            self._base.execute("CREATE TABLE IF NOT EXISTS used (id TEXT PRIMARY KEY, expires TEXT NOT NULL)")
        except (sqlite3.Error, OSError) as error:
            raise OutboxError(f"cannot open {used}: {error}") from error

    def redeem(self, token: str, now: datetime) -> tuple[str, AlertCommand]:
        """The alert id and the command to publish. Raises LinkRefused: forged, expired or used before."""
        claim = verify(self._key, token, now)
        with self._lock:
            try:
                self._base.execute("DELETE FROM used WHERE expires < ?", (now.isoformat(),))
                self._base.execute("INSERT INTO used VALUES (?, ?)", (claim.id, claim.expires.isoformat()))
            except sqlite3.IntegrityError as error:
                raise LinkRefused("this answer has been given already") from error
            except sqlite3.Error as error:
                raise OutboxError(f"cannot remember a used answer: {error}") from error
        until = now + timedelta(hours=claim.snooze_hours) if claim.snooze_hours else None
        return claim.alert_id, AlertCommand(id=claim.id, verb=claim.verb, actor=claim.actor, until=until, time=now)

    def give_back(self, command: AlertCommand) -> None:
        """The command could not be published: let the same token be used again."""
        with self._lock, contextlib.suppress(sqlite3.Error):
            self._base.execute("DELETE FROM used WHERE id = ?", (command.id,))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._base.close()


def sign(key: bytes, claim: Claim) -> str:
    """A token: the claim and its HMAC-SHA256, both base64url."""
    body = claim.payload()
    return f"{_text(body)}.{_text(hmac.new(key, body, hashlib.sha256).digest())}"


def verify(key: bytes, token: str, now: datetime) -> Claim:
    """The claim of a genuine token that has not expired. Raises LinkRefused."""
    body, _, signature = token.partition(".")
    try:
        raw, given = _bytes(body), _bytes(signature)
    except (ValueError, binascii.Error) as error:
        raise LinkRefused("this address is damaged") from error
    if not hmac.compare_digest(given, hmac.new(key, raw, hashlib.sha256).digest()):
        raise LinkRefused("this address was not made here")
    try:
        claim = Claim.model_validate_json(raw)
    except ValidationError as error:
        raise LinkRefused("this address comes from another version") from error
    if now >= claim.expires:
        raise LinkRefused("this address has expired; open the page to answer")
    return claim


def link_key(settings: Settings) -> bytes:
    """The shared key, made at first use (32 random bytes, readable by this user only). Raises OutboxError."""
    path = settings.alerts.link_key_file or settings.home.data / "acknowledge.key"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.exists():
            return _checked(path)
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(32))
        # Linking fails when another program was first: then its key counts.
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
        return _checked(path)
    except OSError as error:
        raise OutboxError(f"cannot read or make the key {path}: {error.strerror}") from error


def _checked(path: Path) -> bytes:
    key = path.read_bytes()
    if len(key) < 32:
        raise OutboxError(f"the key {path} is too short; remove it to have a new one made")
    return key


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
