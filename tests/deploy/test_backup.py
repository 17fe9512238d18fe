"""Backup, wipe, restore: the same counts, the same settings; and what is no backup is refused."""

import io
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from spasmwatch.adapters.outbox import DiskOutbox
from spasmwatch.adapters.stores import open_store
from spasmwatch.cli import main
from spasmwatch.domain.records import Diary, Label, Record
from spasmwatch.domain.rollups import Rollup
from spasmwatch.settings import Settings, load
from spasmwatch.settings.outbox import OutboxSettings
from support import make
from support.influx import Engine
from support.pipes import drained_pipe


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SPASMWATCH_")]:
        monkeypatch.delenv(name)


class House:
    """A home with settings, keys and data of its own, below one folder."""

    def __init__(self, folder: Path, store: str = "") -> None:
        self.folder, self.data = folder, folder / "data" / "spasmwatch"
        self.settings_file = folder / "spasmwatch.toml"
        folder.mkdir(exist_ok=True)
        self.settings_file.write_text(
            f'[home]\nname = "home"\ntimezone = "Europe/Berlin"\ndata = "{self.data}"\n{store}'
        )
        (folder / "secrets").mkdir()
        (folder / "secrets" / "mqtt_cam1").write_text("a password\n")
        (folder / "mosquitto" / "data").mkdir(parents=True)
        (folder / "mosquitto" / "acl").write_text("user cam1\n")
        (folder / "mosquitto" / "data" / "mosquitto.db").write_text("retained")
        for kept in ("edge/enrolment/patient.npy", "recorder2/recorder/letters", "grafana/grafana.db"):
            (folder / "data" / kept).parent.mkdir(parents=True)
            (folder / "data" / kept).write_text(kept)
        self.data.mkdir(parents=True)
        (self.data / "pause.json").write_text("{}")
        (self.data / "models").mkdir()
        (self.data / "models" / "face_landmarker.task").write_text("large")

    @property
    def settings(self) -> Settings:
        return load(self.settings_file)

    def write(self, records: Sequence[Record | Rollup]) -> None:
        store = open_store(self.settings)
        store.write(records)
        store.close()

    def fill(self) -> None:
        """Spasms with a verdict, minutes, an edited diary entry, roll-ups; and a record still waiting to be sent."""
        spasms = [make.stamped(make.spasm(make.START + timedelta(minutes=n), spasm_id=f"s{n}")) for n in range(20)]
        minutes = [make.stamped(make.observation(make.START + timedelta(minutes=n))) for n in range(60)]
        entries = [make.stamped(_entry(revision), node="diary") for revision in (1, 2)]
        self.write([*spasms, *minutes, *entries])
        self.write([make.stamped(_verdict(), node="diary"), _rollup("hour"), _rollup("day")])
        outbox = DiskOutbox(self.data / "outbox" / "cam1.sqlite", home="home", node="cam1", settings=OutboxSettings())
        outbox.add(make.spasm())
        outbox.close()

    def wipe(self) -> None:
        for path in self.folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def run(self, *arguments: str) -> int:
        return main([*arguments, "--settings", str(self.settings_file), "--log-level", "ERROR"])

    def state(self) -> object:
        """All that counts: what is stored, roll-ups, revisions, what waits, settings and keys."""
        settings = self.settings
        store = open_store(settings, readonly=True)
        first, last = make.START - timedelta(days=2), make.START + timedelta(days=2)
        rates = [store.rates("patient", first, last, bucket, "Europe/Berlin") for bucket in ("hour", "day")]
        verdicts = {record.spasm_id: record.verdict for record in store.read("spasm", None, first, last)}  # type: ignore[attr-defined]
        found = (store.counts(), rates, verdicts, [entry.text for entry in store.history("e1")])
        store.close()
        with sqlite3.connect(self.data / "outbox" / "cam1.sqlite") as outbox:
            waiting = outbox.execute("SELECT COUNT(*) FROM pending").fetchone()
        files = {
            str(path.relative_to(self.folder)): path.read_text()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and path.suffix in ("", ".toml", ".json") and "models" not in path.parts
        }
        return found, waiting, files


def _entry(revision: int) -> Diary:
    return Diary.model_validate(
        {
            "person": "patient", "at": make.START, "entry_id": "e1", "revision": revision, "logged_at": make.START,
            "author": "anna", "kind": "note", "text": f"a private word {revision}",
        }
    )  # fmt: skip


def _verdict() -> Label:
    return Label(
        person="patient", time=make.START, spasm_id="s3", spasm_node="cam1", start=make.START + timedelta(minutes=3),
        kind="hemifacial", side="left", verdict="false_alarm", author="anna",
    )  # fmt: skip


def _rollup(bucket: str) -> Rollup:
    start = make.START if bucket == "hour" else make.START.replace(hour=0) - timedelta(hours=1)
    counts = {"hemifacial_left": 19, "hemifacial_all": 19, "all_left": 19, "all_all": 19}
    return Rollup.model_validate(
        {
            "bucket": bucket, "home": "home", "person": "patient", "start": start, "observed_s": 3600.0,
            "counts": counts, "closed_s": 8.0, "blinks": 900,
        }
    )  # fmt: skip


def test_an_embedded_home_is_the_same_after_wipe_and_restore(tmp_path: Path) -> None:
    house = House(tmp_path / "home")
    house.fill()
    before = house.state()
    assert house.run("backup", str(tmp_path / "backup.tar.gz")) == 0
    house.wipe()
    assert house.run("restore", str(tmp_path / "backup.tar.gz")) == 0
    assert house.state() == before


def test_a_server_home_is_the_same_after_wipe_and_restore(tmp_path: Path, influx: Engine) -> None:
    token = influx.settings.token
    assert isinstance(token, SecretStr)
    (tmp_path / "token").write_text(token.get_secret_value())
    store = (
        f'[store]\nkind = "influx"\n[store.influx]\nurl = "{influx.settings.url}"\ntoken_file = "{tmp_path}/token"\n'
    )
    house = House(tmp_path / "home", store)
    house.fill()
    before = house.state()
    assert house.run("backup", str(tmp_path / "backup.tar.gz")) == 0
    house.wipe()
    for database in (influx.settings.bucket, influx.settings.diary_bucket):
        influx.create(database)
    assert house.run("restore", str(tmp_path / "backup.tar.gz")) == 0
    assert house.state() == before


def test_settings_and_keys_can_come_first(tmp_path: Path) -> None:
    house = House(tmp_path / "home")
    house.fill()
    before = house.state()
    backup = str(tmp_path / "backup.tar.gz")
    assert house.run("backup", backup) == 0
    house.wipe()
    assert house.run("restore", backup, "--settings-only") == 0
    assert (house.folder / "secrets" / "mqtt_cam1").read_text() == "a password\n"
    assert not house.data.exists()
    assert house.run("restore", backup) == 0
    assert house.state() == before


def test_a_backup_is_taken_whole_while_programs_write(tmp_path: Path) -> None:
    house = House(tmp_path / "home")
    house.fill()
    store = open_store(house.settings)
    outbox = DiskOutbox(house.data / "outbox" / "cam1.sqlite", home="home", node="cam1", settings=OutboxSettings())
    outbox.add(make.spasm())
    assert house.run("backup", str(tmp_path / "backup.tar.gz")) == 0
    store.close()
    outbox.close()
    before = house.state()
    house.wipe()
    assert house.run("restore", str(tmp_path / "backup.tar.gz")) == 0
    assert house.state() == before


def test_a_backup_is_for_its_owner_alone_and_holds_no_models(tmp_path: Path) -> None:
    house = House(tmp_path / "home")
    house.fill()
    file = tmp_path / "backup.tar.gz"
    assert house.run("backup", str(file)) == 0
    assert file.stat().st_mode & 0o077 == 0
    with tarfile.open(file) as archive:
        names = archive.getnames()
    assert "settings/secrets/mqtt_cam1" in names
    assert not any("models" in name or "mosquitto.db" in name for name in names)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_target_that_is_no_plain_file_is_written_into_and_stays(tmp_path: Path) -> None:
    house = House(tmp_path / "house")
    house.fill()
    with drained_pipe(tmp_path / "pipe") as written:
        assert house.run("backup", str(tmp_path / "pipe")) == 0
    with tarfile.open(fileobj=io.BytesIO(written[0])) as archive:
        assert "manifest.json" in archive.getnames()


def test_settings_are_never_restored_in_place_of_what_is_no_plain_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    house = House(tmp_path / "house")
    house.fill()
    assert house.run("backup", str(tmp_path / "b.tar.gz")) == 0
    os.mkfifo(tmp_path / "pipe")
    assert main(["restore", str(tmp_path / "b.tar.gz"), "--force", "--settings", str(tmp_path / "pipe")]) == 2
    assert "is no plain file" in capsys.readouterr().err
    assert (tmp_path / "pipe").is_fifo()


def test_a_folder_gets_dated_files_and_only_the_newest_stay(tmp_path: Path) -> None:
    house = House(tmp_path / "home")
    folder = tmp_path / "backups"
    folder.mkdir()
    for day in (1, 2, 3):
        (folder / f"spasmwatch-2026010{day}-040000.tar.gz").touch()
    (folder / "holiday.jpg").touch()
    assert house.run("backup", str(folder), "--keep", "2") == 0
    kept = sorted(path.name for path in folder.iterdir())
    assert len(kept) == 3
    assert {"holiday.jpg", "spasmwatch-20260103-040000.tar.gz"} < set(kept)


def test_what_is_there_is_not_overwritten_unless_asked_and_then_moved_aside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    house = House(tmp_path / "home")
    house.fill()
    assert house.run("backup", str(tmp_path / "backup.tar.gz")) == 0
    (house.data / "pause.json").write_text('{"newer": 1}')
    assert house.run("restore", str(tmp_path / "backup.tar.gz")) == 1
    assert "--force" in capsys.readouterr().err
    assert (house.data / "pause.json").read_text() == '{"newer": 1}'
    assert house.run("restore", str(tmp_path / "backup.tar.gz"), "--force") == 0
    assert (house.data / "pause.json").read_text() == "{}"
    (aside,) = house.data.glob("before-restore-*")
    assert (aside / "pause.json").read_text() == '{"newer": 1}'
    assert house.run("backup", str(tmp_path / "again.tar.gz")) == 0
    with tarfile.open(tmp_path / "again.tar.gz") as archive:
        assert not [name for name in archive.getnames() if "before-restore" in name]


@pytest.mark.parametrize("damage", ["empty", "cut", "text", "changed", "no manifest", "newer layout"])
def test_what_is_no_whole_backup_is_refused_before_anything_is_touched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    house = House(tmp_path / "home")
    house.fill()
    good, bad = tmp_path / "good.tar.gz", tmp_path / "bad.tar.gz"
    assert house.run("backup", str(good)) == 0
    _damage(good, bad, damage)
    house.wipe()
    assert house.run("restore", str(bad)) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "bad.tar.gz" in error
    assert list(house.folder.iterdir()) == []


def _damage(good: Path, bad: Path, damage: str) -> None:
    content = good.read_bytes()
    if damage in ("empty", "cut", "text"):
        bad.write_bytes({"empty": b"", "cut": content[: len(content) // 2], "text": b"hello"}[damage])
        return
    inside = good.with_name("inside")
    inside.mkdir()
    subprocess.run(["tar", "-xzf", good, "-C", inside], check=True)
    if damage == "changed":
        (inside / "settings" / "secrets" / "mqtt_cam1").write_text("another\n")
    manifest = json.loads((inside / "manifest.json").read_text())
    manifest["layout"] = 99 if damage == "newer layout" else 1
    (inside / "manifest.json").write_text(json.dumps(manifest))
    if damage == "no manifest":
        (inside / "manifest.json").unlink()
    with tarfile.open(bad, "w:gz") as archive:
        for file in sorted(path for path in inside.rglob("*") if path.is_file()):
            archive.add(file, file.relative_to(inside))


@pytest.mark.parametrize("name", ["../outside", "/outside", "inside/../../outside"])
def test_a_file_that_would_land_elsewhere_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    bad, folder = tmp_path / "bad.tar.gz", tmp_path / "home"
    with tarfile.open(bad, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo(name))
    assert House(folder).run("restore", str(bad)) == 1
    assert "no plain file of a backup" in capsys.readouterr().err
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["restore", "/does/not/exist"], 1),
        (["backup", "/does/not/exist/backup.tar.gz"], 1),
        (["backup", "backup.tar.gz", "--keep", "0"], 2),
    ],
)
def test_a_wrong_place_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int
) -> None:
    house = House(tmp_path / "home")
    assert house.run(*arguments) == status
    assert capsys.readouterr().err.count("\n") == 1
