"""*Log*: large buttons, entries of the last two days, symptoms with their advice."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from spasmwatch_services.diary.access import May, Visitor
from spasmwatch_services.diary.house import House


def router(house: House) -> APIRouter:
    """The route of the page."""
    routes = APIRouter()

    @routes.get("/log", response_class=HTMLResponse)
    def log(visitor: Annotated[Visitor, Depends(house.guard.may(May.LOG))]) -> HTMLResponse:
        return house.render("log.html", visitor, buttons=house.preferences.buttons)

    return routes
