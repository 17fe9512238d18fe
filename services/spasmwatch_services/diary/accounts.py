"""Who may come in: people with roles, their passwords, sessions, invitations and tokens for programs.

Secrets are kept as SHA-256 digests (random ones) or argon2id hashes (passwords); the plain text is handed out once.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, cast, get_args

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from spasmwatch.errors import UsageError
from spasmwatch.ports import Clock
from spasmwatch_services.diary.database import Database

Role = Literal["owner", "caregiver", "viewer", "patient"]
ROLES: tuple[Role, ...] = get_args(Role)

SESSION_LASTS = timedelta(days=30)
"""Since it was last used."""
INVITATION_LASTS = timedelta(hours=48)
SHORTEST_PASSWORD = 10
_SEEN_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account. ``ready`` once they have set a password of their own."""

    name: str
    shown: str
    role: Role
    ready: bool


@dataclass(frozen=True, slots=True)
class Session:
    """One logged-in browser; ``key`` names it without opening it."""

    key: str
    person: Person
    csrf: str
    agent: str
    opened: datetime
    seen: datetime


@dataclass(frozen=True, slots=True)
class Token:
    """What a program of ``name`` shows instead of logging in."""

    key: str
    name: str
    label: str
    made: datetime
    seen: datetime | None


class Accounts:
    """The people of the home."""

    def __init__(self, database: Database, clock: Clock, hasher: PasswordHasher | None = None) -> None:
        self._base, self._clock = database, clock
        self._hasher = hasher or PasswordHasher()
        self._nobody = self._hasher.hash(secrets.token_urlsafe())

    # people

    def people(self) -> list[Person]:
        """Everybody, by name."""
        return [_person(row) for row in self._base.rows("SELECT name, shown, role, hash FROM person ORDER BY name")]

    def person(self, name: str) -> Person | None:
        """One person."""
        rows = self._base.rows("SELECT name, shown, role, hash FROM person WHERE name = ?", name)
        return _person(rows[0]) if rows else None

    def add(self, name: str, shown: str, role: Role) -> Person:
        """A new person without a password yet. Raises UsageError when the name is taken, or a second patient."""
        if self.person(name):
            raise UsageError(f"there is already somebody called {name!r}")
        if role == "patient" and any(person.role == "patient" for person in self.people()):
            raise UsageError("there is already an account for the patient")
        self._base.rows("INSERT INTO person VALUES (?, ?, ?, NULL, ?)", name, shown, role, self._now())
        return Person(name, shown, role, ready=False)

    def remove(self, name: str) -> None:
        """A person with everything that let them in."""
        self._base.rows("DELETE FROM person WHERE name = ?", name)

    def set_password(self, name: str, password: str) -> None:
        """Also ends every session of that person. Raises UsageError for one too easy to guess."""
        if len(password) < SHORTEST_PASSWORD or password.lower() in (name.lower(), "spasmwatch", "1234567890"):
            raise UsageError(f"the password must have at least {SHORTEST_PASSWORD} characters and not be a common one")
        self._base.together([
            ("UPDATE person SET hash = ? WHERE name = ?", (self._hasher.hash(password), name)),
            ("DELETE FROM session WHERE name = ?", (name,)),
            ("DELETE FROM invitation WHERE name = ?", (name,)),
        ])  # fmt: skip

    def check(self, name: str, password: str) -> Person | None:
        """The person whose password this is; takes equally long for a name that does not exist."""
        rows = self._base.rows("SELECT name, shown, role, hash FROM person WHERE name = ?", name)
        hashed = rows[0][3] if rows else None
        try:
            self._hasher.verify(hashed or self._nobody, password)
        except (VerificationError, InvalidHashError):
            return None
        return _person(rows[0]) if hashed else None

    # invitations: a one-time address with which somebody sets their own password

    def invite(self, name: str) -> str:
        """The secret of a new invitation; earlier ones of that person stop working."""
        secret = secrets.token_urlsafe(24)
        expires = self._now() + INVITATION_LASTS.total_seconds()
        self._base.together([
            ("DELETE FROM invitation WHERE name = ?", (name,)),
            ("INSERT INTO invitation VALUES (?, ?, ?)", (_digest(secret), name, expires)),
        ])  # fmt: skip
        return secret

    def invited(self, secret: str) -> Person | None:
        """Whom an invitation is for, while it lasts."""
        rows = self._base.rows("SELECT name, expires FROM invitation WHERE digest = ?", _digest(secret))
        return self.person(rows[0][0]) if rows and rows[0][1] > self._now() else None

    # sessions

    def open_session(self, person: Person, agent: str) -> str:
        """The secret for the cookie of a new session."""
        secret, now = secrets.token_urlsafe(32), self._now()
        values = (_digest(secret), person.name, secrets.token_urlsafe(24), agent[:200], now, now)
        self._base.rows("INSERT INTO session VALUES (?, ?, ?, ?, ?, ?)", *values)
        return secret

    def session(self, secret: str) -> Session | None:
        """The session of a cookie, unless it was revoked or lay idle for too long."""
        found = self._sessions("WHERE s.digest = ?", _digest(secret))
        if not found:
            return None
        now = self._now()
        if found[0].seen.timestamp() + _SEEN_EVERY_S < now:
            self._base.rows("UPDATE session SET seen = ? WHERE digest = ?", now, found[0].key)
        return found[0]

    def sessions(self, name: str) -> list[Session]:
        """The open sessions of a person, the latest first."""
        return self._sessions("WHERE s.name = ? ORDER BY s.seen DESC", name)

    def end_session(self, name: str, key: str) -> None:
        """Revoke one session of a person."""
        self._base.rows("DELETE FROM session WHERE name = ? AND digest = ?", name, key)

    def _sessions(self, where: str, value: str) -> list[Session]:
        oldest = self._now() - SESSION_LASTS.total_seconds()
        self._base.rows("DELETE FROM session WHERE seen < ?", oldest)
        rows = self._base.rows(
            "SELECT s.digest, s.csrf, s.agent, s.opened, s.seen, p.name, p.shown, p.role, p.hash"  # noqa: S608
            f" FROM session s JOIN person p ON p.name = s.name {where}",
            value,
        )
        return [
            Session(key, _person(tuple(person)), csrf, agent, _time(opened), _time(seen))
            for key, csrf, agent, opened, seen, *person in rows
        ]

    # tokens

    def make_token(self, name: str, label: str) -> str:
        """The secret of a new token for a program of this person, with that person's role."""
        secret = "sw_" + secrets.token_urlsafe(32)
        self._base.rows("INSERT INTO token VALUES (?, ?, ?, ?, NULL)", _digest(secret), name, label, self._now())
        return secret

    def token(self, secret: str) -> Person | None:
        """Whose token this is."""
        rows = self._base.rows("SELECT name, seen FROM token WHERE digest = ?", _digest(secret))
        if not rows:
            return None
        now = self._now()
        if (rows[0][1] or 0) + _SEEN_EVERY_S < now:
            self._base.rows("UPDATE token SET seen = ? WHERE digest = ?", now, _digest(secret))
        return self.person(rows[0][0])

    def tokens(self, name: str) -> list[Token]:
        """The tokens of a person, the newest first."""
        rows = self._base.rows(
            "SELECT digest, name, label, made, seen FROM token WHERE name = ? ORDER BY made DESC", name
        )
        return [
            Token(key, owner, label, _time(made), _time(seen) if seen else None)
            for key, owner, label, made, seen in rows
        ]

    def end_token(self, name: str, key: str) -> None:
        """Revoke one token of a person."""
        self._base.rows("DELETE FROM token WHERE name = ? AND digest = ?", name, key)

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _person(row: tuple[object, ...]) -> Person:
    name, shown, role, hashed = row
    return Person(str(name), str(shown), cast("Role", role), ready=hashed is not None)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
