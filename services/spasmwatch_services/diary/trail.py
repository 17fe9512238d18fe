"""Who looked at what and changed what: the patient may read all of it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from spasmwatch.ports import Clock
from spasmwatch_services.diary.database import Database

KEPT = timedelta(days=366)
LOOK_ONCE_IN = timedelta(minutes=10)
"""Reloading a page is one look."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the trail."""

    time: datetime
    actor: str
    action: str
    detail: str


class Trail:
    """An append-only list in the diary's own file."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._base, self._clock = database, clock
        self._looks: dict[tuple[str, str], datetime] = {}

    def note(self, actor: str, action: str, detail: str = "") -> None:
        """Add a line; lines older than a year go."""
        now = self._clock.now()
        self._base.together([
            ("INSERT INTO trail (time, actor, action, detail) VALUES (?, ?, ?, ?)",
             (now.timestamp(), actor, action, detail)),
            ("DELETE FROM trail WHERE time < ?", ((now - KEPT).timestamp(),)),
        ])  # fmt: skip

    def looked(self, actor: str, page: str) -> None:
        """Note that somebody saw a page, once in a while."""
        now = self._clock.now()
        last = self._looks.get((actor, page))
        if last is None or now - last >= LOOK_ONCE_IN:
            self._looks[actor, page] = now
            self.note(actor, "looked", page)

    def steps(self, actor: str | None = None, limit: int = 300) -> list[Step]:
        """The latest lines first; of one person or of all."""
        rows = self._base.rows(
            "SELECT time, actor, action, detail FROM trail WHERE ?1 IS NULL OR actor = ?1"
            " ORDER BY number DESC LIMIT ?2",
            actor,
            limit,
        )
        return [Step(datetime.fromtimestamp(time, UTC), who, action, detail) for time, who, action, detail in rows]
