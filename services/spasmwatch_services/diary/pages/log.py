"""*Log*: large buttons, symptoms with their advice, the entries of the last two days."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from spasmwatch.domain.records import Diary
from spasmwatch_services.diary.access import May, Visitor
from spasmwatch_services.diary.house import House
from spasmwatch_services.diary.lanes import entry_words
from spasmwatch_services.diary.offers import MEDICATION_CHANGES, OFFERS, Button

SHOWN = timedelta(days=2)
FUNCTIONS_EVERY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of the list; ``content`` is what the script logs again or changes."""

    entry: Diary
    words: str
    content: dict[str, Any]


def router(house: House) -> APIRouter:
    """The route of the page."""
    routes = APIRouter()

    @routes.get("/log", response_class=HTMLResponse)
    def log(visitor: Annotated[Visitor, Depends(house.guard.may(May.LOG))]) -> HTMLResponse:
        house.trail.looked(visitor.name, "log")
        now = house.clock.now()
        lines = [line(entry, house) for entry in reversed(house.history.entries(now - SHOWN, now + SHOWN))]
        return house.render(
            "log.html",
            visitor,
            buttons=house.preferences.buttons,
            treatments=_treatments(),
            functions=_functions(house),
            tiers=house.advice.known(),
            advice=house.advice,
            lines=lines,
            last=lines[0] if lines else None,
            trouble=house.history.trouble,
            nobody_told=not house.told.reaches_somebody("urgent"),
        )

    return routes


def line(entry: Diary, house: House) -> Line:
    """An entry as the list shows it."""
    content = entry.model_dump(include={"kind", "subkind", "value", "unit", "text"})
    return Line(entry, entry_words(entry, house), content)


def _treatments() -> list[Button]:
    """Treatments and changes of medication: what the trend is marked with."""
    changes = [Button(id=sub, kind="medication", subkind=sub, ask="text") for sub in MEDICATION_CHANGES]
    return [Button(id=sub, kind="treatment", subkind=sub, ask="text") for sub in OFFERS["treatment"].subkinds] + changes


def _functions(house: House) -> list[Button]:
    """The weekly questions that have not been answered in the last seven days."""
    now = house.clock.now()
    answered = {
        entry.subkind for entry in house.history.entries(now - FUNCTIONS_EVERY, now) if entry.kind == "function"
    }
    return [
        Button(id=sub, kind="function", subkind=sub, ask="scale")
        for sub in OFFERS["function"].subkinds
        if sub not in answered
    ]
