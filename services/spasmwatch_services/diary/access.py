"""Who is asking, and what may they do. Roles as the page on care wants them."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from fastapi import Form, Request

from spasmwatch_services.diary.accounts import ROLES, Accounts, Role, Session
from spasmwatch_services.diary.preferences import Preferences

COOKIE = "spasmwatch"
PLAY_COOKIE = "spasmwatch_as"
SCREEN_COOKIE = "screen"
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


class May(StrEnum):
    """Something that not everybody may do."""

    COUNTS = "counts"  # see rates, spasms and alerts about them
    LOG = "log"  # write diary entries
    LABEL = "label"  # judge spasms
    ALERTS = "alerts"  # acknowledge, snooze
    PAUSE = "pause"  # stop the camera
    RESUME = "resume"  # start it again before its time
    TRAIL = "trail"  # see who looked at what
    MANAGE = "manage"  # people, buttons
    TELL = "tell"  # choose who is told of alerts


_EVERYDAY = frozenset({May.COUNTS, May.LOG, May.LABEL, May.ALERTS, May.PAUSE})
PERMISSIONS: dict[Role, frozenset[May]] = {
    "owner": _EVERYDAY | {May.MANAGE},
    "caregiver": _EVERYDAY,
    "viewer": frozenset({May.COUNTS}),
    "patient": frozenset({May.LOG, May.PAUSE, May.RESUME, May.TRAIL, May.TELL}),
}
"""The patient sees counts, and may then judge spasms and alerts, only after choosing to: stress is a trigger.

Who is told is the patient's alone: an owner or caregiver who could choose it could put themself on the list against the
patient's will, or cut off whom the patient relies on.
"""

PATIENT_WITH_COUNTS = frozenset({May.COUNTS, May.LABEL, May.ALERTS})


class NotLoggedIn(Exception):
    """The request needs somebody; nobody valid is named in it."""


class Refused(Exception):
    """This person may not do that. ``why`` is a key of the message catalogue."""

    def __init__(self, why: str = "error.forbidden") -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Visitor:
    """The person behind a request. ``screen`` is ``narrow`` or ``wide`` where the browser has told."""

    name: str
    shown: str
    role: Role
    permissions: frozenset[May]
    csrf: str
    session: Session | None = None
    open: bool = False
    screen: str | None = None

    def may(self, what: str) -> bool:
        """Whether this person may do ``what``."""
        return May(what) in self.permissions


class Guard:
    """Finds out who asks: by session cookie, by token, or in the open demo simply the person at the machine."""

    def __init__(self, accounts: Accounts, preferences: Preferences, *, open_house: bool) -> None:
        self._accounts, self._preferences = accounts, preferences
        self.open_house = open_house
        self._open_csrf = secrets.token_urlsafe(24)

    def visitor(self, request: Request) -> Visitor:
        """Raises NotLoggedIn, or Refused for a form that our pages did not send."""
        kind, _, secret = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            person = self._accounts.token(secret.strip())
            if person is None:
                raise NotLoggedIn
            return Visitor(person.name, person.shown, person.role, self._permissions(person.role), csrf="")
        visitor = self._by_cookie(request)
        if request.method in UNSAFE:
            self._check_token(request, visitor, request.headers.get("x-csrf-token", ""))
        return visitor

    def may(self, what: May) -> Callable[[Request], Visitor]:
        """A dependency: the visitor, if they may do that. Raises NotLoggedIn, Refused."""

        def permitted(request: Request) -> Visitor:
            visitor = self.visitor(request)
            if what not in visitor.permissions:
                raise Refused
            return visitor

        return permitted

    def posted(self, what: May | None = None) -> Callable[[Request, str], Visitor]:
        """A dependency for forms: the visitor whose own page sent it, if they may do that."""

        def permitted(request: Request, csrf: Annotated[str, Form()] = "") -> Visitor:
            visitor = self._by_cookie(request)
            self._check_token(request, visitor, csrf)
            if what is not None and what not in visitor.permissions:
                raise Refused
            return visitor

        return permitted

    def _check_token(self, request: Request, visitor: Visitor, given: str) -> None:
        self.check_origin(request)
        if not secrets.compare_digest(given.encode(), visitor.csrf.encode()):
            raise Refused("error.csrf")

    def check_origin(self, request: Request) -> None:
        """Refuse what another site's page made the browser send."""
        origin = request.headers.get("origin")
        site = request.headers.get("sec-fetch-site")
        if origin not in (None, "null") and origin.split("://", 1)[-1] != request.headers.get("host"):
            raise Refused("error.csrf")
        if origin == "null" or site in ("cross-site", "same-site"):
            raise Refused("error.csrf")

    def _by_cookie(self, request: Request) -> Visitor:
        session = self._accounts.session(request.cookies.get(COOKIE, ""))
        if session is not None:
            person = session.person
            permissions = self._permissions(person.role)
            return Visitor(
                person.name, person.shown, person.role, permissions, session.csrf, session, screen=_screen(request)
            )
        if self.open_house and "x-forwarded-for" not in request.headers and "forwarded" not in request.headers:
            asked = request.cookies.get(PLAY_COOKIE)
            role: Role = next((role for role in ROLES if role == asked), "owner")
            permissions = self._permissions(role)
            return Visitor("demo", "Demo", role, permissions, self._open_csrf, open=True, screen=_screen(request))
        raise NotLoggedIn

    def _permissions(self, role: Role) -> frozenset[May]:
        permissions = PERMISSIONS[role]
        if role == "patient" and self._preferences.patient_sees_counts:
            permissions |= PATIENT_WITH_COUNTS
        if role == "patient" and not any(person.role == "owner" for person in self._accounts.people()):
            # Whoever lives alone with their spasms looks after the home, too.
            permissions |= {May.MANAGE}
        return permissions


def _screen(request: Request) -> str | None:
    return request.cookies.get(SCREEN_COOKIE)
