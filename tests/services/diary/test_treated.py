"""Cameras are told when the latest treatment was, and nothing else of it."""

import json
from datetime import timedelta

import pytest

from spasmwatch.domain.records import Diary
from spasmwatch.errors import StoreError
from spasmwatch_services.diary.entries import NewEntry
from support.diary_house import TestHome

TOPIC = "spasmwatch/home/diary/treated"


def log(home: TestHome, days: float, kind: str = "treatment", subkind: str = "botulinum") -> Diary:
    at = home.clock.now() - timedelta(days=days)
    return home.house.entries.log(NewEntry.model_validate({"kind": kind, "subkind": subkind, "at": at}), "anna")


def told(home: TestHome) -> float | None:
    """Days since the treatment that cameras are told of."""
    payload = home.bus.broker.retained.get(TOPIC)
    if not payload:
        return None
    message = json.loads(payload)
    assert message.keys() == {"at"}
    return round(
        (home.clock.now() - Diary.model_validate({**DRAFT, "at": message["at"]}).at).total_seconds() / 86400, 3
    )


DRAFT = {
    "person": "patient",
    "entry_id": "e1",
    "logged_at": "2026-01-01T00:00:00Z",
    "author": "anna",
    "kind": "note",
}


def test_the_latest_treatment_is_told_and_not_which(home: TestHome) -> None:
    log(home, 3)
    log(home, 9, subkind="surgery")
    log(home, 1, kind="remedy", subkind="massage")
    assert told(home) == 3


def test_tablets_and_exercises_change_nothing(home: TestHome) -> None:
    log(home, 2, subkind="oral_medication")
    log(home, 1, subkind="physical_therapy")
    assert told(home) is None


def test_a_treatment_that_is_deleted_is_told_no_longer(home: TestHome) -> None:
    log(home, 9)
    last = log(home, 3)
    home.house.entries.delete(last.entry_id, "anna")
    assert told(home) == 9


def test_after_a_restart_it_is_told_from_what_is_stored(home: TestHome) -> None:
    log(home, 9)
    home.bus.broker.retained.clear()
    home.house.treatments.tell()
    assert told(home) == 9


def test_while_the_history_is_out_of_reach_what_was_told_stays(home: TestHome, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise StoreError("the store is away")

    log(home, 9)
    monkeypatch.setattr(home.store, "read", away)
    home.house.treatments.tell()
    assert told(home) == 9
