"""*Buttons*: which one-tap buttons there are, and in which order."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from spasmwatch.domain.records import DiaryKind
from spasmwatch.errors import UsageError
from spasmwatch_services.diary.access import May, Visitor
from spasmwatch_services.diary.house import House
from spasmwatch_services.diary.offers import DEFAULT_BUTTONS, OFFERS, Ask, Button, scale_of

MOST_BUTTONS = 40


def router(house: House) -> APIRouter:
    """The routes."""
    routes = APIRouter()
    manager = Depends(house.guard.posted(May.MANAGE))

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

    return routes


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
