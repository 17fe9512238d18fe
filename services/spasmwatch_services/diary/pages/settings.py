"""*Settings* and *More*: what the patient sees, who is told, sessions and tokens, the trail."""

from typing import Annotated, get_args

from fastapi import APIRouter, Depends, Form, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from spasmwatch.domain.topics import MOST_RECIPIENTS, ToldLevel
from spasmwatch.errors import UsageError
from spasmwatch_services.diary.access import May, Refused, Visitor
from spasmwatch_services.diary.accounts import ROLES
from spasmwatch_services.diary.api.limit import spend
from spasmwatch_services.diary.house import House
from spasmwatch_services.diary.words import Words

# The first mark that fits counts: every browser also names those it wants to be taken for.
_BROWSERS = (("Firefox", "Firefox"), ("Edg", "Edge"), ("OPR", "Opera"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "Mac"),
            ("Linux", "Linux"))  # fmt: skip

OBEYED_WITHIN_S = 1.0
"""How long a page waits for the alert service to take over who is told."""


def router(house: House) -> APIRouter:
    """The routes."""
    routes = APIRouter()
    anybody = Depends(house.guard.visitor)
    form = Depends(house.guard.posted())

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
            device=lambda agent: device_name(agent, house.words),
            tokens=house.accounts.tokens(visitor.name),
            sees_counts=house.preferences.patient_sees_counts,
            recipients=alerts.everybody(),
            quiet=alerts.quiet,
            trials=house.push_tests.trials,
            told=house.told,
            levels=get_args(ToldLevel),
            has_patient=any(person.role == "patient" and person.ready for person in house.accounts.people()),
            watchdogs=len(alerts.watchdog),
        )

    @routes.post("/settings/counts")
    def counts(visitor: Annotated[Visitor, form], show: Annotated[bool, Form()] = False) -> Response:
        if visitor.role != "patient":
            raise Refused
        house.preferences.show_counts_to_patient(show=show)
        house.trail.note(visitor.name, "counts_shown" if show else "counts_hidden")
        return _back("/settings", "saved")

    @routes.get("/settings/trail", response_class=HTMLResponse)
    def trail(visitor: Annotated[Visitor, anybody]) -> HTMLResponse:
        everybody = visitor.may(May.TRAIL)
        shown = {person.name: person.shown for person in house.accounts.people()}
        steps = house.trail.steps(None if everybody else visitor.name)
        return house.render("trail.html", visitor, steps=steps, everybody=everybody, shown=shown)

    _who_is_told(routes, house)
    _own_keys(routes, house)
    return routes


def _who_is_told(routes: APIRouter, house: House) -> None:
    form = Depends(house.guard.posted())

    @routes.post("/settings/told")
    def choose_told(
        visitor: Annotated[Visitor, Depends(house.guard.posted(May.TELL))],
        name: Annotated[list[str], Form(max_length=MOST_RECIPIENTS)],
        level: Annotated[list[ToldLevel], Form(max_length=MOST_RECIPIENTS)],
    ) -> Response:
        if len(name) != len(level) or not set(name) <= set(house.told.levels):
            raise UsageError(house.words("error.http400"))
        spend(house, visitor)
        for recipient, chosen in house.told.choose(dict(zip(name, level, strict=True))).items():
            house.trail.note(visitor.name, "told", f"{recipient}: {house.words(f'told.{chosen}')}")
        house.told.wait_until_obeyed(OBEYED_WITHIN_S)
        return _back("/settings", "saved")

    @routes.post("/settings/push-test")
    def push_test(visitor: Annotated[Visitor, form]) -> Response:
        if not (visitor.may(May.MANAGE) or visitor.role == "patient"):
            raise Refused
        spend(house, visitor)
        house.push_tests.send()
        house.trail.note(visitor.name, "push_test")
        return _back("/settings", "tested")


def _own_keys(routes: APIRouter, house: House) -> None:
    form = Depends(house.guard.posted())

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


def device_name(agent: str, words: Words) -> str:
    """Browser and system from what a browser says of itself, roughly."""
    browser = next((shown for mark, shown in _BROWSERS if mark in agent), None)
    system = next((shown for mark, shown in _SYSTEMS if mark in agent), None)
    if browser is None or system is None:
        return agent[:60] or words("settings.unknown_device")
    return words("settings.device", browser=browser, system=system)


def _back(path: str, done: str) -> Response:
    return RedirectResponse(f"{path}?done={done}", 303)
