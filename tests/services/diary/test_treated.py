"""Cameras are told when the latest treatment was, and nothing else of it."""

import json
from datetime import timedelta

from spasmwatch_services.diary.entries import NewEntry
from support.diary_house import TestHome

TOPIC = "spasmwatch/home/diary/treated"


def test_the_latest_treatment_is_told_and_not_which(home: TestHome) -> None:
    now = home.clock.now()
    for days, kind, subkind in ((3, "treatment", "botulinum"), (9, "treatment", "surgery"), (1, "remedy", "massage")):
        home.house.entries.log(NewEntry(kind=kind, subkind=subkind, at=now - timedelta(days=days)), "anna")
    told = json.loads(home.bus.broker.retained[TOPIC])
    assert told.keys() == {"at"}
    assert told["at"][:10] == (now - timedelta(days=3)).date().isoformat()


def test_without_a_treatment_nothing_is_told(home: TestHome) -> None:
    home.house.entries.log(NewEntry(kind="note", text="a quiet day"), "anna")
    assert TOPIC not in home.bus.broker.retained
