"""``/answer/<token>``: what a push's buttons call. A token is signed, expires, works once; only POST does anything."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from spasmwatch.errors import BusError, LinkRefused
from spasmwatch_services.diary.house import House

Token = Annotated[str, Path(pattern=r"^[A-Za-z0-9_.=-]{1,2000}$")]


def router(house: House) -> APIRouter:
    """The routes; the token itself is the permission."""
    routes = APIRouter()

    @routes.get("/answer/{token}", response_class=HTMLResponse)
    def look(token: Token) -> HTMLResponse:
        # Phones and chat programs fetch addresses to show a preview: looking must change nothing.
        return house.render("answer.html", token=token)

    @routes.post("/answer/{token}")
    def answer(request: Request, token: Token) -> Response:
        wait = house.knocks.wait(request.client.host if request.client else "")
        if wait:
            raise HTTPException(429, house.words("error.http429"), {"Retry-After": str(int(wait) + 1)})
        try:
            alert_id, command = house.redeemer.redeem(token, house.clock.now())
        except LinkRefused as error:
            raise HTTPException(403, str(error)) from error
        try:
            house.bus.publish(house.topics.alert_command(command.actor, alert_id), command.payload())
        except BusError:
            house.redeemer.give_back(command)
            raise
        house.push_tests.answered(alert_id)
        house.trail.note(command.actor, command.verb, alert_id)
        if "text/html" in request.headers.get("accept", ""):
            return RedirectResponse("/", 303)
        return JSONResponse({"done": command.verb})

    return routes
