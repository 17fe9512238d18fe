"""Too many writes in a short time are asked to wait."""

import math

from fastapi import HTTPException

from spasmwatch_services.diary.access import Visitor
from spasmwatch_services.diary.house import House


def spend(house: House, visitor: Visitor) -> None:
    """Take one of this person's permits for a write. Raises 429 with Retry-After."""
    wait = house.writes.wait(visitor.name)
    if wait:
        raise HTTPException(429, house.words("error.http429"), {"Retry-After": str(math.ceil(wait))})
