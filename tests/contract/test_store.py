"""What every store owes its users; the same suite for all of them."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from spasmwatch.adapters.influx_store import InfluxStore
from spasmwatch.adapters.sqlite_store import SqliteStore
from spasmwatch.domain.records import MODELS, Insight, Label, Record, Spasm, Trend
from spasmwatch.domain.rollups import Rollup
from spasmwatch.ports import Store
from support import make
from support.memory_store import MemoryStore

START = make.START
END = START + timedelta(days=2)


@pytest.fixture(params=["memory", "sqlite", "influx"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store
    if request.param == "memory":
        made = MemoryStore(timezone="Europe/Berlin")
    elif request.param == "influx":
        made = InfluxStore(request.getfixturevalue("influx").settings, home="home", timezone="Europe/Berlin")
    else:
        made = SqliteStore(tmp_path / "store.sqlite", home="home", timezone="Europe/Berlin")
    with closing(made) as opened:
        yield opened


def one_of_each() -> list[Record]:
    spasm = make.stamped(make.spasm(regions=("brow", "eye"), context=("talking",), side_verified=True, clock_ok=True))
    drafts: list[Record] = [
        make.observation(unobserved={"turned": 3.5, "dark": 1.0}, openness_right=None, light=0.4),
        make.trigger(text="bright, with \"quotes\" \\ and\nlines, a=b", rule=None, certainty=0.5),
        make.diary(text="Müde – „sehr“, 100 %", subkind="exercise", value=None),
        make.label(spasm, "confirmed", reason="saw it = yes, sure"),
        make.alert(scope={"kind": "hemifacial", "side": "left"}, until=START + timedelta(hours=3)),
        make.health(fps=24.5, throttled=False, outbox_depth=3),
        Trend(person="patient", time=START, rate=3.0, state="usual", coverage=0.5),
        Insight(person="patient", time=START, trigger="caffeine", window="0-1", kind="all", primary=True,
                exposures=9, verdict="none"),
    ]  # fmt: skip
    return [spasm, *map(make.stamped, drafts)]


def read(store: Store, what: str, person: str | None = None) -> list[Record]:
    return list(store.read(what, person, START - timedelta(days=1), END))


def test_every_kind_of_record_comes_back_as_it_was(store: Store) -> None:
    records = one_of_each()
    assert {record.what for record in records} == set(MODELS)
    store.write(records)
    for record in records:
        expected = record.model_copy(update={"verdict": "confirmed"}) if isinstance(record, Spasm) else record
        assert read(store, record.what) == [expected]


def test_writing_twice_changes_nothing(store: Store) -> None:
    records = one_of_each()
    store.write(records)
    before = {what: read(store, what) for what in MODELS}
    store.write(records)
    store.write(list(reversed(records)))
    assert {what: read(store, what) for what in MODELS} == before
    assert store.counts() == dict.fromkeys(MODELS, 1)


def test_reading_is_half_open_and_by_time(store: Store) -> None:
    spasms = [make.stamped(make.spasm(START + timedelta(seconds=10 * n))) for n in range(5)]
    store.write(list(reversed(spasms)))
    assert list(store.read("spasm", "patient", spasms[1].start, spasms[4].start)) == spasms[1:4]
    assert list(store.read("spasm", "somebody", START, END)) == []
    assert list(store.read("spasm", None, END, END)) == []


def test_microseconds_survive(store: Store) -> None:
    twins = [make.stamped(make.spasm(START + timedelta(microseconds=n))) for n in range(3)]
    store.write(twins)
    assert list(store.read("spasm", None, START + timedelta(microseconds=1), END)) == twins[1:]


def test_more_records_than_a_page_come_in_order(store: Store) -> None:
    many = [make.stamped(make.observation(START + timedelta(seconds=n))) for n in range(4500)]
    store.write(many)
    assert read(store, "observation") == many
    assert store.counts() == {"observation": 4500}


@pytest.mark.parametrize("arrival", ["spasm first", "label first"])
def test_a_label_puts_its_verdict_onto_the_spasm(store: Store, arrival: str) -> None:
    spasm = make.stamped(make.spasm())
    label = make.stamped(make.label(spasm), node="diary")
    for record in (spasm, label) if arrival == "spasm first" else (label, spasm):
        store.write([record])
    assert read(store, "spasm") == [spasm.model_copy(update={"verdict": "false_alarm"})]
    assert store.counts() == {"spasm": 1, "label": 1}


def test_the_latest_verdict_counts_in_any_order(store: Store) -> None:
    spasm = make.stamped(make.spasm())
    early = make.stamped(make.label(spasm, "false_alarm", time=START + timedelta(hours=1)))
    late = make.stamped(make.label(spasm, "confirmed", time=START + timedelta(hours=2)))
    for batch in ([late], [spasm], [early], [spasm, late]):
        store.write(batch)
    assert [record.verdict for record in read(store, "spasm") if isinstance(record, Spasm)] == ["confirmed"]


def test_a_camera_cannot_judge_its_own_spasms(store: Store) -> None:
    store.write([make.stamped(make.spasm(verdict="voluntary"))])
    assert [record.verdict for record in read(store, "spasm") if isinstance(record, Spasm)] == [None]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
def test_the_highest_revision_counts_in_any_order(store: Store, order: tuple[int, ...]) -> None:
    first = make.stamped(make.diary(entry_id="e1", text="one"))
    moved = make.stamped(make.diary(START + timedelta(hours=1), entry_id="e1", revision=2, text="two"))
    final = make.stamped(make.diary(START + timedelta(hours=2), entry_id="e1", revision=3, text="three"))
    revisions = [first, moved, final]
    for index in order:
        store.write([revisions[index]])
    assert read(store, "diary") == [final]
    assert store.history("e1") == revisions
    assert list(store.everything("diary")) == revisions


def test_a_deleted_entry_stays_deleted_when_an_old_revision_comes_again(store: Store) -> None:
    first = make.stamped(make.diary(entry_id="e1"))
    deleted = make.stamped(make.diary(entry_id="e1", revision=2, deleted=True))
    store.write([first, deleted])
    store.write([first])
    assert read(store, "diary") == []
    assert store.history("e1") == [first, deleted]
    assert store.history("unknown") == []


def rollup(start: datetime, bucket: str = "hour", person: str = "patient", **counts: int) -> Rollup:
    return Rollup.model_validate(
        {
            "bucket": bucket, "home": "home", "person": person, "start": start, "observed_s": 1800.0,
            "counts": counts, "closed_s": 2.5, "blinks": 7,
        }
    )  # fmt: skip


def test_rates_come_from_the_rollups_and_a_rewrite_replaces(store: Store) -> None:
    hours = [rollup(START + timedelta(hours=n), hemifacial_left=n, all_all=n) for n in range(3)]
    store.write([*hours, rollup(START, person="other", all_all=9)])
    store.write([rollup(START + timedelta(hours=1), all_all=5)])
    rates = store.rates("patient", START, START + timedelta(hours=2), "hour", "Europe/Berlin")
    assert [(rate.start, rate.counts.get("all_all", 0)) for rate in rates] == [
        (START, 0),
        (START + timedelta(hours=1), 5),
    ]
    assert rates[1].counts.get("hemifacial_left", 0) == 0
    assert (rates[0].observed_s, rates[0].closed_s, rates[0].blinks) == (1800.0, 2.5, 7)


def test_days_of_another_zone_are_summed_from_hours(store: Store) -> None:
    midnight = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
    store.write([rollup(midnight + timedelta(hours=n), all_all=1) for n in range(48)])
    store.write([rollup(midnight - timedelta(hours=1), bucket="day", all_all=24)])
    utc = store.rates("patient", midnight, midnight + timedelta(days=2), "day", "UTC")
    assert [(rate.start, rate.counts["all_all"]) for rate in utc] == [
        (midnight, 24),
        (midnight + timedelta(days=1), 24),
    ]
    part = store.rates("patient", midnight + timedelta(hours=1), midnight + timedelta(hours=30), "day", "UTC")
    assert [(rate.start, rate.counts["all_all"]) for rate in part] == [(midnight + timedelta(days=1), 24)]
    home = store.rates("patient", midnight - timedelta(days=1), midnight, "day", "Europe/Berlin")
    assert [(rate.start, rate.counts["all_all"]) for rate in home] == [(midnight - timedelta(hours=1), 24)]


def test_forgetting_a_person_leaves_the_others(store: Store) -> None:
    records = one_of_each()
    stays = make.stamped(make.spasm(START + timedelta(hours=1), person="other"))
    store.write([*records, stays, rollup(START, all_all=1), rollup(START, person="other", all_all=1)])
    mine = [record for record in records if record.person == "patient"]
    assert store.forget("patient") == len(mine)
    assert [record for what in MODELS for record in read(store, what, "patient")] == []
    assert store.history(next(record.entry_id for record in records if record.what == "diary")) == []  # type: ignore[attr-defined]
    assert store.rates("patient", START, END, "hour", "Europe/Berlin") == []
    assert read(store, "spasm", "other") == [stays]
    assert len(store.rates("other", START, END, "hour", "Europe/Berlin")) == 1


def test_retention_removes_raw_records_and_keeps_diary_alerts_and_rates(store: Store) -> None:
    records = one_of_each()
    young = make.stamped(make.spasm(START + timedelta(days=1)))
    store.write([*records, young, rollup(START, all_all=1)])
    raw = [record for record in records if record.what not in ("diary", "alert") and not isinstance(record, Label)]
    assert store.expire(START + timedelta(minutes=30)) == len(raw)
    assert read(store, "spasm") == [young]
    assert len(read(store, "diary")) == len(read(store, "alert")) == 1
    assert len(store.rates("patient", START, END, "hour", "Europe/Berlin")) == 1


def test_records_of_another_home_are_not_shown(store: Store) -> None:
    store.write([make.stamped(make.spasm(), home="neighbour")])
    assert read(store, "spasm") == []
    assert store.counts() == {}


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Callable[[bool], SqliteStore]:
    return lambda readonly: SqliteStore(tmp_path / "s.sqlite", home="home", timezone="UTC", readonly=readonly)


def test_a_reader_may_come_before_the_recorder(sqlite_file: Callable[[bool], SqliteStore]) -> None:
    reader = sqlite_file(True)
    assert read(reader, "spasm") == []
    writer = sqlite_file(False)
    spasm = make.stamped(make.spasm())
    writer.write([spasm])
    assert read(reader, "spasm") == [spasm]
    reader.close()
    writer.close()
