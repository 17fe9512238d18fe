"""*Review*: spasms grouped into episodes; one tap judges a whole group."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from spasmwatch.domain.records import Spasm
from spasmwatch_services.diary.access import May, Visitor
from spasmwatch_services.diary.house import House
from spasmwatch_services.diary.lanes import spasm_words
from spasmwatch_services.diary.outlines import has

APART = timedelta(minutes=5)
"""A longer quiet between two spasms begins a new episode."""
DAYS = 3
MOST = 60


@dataclass(frozen=True)
class Episode:
    """Spasms in quick succession, oldest first."""

    spasms: Sequence[Spasm]

    @property
    def start(self) -> datetime:
        """When the first began."""
        return self.spasms[0].start

    @property
    def end(self) -> datetime:
        """When the last ended."""
        return self.spasms[-1].end or self.spasms[-1].start

    @property
    def verdict(self) -> str | None:
        """What was said of all of them, None where they differ or nothing was said."""
        verdicts = {spasm.verdict for spasm in self.spasms}
        return verdicts.pop() if len(verdicts) == 1 else None

    @property
    def confidence(self) -> float:
        """Mean confidence of the detector."""
        return sum(spasm.confidence or 0.0 for spasm in self.spasms) / len(self.spasms)

    @property
    def ids(self) -> list[dict[str, str]]:
        """What a label needs to find them."""
        return [{"node": spasm.node, "spasm_id": spasm.spasm_id} for spasm in self.spasms]


def episodes(spasms: Sequence[Spasm]) -> list[Episode]:
    """Spasms grouped wherever more than five quiet minutes lie between two; the newest group first."""
    groups: list[list[Spasm]] = []
    reach: datetime | None = None
    for spasm in sorted(spasms, key=lambda spasm: spasm.start):
        if reach is None or spasm.start - reach > APART:
            groups.append([])
        groups[-1].append(spasm)
        reach = max(reach or spasm.start, spasm.end or spasm.start)
    return [Episode(group) for group in reversed(groups)]


def router(house: House) -> APIRouter:
    """The route of the page."""
    routes = APIRouter()

    @routes.get("/review", response_class=HTMLResponse)
    def review(visitor: Annotated[Visitor, Depends(house.guard.may(May.LABEL))], judged: bool = False) -> HTMLResponse:
        house.trail.looked(visitor.name, "review")
        now = house.clock.now()
        found = episodes(house.history.spasms(now - timedelta(days=DAYS), now))
        waiting = [group for group in found if group.verdict is None]
        shown, kept = found if judged else waiting, house.outlines.kept()
        return house.render(
            "review.html",
            visitor,
            groups=shown[:MOST],
            more=max(0, len(shown) - MOST),
            waiting=len(waiting),
            total=len(found),
            judged=judged,
            days=DAYS,
            line=lambda spasm: spasm_words(spasm, house.words),
            traced=lambda spasm: has(kept, spasm.start),
            trouble=house.history.trouble,
        )

    return routes
