"""*Settings* and *More*: people, buttons, what the patient sees, sessions and tokens, the trail, who is told."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from spasmwatch.domain.records import DiaryKind
from spasmwatch.errors import UsageError
from spasmwatch_services.diary.access import May, Refused, Visitor
from spasmwatch_services.diary.accounts import ROLES, Role
from spasmwatch_services.diary.house import House
from spasmwatch_services.diary.offers import DEFAULT_BUTTONS, OFFERS, Ask, Button, scale_of
from spasmwatch_services.diary.pages.door import new_person

MOST_BUTTONS = 40


def router(house: House) -> APIRouter:
    """The routes."""
    routes = APIRouter()
    anybody = Depends(house.guard.visitor)
    form = Depends(house.guard.posted())
    manager = Depends(house.guard.posted(May.MANAGE))

    @routes.get("/more", response_class=HTMLResponse)
    def more(visitor: Annotated[Visitor, anybody]) -> HTMLResponse:
        return house.render("more.html", visitor, roles=ROLES)

    @routes.get("/settings", response_class=HTMLResponse)
    def settings(visitor: Annotated[Visitor, anybody], done: str = "") -> HTMLResponse:
        alerts = house.settings.alerts
        return house.render(
            "settings.html",
            visitor,
            done=house.words.get(f"done.{done}", ""),
            sessions=house.accounts.sessions(visitor.name),
            tokens=house.accounts.tokens(visitor.name),
            sees_counts=house.preferences.patient_sees_counts,
            recipients=alerts.everybody(),
            quiet=alerts.quiet,
        )

    @routes.post("/settings/counts")
    def counts(visitor: Annotated[Visitor, form], show: Annotated[bool, Form()] = False) -> Response:
        if visitor.role != "patient":
            raise Refused
        house.preferences.show_counts_to_patient(show=show)
        house.trail.note(visitor.name, "counts_shown" if show else "counts_hidden")
        return _back("/settings", "saved")

    @routes.post("/settings/sessions/end")
    def end_session(visitor: Annotated[Visitor, form], key: Annotated[str, Form(max_length=64)]) -> Response:
        house.accounts.end_session(visitor.name, key)
        house.trail.note(visitor.name, "session_ended")
        return _back("/settings", "ended")

    @routes.post("/settings/tokens", response_class=HTMLResponse)
    def make_token(visitor: Annotated[Visitor, form], label: Annotated[str, Form(max_length=40)]) -> Response:
        if house.accounts.person(visitor.name) is None:
            raise UsageError(house.words("settings.no_account"))
        secret = house.accounts.make_token(visitor.name, label.strip() or "program")
        house.trail.note(visitor.name, "token_made", label)
        return house.render("secret.html", visitor, what="token", secret=secret, who=label)

    @routes.post("/settings/tokens/end")
    def end_token(visitor: Annotated[Visitor, form], key: Annotated[str, Form(max_length=64)]) -> Response:
        house.accounts.end_token(visitor.name, key)
        house.trail.note(visitor.name, "token_ended")
        return _back("/settings", "ended")

    @routes.get("/settings/trail", response_class=HTMLResponse)
    def trail(visitor: Annotated[Visitor, anybody]) -> HTMLResponse:
        everybody = visitor.may(May.TRAIL)
        shown = {person.name: person.shown for person in house.accounts.people()}
        steps = house.trail.steps(None if everybody else visitor.name)
        return house.render("trail.html", visitor, steps=steps, everybody=everybody, shown=shown)

    _people(routes, house)
    _buttons(routes, house, manager)
    return routes


def _people(routes: APIRouter, house: House) -> None:
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
        return _back("/settings/people", "removed")


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


def _buttons(routes: APIRouter, house: House, manager: object) -> None:
    @routes.get("/settings/buttons", response_class=HTMLResponse)
    def buttons(visitor: Annotated[Visitor, Depends(house.guard.may(May.MANAGE))]) -> HTMLResponse:
        return house.render("buttons.html", visitor, buttons=house.preferences.buttons, offers=OFFERS)

    @routes.post("/settings/buttons/move")
    def move(
        _visitor: Annotated[Visitor, manager],
        button: Annotated[str, Form(max_length=40)],
        to: Annotated[str, Form(pattern="^(up|down|away)$")],
    ) -> Response:
        arranged = house.preferences.buttons
        place = next((index for index, one in enumerate(arranged) if one.id == button), None)
        if place is not None:
            taken = arranged.pop(place)
            if to != "away":
                arranged.insert(max(0, place - 1) if to == "up" else place + 1, taken)
            house.preferences.arrange(arranged)
        return RedirectResponse(f"/settings/buttons#{button}", 303)

    @routes.post("/settings/buttons/usual")
    def usual(_visitor: Annotated[Visitor, manager]) -> Response:
        house.preferences.arrange(list(DEFAULT_BUTTONS))
        return RedirectResponse("/settings/buttons", 303)

    @routes.post("/settings/buttons")
    def add(
        _visitor: Annotated[Visitor, manager],
        what: Annotated[str, Form(pattern=r"^[a-z]+(/[a-z0-9_]+)?$")],
        label: Annotated[str, Form(max_length=40)] = "",
        value: Annotated[float | None, Form(ge=0, le=100_000)] = None,
        unit: Annotated[str, Form(max_length=20)] = "",
        text: Annotated[str, Form(max_length=100)] = "",
    ) -> Response:
        arranged = house.preferences.buttons
        if len(arranged) >= MOST_BUTTONS:
            raise UsageError(house.words("settings.enough_buttons"))
        arranged.append(_button(house, arranged, what, label.strip(), value, unit.strip(), text.strip()))
        house.preferences.arrange(arranged)
        return RedirectResponse(f"/settings/buttons#{arranged[-1].id}", 303)


def _button(
    house: House, arranged: list[Button], what: str, label: str, value: float | None, unit: str, text: str
) -> Button:
    kind_name, _, subkind = what.partition("/")
    kind: DiaryKind | None = next((kind for kind in OFFERS if kind == kind_name), None)
    if kind is None:
        raise UsageError(house.words("settings.no_such_button"))
    low, high = scale_of(kind, subkind or None)
    if value is not None and not low <= value <= high:
        raise UsageError(house.words("settings.out_of_range", low=f"{low:g}", high=f"{high:g}"))
    offer = OFFERS[kind]
    told = value is not None or (bool(text) and offer.ask == "text")
    ask: Ask = "nothing" if told or offer.ask == "nothing" else offer.ask
    base = re.sub(r"[^a-z0-9]+", "-", (label or what).lower()).strip("-")[:30] or kind
    taken = {button.id for button in arranged}
    number = next(n for n in range(1, MOST_BUTTONS + 2) if (f"{base}-{n}" if n > 1 else base) not in taken)
    return Button(
        id=f"{base}-{number}" if number > 1 else base,
        label=label,
        kind=kind,
        subkind=subkind or None,
        ask=ask,
        value=value,
        unit=unit or offer.unit,
        text=text or None,
    )


def _back(path: str, done: str) -> Response:
    return RedirectResponse(f"{path}?done={done}", 303)
