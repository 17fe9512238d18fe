"""Out of one store as a file, and into another."""

import json
import os
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from spasmwatch.adapters.influx_store import InfluxStore
from spasmwatch.adapters.sqlite_store import SqliteStore
from spasmwatch.cli import main
from spasmwatch.domain.parsing import parse
from spasmwatch.domain.records import MODELS, Diary, Record
from spasmwatch_services.recorder.exporting import export
from spasmwatch_services.recorder.rollup_keeper import RollupKeeper
from support import make
from support.influx import Engine
from support.memory_store import MemoryStore

START = make.START
MINUTE = timedelta(minutes=1)


def history() -> list[Record]:
    """A morning: long and short spasms, minutes, a false alarm, a back-dated and an edited diary entry."""
    spasms = [make.stamped(make.spasm(START + n * MINUTE, seconds=90 if n % 3 else 1)) for n in range(30)]
    minutes = [make.stamped(make.observation(START + n * MINUTE, unobserved={"dark": 1.5})) for n in range(60)]
    said = START + 50 * MINUTE
    text = 'one\ntwo "quoted" \\ back\\nslash, = comma; ümlaut'
    diary = [
        make.stamped(make.diary(START - timedelta(days=1), logged_at=said, text=text), node="diary"),
        make.stamped(make.diary(entry_id="e", logged_at=START + MINUTE), node="diary"),
        make.stamped(make.diary(entry_id="e", revision=2, logged_at=said, value=2.0), node="diary"),
    ]
    others = [
        make.stamped(make.label(spasms[3], reason="was chewing"), node="diary"),
        make.stamped(make.trigger(device="küche/licht 1, links=x"), node="triggers"),
        make.stamped(make.alert(scope={"side": "left"}), node="alerts"),
        make.stamped(make.health(), node="recorder"),
    ]
    return [*spasms, *minutes, *diary, *others]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Settings of a home with a filled embedded store."""
    settings = tmp_path / "home.toml"
    settings.write_text(f'[home]\ndata = "{tmp_path}/data"\ntimezone = "Europe/Berlin"\n')
    store = SqliteStore(tmp_path / "data" / "store.sqlite", home="home", timezone="Europe/Berlin")
    records = history()
    RollupKeeper(store, "home", ZoneInfo("Europe/Berlin")).write(records)
    store.close()
    return settings


@pytest.fixture
def other_home(tmp_path: Path) -> Path:
    settings = tmp_path / "other.toml"
    settings.write_text(f'[home]\ndata = "{tmp_path}/other"\ntimezone = "Europe/Berlin"\n')
    return settings


def everything(store: SqliteStore | InfluxStore) -> dict[str, list[Record]]:
    found = {what: list(store.everything(what)) for what in MODELS}
    store.close()
    return found


def opened(settings: Path, folder: str) -> SqliteStore:
    return SqliteStore(settings.parent / folder / "store.sqlite", home="home", timezone="Europe/Berlin", readonly=True)


def test_an_export_is_in_the_order_in_which_things_became_known() -> None:
    store = MemoryStore()
    store.write(history())
    moments = [record.known_at for record in export(store, MODELS)]
    assert len(moments) == len(history())
    assert moments == sorted(moments)


@pytest.mark.parametrize("kind", ["jsonl", "csv", "line"])
def test_what_is_exported_can_be_imported_whole(home: Path, other_home: Path, kind: str, tmp_path: Path) -> None:
    file = tmp_path / "all.export"
    assert main(["export", "--settings", str(home), "--format", kind, "--out", str(file)]) == 0
    assert main(["import", "--settings", str(other_home), "--format", kind, str(file)]) == 0
    before, after = opened(home, "data"), opened(other_home, "other")
    day = (START - timedelta(days=1), START + timedelta(days=1), "day", "Europe/Berlin")
    assert after.rates("patient", *day) == before.rates("patient", *day)  # type: ignore[arg-type]
    assert everything(after) == everything(before)


def test_a_home_moves_from_the_embedded_store_to_influxdb_with_one_command(
    home: Path, influx: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    token = tmp_path / "token"
    token.write_text(influx.settings.secret())
    settings = tmp_path / "influx.toml"
    settings.write_text(
        f'[home]\ndata = "{tmp_path}/new"\ntimezone = "Europe/Berlin"\n[store]\nkind = "influx"\n'
        f'[store.influx]\nurl = "{influx.settings.url}"\ntoken_file = "{token}"\n'
    )
    assert main(["import", "--settings", str(settings), str(tmp_path / "data" / "store.sqlite")]) == 0
    proof = capsys.readouterr().out.split()
    assert proof[proof.index("spasm") :][1:4] == ["30", "read", "30"]
    there = InfluxStore(influx.settings, home="home", timezone="Europe/Berlin")
    assert everything(there) == everything(opened(home, "data"))


def test_roll_ups_move_along_also_where_retention_has_removed_their_records(
    home: Path, other_home: Path, tmp_path: Path
) -> None:
    old = SqliteStore(tmp_path / "data" / "store.sqlite", home="home", timezone="Europe/Berlin")
    kept = old.rollups()
    old.expire(START + 30 * MINUTE)
    old.close()
    other_home.write_text(other_home.read_text() + "[store]\nretention_days = 7\n")
    for _ in range(2):
        assert main(["import", "--settings", str(other_home), str(tmp_path / "data" / "store.sqlite")]) == 0
        there = opened(other_home, "other")
        assert there.rollups() == kept
        there.close()


def test_an_import_that_was_broken_off_continues_and_bad_lines_are_named(
    home: Path, other_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "all.jsonl"
    assert main(["export", "--settings", str(home), "--out", str(file)]) == 0
    lines = file.read_text().splitlines()
    file.write_text("\n".join([*lines[:5], "rubbish", *lines[5:]]))
    assert main(["import", "--settings", str(other_home), str(file)]) == 1
    assert "1 lines were not taken; the first, line 6: payload is not JSON" in capsys.readouterr().err
    assert main(["import", "--settings", str(other_home), str(file)]) == 1
    assert everything(opened(other_home, "other")) == everything(opened(home, "data"))


def test_export_to_the_screen_is_records_one_a_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "--settings", str(home), "--what", "diary", "--person", "patient"]) == 0
    records = [parse(line) for line in capsys.readouterr().out.splitlines()]
    assert [record.revision for record in records if isinstance(record, Diary)] == [1, 1, 2]


@pytest.mark.parametrize("name", ["missing.jsonl", "empty.unknown"])
def test_a_wrong_file_is_one_clear_line(
    home: Path, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty.unknown").touch()
    assert main(["import", "--settings", str(home), str(tmp_path / name)]) in (1, 2)
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


@pytest.fixture
def anna(tmp_path: Path) -> Path:
    """A home that knows anna from everywhere."""
    settings = tmp_path / "home.toml"
    settings.write_text(f'[home]\ndata = "{tmp_path}/data"\n[mqtt]\nport = 9\n')
    store = SqliteStore(tmp_path / "data" / "store.sqlite", home="home", timezone="UTC")
    store.write([make.stamped(make.spasm(person="anna")), make.stamped(make.spasm(START + MINUTE, person="ben"))])
    store.close()
    from spasmwatch.adapters.outbox import DiskOutbox
    from spasmwatch.settings.outbox import OutboxSettings
    from spasmwatch_services.recorder.dead_letters import DeadLetters

    outbox = DiskOutbox(tmp_path / "data/outbox/cam1.sqlite", home="home", node="cam1", settings=OutboxSettings())
    outbox.add(make.observation(person="anna"))
    outbox.close()
    letters = DeadLetters(tmp_path / "data" / "recorder", 1)
    letters.add("spasmwatch/home/cam1/spasm", json.dumps({"person": "anna", "start": 1}).encode(), "wrong")
    letters.add("spasmwatch/home/cam1/spasm", b"rubbish", "wrong")
    return settings


def test_a_person_can_leave(anna: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forget", "--settings", str(anna), "--yes", "anna"]) == 0
    told = capsys.readouterr().out
    assert "1 removed from store" in told
    assert "Backups" in told
    left = b"".join(file.read_bytes() for file in (anna.parent / "data").rglob("*") if file.is_file())
    assert b"anna" not in left
    assert b"ben" in left
    assert b"rubbish" in left


def test_status_tells_what_cannot_be_reached_and_what_waits(anna: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--settings", str(anna), "--json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert "no MQTT broker at 127.0.0.1:9" in status["broker"]
    assert status["waiting"] == {"cam1": 1}
    assert status["stored"] == {"spasm": 2}


def test_dead_letters_are_listed_and_discarded(anna: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recorder", "dead-letters", "--settings", str(anna), "--json"]) == 0
    letters = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert letters[1]["payload"] == "rubbish"
    arguments = ["recorder", "dead-letters", "--settings", str(anna), "--discard", letters[1]["letter"]]
    assert main(arguments) == 0
    assert "1 dead letters removed, 1 left" in capsys.readouterr().out
    assert main([*arguments[:-1], "nonsense"]) == 2


def test_an_export_that_cannot_be_written_is_one_line(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for place in (tmp_path, home / "records.jsonl", tmp_path / "absent" / "records.jsonl"):
        assert main(["export", "--settings", str(home), "--out", str(place)]) == 1
        assert capsys.readouterr().err.startswith("spasmwatch: cannot write")


def test_an_export_into_a_pipe_leaves_the_pipe_in_place(home: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    assert main(["export", "--settings", str(home), "--what", "label", "--out", str(pipe)]) == 0
    assert pipe.is_fifo()
    assert b'"was chewing"' in os.read(reader, 65536)
    os.close(reader)


def test_forgetting_without_a_name_removes_nothing(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    letters = tmp_path / "data" / "recorder" / "dead-letters.jsonl"
    letters.parent.mkdir()
    letters.write_text('{"time": "t", "topic": 5, "reason": "r", "payload": "{\\"a\\": \\"\\"}"}\n')
    assert main(["forget", "--settings", str(home), "--yes", ""]) == 2
    assert "is no name of a person" in capsys.readouterr().err
    assert main(["recorder", "dead-letters", "--settings", str(home)]) == 0
    assert "5: r" in capsys.readouterr().out
