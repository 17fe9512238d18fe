"""Recorded history for the backtest: a large file in pieces, from other processes, as from one."""

import logging
import os
from datetime import UTC, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from spasmwatch.adapters.sqlite_store import SqliteStore
from spasmwatch.domain.advice import Advice
from spasmwatch.domain.records import Observation
from spasmwatch.domain.trend.daybook import Minute
from spasmwatch.errors import RecordError
from spasmwatch.settings import Settings
from spasmwatch_services.alerts import history
from spasmwatch_services.alerts.backtest import Tally, replay
from spasmwatch_services.alerts.history import Known, from_file, from_store
from support import make
from support.histories import Story, tell

ZONE = ZoneInfo("Europe/Berlin")


@pytest.fixture(autouse=True)
def every_file_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "LARGE", 1)
    monkeypatch.setattr(history, "PIECES", 16)


def _as_minutes(records: list[Known]) -> list[Known]:
    return [Minute.of(record, ZONE) if isinstance(record, Observation) else record for record in records]


def test_a_file_in_pieces_is_the_file_in_order_with_the_same_words(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lines = [record.payload() for record in tell(Story(days=2, minutes=60), 1)]
    path = tmp_path / "r.jsonl"
    path.write_bytes(b"\n".join([*lines[:50], b"", b"{torn", b"[]", *lines[50:], b"torn at the end"]))
    found, told = [], []
    for processes in (1, 3):
        with caplog.at_level(logging.WARNING):
            found.append(list(from_file(path, ZONE, processes)))
        told.append(list(caplog.messages))
        caplog.clear()
    assert sum(isinstance(record, Minute) for record in found[1]) > 1000
    assert _as_minutes(found[0]) == found[1]
    assert told[0] == told[1]
    assert f"{path}:52: payload is not JSON" in told[0][0]


def test_a_bad_line_is_told_although_the_rest_of_the_file_is_not_wanted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lines = [record.payload() for record in tell(Story(days=2, minutes=60), 1)]
    path = tmp_path / "r.jsonl"
    path.write_bytes(b"\n".join([*lines[:5], b"{torn", *lines[5:]]))
    records = from_file(path, ZONE, 2)
    next(records)
    records.close()
    assert f"{path}:6: payload is not JSON" in caplog.text


def test_minutes_read_elsewhere_give_the_alerts_of_the_observations(tmp_path: Path) -> None:
    story = Story(days=30, minutes=60, effect=lambda day: 4.0 if day >= 26 else 1.0)
    path = tmp_path / "r.jsonl"
    path.write_bytes(b"".join(record.payload() + b"\n" for record in tell(story, 2)))
    settings, runs = Settings(), []
    for processes in (1, 2):
        tally = Tally()
        records = from_file(path, settings.home.zone, processes)
        runs.append((list(replay(records, settings, Advice(), tally)), tally))
    assert runs[0] == runs[1]
    assert runs[0][0]


def test_the_processes_end_when_no_more_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(b"".join(record.payload() + b"\n" for record in tell(Story(days=2, minutes=60), 3)))
    records = from_file(path, ZONE, 2)
    next(records)
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    assert _workers(children)
    records.close()
    assert not _workers(children)


def _workers(children: Path) -> list[str]:
    commands = [Path(f"/proc/{child}/cmdline") for child in children.read_text().split()]
    return [text for command in commands if "spawn_main" in (text := command.read_text())]


def test_a_file_without_a_single_record_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text("\nhello\nworld\n" * 20)
    with pytest.raises(RecordError, match=r"no line is a record; .*r\.jsonl:2: payload is not JSON"):
        list(from_file(path, ZONE, 2))


def test_a_minute_holds_times_of_one_zone_and_the_day_and_hour_at_home() -> None:
    observation = make.stamped(make.observation(make.START.astimezone(ZoneInfo("Asia/Tokyo"))))
    minute = Minute.of(observation, ZONE)
    local = make.START.astimezone(ZONE)
    assert (minute.start, minute.end, minute.known_at) == (make.START, observation.end, observation.known_at)
    assert minute.start.tzinfo is minute.end.tzinfo is UTC
    assert (minute.day, minute.hour) == (local.date(), local.hour)


def test_the_store_is_read_in_the_order_in_which_things_became_known(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.sqlite", home="home", timezone="UTC")
    hour = timedelta(hours=1)
    late = make.stamped(
        make.diary(make.START, logged_at=make.START + 5 * hour, kind="symptom", subkind="pain"), "diary"
    )
    early = make.stamped(make.diary(make.START + hour, logged_at=make.START + 2 * hour, kind="note"), "diary")
    between = make.stamped(make.observation(make.START + 3 * hour))
    store.write([late, early, between])
    found = [record.id for record in from_store(store, make.START - hour, make.START + 9 * hour)]
    store.close()
    assert found == [early.id, between.id, late.id]
