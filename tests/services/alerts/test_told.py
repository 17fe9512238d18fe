"""Whom the patient lets be told: the alert service obeys at once, after a restart and without a broker."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from spasmwatch.domain.records import Record
from spasmwatch.domain.topics import WhoIsTold
from spasmwatch.errors import PushError
from support import make
from support.alerting import NOON, TOPICS, Desk, HandClock
from support.memory_bus import MemoryBus

TWO: dict[str, Any] = {
    "recipients": [
        {"name": "anna", "address": "ntfy://127.0.0.1/anna"},
        {"name": "ben", "address": "ntfy://127.0.0.1/ben", "health_details": True},
    ]
}


@contextmanager
def desk(folder: Path, settings: dict[str, Any] | None = None, clock: HandClock | None = None) -> Iterator[Desk]:
    made = Desk(folder, settings or TWO, clock)
    try:
        yield made
    finally:
        made.close()


def choose(alerts: Desk, **levels: str) -> None:
    """The patient's choice arrives over the broker."""
    choice = WhoIsTold.model_validate({"levels": levels, "time": alerts.clock.now()})
    alerts.say(TOPICS.told("diary"), choice.payload())


def burst(end: datetime = NOON) -> list[Record]:
    return [make.stamped(make.spasm(end - timedelta(seconds=10 * n))) for n in range(6, 0, -1)]


def symptom(at: datetime = NOON, subkind: str = "swallowing") -> Record:
    return make.stamped(make.diary(at, kind="symptom", subkind=subkind), "diary")


def told(alerts: Desk) -> list[str]:
    """Whom pushes went to, in order."""
    return [address.rsplit("/", 1)[1] for address, _ in alerts.push.sent]


def test_until_the_patient_chooses_everybody_is_told_everything(tmp_path: Path) -> None:
    with desk(tmp_path) as alerts:
        alerts.hear(*burst())
        assert told(alerts) == ["anna", "ben"]


def test_who_is_told_nothing_gets_no_push_and_the_other_does(tmp_path: Path) -> None:
    with desk(tmp_path) as alerts:
        choose(alerts, anna="everything", ben="nothing")
        alerts.hear(*burst())
        assert told(alerts) == ["anna"]


@pytest.mark.parametrize("subkind", ["swallowing", "help"])
def test_nothing_is_nothing_even_when_the_patient_calls_for_help(tmp_path: Path, subkind: str) -> None:
    with desk(tmp_path) as alerts:
        choose(alerts, anna="urgent", ben="nothing")
        alerts.hear(symptom(subkind=subkind))
        assert told(alerts) == ["anna"]


def test_who_is_told_urgent_alerts_only_hears_of_no_other(tmp_path: Path) -> None:
    with desk(tmp_path) as alerts:
        choose(alerts, anna="everything", ben="urgent")
        alerts.hear(*burst())
        assert told(alerts) == ["anna"]
        alerts.hear(symptom())
        assert told(alerts) == ["anna", "anna", "ben"]


def test_the_choice_holds_after_a_restart_before_anything_is_heard(tmp_path: Path) -> None:
    with desk(tmp_path) as alerts:
        choose(alerts, anna="everything", ben="nothing")
    with desk(tmp_path) as alerts:
        alerts.hear(*burst())
        assert told(alerts) == ["anna"]


def test_a_new_name_on_the_list_is_told_nothing_once_the_patient_has_chosen(tmp_path: Path) -> None:
    carl = {"name": "carl", "address": "ntfy://127.0.0.1/carl", "from_severity": "info"}
    with desk(tmp_path) as alerts:
        choose(alerts, anna="everything", ben="everything")
    with desk(tmp_path, {"recipients": [*TWO["recipients"], carl]}) as alerts:
        alerts.hear(*burst(), symptom())
        assert set(told(alerts)) == {"anna", "ben"}


def test_what_waits_for_the_end_of_quiet_hours_is_withdrawn(tmp_path: Path) -> None:
    night = NOON.replace(hour=23)
    quiet = {**TWO, "quiet": {"begin": "22:00", "end": "07:00"}}
    with desk(tmp_path, quiet, HandClock(night)) as alerts:
        alerts.hear(*burst(night))
        choose(alerts, anna="everything", ben="urgent")
        alerts.later(hours=8, minutes=1)
        assert told(alerts) == ["anna"]


def test_what_a_failed_push_is_to_repeat_is_withdrawn_and_is_no_fault_any_more(tmp_path: Path) -> None:
    with desk(tmp_path) as alerts:
        alerts.push.wrong = PushError("the push service ntfy://127.0.0.1 is out of reach")
        alerts.hear(*burst())
        alerts.work()
        choose(alerts, anna="everything", ben="nothing")
        alerts.push.wrong = None
        alerts.later(minutes=10)
        alerts.work()
        assert set(told(alerts)) == {"anna"}
        assert [alert.key.rule for alert in alerts.engine.lifecycle.open()] == ["escalation"]


def test_nobody_waits_for_the_answer_of_one_who_was_not_asked(tmp_path: Path) -> None:
    steps = {"recipients": [TWO["recipients"][0], {**TWO["recipients"][1], "step": 1}]}
    with desk(tmp_path, steps) as alerts:
        choose(alerts, anna="nothing", ben="everything")
        alerts.hear(symptom())
        assert told(alerts) == ["ben"]


def test_a_correction_goes_only_to_those_who_may_still_be_told(tmp_path: Path) -> None:
    with desk(tmp_path) as alerts:
        alerts.hear(*burst())
        choose(alerts, anna="everything", ben="urgent")
        alerts.answer(next(iter(alerts.engine.lifecycle.open())).alert_id, "false_alarm")
        assert told(alerts) == ["anna", "ben", "anna"]


def test_the_morning_says_to_those_told_urgent_alerts_only_that_it_is_running(tmp_path: Path) -> None:
    with desk(tmp_path) as alerts:
        alerts.work()
        choose(alerts, anna="nothing", ben="urgent")
        alerts.later(days=1)
        assert [(address[-3:], note.body) for address, note in alerts.push.sent] == [("ben", "SpasmWatch is running.")]


def test_who_is_told_nothing_is_not_asked_to_answer_a_test_push(tmp_path: Path) -> None:
    settings = {**TWO, "page": "https://home.example", "summary_at": "23:59"}
    with desk(tmp_path, settings) as alerts:
        alerts.work()
        alerts.later(days=7, minutes=1)  # both are asked
        choose(alerts, anna="urgent", ben="nothing")
        alerts.push.sent.clear()
        alerts.later(days=2, minutes=1)
        alerts.later(seconds=2)
        reasons = [alert.reason for alert in alerts.engine.lifecycle.open()]
        assert [reason.split()[0] for reason in reasons if "has not answered" in reason] == ["anna"]
        alerts.later(days=7)
        assert "ben" not in told(alerts)


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b'{"levels":{"ben":"loudly"},"time":"2026-03-02T12:00:00Z"}', b'{"levels":{}}']
)
def test_a_wrong_choice_is_one_line_in_the_log_and_the_last_one_stays(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, payload: bytes
) -> None:
    with desk(tmp_path) as alerts:
        choose(alerts, anna="everything", ben="nothing")
        alerts.say(TOPICS.told("diary"), payload)
        assert len([record for record in caplog.records if "ignored" in record.message]) == 1
        alerts.hear(*burst())
        assert told(alerts) == ["anna"]


def test_it_says_what_it_obeys_also_after_a_restart(tmp_path: Path) -> None:
    for start in range(2):
        bus = MemoryBus()
        with desk(tmp_path) as alerts:
            alerts.service.listen(bus)
            if start == 0:
                choose(alerts, anna="everything", ben="nothing")
            obeyed = WhoIsTold.parse(bus.broker.retained[TOPICS.told("alerts")])
            assert obeyed.levels == {"anna": "everything", "ben": "nothing"}
