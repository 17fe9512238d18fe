"""The drawings of the charts, each at the address that its page gave out."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Response

from spasmwatch_services.diary.access import Visitor
from spasmwatch_services.diary.house import House
from spasmwatch_services.diary.pictures import ADDRESS


def router(house: House) -> APIRouter:
    """The route."""
    routes = APIRouter()

    @routes.get(f"{ADDRESS}{{name}}")
    def picture(
        name: Annotated[str, Path(pattern="^[0-9a-f]{32}$")], _visitor: Annotated[Visitor, Depends(house.guard.visitor)]
    ) -> Response:
        drawn = house.pictures.svg(name)
        if drawn is None:
            raise HTTPException(404)
        return Response(drawn, media_type="image/svg+xml")

    return routes
