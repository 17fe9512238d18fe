"""The life of an alert, step by step, on a simulated clock."""

from datetime import UTC, datetime, timedelta

import pytest

from spasmwatch.domain.alerting.lifecycle import Finding, Key, Lifecycle
from spasmwatch.domain.alerting.parameters import Repeats
from spasmwatch.domain.records import Severity, Verb
from spasmwatch.domain.topics import AlertCommand

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
KEY = Key("escalation", "patient")
_numbers = iter(range(1000))


def after(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def finding(severity: Severity = "warning", hold: timedelta = timedelta(0)) -> Finding:
    return Finding(KEY, severity, "six spasms", {"count": 6}, hold)


def word(verb: Verb, at: datetime, until: datetime | None = None, name: str | None = None) -> AlertCommand:
    return AlertCommand(id=name or f"c{next(_numbers)}", verb=verb, actor="anna", until=until, time=at)


def firing(steps: int = 1) -> tuple[Lifecycle, str]:
    life = Lifecycle(Repeats(), steps)
    outcome = life.report(finding(), NOW)
    assert [alert.state for alert in outcome.alerts] == ["firing"]
    return life, outcome.alerts[0].alert_id


def test_the_same_condition_again_is_one_alert() -> None:
    life, _ = firing()
    assert life.report(finding(), after(1)).alerts == []


def test_an_id_is_fit_for_a_topic_and_the_same_for_the_same_history() -> None:
    life, alert_id = firing()
    assert firing()[1] == alert_id
    assert life.find(alert_id)
    assert not set(alert_id) & set("/+#:")


def test_a_condition_that_must_hold_is_pending_first_and_fires_when_it_has_held() -> None:
    life = Lifecycle(Repeats())
    assert [a.state for a in life.report(finding(hold=timedelta(seconds=45)), NOW).alerts] == ["pending"]
    assert life.due() == NOW + timedelta(seconds=45)
    outcome = life.tick(after(1))
    assert [a.state for a in outcome.alerts] == ["firing"]
    assert [notice.kind for notice in outcome.notices] == ["firing"]


def test_a_condition_that_does_not_hold_tells_nobody() -> None:
    life = Lifecycle(Repeats())
    life.report(finding(hold=timedelta(seconds=45)), NOW)
    assert [a.state for a in life.clear(KEY, after(0.5), "over").alerts] == ["resolved"]
    assert life.tick(after(5)).notices == []


def test_what_is_acknowledged_is_not_repeated() -> None:
    life, alert_id = firing(steps=3)
    outcome = life.command(alert_id, word("acknowledge", after(1)), after(1))
    assert [(a.state, a.actor, a.verb) for a in outcome.alerts] == [("acknowledged", "anna", "acknowledge")]
    assert life.due() is None
    assert life.tick(after(3 * 24 * 60)).notices == []


def test_what_nobody_acknowledges_is_repeated_and_told_to_the_next_caregiver() -> None:
    life, _ = firing(steps=2)
    assert [(n.kind, n.step) for n in life.tick(after(31)).notices] == [("next", 1)]
    assert [(n.kind, n.step) for n in life.tick(after(12 * 60 + 1)).notices] == [("repeat", 1)]
    assert len(life.tick(after(24 * 60 + 2)).notices) == 1
    assert life.tick(after(40 * 60)).notices == []  # a warning does not nag for ever


def test_an_urgent_alert_is_repeated_until_somebody_answers() -> None:
    life = Lifecycle(Repeats())
    life.report(finding("urgent"), NOW)
    assert all(len(life.tick(after(16 * number)).notices) == 1 for number in range(1, 9))


def test_the_end_of_a_snooze_fires_again() -> None:
    life, alert_id = firing()
    life.command(alert_id, word("snooze", after(1), until=after(61)), after(1))
    assert life.tick(after(60)).alerts == []
    outcome = life.tick(after(61))
    assert [a.state for a in outcome.alerts] == ["firing"]
    assert [n.kind for n in outcome.notices] == ["firing"]


def test_a_snoozed_alert_that_ends_meanwhile_stays_quiet() -> None:
    life, alert_id = firing()
    life.command(alert_id, word("snooze", after(1)), after(1))
    assert [a.state for a in life.clear(KEY, after(20), "over").alerts] == ["resolved"]
    assert life.tick(after(120)).notices == []


def test_unsnooze_fires_at_once() -> None:
    life, alert_id = firing()
    life.command(alert_id, word("snooze", after(1)), after(1))
    assert [a.state for a in life.command(alert_id, word("unsnooze", after(2)), after(2)).alerts] == ["firing"]


def test_a_worse_severity_breaks_an_acknowledgement() -> None:
    life, alert_id = firing()
    life.command(alert_id, word("acknowledge", after(1)), after(1))
    outcome = life.report(finding("urgent"), after(2))
    assert [(a.state, a.severity) for a in outcome.alerts] == [("firing", "urgent")]
    assert len(outcome.notices) == 1


def test_a_false_alarm_is_corrected_and_stays_quiet() -> None:
    life, alert_id = firing()
    outcome = life.command(alert_id, word("false_alarm", after(1)), after(1))
    assert [a.state for a in outcome.alerts] == ["dismissed"]
    assert [n.kind for n in outcome.notices] == ["correction"]
    assert life.report(finding(), after(2)).alerts == []
    assert life.clear(KEY, after(30), "over").alerts == []
    assert life.report(finding(), after(40)).alerts == []  # within the cooldown it is no news
    assert [a.state for a in life.report(finding(), after(300)).alerts] == ["firing"]


def test_a_resolved_alert_can_still_be_called_a_false_alarm() -> None:
    life, alert_id = firing()
    life.clear(KEY, after(10), "over")
    outcome = life.command(alert_id, word("false_alarm", after(20)), after(20))
    assert [n.kind for n in outcome.notices] == ["correction"]


def test_the_same_within_the_cooldown_reopens_in_silence() -> None:
    life, alert_id = firing()
    life.clear(KEY, after(10), "over")
    outcome = life.report(finding(), after(20))
    assert [(a.alert_id, a.state) for a in outcome.alerts] == [(alert_id, "firing")]
    assert outcome.notices == []


def test_a_repeated_command_does_nothing() -> None:
    life, alert_id = firing()
    life.command(alert_id, word("snooze", after(1), until=after(30), name="same"), after(1))
    life.command(alert_id, word("unsnooze", after(2)), after(2))
    again = life.command(alert_id, word("snooze", after(1), until=after(30), name="same"), after(3))
    assert again.alerts == []
    assert [alert.state for alert in life.open()] == ["firing"]


@pytest.mark.parametrize(
    ("verb", "until", "words"),
    [
        ("unsnooze", None, "not snoozed"),
        ("snooze", after(-5), "at most 7 days"),
        ("snooze", after(60 * 24 * 30), "at most 7 days"),
    ],
)
def test_a_word_that_makes_no_sense_is_refused_in_one_line(verb: Verb, until: datetime | None, words: str) -> None:
    life, alert_id = firing()
    with pytest.raises(LookupError, match=words):
        life.command(alert_id, word(verb, after(1), until), after(1))
    assert [alert.state for alert in life.open()] == ["firing"]


def test_a_word_on_an_unknown_alert_is_refused() -> None:
    life, _ = firing()
    with pytest.raises(LookupError, match="no alert"):
        life.command("other", word("acknowledge", NOW), NOW)
