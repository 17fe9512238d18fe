"""What is read in parts by several processes is what one would have read."""

import logging
import os
import pickle
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from spasmwatch.adapters.influx_store import InfluxStore
from spasmwatch.adapters.sqlite_store import SqliteStore
from spasmwatch.domain.records import HOME, Record
from spasmwatch.errors import RecordError, StoreError
from spasmwatch.ports import Store
from spasmwatch_services.insights import reading
from spasmwatch_services.insights.casebook import casebook
from spasmwatch_services.insights.reader import Period, Reader
from spasmwatch_services.insights.reading import read_file, read_store
from support import homes, make

BEGIN = make.START
END = BEGIN + timedelta(days=100)
PERIOD = Period(BEGIN, END, BEGIN - timedelta(days=50))


def mixed(seed: int, number: int = 300) -> list[Record]:
    """Everything that can be sorted, of several cameras, people and homes, in any order, also around the period."""
    chance = random.Random(seed)
    return [_any(chance, BEGIN + timedelta(seconds=chance.uniform(-60, 110) * 86400)) for _ in range(number)]


def _any(chance: random.Random, at: datetime) -> Record:
    person = chance.choice(["patient", "grandma", HOME])
    version = {"name": "spasmwatch", "version": str(chance.randrange(4))}
    spasm = make.stamped(make.spasm(at, person=person, spasm_id=f"s{chance.randrange(20)}", detector=version))
    seen, seconds = chance.choice([0.0, 0.0, 31.7, 60.0]), chance.uniform(0, 60)
    unobserved = {chance.choice(["absent", "turned", "dark"]): seconds}
    minute = {"person": person, "observed_s": seen, "unobserved": unobserved, "detector": version}
    draft: Record = chance.choice(
        [
            make.observation(at, clock_ok=chance.random() < 0.9, **minute),
            make.observation(at, **minute),
            spasm,
            make.diary(at, person=person, entry_id=f"e{chance.randrange(20)}", revision=chance.randrange(1, 4)),
            make.label(spasm, chance.choice(["confirmed", "false_alarm"])),
            make.trigger(at, person=person, form=chance.choice(["reading", "event"])),
            make.alert(at, person=person),
            make.health(at),
        ]
    )
    return make.stamped(draft, node=chance.choice(["cam1", "cam2", "cam3"]), home=chance.choice(["home", "other"]))


def read(records: Sequence[Record]) -> Reader:
    reader = Reader(PERIOD)
    reader.take(records)
    return reader


@pytest.mark.parametrize("seed", range(20))
def test_readers_of_parts_merge_into_the_reader_of_the_whole(seed: int) -> None:
    records = mixed(seed)
    cuts = sorted(random.Random(seed).choices(range(len(records) + 1), k=seed % 5))
    merged = Reader(PERIOD)
    for first, last in zip([0, *cuts], [*cuts, len(records)], strict=True):
        merged.merge(pickle.loads(pickle.dumps(read(records[first:last]))))
    whole = read(records)
    assert merged == whole
    for person, found in whole.people.items():
        assert list(merged.people[person].versions) == list(found.versions)  # the order of first sight, too
    for person in ("patient", "grandma"):
        books = [casebook(reader, ZoneInfo("UTC"), "home", person) for reader in (merged, whole)]
        assert books[0].days() == books[1].days()
        assert (books[0].earlier, books[0].spasms, books[0].diary) == (
            books[1].earlier,
            books[1].spasms,
            books[1].diary,
        )


def test_the_parts_of_a_large_file_are_read_with_the_same_outcome_and_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(reading, "LARGE", 1)
    lines = [record.payload() for record in mixed(1)]
    path = tmp_path / "r.jsonl"
    path.write_bytes(b"\n".join([*lines[:250], b"", b"{torn", b"[]", *lines[250:], b"torn at the end"]))
    readers, told, prepared = [], [], []
    for processes in (1, 3):
        with caplog.at_level(logging.WARNING):
            readers.append(read_file(path, BEGIN, END, processes, lambda: prepared.append("meanwhile")))
        told.append(list(caplog.messages))
        caplog.clear()
    assert readers[0] == readers[1]
    assert sum(len(found.minutes.rows) for found in readers[0].people.values())
    assert prepared == ["meanwhile"]
    assert told[0] == told[1]
    assert f"{path}:252: payload is not JSON" in told[0][0]
    assert told[0][1] == f"{path}: 3 of 303 lines are no records and were skipped"


def test_a_large_file_without_a_single_record_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LARGE", 1)
    path = tmp_path / "r.jsonl"
    path.write_text("\nhello\nworld\n" * 20)
    with pytest.raises(RecordError, match=r"no line is a record; .*r\.jsonl:2: payload is not JSON"):
        read_file(path, None, None, 2)


def test_a_pipe_is_read_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LARGE", 0)
    path = tmp_path / "pipe"
    os.mkfifo(path)
    content = homes.write(tmp_path / "r.jsonl", mixed(2)).read_bytes()
    writer = threading.Thread(target=path.write_bytes, args=(content,), daemon=True)
    writer.start()
    assert read_file(path, BEGIN, END, 4) == read_file(tmp_path / "r.jsonl", BEGIN, END)


@pytest.fixture(params=["sqlite", "influx"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Store]:
    """Opens the store, here and in other processes."""
    if request.param == "influx":
        settings = request.getfixturevalue("influx").settings
        return partial(InfluxStore, settings, home="home", timezone="UTC")
    return partial(SqliteStore, tmp_path / "store.sqlite", home="home", timezone="UTC")


def test_a_long_period_of_the_store_is_read_with_the_same_outcome(
    opened: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LONG", timedelta(0))
    with closing(opened()) as store:
        store.write(mixed(3))
    alone, shared = (read_store(opened, "patient", BEGIN, END, processes) for processes in (1, 3))
    assert alone == shared
    assert {person for _, person in alone.people} == {"patient", HOME}
    assert alone.people["home", "patient"].spasms
    assert not alone.people["home", HOME].spasms  # of the home itself only what a report tells
    assert alone.people["home", HOME].triggers
    assert not alone.earlier


def test_a_store_that_the_others_cannot_read_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LONG", timedelta(0))
    path = tmp_path / "store.sqlite"
    path.write_bytes(b"this is no store" * 100)
    opened = partial(SqliteStore, path, home="home", timezone="UTC", readonly=True)
    with pytest.raises(StoreError, match="file is not a database"):
        read_store(opened, "patient", BEGIN, END, 2)


def test_a_process_that_reads_a_store_starts_without_the_weight_of_numpy() -> None:
    reader = "import sys, spasmwatch.adapters.stores, spasmwatch_services.insights.reading"
    weighty = subprocess.run(
        [sys.executable, "-c", f"{reader}; print('numpy' in sys.modules)"], capture_output=True, text=True, check=True
    )
    assert weighty.stdout == "False\n"
