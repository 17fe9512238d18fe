"""The alert service from a message at the broker to a push, with real files and a clock in the test's hands."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from spasmwatch.adapters.acknowledge_links import LinkMaker, LinkRedeemer
from spasmwatch.domain.records import Record
from spasmwatch.errors import PushError, PushRefused
from spasmwatch_services.alerts.state import Delivery
from spasmwatch_services.alerts.words import Wording
from support import make
from support.alerting import NOON, TOPICS, Desk, HandClock

TWO = {
    "recipients": [
        {"name": "anna", "address": "ntfy://127.0.0.1/anna", "health_details": True},
        {"name": "ben", "address": "ntfy://127.0.0.1/ben", "step": 1},
    ]
}


@contextmanager
def desk(folder: Path, settings: dict[str, Any] | None = None, clock: HandClock | None = None) -> Iterator[Desk]:
    made = Desk(folder, settings, clock)
    try:
        yield made
    finally:
        made.close()


def burst(end: datetime = NOON, number: int = 6) -> list[Record]:
    start = end - timedelta(seconds=10 * number)
    return [make.stamped(make.spasm(start + timedelta(seconds=10 * n))) for n in range(number)]


def symptom(at: datetime = NOON, subkind: str = "swallowing", **fields: Any) -> Record:
    return make.stamped(make.diary(at, kind="symptom", subkind=subkind, **fields), "diary")


def test_a_record_that_an_outbox_repeats_counts_once(tmp_path: Path) -> None:
    with desk(tmp_path) as alerts:
        records = burst(number=4)
        alerts.hear(*records, *records, *records)
        assert alerts.engine.book("patient").days[NOON.date()].total == 4
        assert alerts.push.sent == []


def test_a_restart_changes_nothing(tmp_path: Path) -> None:
    with desk(tmp_path) as alerts:
        alerts.hear(*burst(number=5))
    with desk(tmp_path) as alerts:
        alerts.hear(*burst(NOON + timedelta(seconds=30), 1))
        assert len(alerts.push.sent) == 1
        alert_id = next(iter(alerts.engine.lifecycle.open())).alert_id
        alerts.answer(alert_id, "snooze", until=NOON + timedelta(hours=1))
    clock = HandClock(NOON + timedelta(minutes=59))
    with desk(tmp_path, clock=clock) as alerts:
        alerts.work()
        assert alerts.push.sent == []
        alerts.later(minutes=2)
        assert len(alerts.push.sent) == 1  # the end of the snooze
        alerts.answer(alert_id, "snooze", until=NOON + timedelta(hours=1))  # the first answer again
        assert [alert.state for alert in alerts.engine.lifecycle.open()] == ["firing"]


def test_the_next_caregiver_is_told_when_nobody_answers(tmp_path: Path) -> None:
    with desk(tmp_path, TWO) as alerts:
        alerts.hear(*burst())
        assert [address for address, _ in alerts.push.sent] == ["ntfy://127.0.0.1/anna"]
        alerts.later(minutes=31)
        assert [address for address, _ in alerts.push.sent][1:] == ["ntfy://127.0.0.1/ben"]


def test_an_answer_keeps_the_next_caregiver_in_peace(tmp_path: Path) -> None:
    with desk(tmp_path, TWO) as alerts:
        alerts.hear(*burst())
        alerts.answer(next(iter(alerts.engine.lifecycle.open())).alert_id, "acknowledge")
        alerts.later(hours=2)
        assert len(alerts.push.sent) == 1


def test_health_details_are_pushed_only_to_those_who_may_see_them(tmp_path: Path) -> None:
    with desk(tmp_path, TWO) as alerts:
        alerts.hear(*burst())
        alerts.later(minutes=31)
        (_, anna), (_, ben) = alerts.push.sent
        assert "6 spasms within 5 minutes" in anna.body
        assert "spasm" not in (ben.title + ben.body).lower().replace("spasmwatch", "")


def test_a_false_alarm_sends_a_correction_to_those_who_were_told(tmp_path: Path) -> None:
    with desk(tmp_path, TWO) as alerts:
        alerts.hear(*burst())
        alerts.answer(next(iter(alerts.engine.lifecycle.open())).alert_id, "false_alarm")
        assert [address for address, _ in alerts.push.sent] == ["ntfy://127.0.0.1/anna"] * 2
        assert "false alarm" in alerts.push.sent[1][1].body
        assert alerts.published() == [("escalation", "firing"), ("escalation", "dismissed")]


def test_quiet_hours_delay_a_warning_but_never_a_red_flag(tmp_path: Path) -> None:
    night = NOON.replace(hour=23)
    quiet = {"push": ["ntfy://127.0.0.1/anna"], "quiet": {"begin": "22:00", "end": "07:00"}}
    with desk(tmp_path, quiet, HandClock(night)) as alerts:
        alerts.hear(*burst(night))
        assert alerts.published() == [("escalation", "firing")]  # judged, but not pushed
        assert alerts.push.sent == []
        alerts.hear(symptom(night))
        assert [note.severity for _, note in alerts.push.sent] == ["urgent"]
        alerts.later(hours=8, minutes=1)
        assert "warning" in [note.severity for _, note in alerts.push.sent]


def test_a_household_can_let_escalation_through_its_quiet_hours(tmp_path: Path) -> None:
    night = NOON.replace(hour=23)
    quiet = {"begin": "22:00", "end": "07:00", "let_escalation_through": True}
    with desk(tmp_path, {"push": ["ntfy://127.0.0.1/anna"], "quiet": quiet}, HandClock(night)) as alerts:
        alerts.hear(*burst(night))
        assert len(alerts.push.sent) == 1


NIGHT = {"push": ["ntfy://127.0.0.1/anna"], "quiet": {"begin": "22:00", "end": "07:00"}, "summary_at": "12:00"}


def test_a_failed_push_is_not_repeated_in_quiet_hours_but_at_their_end(tmp_path: Path) -> None:
    evening = NOON.replace(hour=21, minute=59)
    with desk(tmp_path, NIGHT, HandClock(evening)) as alerts:
        alerts.push.wrong = PushError("the push service ntfy://127.0.0.1 is out of reach")
        alerts.hear(*burst(evening))
        alerts.push.wrong = None
        alerts.later(minutes=5)
        alerts.later(hours=8)
        assert alerts.push.sent == []
        alerts.later(hours=1)
        assert [note.severity for _, note in alerts.push.sent] == ["warning"]


def test_a_failed_urgent_push_and_what_the_household_lets_through_are_repeated_at_night(tmp_path: Path) -> None:
    evening = NOON.replace(hour=21, minute=59)
    through = {**NIGHT, "quiet": {**NIGHT["quiet"], "let_escalation_through": True}}  # type: ignore[dict-item]
    with desk(tmp_path, through, HandClock(evening)) as alerts:
        alerts.push.wrong = PushError("the push service ntfy://127.0.0.1 is out of reach")
        alerts.hear(*burst(evening), symptom(evening))
        alerts.push.wrong = None
        alerts.later(minutes=5)
        assert sorted(note.severity for _, note in alerts.push.sent) == ["urgent", "warning"]


def test_what_became_due_while_the_service_was_down_waits_for_the_end_of_quiet_hours(tmp_path: Path) -> None:
    evening = NOON.replace(hour=21, minute=59)
    with desk(tmp_path, NIGHT, HandClock(evening)) as alerts:
        alerts.push.wrong = PushError("the push service ntfy://127.0.0.1 is out of reach")
        alerts.hear(*burst(evening))
    with desk(tmp_path, NIGHT, HandClock(evening + timedelta(hours=2))) as alerts:
        alerts.work()
        assert alerts.push.sent == []
        alerts.later(hours=7, minutes=2)
        assert [note.severity for _, note in alerts.push.sent] == ["warning"]


def test_a_push_fault_is_over_after_a_restart_too_when_a_push_gets_through(tmp_path: Path) -> None:
    with desk(tmp_path) as alerts:
        alerts.push.wrong = PushRefused("the push service ntfy://127.0.0.1 refused with status 401")
        alerts.hear(*burst())
        alerts.work()
    with desk(tmp_path, clock=HandClock(NOON + timedelta(minutes=11))) as alerts:  # the token has been set right
        alerts.work()
        alerts.work()
        assert [alert.key.rule for alert in alerts.engine.lifecycle.open()] == ["escalation"]


def test_faults_that_come_in_a_swarm_are_pushed_together(tmp_path: Path) -> None:
    everything = {"recipients": [{"name": "anna", "address": "ntfy://127.0.0.1/anna", "from_severity": "info"}]}
    with desk(tmp_path, everything) as alerts:
        for node in ("cam1", "recorder", "triggers"):
            alerts.say(TOPICS.of(node, "availability"), b"offline")
        alerts.later(seconds=50)
        alerts.later(seconds=30)
        assert [note.title for _, note in alerts.push.sent] == ["SpasmWatch: 3 alerts"]
        assert all(node in alerts.push.sent[0][1].body for node in ("cam1", "recorder", "triggers"))


def test_what_piles_up_about_one_alert_in_quiet_hours_is_one_push(tmp_path: Path) -> None:
    night = NOON.replace(hour=23)
    settings = {
        "recipients": [
            {"name": "anna", "address": "ntfy://127.0.0.1/anna", "health_details": True},
            {"name": "ben", "address": "ntfy://127.0.0.1/ben", "step": 1},
        ],
        "quiet": {"begin": "22:00", "end": "12:30"},
    }
    with desk(tmp_path, settings, HandClock(night)) as alerts:
        alerts.hear(*burst(night))
        alerts.later(hours=12, minutes=10)  # a repetition is due too
        alerts.later(hours=2)
        pushes = [note.title for address, note in alerts.push.sent if address.endswith("anna")]
        assert [title for title in pushes if "this morning" not in title] == ["Still: Many spasms now"]


def test_a_push_service_that_is_away_loses_nothing(tmp_path: Path) -> None:
    with desk(tmp_path) as alerts:
        alerts.push.wrong = PushError("the push service ntfy://127.0.0.1 is out of reach")
        alerts.hear(*burst())
    with desk(tmp_path, clock=HandClock(NOON + timedelta(minutes=5))) as alerts:
        alerts.work()
        assert len(alerts.push.sent) == 1
        alerts.later(minutes=5)
        assert len(alerts.push.sent) == 1


def test_a_push_that_was_refused_goes_out_when_the_token_is_right_again(tmp_path: Path) -> None:
    with desk(tmp_path) as alerts:
        alerts.push.wrong = PushRefused("the push service ntfy://127.0.0.1 refused with status 401")
        alerts.hear(*burst())
    with desk(tmp_path, clock=HandClock(NOON + timedelta(minutes=11))) as alerts:
        alerts.work()
        assert [note.title for _, note in alerts.push.sent] == ["SpasmWatch: please look"]


def test_an_urgent_alert_that_could_not_be_pushed_for_hours_comes_once(tmp_path: Path) -> None:
    with desk(tmp_path) as alerts:
        alerts.push.wrong = PushError("the push service ntfy://127.0.0.1 is out of reach")
        alerts.hear(symptom())
        for _ in range(12):
            alerts.later(minutes=20)
        alerts.push.wrong = None
        alerts.later(minutes=11)
        assert len([note for _, note in alerts.push.sent if note.severity == "urgent"]) == 1


def test_a_push_of_three_days_ago_is_old_news(tmp_path: Path) -> None:
    with desk(tmp_path) as alerts:
        alerts.push.wrong = PushError("the push service ntfy://127.0.0.1 is out of reach")
        alerts.later(days=1)  # a morning summary
        for _ in range(16):
            alerts.later(hours=12)
        alerts.push.wrong = None
        alerts.later(minutes=11)
        summaries = [note for _, note in alerts.push.sent if "this morning" in note.title]
        assert 1 <= len(summaries) <= 4  # of nine mornings


def test_a_failing_push_path_is_a_fault_that_others_hear_of(tmp_path: Path) -> None:
    with desk(tmp_path) as alerts:
        alerts.push.wrong = PushRefused("the push service ntfy://127.0.0.1 refused with status 401")
        alerts.hear(*burst())
        alerts.work()
        assert ("fault", "firing") in alerts.published()
        alerts.push.wrong = None
        alerts.hear(symptom())
        alerts.work()
        assert ("fault", "resolved") in alerts.published()


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        (TOPICS.of("cam1", "spasm"), b"not json"),
        (TOPICS.of("cam1", "spasm"), b'{"schema":"spasm/9.0"}'),
        (TOPICS.of("cam1", "fault"), b"\xff"),
        (
            TOPICS.alert_command("anna", "unknown"),
            b'{"id":"1","verb":"acknowledge","actor":"anna","time":"2026-03-02T12:00:00Z"}',
        ),
        (
            TOPICS.alert_command("anna", "x"),
            b'{"id":"1","verb":"explode","actor":"anna","time":"2026-03-02T12:00:00Z"}',
        ),
        (
            TOPICS.alert_command("anna", "x"),
            b'{"id":"1","verb":"acknowledge","actor":"ben","time":"2026-03-02T12:00:00Z"}',
        ),
    ],
)
def test_a_wrong_message_is_one_line_in_the_log_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, topic: str, payload: bytes
) -> None:
    with desk(tmp_path) as alerts:
        alerts.say(topic, payload)
        assert len([record for record in caplog.records if "ignored" in record.message]) == 1
        assert alerts.published() == []
        alerts.hear(*burst())
        assert len(alerts.push.sent) == 1


def test_the_morning_summary_comes_every_morning_even_with_nothing_to_say(tmp_path: Path) -> None:
    clock = HandClock(NOON)
    details = {"recipients": [{"name": "anna", "address": "ntfy://127.0.0.1/anna", "health_details": True}]}
    with desk(tmp_path, details, clock) as alerts:
        alerts.work()
        assert alerts.push.sent == []
        alerts.hear(make.stamped(make.observation(NOON)))
        clock.time = NOON.replace(day=3, hour=8, minute=1)
        alerts.work()
        assert "not enough data" in alerts.push.sent[-1][1].body
        clock.time = NOON.replace(day=4, hour=11)
        alerts.work()
        titles = [note.title for _, note in alerts.push.sent]
        assert titles.count("SpasmWatch this morning") == 2


def test_the_trend_of_today_is_told_and_a_pause_shows_at_once(tmp_path: Path) -> None:
    with desk(tmp_path) as alerts:
        alerts.hear(make.stamped(make.observation(NOON - timedelta(minutes=1))))
        alerts.later(minutes=1)
        assert [trend.state for trend in alerts.trends()] == ["not_enough_data"]
        paused = make.observation(alerts.clock.now(), 0.0, face_s=0.0, unobserved={"paused": 60.0})
        alerts.hear(make.stamped(paused))
        alerts.later(minutes=1)
        alerts.later(minutes=1)
        assert [trend.state for trend in alerts.trends()] == ["not_enough_data", "paused"]


def test_a_weekly_test_push_that_nobody_answers_is_a_fault(tmp_path: Path) -> None:
    settings = {"push": ["ntfy://127.0.0.1/anna"], "page": "https://home.example", "summary_at": "23:59"}
    with desk(tmp_path, settings) as alerts:
        alerts.work()
        alerts.later(days=7, minutes=1)
        test = [note for _, note in alerts.push.sent if "test" in note.title]
        assert len(test) == 1
        alerts.later(days=2, minutes=1)
        alerts.later(seconds=2)
        reasons = [alert.reason for alert in alerts.engine.lifecycle.open()]
        assert any("has not answered the test push" in reason for reason in reasons)


def test_the_button_of_a_test_push_lasts_as_long_as_its_answer_is_waited_for(tmp_path: Path) -> None:
    links = LinkMaker("https://home.example", b"k" * 32, timedelta(hours=1))
    test = Delivery("canary-1", "anna", "canary-anna-1", "canary", "info", {"title": "Test", "body": "Answer"}, NOON)
    ((_, address),) = Wording("anna", False, UTC, None, links).notification([test], NOON).actions
    redeemer = LinkRedeemer(b"k" * 32, tmp_path / "used.sqlite")
    alert_id, _ = redeemer.redeem(address.rsplit("/", 1)[1], NOON + timedelta(hours=47))
    redeemer.close()
    assert alert_id == "canary-anna-1"


def test_the_outside_heartbeat_is_no_failure_while_the_service_starts(tmp_path: Path) -> None:
    with desk(tmp_path) as alerts:
        assert alerts.service.alive()
        alerts.clock.time += timedelta(minutes=2)
        assert not alerts.service.alive()
        alerts.work()
        assert alerts.service.alive()


def test_a_weekly_test_push_that_is_answered_is_quiet(tmp_path: Path) -> None:
    settings = {"push": ["ntfy://127.0.0.1/anna"], "page": "https://home.example"}
    with desk(tmp_path, settings) as alerts:
        alerts.work()
        alerts.later(days=7, minutes=1)
        asked = alerts.state.note("asked/household1")
        assert asked is not None
        alerts.answer(asked, "acknowledge", actor="household1")
        alerts.later(days=3)
        assert list(alerts.engine.lifecycle.open()) == []
