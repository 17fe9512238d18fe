"""After `spasmwatch forget` nothing of the person is in any file of the home, deleted pages of databases included."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from spasmwatch.adapters.outbox import DiskOutbox
from spasmwatch.adapters.stores import open_store
from spasmwatch.cli import main
from spasmwatch.domain.records import Diary, Record, Trend
from spasmwatch.settings import load
from spasmwatch.settings.outbox import OutboxSettings
from spasmwatch_services.alerts.state import State
from spasmwatch_services.recorder.dead_letters import DeadLetters
from support import make

WHO, OTHER = "maria_q7", "anton_k3"
JUDGED: dict[str, Any] = {"time": make.START, "state": "usual", "rate": 6.0}


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SPASMWATCH_")]:
        monkeypatch.delenv(name)


def _records(person: str) -> list[Record]:
    entry = Diary.model_validate(
        {
            "person": person, "at": make.START, "entry_id": f"e-{person}", "logged_at": make.START, "author": person,
            "kind": "note", "text": f"the secret of {person}",
        }
    )  # fmt: skip
    drafts: list[Record] = [
        entry,
        *(make.spasm(make.START + timedelta(minutes=n), person=person, spasm_id=f"{person}-{n}") for n in range(200)),
        *(make.observation(make.START + timedelta(minutes=n), person=person) for n in range(200)),
    ]
    return [make.stamped(draft) for draft in drafts]


def _holding(folder: Path, word: str) -> list[str]:
    return [
        str(path.relative_to(folder))
        for path in sorted(folder.rglob("*"))
        if path.is_file() and (word.encode() in path.read_bytes() or word in path.name)
    ]


def _home(folder: Path) -> str:
    settings_file = folder / "spasmwatch.toml"
    settings_file.write_text(f'[home]\nperson = "somebody"\ndata = "{folder}/data"\n')
    settings = load(settings_file)
    store = open_store(settings)
    for person in (WHO, OTHER):
        store.write(_records(person))
        outbox = DiskOutbox(
            settings.home.data / "outbox" / "cam1.sqlite", home="home", node="cam1", settings=OutboxSettings()
        )
        for draft in (make.spasm(person=person), make.observation(person=person), Trend(person=person, **JUDGED)):
            outbox.add(draft)
        outbox.close()
        for kept in (f"enrolment/{person}.npy", "traces/01.trace"):
            (settings.home.data / kept).parent.mkdir(exist_ok=True)
            (settings.home.data / kept).write_bytes(b"numbers")
        State(settings.home.data / "alerts.sqlite").close()
        letters = DeadLetters(settings.home.data / "recorder", 16.0)
        letters.add("spasmwatch/home/cam1/spasm", f'{{"person": "{person}", "broken": true}}'.encode(), "broken")
    store.close()
    return str(settings_file)


def test_nothing_of_the_person_is_left_in_any_file_and_others_stay(tmp_path: Path) -> None:
    settings = _home(tmp_path)
    assert _holding(tmp_path, WHO)
    assert main(["forget", WHO, "--yes", "--settings", settings]) == 0
    assert _holding(tmp_path, WHO) == []
    store = open_store(load(Path(settings)), readonly=True)
    assert store.counts()["spasm"] == 200
    assert next(iter(store.everything("diary"))).person == OTHER
    store.close()


def test_traces_of_movements_go_with_the_watched_person(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = _home(tmp_path)
    kept = tmp_path / "data" / "traces" / "01.trace"
    assert main(["forget", OTHER, "--yes", "--settings", settings]) == 0
    assert kept.exists()
    assert "home.person" not in capsys.readouterr().out
    assert main(["forget", "somebody", "--yes", "--settings", settings]) == 0
    assert not kept.exists()
    assert "home.person" in capsys.readouterr().out


def test_a_camera_that_cannot_reach_the_store_forgets_what_it_keeps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Path(_home(tmp_path))
    settings.write_text(settings.read_text() + '[store]\nkind = "influx"\n')
    assert main(["forget", WHO, "--yes", "--settings", str(settings)]) == 0
    assert "where the recorder runs" in capsys.readouterr().out
    assert not (tmp_path / "data" / "enrolment" / f"{WHO}.npy").exists()


def test_a_backup_taken_afterwards_holds_nothing_of_the_person(tmp_path: Path) -> None:
    settings = _home(tmp_path)
    assert main(["forget", WHO, "--yes", "--settings", settings]) == 0
    assert main(["backup", str(tmp_path / "backup.tar.gz"), "--settings", settings]) == 0
    inside = tmp_path / "inside"
    subprocess.run([sys.executable, "-m", "tarfile", "-e", str(tmp_path / "backup.tar.gz"), str(inside)], check=True)
    assert _holding(inside, OTHER)
    assert _holding(inside, WHO) == []
