"""The program that publishes findings once a day."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from spasmwatch.adapters.sqlite_store import SqliteStore
from spasmwatch.domain.records import Insight, Record
from spasmwatch.settings import Settings
from spasmwatch.settings.home import Home as HomeSettings
from spasmwatch_services.insights.__main__ import next_due, publish
from support.homes import START, Cause, Home, simulate

R = TypeVar("R", bound=Record)


class Kept:
    """An outbox that keeps what it is given."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def add(self, record: R) -> R:
        self.records.append(record)
        return record


def test_every_finding_becomes_a_record_with_a_time_of_its_own(tmp_path: Path) -> None:
    settings = Settings(home=HomeSettings(data=tmp_path))
    store = SqliteStore(tmp_path / "store.sqlite", home="home", timezone="UTC")
    store.write(list(simulate(Home(days=30, causes={"caffeine": Cause(2.0, count=30)}), 1).records()))
    store.close()
    outbox = Kept()
    publish(settings, outbox, START + timedelta(days=31))
    assert {record.what for record in outbox.records} == {"insight"}
    insights = [record for record in outbox.records if isinstance(record, Insight)]
    assert {insight.window for insight in insights} == {"0-1h", "1-4h", "4-12h", "before"}
    assert len({insight.time for insight in insights}) == len(insights)


def test_nothing_is_published_from_an_empty_store(tmp_path: Path) -> None:
    outbox = Kept()
    publish(Settings(home=HomeSettings(data=tmp_path)), outbox, START)
    assert outbox.records == []


def test_findings_come_at_the_same_hour_of_the_home_also_when_the_clocks_change() -> None:
    settings = Settings(home=HomeSettings(timezone="Europe/Berlin"))
    before = datetime(2026, 3, 28, 4, 30, tzinfo=UTC)
    assert next_due(before, settings) == datetime(2026, 3, 29, 3, 0, tzinfo=UTC)
    assert next_due(datetime(2026, 3, 29, 3, 0, tzinfo=UTC), settings) == datetime(2026, 3, 30, 3, 0, tzinfo=UTC)
