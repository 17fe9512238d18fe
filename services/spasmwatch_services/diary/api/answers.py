"""What every route of the API may answer besides what was asked for."""

from typing import Any

from pydantic import BaseModel


class Problem(BaseModel):
    """Why a request was not done."""

    detail: str


def problems(*more: int) -> dict[int | str, dict[str, Any]]:
    """The error answers of a route, for the description."""
    texts = {
        400: "Not possible.",
        401: "Log in, or show a token.",
        403: "Not allowed for this role, or not from our pages.",
        404: "There is no such thing.",
        413: "Too large.",
        422: "Not understood.",
        429: "Too often; Retry-After says when.",
        503: "A part of the home is out of reach; try again.",
    }
    return {code: {"model": Problem, "description": texts[code]} for code in sorted({401, 403, 413, 422, 503, *more})}
