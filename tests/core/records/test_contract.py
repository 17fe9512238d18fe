"""The record contract as others see it: what is accepted, what is refused, and what stays as it was."""

import importlib.util
import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spasmwatch.domain.parsing import parse
from spasmwatch.domain.records import MODELS, Health, Spasm, rfc3339
from spasmwatch.domain.topics import Receipt, WhoIsTold
from spasmwatch.errors import RecordError
from support import make

ROOT = Path(__file__).resolve().parents[3]


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_documents_are_what_is_checked_in() -> None:
    for name, text in generator().generated().items():
        path = ROOT / "docs" / name
        assert path.exists(), f"docs/{name} is missing: run make docs"
        assert path.read_text(encoding="utf-8") == text, f"docs/{name} is out of date: run make docs"


def test_every_record_kind_has_a_golden_schema() -> None:
    assert {path.stem for path in (ROOT / "docs" / "schemas").glob("*.json")} == set(MODELS)


def test_a_record_survives_the_wire_unchanged() -> None:
    for record in (make.stamped(make.spasm()), make.stamped(make.observation(unobserved={"turned": 3.5}))):
        assert parse(record.payload()) == record


def test_times_are_utc_with_microseconds() -> None:
    there = datetime(2026, 3, 2, 9, 0, 0, 250, tzinfo=timezone(timedelta(hours=1)))
    fields = json.loads(make.stamped(make.spasm(start=there)).payload())
    assert fields["start"] == "2026-03-02T08:00:00.000250Z"
    assert rfc3339(there) == fields["start"]


def test_unknown_keys_are_ignored_so_that_older_readers_survive_newer_senders() -> None:
    fields = json.loads(make.stamped(make.spasm()).payload()) | {"colour": "green"}
    assert parse(json.dumps(fields)).what == "spasm"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"schema": "spasm/2.0"}, "major version"),
        ({"schema": "picture/1.0"}, "unknown schema"),
        ({"kind": "wink"}, "kind"),
        ({"start": 1772438400}, "start"),
        ({"start": "2026-03-02T08:00:00"}, "start"),
        ({"intensity": 2}, "intensity"),
        ({"seq": -1}, "seq"),
        ({"home": "a/b"}, "home"),
        ({"end": None}, "needs end"),
        ({"end": "2020-01-01T00:00:00Z"}, "before start"),
        ({"id": ""}, "id"),
    ],
)
def test_a_wrong_record_is_refused_with_the_place(change: dict[str, object], complaint: str) -> None:
    fields = json.loads(make.stamped(make.spasm()).payload()) | change
    with pytest.raises(RecordError, match=complaint):
        parse(json.dumps(fields))


def test_a_record_without_its_envelope_is_refused() -> None:
    fields = json.loads(make.stamped(make.spasm()).payload())
    del fields["boot"], fields["seq"]
    with pytest.raises(RecordError, match="missing boot, seq"):
        parse(json.dumps(fields))


@pytest.mark.parametrize("payload", [b"", b"\xff\xfe", b"[1]", b"null", b"{", b"[" * 5000, b'{"schema":"spasm/1.0"}'])
def test_junk_is_refused_without_a_crash(payload: bytes) -> None:
    with pytest.raises(RecordError):
        parse(payload)


def test_numbers_that_are_not_finite_are_refused() -> None:
    text = make.stamped(make.spasm()).payload().decode().replace('"intensity":0.7', '"intensity":NaN')
    with pytest.raises(RecordError):
        parse(text)


def test_a_payload_over_16_kib_is_refused() -> None:
    fields = json.loads(make.stamped(make.spasm()).payload()) | {"padding": "x" * 17_000}
    with pytest.raises(RecordError, match="larger than"):
        parse(json.dumps(fields))


@given(st.binary(max_size=400))
def test_no_bytes_crash_the_parser(payload: bytes) -> None:
    with pytest.raises(RecordError):
        parse(payload)


def test_the_start_of_a_spasm_may_leave_the_rest_open() -> None:
    start = Spasm(person="patient", phase="start", spasm_id="s1", start=datetime(2026, 3, 2, tzinfo=UTC))
    assert parse(make.stamped(start).payload()).what == "spasm"
    assert not start.counts


def test_the_start_of_a_spasm_may_hold_null_for_all_else() -> None:
    start = Spasm(person="patient", phase="start", spasm_id="s1", start=datetime(2026, 3, 2, tzinfo=UTC))
    fields = json.loads(make.stamped(start).payload())
    given = {"schema", "id", "home", "node", "person", "boot", "seq", "phase", "spasm_id", "start"}
    parsed = parse(json.dumps({name: value if name in given else None for name, value in fields.items()}))
    assert isinstance(parsed, Spasm)
    assert (parsed.regions, parsed.clock_ok) == ((), True)


@pytest.mark.parametrize(
    ("value", "context"), [("resting", ("resting",)), (["talking", "chewing"], ("talking", "chewing")), (None, ())]
)
def test_the_context_is_one_word_or_several_or_none(value: object, context: tuple[str, ...]) -> None:
    fields = json.loads(make.stamped(make.spasm()).payload()) | {"context": value}
    parsed = parse(json.dumps(fields))
    assert isinstance(parsed, Spasm)
    assert parsed.context == context


def test_an_observation_of_nobody_may_hold_null_for_what_was_not_seen() -> None:
    nobody = make.stamped(make.observation(observed_s=0.0))
    fields = json.loads(nobody.payload()) | {"fps": None, "blinks": None, "unobserved": None, "light": None}
    assert parse(json.dumps(fields)).what == "observation"


@pytest.mark.parametrize(("verdict", "counts"), [(None, True), ("confirmed", True), ("unsure", True),
                                                  ("false_alarm", False), ("voluntary", False)])  # fmt: skip
def test_what_a_person_called_no_spasm_does_not_count(verdict: str | None, counts: bool) -> None:
    assert make.spasm(verdict=verdict).counts is counts


def test_health_figures_a_program_does_not_have_stay_null() -> None:
    health = Health(time=make.START, program="edge", state="running", fps=24.5)
    assert json.loads(make.stamped(health).payload())["lag_s"] is None


@pytest.mark.parametrize("schema", ["spasm/1", "spasm/1.0/1", "spasm/1.0 ", "spasm/01.0", "spasm/1.x", "/1.0", "spasm"])
def test_a_schema_is_what_slash_major_dot_minor(schema: str) -> None:
    fields = json.loads(make.stamped(make.spasm()).payload()) | {"schema": schema}
    with pytest.raises(RecordError):
        parse(json.dumps(fields))


def test_a_payload_is_utf8_and_nothing_else() -> None:
    payload = make.stamped(make.spasm()).payload()
    for other in (payload.decode().encode("utf-16"), b"\xef\xbb\xbf" + payload):
        with pytest.raises(RecordError, match="not JSON"):
            parse(other)


@pytest.mark.parametrize("ranges", ["[[5, 1]]", "[[-1, 2]]", f"[[0, {10**30}]]", "[[0, 1e300]]"])
def test_a_receipt_whose_ranges_make_no_sense_is_refused(ranges: str) -> None:
    with pytest.raises(RecordError):
        Receipt.parse(f'{{"boot": "boot1", "ranges": {ranges}}}'.encode())


def test_no_number_is_so_large_that_an_hour_could_not_be_summed_up() -> None:
    observation = json.loads(make.stamped(make.observation()).payload())
    spasm = json.loads(make.stamped(make.spasm()).payload())
    for fields in (observation | {"blinks": 10**40}, observation | {"talking_s": 1e300}, spasm | {"closed_s": 1e300}):
        with pytest.raises(RecordError):
            parse(json.dumps(fields))


def test_who_is_told_survives_the_wire_and_ignores_what_it_does_not_know() -> None:
    sent = WhoIsTold(levels={"anna": "everything", "ben": "nothing"}, time=make.START)
    assert WhoIsTold.parse(sent.payload()) == sent
    newer = {**json.loads(sent.payload()), "because": "of something new"}
    assert WhoIsTold.parse(json.dumps(newer).encode()) == sent


@pytest.mark.parametrize(
    "change",
    [
        {"levels": {"ben": "loudly"}},
        {"levels": {"ben/+": "nothing"}},
        {"levels": {f"r{number}": "nothing" for number in range(101)}},
        {"levels": ["ben"]},
        {"levels": None},
        {"time": "yesterday"},
        {"time": None},
    ],
)
def test_a_wrong_choice_of_who_is_told_is_refused(change: dict[str, object]) -> None:
    sent = json.loads(WhoIsTold(levels={"ben": "urgent"}, time=make.START).payload())
    with pytest.raises(RecordError):
        WhoIsTold.parse(json.dumps({**sent, **change}).encode())
