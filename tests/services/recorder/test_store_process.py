"""The process that writes, with the real embedded store on disk."""

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from spasmwatch.adapters.stores import open_store
from spasmwatch.domain.records import Record
from spasmwatch.domain.topics import Topics
from spasmwatch.errors import SettingsError, SpasmWatchError, StoreError
from spasmwatch.settings import Settings
from spasmwatch_services.recorder.store_process import StoreProcess
from spasmwatch_services.recorder.storing import Stored
from support import make
from support.processes import children
from support.wait import until

TOPICS = Topics("spasmwatch", "home")
RECORDS = [make.stamped(make.spasm(make.START + timedelta(minutes=n)), seq=n) for n in range(4)]


def mail(*records: Record) -> list[tuple[str, bytes]]:
    return [(TOPICS.of(record.node, record.what), record.payload()) for record in records]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.model_validate({"home": {"data": tmp_path}})


@pytest.fixture
def others() -> set[int]:
    """Processes of other tests."""
    return set(children(os.getpid()))


@pytest.fixture
def storing(settings: Settings, others: set[int]) -> Iterator[StoreProcess]:
    made = StoreProcess(settings)
    made.start()
    yield made
    made.close()


def stored(settings: Settings) -> list[Record]:
    store = open_store(settings, readonly=True)
    try:
        return list(store.everything("spasm"))
    finally:
        store.close()


def test_every_message_gets_its_verdict_in_its_place(settings: Settings, storing: StoreProcess) -> None:
    verdicts = storing.store([*mail(RECORDS[0]), ("spasmwatch/home/cam1/spasm", b"{"), *mail(RECORDS[1])])
    assert [verdict.seq if isinstance(verdict, Stored) else verdict.split(":")[0] for verdict in verdicts] == [
        0,
        "payload is not JSON",
        1,
    ]
    assert stored(settings) == RECORDS[:2]


def test_killed_it_starts_anew_and_nothing_is_lost_or_doubled(
    settings: Settings, others: set[int], storing: StoreProcess
) -> None:
    storing.store(mail(*RECORDS[:2]))
    (writer,) = set(children(os.getpid())) - others
    os.kill(writer, signal.SIGKILL)
    with pytest.raises(StoreError, match="ended from outside"):
        storing.store(mail(*RECORDS[1:]))
    assert len(storing.store(mail(*RECORDS[1:]))) == 3
    assert stored(settings) == RECORDS


def test_what_keeps_it_from_starting_again_is_waited_out(
    settings: Settings, others: set[int], storing: StoreProcess, tmp_path: Path
) -> None:
    (writer,) = set(children(os.getpid())) - others
    os.kill(writer, signal.SIGKILL)
    store, kept = tmp_path / "store.sqlite", tmp_path / "kept"
    with pytest.raises(StoreError, match="ended from outside"):
        storing.store(mail(*RECORDS))
    store.rename(kept)
    store.mkdir()
    with pytest.raises(StoreError, match="does not start again"):
        storing.store(mail(*RECORDS))
    store.rmdir()
    kept.rename(store)
    assert len(storing.store(mail(*RECORDS))) == 4


def test_it_ends_with_the_recorder_whatever_ended_that(tmp_path: Path) -> None:
    script = (
        "import sys, time; from spasmwatch.settings import Settings;"
        "from spasmwatch_services.recorder.store_process import StoreProcess;"
        "storing = StoreProcess(Settings.model_validate({'home': {'data': sys.argv[1]}})); storing.start();"
        "print('up', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE) as recorder:
        assert recorder.stdout is not None
        assert recorder.stdout.readline() == b"up\n"
        (writer,) = children(recorder.pid)
        recorder.kill()
        until(lambda: not Path(f"/proc/{writer}").exists())


def test_a_stop_meant_for_the_recorder_does_not_end_a_batch(others: set[int], storing: StoreProcess) -> None:
    (writer,) = set(children(os.getpid())) - others
    os.kill(writer, signal.SIGTERM)
    os.kill(writer, signal.SIGINT)
    assert len(storing.store(mail(*RECORDS))) == 4
    storing.close()
    assert not Path(f"/proc/{writer}").exists()


def test_it_waits_for_the_last_batch_of_the_one_before(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "recorder").mkdir()
    with (tmp_path / "recorder" / "recorder.lock").open("a") as before:
        fcntl.flock(before, fcntl.LOCK_EX)
        begun = time.monotonic()
        threading.Timer(1.5, lambda: fcntl.flock(before, fcntl.LOCK_UN)).start()
        storing = StoreProcess(settings)
        storing.start()
    assert time.monotonic() - begun >= 1.5
    assert len(storing.store(mail(*RECORDS))) == 4
    storing.close()


@pytest.mark.parametrize("kills", [1, 3])
def test_ended_before_it_has_opened_the_store_it_is_started_again_but_not_for_ever(
    settings: Settings, others: set[int], tmp_path: Path, kills: int
) -> None:
    def kill_those_that_wait() -> None:
        killed: set[int] = set()
        for _ in range(kills):
            until(lambda: set(children(os.getpid())) - others - killed != set())
            (writer,) = set(children(os.getpid())) - others - killed
            os.kill(writer, signal.SIGKILL)
            killed.add(writer)
        fcntl.flock(before, fcntl.LOCK_UN)

    (tmp_path / "recorder").mkdir()
    with (tmp_path / "recorder" / "recorder.lock").open("a") as before:
        fcntl.flock(before, fcntl.LOCK_EX)
        killer = threading.Thread(target=kill_those_that_wait)
        killer.start()
        storing = StoreProcess(settings)
        if kills < 3:
            storing.start()
            assert len(storing.store(mail(*RECORDS))) == 4
            storing.close()
        else:
            with pytest.raises(StoreError, match="could not be started"):
                storing.start()
        killer.join()


def test_what_is_wrong_with_the_store_is_said_at_the_start(tmp_path: Path, others: set[int]) -> None:
    wrong = {"home": {"data": tmp_path}, "store": {"kind": "influx", "influx": {"token_file": tmp_path / "none"}}}
    with pytest.raises(SettingsError, match="none"):
        StoreProcess(Settings.model_validate(wrong)).start()
    assert set(children(os.getpid())) <= others


def test_a_mistake_of_ours_is_told_as_one_not_repeated_for_ever(storing: StoreProcess) -> None:
    with pytest.raises(SpasmWatchError, match="storing failed") as told:
        storing.store([("spasmwatch/home/cam1/spasm", 5)])  # type: ignore[list-item]
    assert not isinstance(told.value, StoreError)
