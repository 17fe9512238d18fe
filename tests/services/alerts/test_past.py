"""Days that the alert service did not hear come from the store, when it is there."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from spasmwatch.adapters.sqlite_store import SqliteStore
from spasmwatch.domain.trend.daybook import Cell, Day, DayBook
from spasmwatch.errors import StoreError
from spasmwatch.ports import Rate, Store
from spasmwatch.settings import Settings
from spasmwatch.settings.home import Home
from spasmwatch_services.alerts.past import Past, fill, read_past

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
COUNTS = {
    "hemifacial_left": 4,
    "tic_right": 1,
    "hemifacial_all": 4,
    "tic_all": 1,
    "all_left": 4,
    "all_right": 1,
    "all_all": 5,
}


def test_unknown_days_are_filled_and_known_ones_kept() -> None:
    book = DayBook(UTC)
    book.days[NOON.date()] = Day({"2/cam1": Cell(60.0)})
    hours = [Rate(NOON - timedelta(hours=n), 3600.0, COUNTS, 2.0, 900) for n in range(48)]
    assert fill(book, Past("patient", hours), UTC) == 2
    yesterday = book.days[(NOON - timedelta(days=1)).date()]
    assert yesterday.total == 24 * 5
    assert yesterday.observed_s == 24 * 3600.0
    assert yesterday.count("hemifacial_left") == 24 * 4
    assert book.days[NOON.date()].observed_s == 60.0
    assert len(book.touched) == 2


def test_a_store_that_is_away_is_reported_and_asked_again(tmp_path: Path) -> None:
    settings = Settings(home=Home(data=tmp_path))
    troubles: list[tuple[str, str | None]] = []
    taken: list[Past] = []
    attempts = iter([StoreError("no route"), None])

    class Hurried(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            return False

    def open_store(_: Settings) -> Store:
        if error := next(attempts):
            raise error
        return SqliteStore(tmp_path / "store.sqlite", home="home", timezone="UTC")

    read_past(settings, open_store, taken.append, lambda what, cause: troubles.append((what, cause)), Hurried())
    assert troubles == [("store", "the store is out of reach: no route"), ("store", None)]
    assert [past.person for past in taken] == ["patient"]
