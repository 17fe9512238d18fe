"""Server-sent events: the page is told that something changed and fetches what it may see."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from spasmwatch_services.diary.access import NotLoggedIn, Visitor
from spasmwatch_services.diary.house import House

HEARTBEAT_S = 15.0


def router(house: House) -> APIRouter:
    """The route."""
    routes = APIRouter()

    @routes.get("/live")
    async def live(request: Request, _visitor: Annotated[Visitor, Depends(house.guard.visitor)]) -> StreamingResponse:
        return StreamingResponse(_changes(house, request), media_type="text/event-stream")

    return routes


async def _changes(house: House, request: Request) -> AsyncIterator[str]:
    """One line at every change, at most one waiting; ends when the session does."""
    loop, changed = asyncio.get_running_loop(), asyncio.Event()

    def wake(_what: str) -> None:
        loop.call_soon_threadsafe(changed.set)

    stop = house.live.listen(wake)
    try:
        yield "retry: 3000\n\n"
        while True:
            try:
                await asyncio.wait_for(changed.wait(), HEARTBEAT_S)
                changed.clear()
                yield "event: changed\ndata:\n\n"
            except TimeoutError:
                yield ": still here\n\n"
            await run_in_threadpool(house.guard.visitor, request)
    except NotLoggedIn:
        return
    finally:
        stop()
