"""*People*: who has an account; invite, invite again, remove."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from spasmwatch.errors import UsageError
from spasmwatch_services.diary.access import May, Refused, Visitor
from spasmwatch_services.diary.accounts import ROLES, Role
from spasmwatch_services.diary.house import House
from spasmwatch_services.diary.pages.door import new_person


def router(house: House) -> APIRouter:
    """The routes."""
    routes = APIRouter()
    manager = Depends(house.guard.posted(May.MANAGE))

    @routes.get("/settings/people", response_class=HTMLResponse)
    def people(visitor: Annotated[Visitor, Depends(house.guard.may(May.MANAGE))], done: str = "") -> HTMLResponse:
        said = house.words.get(f"done.{done}", "")
        return house.render("people.html", visitor, people=house.accounts.people(), roles=ROLES, done=said)

    @routes.post("/settings/people", response_class=HTMLResponse)
    def add(
        request: Request,
        visitor: Annotated[Visitor, manager],
        shown: Annotated[str, Form(max_length=40)],
        role: Annotated[Role, Form()],
    ) -> Response:
        person = new_person(house, shown, role)
        house.trail.note(visitor.name, "added", f"{person.name} ({role})")
        return _invitation(house, request, visitor, person.name)

    @routes.post("/settings/people/{name}/invite", response_class=HTMLResponse)
    def invite(request: Request, name: str, visitor: Annotated[Visitor, manager]) -> Response:
        _changeable(house, visitor, name)
        house.trail.note(visitor.name, "invited", name)
        return _invitation(house, request, visitor, name)

    @routes.post("/settings/people/{name}/remove")
    def remove(name: str, visitor: Annotated[Visitor, manager]) -> Response:
        _changeable(house, visitor, name)
        if name == visitor.name:
            raise UsageError(house.words("settings.not_yourself"))
        house.accounts.remove(name)
        house.trail.note(visitor.name, "removed", name)
        return RedirectResponse("/settings/people?done=removed", 303)

    return routes


def _changeable(house: House, visitor: Visitor, name: str) -> None:
    """The patient's account, once it has its own password, is nobody else's to reset or remove."""
    person = house.accounts.person(name)
    if person is None:
        raise UsageError(house.words("settings.nobody"))
    if person.role == "patient" and person.ready and visitor.name != name:
        raise Refused("settings.patients_own")


def _invitation(house: House, request: Request, visitor: Visitor, name: str) -> Response:
    address = f"{request.url.scheme}://{request.headers.get('host', '')}/join/{house.accounts.invite(name)}"
    return house.render("secret.html", visitor, what="invitation", secret=address, who=name)
