"""The pages, one module each."""

from importlib import resources
from pathlib import Path

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from spasmwatch_services.diary.house import House
from spasmwatch_services.diary.pages import (
    answer,
    buttons,
    check,
    door,
    log,
    now,
    people,
    picture,
    review,
    settings,
    timeline,
    trends,
    trust,
)


class _Assets(StaticFiles):
    """Files whose address names their version are kept for ever, others are asked about each time."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        versioned = b"v=" in scope.get("query_string", b"")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if versioned else "no-cache"
        return response


def add(app: FastAPI, house: House) -> None:
    """Add every page to the application."""
    static = Path(str(resources.files("spasmwatch_services.diary") / "static"))
    app.mount("/static", _Assets(directory=static), name="static")
    for page in (now, picture, log, timeline, trends, review, check, settings, people, buttons, door, trust, answer):
        app.include_router(page.router(house), include_in_schema=False)

    @app.get("/service-worker.js", include_in_schema=False)
    def service_worker(_request: Request) -> Response:
        # Served from the root, so that it may look after all pages.
        script = (static / "service-worker.js").read_bytes()
        return Response(script, media_type="text/javascript", headers={"Cache-Control": "no-cache"})
