"""The recorder between a bus and a store, both in memory."""

import json
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from spasmwatch.domain.records import Record
from spasmwatch.domain.rollups import Rollup
from spasmwatch.domain.topics import Fault, Receipt, Topics
from spasmwatch.errors import StoreError, StoreRejected
from spasmwatch.settings.recorder import Recorder as RecorderSettings
from spasmwatch_services.recorder.dead_letters import DeadLetters
from spasmwatch_services.recorder.figures import Figures
from spasmwatch_services.recorder.ledger import Ledger
from spasmwatch_services.recorder.rollup_keeper import RollupKeeper
from spasmwatch_services.recorder.service import Recorder
from spasmwatch_services.recorder.storing import Storer
from support import make
from support.memory_bus import MemoryBroker, MemoryBus
from support.memory_store import MemoryStore
from support.wait import until

TOPICS = Topics("spasmwatch", "home")
START = make.START
HOUR = timedelta(hours=1)


class MoodyStore(MemoryStore):
    """Fails as often as told, and never takes records with the text ``poison``."""

    def __init__(self) -> None:
        super().__init__(timezone="Europe/Berlin")
        self.failures = 0

    def write(self, records: Sequence[Record | Rollup]) -> None:
        if self.failures:
            self.failures -= 1
            raise StoreError("the store is away", retry_after=0.01)
        if any(getattr(record, "text", None) == "poison" for record in records):
            raise StoreRejected("no such field")
        super().write(records)


class Bench:
    """A recorder at work, with everything around it in memory."""

    def __init__(self, folder: Path, broker: MemoryBroker, **settings: object) -> None:
        self.broker, self.store = broker, MoodyStore()
        self.stopping = threading.Event()
        self.figures = Figures()
        self.dead_letters = DeadLetters(folder, 1)
        self.ledger = Ledger(folder / "ledger.sqlite")
        chosen = RecorderSettings.model_validate({"idle_s": 0.01, **settings})
        rollups = RollupKeeper(self.store, "home", ZoneInfo("Europe/Berlin"))
        bus = MemoryBus(TOPICS, client="recorder", node="recorder", broker=broker)
        self.recorder = Recorder(
            bus, TOPICS, Storer(TOPICS, rollups).store, self.ledger, self.dead_letters, chosen, self.figures
        )  # fmt: skip
        self.thread = threading.Thread(target=self.recorder.run, args=[self.stopping])
        self.thread.start()
        self.producer = MemoryBus(TOPICS, client="producer", broker=broker)

    def send(self, *records: Record) -> None:
        for record in records:
            self.producer.publish(TOPICS.of(record.node, record.what), record.payload())

    def stored(self, what: str) -> list[Record]:
        return list(self.store.everything(what))

    def receipted(self, node: str = "cam1") -> set[int]:
        receipts = [Receipt.parse(payload) for payload in self.broker.payloads(TOPICS.of(node, "stored"))]
        return {seq for item in receipts for first, last in item.ranges for seq in range(first, last + 1)}

    def fault(self) -> Fault:
        return Fault.parse(self.broker.retained[TOPICS.of("recorder", "fault")])

    def count(self, hour: int = 0, bucket: str = "hour") -> int:
        start = START + hour * HOUR if bucket == "hour" else START - timedelta(hours=9)
        rates = self.store.rates("patient", start, start + HOUR, bucket, "Europe/Berlin")  # type: ignore[arg-type]
        return rates[0].counts.get("all_all", 0) if rates else 0

    def close(self) -> None:
        self.stopping.set()
        self.thread.join()
        self.ledger.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path, MemoryBroker())
    yield made
    made.close()


def test_what_is_published_is_stored_rolled_up_and_receipted(bench: Bench) -> None:
    records = [make.stamped(make.spasm(START + timedelta(minutes=n)), seq=n) for n in range(20)]
    bench.send(*records)
    until(lambda: bench.receipted() == set(range(20)))
    assert bench.stored("spasm") == records
    assert bench.count() == 20
    assert bench.count(bucket="day") == 20


def test_receipts_name_ranges_not_single_numbers(bench: Bench) -> None:
    first, *batch = [make.stamped(make.observation(START + timedelta(minutes=n)), seq=n) for n in (20, 3, 1, 2, 9)]
    bench.store.failures = 10**9
    bench.send(first)
    until(lambda: bench.figures.store_failures > 0)
    bench.send(*batch)  # all of them wait while the store is away: one batch
    bench.store.failures = 0
    until(lambda: bench.receipted() == {1, 2, 3, 9, 20})
    receipts = [Receipt.parse(payload) for payload in bench.broker.payloads(TOPICS.of("cam1", "stored"))]
    assert [receipt.ranges for receipt in receipts] == [((20, 20),), ((1, 3), (9, 9))]


def test_the_start_of_a_spasm_is_receipted_but_not_stored(bench: Bench) -> None:
    bench.send(make.stamped(make.spasm(phase="start"), seq=4))
    until(lambda: bench.receipted() == {4})
    assert bench.store.counts() == {}


def test_nothing_is_receipted_before_the_store_has_it(bench: Bench) -> None:
    bench.store.failures = 3
    bench.send(make.stamped(make.spasm(), seq=0))
    until(lambda: bench.receipted() == {0})
    assert bench.figures.store_failures == 3
    assert len(bench.stored("spasm")) == 1


def test_an_absent_store_is_a_fault_until_it_is_back(bench: Bench) -> None:
    bench.store.failures = 10**9
    bench.send(make.stamped(make.spasm(), seq=0))
    until(lambda: bench.fault().active)
    assert "the store is away" in (bench.fault().cause or "")
    bench.store.failures = 0
    until(lambda: not bench.fault().active)
    until(lambda: bench.receipted() == {0})


def test_a_late_record_rewrites_its_hour_and_day(bench: Bench) -> None:
    bench.send(make.stamped(make.spasm(START + 5 * HOUR), seq=0))
    until(lambda: bench.count(5) == 1)
    bench.send(make.stamped(make.spasm(START), seq=1))
    until(lambda: bench.count(0) == 1)
    until(lambda: bench.count(bucket="day") == 2)


@pytest.mark.parametrize(("month", "day", "hours"), [(3, 29, 23), (10, 25, 25)])
def test_the_change_of_the_clocks_does_not_move_a_days_count(bench: Bench, month: int, day: int, hours: int) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    midnight = datetime(2026, month, day, tzinfo=berlin).astimezone(UTC)
    inside = [midnight, midnight + hours * HOUR - timedelta(seconds=30)]
    outside = [midnight - timedelta(seconds=30), midnight + hours * HOUR]
    for seq, start in enumerate([*inside, *outside]):
        bench.send(make.stamped(make.spasm(start), seq=seq))
    until(lambda: bench.receipted() == {0, 1, 2, 3})
    days = bench.store.rates("patient", midnight, midnight + hours * HOUR, "day", "Europe/Berlin")
    assert [(rate.start, rate.counts["all_all"]) for rate in days] == [(midnight, 2)]


def test_a_false_alarm_leaves_the_rates_and_comes_back_when_confirmed(bench: Bench) -> None:
    spasm = make.stamped(make.spasm(), seq=0)
    bench.send(spasm)
    until(lambda: bench.count() == 1)
    bench.send(make.stamped(make.label(spasm), node="diary", seq=0))
    until(lambda: bench.count() == 0 and bench.count(bucket="day") == 0)
    later = make.label(spasm, "confirmed", time=START + 3 * HOUR)
    bench.send(make.stamped(later, node="diary", seq=1))
    until(lambda: bench.count() == 1 and bench.count(bucket="day") == 1)


@pytest.mark.parametrize("restarted", [False, True])
def test_a_label_that_comes_long_before_its_spasm_keeps_it_out_of_the_rates(restarted: bool) -> None:
    store = MemoryStore(timezone="Europe/Berlin")
    keeper = RollupKeeper(store, "home", ZoneInfo("Europe/Berlin"))
    false, real = make.stamped(make.spasm()), make.stamped(make.spasm(START + timedelta(minutes=5)))
    keeper.write([real])
    keeper.write([make.stamped(make.label(false), node="diary")])
    if restarted:
        keeper = RollupKeeper(store, "home", ZoneInfo("Europe/Berlin"))
    keeper.write([false])
    [rate] = store.rates("patient", START, START + HOUR, "hour", "Europe/Berlin")
    assert rate.counts["all_all"] == 1


def test_one_record_the_store_refuses_does_not_hold_up_the_others(bench: Bench) -> None:
    good = [make.stamped(make.diary(START + n * HOUR, text="tea"), node="diary", seq=n) for n in range(9)]
    poison = make.stamped(make.diary(text="poison"), node="diary", seq=9)
    bench.send(*good[:4], poison, *good[4:])
    until(lambda: [letter.reason for letter in bench.dead_letters] == ["no such field"])
    until(lambda: len(bench.stored("diary")) == 9)
    until(lambda: bench.receipted("diary") == set(range(9)))


@pytest.mark.parametrize("start", ["1970-01-02T00:00:00Z", "2199-12-31T23:59:59.999999Z"])
def test_the_first_and_the_last_time_that_a_record_may_have_are_stored_and_counted(bench: Bench, start: str) -> None:
    spasm = make.stamped(make.spasm(datetime.fromisoformat(start), seconds=0), seq=0)
    bench.send(spasm)
    until(lambda: bench.receipted() == {0})
    assert bench.stored("spasm") == [spasm]


def test_a_record_that_cannot_be_summed_up_does_not_end_the_recorder(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OverflowError("too much")

    poison, good = make.stamped(make.spasm(), seq=0), make.stamped(make.diary(), node="diary", seq=1)
    monkeypatch.setattr("spasmwatch_services.recorder.rollup_keeper.summarise_hour", refuse)
    bench.send(poison, good)
    until(lambda: len(bench.stored("diary")) == 1)
    until(lambda: [letter.reason for letter in bench.dead_letters] == ["too much"])
    assert bench.stored("spasm") == []


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"\xff\xfe not text", "not JSON"),
        (b"", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"{" * 20_000, "larger than"),
        (b'{"schema": "spasm/1.0"}', "missing"),
        (b'{"schema":"spasm/2.0","id":"x","home":"home","node":"cam1","person":"p","boot":"b","seq":1}', "version"),
    ],
)
def test_what_is_no_record_goes_to_the_dead_letters_with_its_reason(bench: Bench, payload: bytes, reason: str) -> None:
    bench.producer.publish(TOPICS.of("cam1", "spasm"), payload)
    until(lambda: bench.figures.dead_letters == 1)
    [letter] = bench.dead_letters
    assert reason in letter.reason
    assert bench.store.counts() == {}


def test_a_record_on_a_foreign_topic_is_not_stored(bench: Bench) -> None:
    spasm = make.stamped(make.spasm())
    bench.producer.publish(TOPICS.of("cam2", "spasm"), spasm.payload())
    bench.producer.publish(TOPICS.of("cam1", "diary"), spasm.payload())
    bench.send(make.stamped(make.spasm(), home="neighbour"))
    until(lambda: bench.figures.dead_letters == 3)
    assert bench.store.counts() == {}


def test_a_letter_that_comes_again_later_is_kept_once_counted_each_time_and_receipted(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = json.loads(make.stamped(make.spasm(), seq=7).payload()) | {"intensity": 9}

    def send(number: int) -> None:
        for _ in range(number):
            bench.producer.publish(TOPICS.of("cam1", "spasm"), json.dumps(fields).encode())

    send(3)
    until(lambda: bench.figures.dead_letters == 3)
    assert bench.receipted() == set(), "these may be copies of a mangled message, the record itself under way"
    monkeypatch.setattr("spasmwatch_services.recorder.service.MEANT_S", 0.0)
    send(1)
    until(lambda: bench.receipted() == {7})
    assert len(list(bench.dead_letters)) == 1
    assert bench.figures.dead_letters == 4


def test_a_half_written_letter_does_not_spoil_the_next(tmp_path: Path) -> None:
    (tmp_path / "dead-letters.jsonl").write_bytes(b'{"time": "2026-03-02T08:00:00Z", "top')
    letters = DeadLetters(tmp_path, 1)
    letters.add("a/b/c/spasm", b"first", "wrong")
    letters.add("a/b/c/spasm", b"second", "wrong")
    assert [letter.payload for letter in letters] == [b"first", b"second"]


def test_letters_that_come_while_others_are_removed_stay(tmp_path: Path) -> None:
    mine, recorders = DeadLetters(tmp_path, 1), DeadLetters(tmp_path, 1)
    recorders.add("a/b/c/spasm", b"first", "wrong")
    [first] = mine
    recorders.add("a/b/c/spasm", b"second", "wrong")
    mine.remove({first.digest})
    assert [letter.payload for letter in mine] == [b"second"]
    recorders.add("a/b/c/spasm", b"first", "wrong")
    assert [letter.payload for letter in mine] == [b"second", b"first"]


def test_a_number_that_never_comes_is_a_fault(tmp_path: Path) -> None:
    bench = Bench(tmp_path, MemoryBroker(), gap_after_s=1)
    bench.send(*(make.stamped(make.spasm(START + n * HOUR), seq=n) for n in (0, 1, 4)))
    until(lambda: bench.receipted() == {0, 1, 4})
    until(lambda: bench.recorder.look_for_gaps() == 2, timeout=10)
    assert bench.fault().cause == "records are missing: 2 of cam1"
    bench.send(*(make.stamped(make.spasm(START + n * HOUR), seq=n) for n in (3, 2)))
    until(lambda: bench.recorder.look_for_gaps() == 0)
    assert not bench.fault().active
    bench.close()
