"""The way in: first set-up, log in, log out, invitations, the demo's roles."""

import math
import re
import secrets
import unicodedata
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from spasmwatch.errors import UsageError
from spasmwatch_services.diary.access import COOKIE, PLAY_COOKIE, Refused, Visitor
from spasmwatch_services.diary.accounts import ROLES, SESSION_LASTS, Person, Role
from spasmwatch_services.diary.door import code_file, needs_code, setup_code
from spasmwatch_services.diary.house import House


def router(house: House) -> APIRouter:
    """The routes."""
    routes = APIRouter()
    _first_time(routes, house)
    _in_and_out(routes, house)
    _invited(routes, house)
    _demo(routes, house)
    return routes


def _first_time(routes: APIRouter, house: House) -> None:
    @routes.get("/setup", response_class=HTMLResponse)
    def setup_page(request: Request) -> Response:
        if house.accounts.people():
            return RedirectResponse("/", 303)
        coded = needs_code(house.settings.diary, request.headers)
        return house.render("setup.html", needs_code=coded, wrong=None, given={"shown": "", "role": "owner"})

    @routes.post("/setup", response_class=HTMLResponse)
    def set_up(
        request: Request,
        shown: Annotated[str, Form(max_length=40)],
        password: Annotated[str, Form(max_length=200)],
        role: Annotated[Role, Form()],
        code: Annotated[str, Form(max_length=40)] = "",
    ) -> Response:
        house.guard.check_origin(request)
        if house.accounts.people():
            return RedirectResponse("/", 303)
        coded = needs_code(house.settings.diary, request.headers)
        try:
            if role not in ("owner", "patient"):
                raise UsageError(house.words("door.first_role"))
            if coded:
                _check_code(house, request, code)
            person = new_person(house, shown, role, password)
        except UsageError as error:
            given = {"shown": shown, "role": role}
            return house.render("setup.html", status=400, needs_code=coded, wrong=str(error), given=given)
        code_file(house.settings).unlink(missing_ok=True)
        house.trail.note(person.name, "set_up")
        return _come_in(house, request, person, "/")


def _in_and_out(routes: APIRouter, house: House) -> None:
    @routes.get("/login", response_class=HTMLResponse)
    def login_page(to: str = "/") -> Response:
        if not house.accounts.people():
            return RedirectResponse("/setup", 303)
        return house.render("login.html", to=_inside(to), wrong=None, name="")

    @routes.post("/login", response_class=HTMLResponse)
    def log_in(
        request: Request,
        name: Annotated[str, Form(max_length=64)],
        password: Annotated[str, Form(max_length=200)],
        to: Annotated[str, Form(max_length=400)] = "/",
    ) -> Response:
        house.guard.check_origin(request)
        keys = (f"name:{login_name(name)}", f"from:{request.client.host if request.client else ''}")
        wait = house.passwords.wait(*keys)
        if wait:
            wrong = house.words("door.wait", time=house.words.duration(math.ceil(wait)))
            page = house.render("login.html", status=429, to=_inside(to), wrong=wrong, name=name)
            page.headers["Retry-After"] = str(math.ceil(wait))
            return page
        person = house.accounts.check(login_name(name), password)
        if person is None:
            house.passwords.wrong(*keys)
            house.trail.note(login_name(name) or "unknown", "wrong_password")
            return house.render("login.html", status=401, to=_inside(to), wrong=house.words("door.wrong"), name=name)
        house.passwords.right(*keys)
        house.trail.note(person.name, "logged_in")
        return _come_in(house, request, person, _inside(to))

    @routes.post("/logout")
    def log_out(visitor: Annotated[Visitor, Depends(house.guard.posted())]) -> Response:
        if visitor.session:
            house.accounts.end_session(visitor.name, visitor.session.key)
            house.trail.note(visitor.name, "logged_out")
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(COOKIE, path="/")
        # Nothing of this person stays on the phone.
        answer.headers["Clear-Site-Data"] = '"cache", "storage"'
        return answer


def _invited(routes: APIRouter, house: House) -> None:
    @routes.get("/join/{secret}", response_class=HTMLResponse)
    def join_page(secret: str) -> Response:
        person = house.accounts.invited(secret)
        return house.render("join.html", status=200 if person else 404, person=person, wrong=None)

    @routes.post("/join/{secret}", response_class=HTMLResponse)
    def join(request: Request, secret: str, password: Annotated[str, Form(max_length=200)]) -> Response:
        house.guard.check_origin(request)
        person = house.accounts.invited(secret)
        if person is None:
            return house.render("join.html", status=404, person=None, wrong=None)
        try:
            house.accounts.set_password(person.name, password)
        except UsageError as error:
            return house.render("join.html", status=400, person=person, wrong=str(error))
        house.trail.note(person.name, "joined")
        return _come_in(house, request, person, "/")


def _demo(routes: APIRouter, house: House) -> None:
    @routes.post("/as")
    def play(role: Annotated[Role, Form()], visitor: Annotated[Visitor, Depends(house.guard.posted())]) -> Response:
        if not visitor.open:
            raise Refused
        answer = RedirectResponse("/", 303)
        answer.set_cookie(PLAY_COOKIE, role, httponly=True, samesite="lax", path="/")
        return answer


def new_person(house: House, shown: str, role: Role, password: str | None = None) -> Person:
    """Add somebody. Raises UsageError; with a refused password nobody is added."""
    shown = " ".join(shown.split())
    name = login_name(shown)
    if not name or role not in ROLES:
        raise UsageError(house.words("door.no_name"))
    person = house.accounts.add(name, shown, role)
    if password is not None:
        try:
            house.accounts.set_password(name, password)
        except UsageError:
            house.accounts.remove(name)
            raise
    return person


def login_name(shown: str) -> str:
    """The name by which somebody logs in and signs entries: ``Anna Müller`` becomes ``anna-muller``."""
    plain = unicodedata.normalize("NFKD", shown).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9_]+", "-", plain).strip("-")[:64]


def _check_code(house: House, request: Request, given: str) -> None:
    """Raises UsageError for a wrong code; after some of them, from wherever they came, for any until it is time."""
    keys = ("set-up", f"from:{request.client.host if request.client else ''}")
    wait = house.passwords.wait(*keys)
    if wait:
        raise UsageError(house.words("door.wait", time=house.words.duration(math.ceil(wait))))
    if not secrets.compare_digest(given.strip().encode(), setup_code(house.settings).encode()):
        house.passwords.wrong(*keys)
        raise UsageError(house.words("door.wrong_code"))


def _come_in(house: House, request: Request, person: Person, to: str) -> Response:
    secret = house.accounts.open_session(person, request.headers.get("user-agent", ""))
    answer = RedirectResponse(to, 303)
    answer.set_cookie(
        COOKIE,
        secret,
        max_age=int(SESSION_LASTS.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
        path="/",
    )
    return answer


def _inside(to: str) -> str:
    """A path of ours; anything that leads elsewhere becomes the first page."""
    parts = urlsplit(to)
    inside = to.startswith("/") and not to.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return to if inside else "/"
