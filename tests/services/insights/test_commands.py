"""``spasmwatch insights`` and ``report`` as a user runs them, on files and on a real store."""

import csv
import io
import json
import re
import select
import socket
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from spasmwatch.adapters.sqlite_store import SqliteStore
from spasmwatch.cli import main
from spasmwatch.domain.records import Diary, Label, Observation, Record, Spasm
from spasmwatch_services.insights.report.render import pdf
from spasmwatch_services.recorder.rollup_keeper import RollupKeeper
from support import homes, make
from support.homes import START, Cause, Home, simulate
from support.require import require

FIELDS = [
    "trigger", "window", "kind", "primary", "ratio", "low", "high", "q", "exposures", "needed", "verdict",
]  # fmt: skip


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = Home(days=40, rate=8, bout=1.5, causes={"caffeine": Cause(2.5, by_clock=True), "stress": Cause()})
    return homes.write(tmp_path_factory.mktemp("history") / "records.jsonl", simulate(home, 1).records())


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPASMWATCH_HOME__DATA", str(tmp_path))


def few(n: int, hours: float = 1.0) -> Iterator[Record]:
    for day in range(n):
        for minute in range(round(hours * 60)):
            yield make.stamped(make.observation(START + timedelta(days=day, hours=9, minutes=minute)))
        yield make.stamped(make.spasm(START + timedelta(days=day, hours=9, minutes=5)))


def test_insights_prints_the_fields_of_the_contract_and_finds_the_trigger(
    history: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["insights", "--input", str(history), "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all(list(line) == FIELDS for line in lines)
    found = {line["trigger"]: line["verdict"] for line in lines if line["primary"] and line["kind"] == "all"}
    assert found["caffeine"] == "more"
    assert found["stress"] not in ("more", "fewer")


def test_insights_speaks_to_a_person_without_naming_causes(history: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["insights", "--input", str(history)])
    told = " ".join(capsys.readouterr().out.split())
    assert "During and up to 1 h after caffeine" in told
    assert "times as many spasms per observed hour" in told
    assert "do not show causes" in told


def test_without_input_the_store_is_read(history: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from spasmwatch.adapters.record_files import read_records

    main(["insights", "--input", str(history), "--json"])
    from_file = capsys.readouterr().out
    store = SqliteStore(tmp_path / "store.sqlite", home="home", timezone="UTC")
    store.write(list(read_records(history)))
    store.close()
    main(["insights", "--json", "--from", "2026-01-01"])
    assert capsys.readouterr().out == from_file


def test_corrected_and_deleted_entries_and_false_alarms_leave_the_comparison(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def coffee(revision: int, *, deleted: bool) -> Record:
        at = START + timedelta(hours=9, minutes=10)
        return make.stamped(
            Diary(
                person="patient", at=at, entry_id="e1", revision=revision, deleted=deleted, logged_at=at,
                author="patient", kind="caffeine",
            )
        )  # fmt: skip

    spasm = make.stamped(make.spasm(START + timedelta(hours=9)))
    wrong = make.stamped(
        Label(
            person="patient", time=START + timedelta(hours=10), spasm_id=spasm.spasm_id, spasm_node="cam1",
            start=spasm.start, kind="hemifacial", side="left", verdict="false_alarm", author="patient",
        )
    )  # fmt: skip
    minute = make.stamped(make.observation(START + timedelta(hours=9)))
    records = [minute, wrong, spasm, coffee(2, deleted=True), coffee(1, deleted=False)]
    path = homes.write(tmp_path / "r.jsonl", records)
    main(["insights", "--input", str(path), "--json"])
    assert capsys.readouterr().out == ""
    main(["report", "--input", str(path), "--out", "r.csv"])
    rows = list(csv.DictReader(io.StringIO(Path("r.csv").read_text())))
    assert rows[0]["count"] == "0"


@pytest.mark.parametrize(
    ("records", "says"),
    [
        pytest.param([], "nothing is recorded", id="empty"),
        pytest.param(list(few(1, 3.0)), "3.0 hours on 1 day", id="single day"),
        pytest.param(list(few(6, 0.2)), "1.2 hours on 6 days", id="short"),
    ],
)
def test_a_history_that_is_too_short_says_what_is_missing_instead_of_numbers(
    tmp_path: Path, records: list[Record], says: str
) -> None:
    path = homes.write(tmp_path / "r.jsonl", records)
    assert main(["report", "--input", str(path), "--out", "r.html", "--from", "2026-01-05", "--to", "2026-01-20"]) == 0
    page = Path("r.html").read_text()
    assert f"Not enough was observed to give rates: {says}" in page
    assert "Spasms per observed hour, with" not in page
    assert "No red flag was logged." in page


def test_where_the_face_was_never_seen_the_period_is_that_of_the_file_and_what_was_logged_is_told(
    tmp_path: Path,
) -> None:
    records = list(simulate(Home(days=9, hours=1, causes={"caffeine": Cause(count=4)}), 4).records())
    unseen = [
        record.model_copy(update={"observed_s": 0.0}) if isinstance(record, Observation) else record
        for record in records
        if not isinstance(record, Spasm)
    ]
    path = homes.write(tmp_path / "r.jsonl", unseen)
    main(["report", "--input", str(path), "--out", "r.html"])
    page = Path("r.html").read_text()
    assert f"<strong>{START:%d %b %Y} to " in page
    assert "Not enough was observed to give rates: 0.0 hours on 0 days" in page
    assert "nothing to compare caffeine with" in page


def test_days_without_observation_are_told_and_hatched(tmp_path: Path) -> None:
    records = [record for record in few(30) if (record.when - START).days not in range(8, 20)]
    path = homes.write(tmp_path / "r.jsonl", records)
    main(["report", "--input", str(path), "--out", "r.html"])
    page = Path("r.html").read_text()
    assert "18 h observed on 18 of 30 days" in page
    assert "12 days without" in page


def test_the_pdf_is_tagged_has_two_pages_and_readable_text(history: Path) -> None:
    main(["report", "--input", str(history), "--out", "report.pdf"])
    told = subprocess.run([require("pdfinfo"), "report.pdf"], capture_output=True, text=True, check=True).stdout
    facts = {name: value.strip() for name, _, value in (line.partition(":") for line in told.splitlines())}
    assert (facts["Tagged"], facts["Pages"]) == ("yes", "2")
    assert facts["Title"].startswith("Facial spasms at home: patient")
    text = subprocess.run([require("pdftotext"), "report.pdf", "-"], capture_output=True, text=True, check=True).stdout
    for part in ("Pattern and side", "Botulinum treatment cycles", "What spasms are associated with", "no diagnosis"):
        assert part in text


def test_making_the_pdf_fetches_nothing_from_elsewhere() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        picture = f"http://127.0.0.1:{server.getsockname()[1]}/picture.png"
        pdf(f'<style>body {{ background: url("{picture}") }}</style><img src="{picture}" alt="">')
        assert select.select([server], [], [], 0)[0] == []


def test_the_html_loads_nothing_from_elsewhere(history: Path) -> None:
    main(["report", "--input", str(history), "--out", "report.html"])
    page = Path("report.html").read_text()
    assert "<script" not in page
    outside = [word for word in page.split() if "http" in word and "www.w3.org" not in word]
    assert outside == []
    pictures = re.findall(r'<img alt="[^"]+" src="([^"]{12})', page)
    assert len(pictures) == page.count("src=") > 3
    assert set(pictures) == {"data:image/s"}


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["report", "--out", "r.docx"], 2, "must end in one of"),
        (["report", "--input", "none.jsonl", "--out", "r.pdf"], 1, "cannot read none.jsonl"),
        (["report", "--out", "r.pdf", "--from", "2026-02-02", "--to", "2026-01-01"], 2, "lies before"),
        (["report", "--out", "nowhere/r.html"], 1, "cannot write"),
        (["insights", "--timezone", "Mars/Base"], 2, "is no IANA time zone"),
    ],
)
def test_mistakes_are_one_clear_line(
    arguments: list[str], status: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == status
    told = capsys.readouterr().err.strip().splitlines()
    assert says in told[-1]


def test_an_unknown_person_is_named_with_those_known(history: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["insights", "--input", str(history), "--person", "grandma"]) == 2
    assert "no records of 'grandma'; known: patient" in capsys.readouterr().err


def test_csv_cells_are_never_formulas(tmp_path: Path) -> None:
    records = [*few(6), make.stamped(
        Diary(
            person="patient", at=START, entry_id="e", logged_at=START, author="patient", kind="symptom",
            subkind="pain",
        )
    )]  # fmt: skip
    path = homes.write(tmp_path / "r.jsonl", records)
    Path("s.toml").write_text('[insights]\nname = "=cmd()"\n')
    main(["report", "--settings", "s.toml", "--input", str(path), "--out", "r.csv"])
    rows = list(csv.DictReader(io.StringIO(Path("r.csv").read_text())))
    assert rows[0]["name"] == "'=cmd()"
    assert [row["note"] for row in rows if row["section"] == "symptom"] == ["doctor_today"]


def test_the_ten_minute_check_at_home_is_told_with_its_interval(tmp_path: Path) -> None:
    end = START + timedelta(days=2, hours=9, minutes=10)

    def entry(name: str, at: datetime, kind: str, subkind: str) -> Record:
        draft = {"person": "patient", "at": at, "entry_id": name, "logged_at": at, "author": "patient"}
        return make.stamped(Diary.model_validate({**draft, "kind": kind, "subkind": subkind}))

    felt = [end - timedelta(minutes=5) + timedelta(seconds=1), end - timedelta(minutes=2)]
    presses = [entry(f"p{n}", at, "symptom", "felt_spasm") for n, at in enumerate(felt)]
    path = homes.write(tmp_path / "r.jsonl", [*few(6), *presses, entry("c", end, "note", "check")])
    main(["report", "--input", str(path), "--out", "r.html"])
    page = " ".join(Path("r.html").read_text().split())
    assert (
        "In 1 ten-minute check the camera saw 1 of 2 (9%–91%) spasms felt; 1 of 1 (21%–100%) it counted were felt."
        in page
    )


HOSTILE = [
    " \n\t ", "W" * 200, "<script>alert(1)</script>", "</style><h1>", "\u202e\u05e9\u05dc\u05d5\u05dd", "=cmd()",
    "\\input{x} {{ 7 }} {% raw %}", "first\nsecond",
]  # fmt: skip


def entry(number: int, at: datetime, kind: str, **fields: object) -> Record:
    draft = {"person": "patient", "at": at, "entry_id": f"e{number}", "logged_at": at, "author": "patient"}
    return make.stamped(Diary.model_validate({**draft, "kind": kind, **fields}))


def test_whatever_people_write_the_report_has_two_pages_and_nothing_wider_than_them(tmp_path: Path) -> None:
    records = [*few(30)]
    for number, text in enumerate(HOSTILE * 3):
        at = START + timedelta(days=number, hours=10)
        fields = {"subkind": "started", "text": text, "value": 1e300, "unit": "W" * 30}
        records.append(entry(3 * number, at, "medication", **fields))
        records.append(entry(3 * number + 1, at, "medication", text=text))
        records.append(entry(3 * number + 2, at, "treatment", subkind="oral_medication", text=text))
    path = homes.write(tmp_path / "r.jsonl", records)
    Path("s.toml").write_text(f'[insights]\nname = "{"W" * 90}"\ndiagnosis = "{"<b>M " * 40}"\n')
    for name in ("r.html", "r.pdf"):
        assert main(["report", "--settings", "s.toml", "--input", str(path), "--out", name]) == 0
    page = Path("r.html").read_text()
    assert "<script" not in page
    assert page.count("</style>") == 1
    assert "\u202e" not in page
    told = subprocess.run([require("pdfinfo"), "r.pdf"], capture_output=True, text=True, check=True).stdout
    assert "Pages:           2" in told
    assert "595.276 x 841.89" in told
    boxes = subprocess.run([require("pdftotext"), "-bbox", "r.pdf", "-"], capture_output=True, text=True, check=True)
    ends = [float(end) for end in re.findall(r'xMax="([0-9.]+)"', boxes.stdout)]
    assert max(ends) < 595


def test_a_cycle_that_began_before_the_period_is_judged_by_the_days_before_it(tmp_path: Path) -> None:
    injected = entry(1, START + timedelta(days=30, hours=12), "treatment", subkind="botulinum")
    records: list[Record] = [injected]
    for day in range(80):
        at = START + timedelta(days=day, hours=9)
        records += [make.stamped(make.observation(at + timedelta(minutes=minute))) for minute in range(60)]
        many = 3 if day > 35 else 10
        records += [make.stamped(make.spasm(at + timedelta(minutes=5 * number, seconds=7))) for number in range(many)]
    path = homes.write(tmp_path / "r.jsonl", records)
    store = SqliteStore(tmp_path / "store.sqlite", home="home", timezone="UTC")
    RollupKeeper(store, "home", ZoneInfo("UTC")).write(records)
    store.close()
    period = ["report", "--from", "2026-02-10", "--to", "2026-03-25", "--out", "r.csv"]
    for source in (["--input", str(path)], []):
        assert main([*period, *source]) == 0
        rows = list(csv.DictReader(io.StringIO(Path("r.csv").read_text())))
        assert rows[0]["count"] == str(3 * 44)
        plateau = next(row for row in rows if row["name"] == "plateau")
        assert (plateau["first"], plateau["note"]) == ("2026-02-04", "still_there")
        assert float(plateau["low"]) < 0.3 < float(plateau["high"])


def test_days_of_changes_are_those_of_the_home(tmp_path: Path) -> None:
    late = START + timedelta(days=2, hours=23, minutes=30)
    path = homes.write(tmp_path / "r.jsonl", [*few(6), entry(1, late, "medication", subkind="stopped", text="M")])
    main(["report", "--input", str(path), "--out", "r.html", "--timezone", "Europe/Berlin"])
    assert "stopped 08 Jan 26" in Path("r.html").read_text()
