"""Who I am and whether the page works."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from spasmwatch_services.diary.access import Visitor
from spasmwatch_services.diary.accounts import Role
from spasmwatch_services.diary.api.answers import problems
from spasmwatch_services.diary.house import House


class Whoami(BaseModel):
    """The person behind the request; ``csrf`` goes into ``X-CSRF-Token`` of every write with a cookie."""

    name: str
    role: Role
    may: list[str]
    csrf: str


class Alive(BaseModel):
    """``history`` is ``reachable`` unless the store is out of reach."""

    status: Literal["ok"]


def router(house: House) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["state"])

    @routes.get("/session", responses=problems())
    def session(visitor: Annotated[Visitor, Depends(house.guard.visitor)]) -> Whoami:
        """Who asks, and what they may do."""
        return Whoami(name=visitor.name, role=visitor.role, may=sorted(visitor.permissions), csrf=visitor.csrf)

    @routes.get("/health")
    def health() -> Alive:
        """Whether the page works; needs no login and says nothing about anybody."""
        return Alive(status="ok")

    return routes
