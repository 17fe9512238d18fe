"""The web application: pages, the HTTP API, and what holds for every answer."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.middleware.gzip import GZipMiddleware

from spasmwatch import __version__
from spasmwatch.errors import SpasmWatchError, UsageError
from spasmwatch_services.diary import api, pages
from spasmwatch_services.diary.access import NotLoggedIn, Refused
from spasmwatch_services.diary.door import known_by
from spasmwatch_services.diary.house import House

LARGEST_BODY = 64 * 1024

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self';"
        " manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}

Next = Callable[[Request], Awaitable[Response]]


def build(house: House) -> FastAPI:
    """The application of one home."""
    app = FastAPI(
        title="SpasmWatch diary",
        version=__version__,
        description="Log entries, read rates and alerts. Not a medical device.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        # Nothing about a home leaves it, whatever the environment says.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    pages.add(app, house)
    api.add(app, house)
    _answers(app, house)
    app.middleware("http")(partial(_guarded, house))
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    return app


async def _guarded(house: House, request: Request, call_next: Next) -> Response:
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > LARGEST_BODY or "transfer-encoding" in request.headers:
        told = f"a request body has a length, of at most {LARGEST_BODY} bytes"
        return _secured(JSONResponse({"detail": told}, 413))
    if not known_by(house.settings.diary, request.headers.get("host", "")):
        return _secured(_problem(house, request, 400, house.words("error.host"), {}))
    return _secured(await call_next(request))


def _secured(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    # No Strict-Transport-Security: it holds for the whole host, and a home's Grafana or Home Assistant on another port
    # of the same name may speak plain HTTP.
    response.headers.setdefault("Cache-Control", "no-store")
    return response


Told = tuple[int, str, Mapping[str, str]]
"""Status, words and headers of an error's answer."""


def _answers(app: FastAPI, house: House) -> None:
    """How errors look: JSON for programs, a page for people; never a traceback."""
    words = house.words

    def refused(error: Refused) -> Told:
        return 403, words(error.why), {}

    def http(error: HTTPException) -> Told:
        plain = error.detail == HTTPStatus(error.status_code).phrase
        said = words.get(f"error.http{error.status_code}", error.detail) if plain else error.detail
        return error.status_code, said, error.headers or {}

    def invalid(error: RequestValidationError) -> Told:
        return 422, "; ".join(_place(item) for item in error.errors()[:3]), {}

    tellers: dict[type[Exception] | int, Callable[[Any], Told]] = {
        Refused: refused,
        HTTPException: http,
        404: http,
        405: http,
        RequestValidationError: invalid,
        UsageError: lambda error: (400, str(error), {}),
        SpasmWatchError: lambda error: (503, str(error), {}),
        # The error itself is in the log; what people see holds nothing of it.
        500: lambda _error: (500, words("error.broken"), {}),
    }
    for kind, tell in tellers.items():
        app.add_exception_handler(kind, partial(_told, house, tell))
    app.add_exception_handler(NotLoggedIn, partial(_not_logged_in, house))


def _told(house: House, tell: Callable[[Any], Told], request: Request, error: Exception) -> Response:
    # An error of ours is answered outside of everything else, so it gets its headers here.
    return _secured(_problem(house, request, *tell(error)))


def _place(item: Mapping[str, Any]) -> str:
    """Where and what, as in ``value: Input should be a valid number``; the whole has no place."""
    where = ".".join(map(str, item["loc"][1:]))
    what = item["msg"].removeprefix("Value error, ")
    return f"{where}: {what}" if where else what


def _not_logged_in(house: House, request: Request, _error: Exception) -> Response:
    if _is_api(request):
        return JSONResponse({"detail": house.words("error.login")}, 401, {"WWW-Authenticate": "Bearer"})
    if not house.accounts.people():
        return RedirectResponse("/setup", 303)
    return RedirectResponse(f"/login?to={quote(request.url.path)}", 303)


def _problem(house: House, request: Request, status: int, text: str, headers: Mapping[str, str]) -> Response:
    if _is_api(request):
        return JSONResponse({"detail": text}, status, headers)
    response: Response = house.render("error.html", None, status=status, title=text)
    response.headers.update(headers)
    return response


def _is_api(request: Request) -> bool:
    return request.url.path.startswith("/api/")
