"""The on-disk outbox and its courier: in order, bounded, synced, corrected when the clock is set."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from spasmwatch.adapters import outbox as outbox_module
from spasmwatch.adapters.clock import MachineClock
from spasmwatch.adapters.courier import Courier
from spasmwatch.adapters.outbox import DiskOutbox, forget
from spasmwatch.adapters.patient_outbox import PatientOutbox
from spasmwatch.domain.parsing import parse
from spasmwatch.domain.records import Health, Observation, Spasm
from spasmwatch.domain.topics import Receipt, Topics
from spasmwatch.errors import BusError, OutboxError
from spasmwatch.settings.outbox import OutboxSettings
from support import make
from support.memory_bus import MemoryBus
from support.wait import until

START = make.START
MINUTE = timedelta(minutes=1)
TOPICS = Topics("spasmwatch", "home")


class PiClock(MachineClock):
    """A Raspberry Pi two minutes after its boot, an hour and a half behind."""

    def __init__(self) -> None:
        self.true_time, self.up, self.behind, self.name = START.timestamp(), 120.0, 5400.0, "boot-a"

    def pass_by(self, seconds: float) -> None:
        self.true_time += seconds
        self.up += seconds

    def wall(self) -> float:
        return self.true_time - self.behind

    def since_boot(self) -> float:
        return self.up

    def boot(self) -> str:
        return self.name

    def synchronised(self) -> bool:
        return self.behind == 0


class Time:
    """Replaces the monotonic clock of the outbox."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    made = Time()
    monkeypatch.setattr(outbox_module, "time", made)
    return made


Opener = Callable[..., DiskOutbox]


@pytest.fixture
def reopen(tmp_path: Path) -> Iterator[Opener]:
    opened: list[DiskOutbox] = []

    def open_again(clock: MachineClock | None = None, **settings: float) -> DiskOutbox:
        for old in opened:
            old.close()
        path = tmp_path / "cam1.sqlite"
        made = DiskOutbox(path, home="home", node="cam1", settings=OutboxSettings(**settings), clock=clock)
        opened.append(made)
        return made

    yield open_again
    opened[-1].close()


def send_all(outbox: DiskOutbox) -> list[int]:
    """Publish what is due until nothing is; returns the numbers in the order of sending."""
    numbers: list[int] = []
    while batch := outbox.due(100):
        outbox.sent(batch)
        numbers += [parse(item.payload).seq for item in batch]
    return numbers


def test_records_are_numbered_and_sent_in_order(reopen: Opener) -> None:
    outbox = reopen()
    stamped = [outbox.add(make.spasm(START + n * MINUTE)) for n in range(250)]
    assert [record.seq for record in stamped] == list(range(250))
    assert len({record.id for record in stamped}) == 250
    assert send_all(outbox) == list(range(250))


def test_what_has_no_receipt_is_sent_again_and_ever_more_rarely(reopen: Opener, time: Time) -> None:
    outbox = reopen(resend_after_s=30)
    for n in range(3):
        outbox.add(make.spasm(START + n * MINUTE))
    send_all(outbox)
    outbox.drop(outbox.add(make.spasm()).boot, [(1, 1)])
    send_all(outbox)
    moments = []
    for second in range(1000):
        time.now += 1
        if numbers := send_all(outbox):
            assert numbers == [0, 2, 3]
            moments.append(second)
    gaps = [after - before for before, after in pairwise(moments)]
    assert gaps == sorted(gaps)
    assert len(moments) < 8


def test_a_backlog_goes_out_in_windows_while_new_records_go_at_once(
    reopen: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "WINDOW", 50)
    first = reopen()
    boot = first.add(make.observation()).boot
    for n in range(1, 120):
        first.add(make.observation(START + n * MINUTE))
    outbox = reopen()
    new = outbox.add(make.spasm())
    assert [parse(item.payload).id for item in outbox.due(100)] == [new.id]
    outbox.sent(outbox.due(100))
    assert send_all(outbox) == list(range(50))
    outbox.drop(boot, [(0, 48)])
    assert send_all(outbox) == []
    outbox.drop(boot, [(49, 49)])
    assert send_all(outbox) == list(range(50, 100))


def test_a_full_outbox_gives_up_health_then_observations_and_says_so(reopen: Opener) -> None:
    outbox = reopen(max_mb=0.05)
    spasms = [outbox.add(make.spasm(START + n * MINUTE)) for n in range(20)]
    diary = outbox.add(make.diary())
    for n in range(100):
        outbox.add(make.health(START + n * MINUTE))
        outbox.add(make.observation(START + n * MINUTE))
    waiting = [parse(item.payload) for item in iter_all(outbox)]
    assert [record for record in waiting if isinstance(record, Spasm)] == spasms
    assert diary in waiting
    assert outbox.dropped > 0
    assert "given up" in (outbox.trouble() or "")
    minutes = [record.start for record in waiting if isinstance(record, Observation)]
    assert minutes[-1] == START + 99 * MINUTE  # the oldest went first
    told = [record for record in waiting if isinstance(record, Health) and record.state == "fault"]
    assert len(told) <= 1
    assert sum(len(record.payload()) for record in waiting) <= 0.05e6


def fill(outbox: DiskOutbox) -> None:
    for n in range(200):
        outbox.add(make.spasm(START + n * MINUTE))


def iter_all(outbox: DiskOutbox) -> list[outbox_module.Pending]:
    found = []
    while batch := outbox.due(100):
        outbox.sent(batch)
        found += batch
    return found


def test_a_power_cut_or_restart_loses_nothing_and_begins_a_new_series(reopen: Opener) -> None:
    before = reopen().add(make.spasm())
    outbox = reopen()
    after = outbox.add(make.spasm(START + MINUTE))
    assert (after.seq, after.boot != before.boot) == (0, True)
    waiting = {parse(item.payload).id for item in iter_all(outbox)}
    assert waiting == {before.id, after.id}


def test_no_two_records_of_a_series_share_a_microsecond_even_back_dated_and_after_a_restart(reopen: Opener) -> None:
    outbox = reopen()
    times = [outbox.add(make.diary(at)).at for at in (START, START + MINUTE, START, START)]
    outbox = reopen()
    times.append(outbox.add(make.diary(START)).at)
    assert len(set(times)) == 5
    assert max(abs(at - START) for at in times if at != START + MINUTE) < timedelta(microseconds=10)
    other_series = outbox.add(make.diary(START, author="carer"))
    assert other_series.at == START


def test_a_record_given_again_keeps_its_id_and_time(reopen: Opener) -> None:
    outbox = reopen()
    known = make.alert().model_copy(update={"id": make.stamped(make.alert()).id})
    first, again = outbox.add(known), outbox.add(known)
    assert (first.id, first.time) == (again.id, again.time)
    assert first.seq != again.seq


def test_a_full_disk_is_one_clear_error_and_leaves_no_hole_in_the_numbers(reopen: Opener) -> None:
    outbox = reopen()
    outbox.add(make.spasm())
    pages = outbox._number("PRAGMA page_count")
    outbox._base.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(OutboxError, match="full"):
        fill(outbox)
    reached = outbox.depth()
    outbox._base.execute("PRAGMA max_page_count = 100000")
    assert outbox.add(make.spasm(START + 500 * MINUTE)).seq == reached
    assert send_all(outbox) == list(range(reached + 1))


def test_a_damaged_file_is_set_aside_and_the_program_starts(reopen: Opener, tmp_path: Path) -> None:
    reopen().add(make.spasm())
    reopen().close()
    (tmp_path / "cam1.sqlite").write_bytes(b"rubbish" * 1000)
    outbox = reopen()
    outbox.add(make.spasm())
    assert outbox.depth() == 1
    assert [file.read_bytes()[:7] for file in tmp_path.glob("cam1.damaged-*")] == [b"rubbish"]


def test_when_the_recorder_is_back_the_backlog_does_not_wait_for_long(reopen: Opener, time: Time) -> None:
    outbox = reopen(resend_after_s=30)
    boot = outbox.add(make.spasm()).boot
    for _ in range(2000):
        time.now += 1
        send_all(outbox)
    outbox.add(make.spasm(START + MINUTE))
    send_all(outbox)
    outbox.drop(boot, [(1, 1)])
    time.now += 31
    assert send_all(outbox) == [0]


def test_a_camera_goes_on_while_the_disk_is_full_and_loses_nothing(reopen: Opener) -> None:
    outbox = reopen()
    patient = PatientOutbox(outbox)
    outbox._base.execute(f"PRAGMA max_page_count = {outbox._number('PRAGMA page_count')}")
    drafts = [make.spasm(START + n * MINUTE) for n in range(60)]
    for draft in drafts:
        patient.add(draft)
    assert outbox.depth() < 60
    outbox._base.execute("PRAGMA max_page_count = 100000")
    patient.add(make.health())
    waiting = [parse(item.payload) for item in iter_all(outbox)]
    assert [record.spasm_id for record in waiting if isinstance(record, Spasm)] == [draft.spasm_id for draft in drafts]
    assert [record.seq for record in waiting] == list(range(61))


def test_records_from_before_the_clock_was_set_are_corrected(reopen: Opener) -> None:
    clock = PiClock()
    outbox = reopen(clock)
    began = START - timedelta(seconds=clock.behind)
    outbox.add(make.spasm(began, clock_ok=False))
    outbox.add(make.observation(began + MINUTE, clock_ok=False))
    clock.pass_by(60)
    outbox.add(make.health())
    assert [item.what for item in outbox.due(10)] == ["health"]
    clock.behind = 0.0
    waiting = {item.what: parse(item.payload) for item in iter_all(outbox)}
    spasm, minute = waiting["spasm"], waiting["observation"]
    assert isinstance(spasm, Spasm)
    assert isinstance(minute, Observation)
    assert (spasm.start, spasm.clock_ok) == (START, True)
    assert spasm.end == START + timedelta(seconds=0.8)
    assert (minute.start, minute.clock_ok) == (START + MINUTE, True)


def test_records_of_a_clock_that_is_never_set_go_out_marked(reopen: Opener) -> None:
    clock = PiClock()
    outbox = reopen(clock, clock_wait_s=300)
    draft = make.spasm(clock_ok=False)
    outbox.add(draft)
    assert iter_all(outbox) == []
    clock.pass_by(200)
    [item] = iter_all(outbox)
    spasm = parse(item.payload)
    assert isinstance(spasm, Spasm)
    assert (spasm.start, spasm.clock_ok) == (draft.start, False)


def test_records_of_an_earlier_boot_with_a_wrong_clock_are_not_corrected_by_this_one(reopen: Opener) -> None:
    clock = PiClock()
    reopen(clock).add(make.spasm(clock_ok=False))
    clock.name, clock.up, clock.behind = "boot-b", 10.0, 0.0
    [item] = iter_all(reopen(clock))
    spasm = parse(item.payload)
    assert isinstance(spasm, Spasm)
    assert not spasm.clock_ok


@pytest.mark.parametrize("hours", [5, -5])
def test_a_jump_of_the_clock_neither_loses_nor_doubles(reopen: Opener, hours: int) -> None:
    outbox = reopen()
    before = [outbox.add(make.spasm(START + n * MINUTE)) for n in range(5)]
    after = [outbox.add(make.spasm(START + timedelta(hours=hours) + n * MINUTE)) for n in range(5)]
    back = [outbox.add(make.spasm(START + n * MINUTE)) for n in range(5)]
    waiting = [parse(item.payload) for item in iter_all(outbox)]
    assert waiting == [*before, *after, *back]
    assert len({record.when for record in waiting}) == 15


def test_forgetting_a_person_empties_the_file_of_them(reopen: Opener, tmp_path: Path) -> None:
    outbox = reopen()
    outbox.add(make.spasm(person="anna"))
    outbox.add(make.spasm(person="ben"))
    assert forget(tmp_path / "cam1.sqlite", "anna") == 1
    assert outbox.depth() == 1
    files = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"anna" not in files
    assert b"ben" in files


class LameBus(MemoryBus):
    """Away for the first tries."""

    tries = 0

    def publish_all(self, messages):  # type: ignore[no-untyped-def]
        self.tries += 1
        if self.tries < 3:
            raise BusError("no broker")
        super().publish_all(messages)


def test_the_courier_waits_for_the_broker_and_drops_only_what_a_receipt_names(reopen: Opener) -> None:
    bus = LameBus(TOPICS)
    outbox = reopen()
    sent = [outbox.add(make.spasm(START + n * MINUTE)) for n in range(3)]
    courier = Courier(outbox, bus, TOPICS, "cam1", OutboxSettings())
    until(lambda: len(bus.broker.payloads(TOPICS.of("cam1", "spasm"))) == 3)
    assert [parse(payload) for payload in bus.broker.payloads(TOPICS.of("cam1", "spasm"))] == sent
    bus.publish(TOPICS.of("cam1", "stored"), b"rubbish")
    bus.publish(TOPICS.of("cam1", "stored"), Receipt(boot="another", ranges=((0, 2),)).payload())
    bus.publish(TOPICS.of("cam1", "stored"), Receipt(boot=sent[0].boot, ranges=((0, 1),)).payload())
    assert outbox.depth() == 1
    courier.close()
