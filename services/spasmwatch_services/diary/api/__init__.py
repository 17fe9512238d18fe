"""The HTTP API: what the pages' script and other programs use; described by ``/api/v1/openapi.json``."""

from fastapi import FastAPI

from spasmwatch_services.diary.api import alerts, entries, events, labels, pause, rates, state
from spasmwatch_services.diary.house import House


def add(app: FastAPI, house: House) -> None:
    """Add every route of the API, and the live events."""
    for part in (state, entries, rates, labels, alerts, pause):
        app.include_router(part.router(house), prefix="/api/v1")
    app.include_router(events.router(house), include_in_schema=False)
