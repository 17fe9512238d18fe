"""The rules as a household meets them: records in, alerts out, on a simulated clock."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from spasmwatch.domain.advice import Advice
from spasmwatch.domain.alerting.engine import Engine
from spasmwatch.domain.alerting.escalation import at_least
from spasmwatch.domain.alerting.parameters import Rules
from spasmwatch.domain.records import Alert, Record
from spasmwatch.domain.topics import Fault
from support import make

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Home:
    """An engine and its clock."""

    def __init__(self, rules: Rules | None = None) -> None:
        self.engine = Engine(rules or Rules(), UTC, Advice())
        self.alerts: list[Alert] = []
        self.pushed = 0

    def until(self, time: datetime) -> None:
        """Let time pass."""
        while (due := self.engine.due_by(time)) is not None:
            self._note(self.engine.tick(due))

    def hear(self, records: Iterable[Record]) -> None:
        """Records in the order in which they become known."""
        for record in sorted(records, key=lambda record: record.known_at):
            self.until(record.known_at)
            self._note(self.engine.record(record, record.known_at))

    def _note(self, outcome: object) -> None:
        self.alerts += outcome.alerts  # type: ignore[attr-defined]
        self.pushed += sum(notice.alert.severity != "info" for notice in outcome.notices)  # type: ignore[attr-defined]

    def seen(self, rule: str) -> list[tuple[str, str]]:
        """State and severity of the transitions of a rule."""
        return [(alert.state, alert.severity) for alert in self.alerts if alert.rule == rule]


def minutes(
    start: datetime, number: int, observed_s: float = 60.0, node: str = "cam1", **fields: object
) -> list[Record]:
    records = [make.observation(start + timedelta(minutes=n), observed_s, **fields) for n in range(number)]
    return [make.stamped(record, node) for record in records]


def spasms(start: datetime, number: int, every_s: float = 20, node: str = "cam1", **fields: object) -> list[Record]:
    made = [make.spasm(start + timedelta(seconds=every_s * n), **fields) for n in range(number)]  # type: ignore[arg-type]
    return [make.stamped(spasm, node) for spasm in made]


def test_a_burst_without_history_fires_and_says_that_the_usual_is_unknown() -> None:
    home = Home()
    home.hear(minutes(NOON, 3) + spasms(NOON, 6))
    assert home.seen("escalation") == [("firing", "warning")]
    assert "no usual level yet" in home.alerts[0].reason


def test_five_spasms_are_no_burst() -> None:
    home = Home()
    home.hear(minutes(NOON, 3) + spasms(NOON, 5))
    assert home.seen("escalation") == []


def test_six_spasms_are_no_news_for_somebody_who_has_sixty_an_hour() -> None:
    home = Home()
    home.hear(minutes(NOON, 240) + spasms(NOON, 230, every_s=60))
    home.alerts.clear()
    home.hear(spasms(NOON + timedelta(minutes=235), 6, every_s=40))
    assert home.seen("escalation") == []


def test_an_escalation_ends_only_with_enough_observed_time() -> None:
    home = Home()
    home.hear(minutes(NOON, 3) + spasms(NOON, 6))
    absent = minutes(NOON + timedelta(minutes=3), 120, observed_s=0.0, face_s=0.0, unobserved={"absent": 60.0})
    home.hear(absent)
    assert home.seen("escalation") == [("firing", "warning")]
    home.hear(minutes(NOON + timedelta(minutes=123), 20))
    assert home.seen("escalation") == [("firing", "warning"), ("resolved", "warning")]


def test_old_spasms_that_arrive_late_are_no_escalation_now() -> None:
    home = Home()
    for spasm in spasms(NOON, 8):
        home.engine.record(spasm, NOON + timedelta(hours=3))
    assert home.engine.book("patient").days[NOON.date()].total == 8
    assert not home.engine.lifecycle.open()


def test_spasms_that_a_person_called_false_do_not_count() -> None:
    home = Home()
    first = spasms(NOON, 5)
    home.hear(first)
    labels = [make.stamped(make.label(spasm), "diary") for spasm in first[:3]]  # type: ignore[arg-type]
    for label in labels:
        home.engine.record(label, NOON + timedelta(minutes=2))
    home.hear(spasms(NOON + timedelta(minutes=3), 3))
    assert home.seen("escalation") == []
    assert home.engine.book("patient").days[NOON.date()].total == 5


def test_weak_spasms_that_are_told_after_the_clear_one_are_counted_where_they_were() -> None:
    home = Home()
    for second, told in ((100, 102), (60, 102), (45, 102), (30, 102), (15, 102), (390, 392)):
        (spasm,) = spasms(NOON + timedelta(seconds=second), 1)
        home._note(home.engine.record(spasm, NOON + timedelta(seconds=told)))
    assert home.seen("escalation") == []


def test_one_very_long_spasm_escalates() -> None:
    home = Home()
    home.hear([make.stamped(make.spasm(NOON, seconds=75))])
    assert "75 seconds" in home.alerts[0].reason


def test_eyes_shut_by_spasms_most_of_the_time_escalates() -> None:
    home = Home()
    home.hear(minutes(NOON, 6, spasm_closed_s=40.0))
    assert home.seen("escalation") == [("firing", "warning")]
    assert "eyes shut by spasms 67%" in home.alerts[0].reason


def test_two_cameras_that_see_the_same_spasms_count_them_once() -> None:
    home = Home()
    home.hear(minutes(NOON, 3) + minutes(NOON, 3, node="cam2") + spasms(NOON, 5) + spasms(NOON, 5, node="cam2"))
    day = home.engine.book("patient").days[NOON.date()]
    assert day.total == 5
    assert day.observed_s == 180.0
    assert home.seen("escalation") == []


@pytest.mark.parametrize(
    ("symptom", "severity", "words"),
    [
        ("swallowing", "urgent", "emergency number now"),
        ("numbness", "urgent", "doctor today"),
        ("dry_eye", "warning", "clinic that treats you"),
    ],
)
def test_a_logged_symptom_is_a_red_flag_with_the_advice_of_its_tier(symptom: str, severity: str, words: str) -> None:
    home = Home()
    home.hear([make.stamped(make.diary(NOON, kind="symptom", subkind=symptom), "diary")])
    assert home.seen("red_flag") == [("firing", severity)]
    assert words in home.alerts[0].reason


def test_a_symptom_that_is_taken_back_ends_its_alert() -> None:
    home = Home()
    home.hear([make.stamped(make.diary(NOON, kind="symptom", subkind="speech", entry_id="e1"), "diary")])
    gone = make.diary(NOON, kind="symptom", subkind="speech", entry_id="e1", revision=2, deleted=True)
    home.hear([make.stamped(gone, "diary")])
    assert [state for state, _ in home.seen("red_flag")] == ["firing", "resolved"]


def test_an_old_revision_that_arrives_late_does_not_raise_a_deleted_symptom_again() -> None:
    home = Home()
    gone = make.diary(NOON, kind="symptom", subkind="speech", entry_id="e1", revision=2, deleted=True)
    home.hear([make.stamped(gone, "diary")])
    home.hear([make.stamped(make.diary(NOON, kind="symptom", subkind="speech", entry_id="e1"), "diary")])
    assert home.seen("red_flag") == []


def test_ten_minutes_without_a_report_are_a_fault_and_a_long_silence_a_push() -> None:
    home = Home()
    home.hear(minutes(NOON - timedelta(days=3), 3 * 1440, observed_s=0.0, face_s=0.0, unobserved={"absent": 60.0}))
    home.until(NOON + timedelta(minutes=9))
    assert home.seen("fault") == []
    home.until(NOON + timedelta(minutes=11))
    assert home.seen("fault") == [("firing", "info")]
    home.until(NOON + timedelta(minutes=61))
    assert home.seen("fault") == [("firing", "info"), ("firing", "warning")]
    home.hear(minutes(NOON + timedelta(hours=2), 1))
    assert home.seen("fault")[-1] == ("resolved", "warning")


def test_a_camera_that_is_only_on_in_the_evening_is_no_fault_in_the_morning() -> None:
    home = Home()
    for day in range(2):
        home.hear(minutes(NOON + timedelta(days=day, hours=7), 60))
    home.alerts.clear()  # the first night had to be learnt
    for day in range(2, 10):
        home.hear(minutes(NOON + timedelta(days=day, hours=7), 60))
    assert [entry for entry in home.seen("fault") if entry[0] == "firing"] == []
    assert home.pushed == 0
    home.until(NOON + timedelta(days=14))
    assert home.seen("fault")[-2:] == [("firing", "info"), ("firing", "warning")]


def test_a_paused_camera_is_neither_blind_nor_a_fault() -> None:
    home = Home()
    home.hear(minutes(NOON, 3 * 1440))
    paused = {"observed_s": 0.0, "face_s": 0.0, "unobserved": {"paused": 60.0}}
    home.hear(minutes(NOON + timedelta(days=3), 4 * 1440, **paused))  # type: ignore[arg-type]
    assert home.alerts == []


def test_a_missing_face_is_blind_when_it_would_usually_be_seen() -> None:
    home = Home()
    absent = {"observed_s": 0.0, "face_s": 0.0, "unobserved": {"absent": 60.0}}
    for day in range(7):
        start = NOON + timedelta(days=day)
        home.hear(minutes(start, 60) + minutes(start + timedelta(minutes=60), 1380, **absent))  # type: ignore[arg-type]
    assert home.seen("blind") == []
    home.hear(minutes(NOON + timedelta(days=7), 4 * 1440, **absent))  # type: ignore[arg-type]
    assert home.seen("blind") == [("firing", "info"), ("firing", "warning")]
    home.hear(minutes(NOON + timedelta(days=11), 1))
    assert home.seen("blind")[-1] == ("resolved", "warning")


def test_minutes_older_than_all_that_is_remembered_may_still_arrive() -> None:
    home = Home()
    for day in range(20):
        home.hear(minutes(NOON + timedelta(days=day), 2))
    late = minutes(NOON - timedelta(days=3), 1)[0]
    home.engine.record(late, NOON + timedelta(days=20))
    assert home.engine.book("patient").days[(NOON - timedelta(days=3)).date()].observed_s == 60.0


def blind_home() -> Home:
    """A home that has been blind for half a day, in its ninth day."""
    home = Home()
    absent = {"observed_s": 0.0, "face_s": 0.0, "unobserved": {"absent": 60.0}}
    for day in range(8):
        start = NOON + timedelta(days=day)
        home.hear(minutes(start, 60) + minutes(start + timedelta(minutes=60), 1380, **absent))  # type: ignore[arg-type]
    home.hear(minutes(NOON + timedelta(days=8), 300, **absent))  # type: ignore[arg-type]
    assert home.seen("blind") == [("firing", "info")]
    return home


def test_a_face_that_was_seen_hours_ago_and_is_told_late_is_not_seen_now() -> None:
    home = blind_home()
    late = minutes(NOON + timedelta(days=8, minutes=-30), 1)[0]
    home._note(home.engine.record(late, NOON + timedelta(days=8, hours=5)))
    assert home.seen("blind") == [("firing", "info")]


def test_a_minute_from_the_future_does_not_hide_that_nobody_is_seen() -> None:
    home = Home()
    future = minutes(NOON + timedelta(days=700), 1)[0]
    home._note(home.engine.record(future, NOON))
    absent = {"observed_s": 0.0, "face_s": 0.0, "unobserved": {"absent": 60.0}}
    for day in range(8):
        start = NOON + timedelta(days=day, hours=1)
        home.hear(minutes(start, 60) + minutes(start + timedelta(minutes=60), 1380, **absent))  # type: ignore[arg-type]
    home.hear(minutes(NOON + timedelta(days=8, hours=1), 300, **absent))  # type: ignore[arg-type]
    assert home.seen("blind") == [("firing", "info")]


def test_nothing_is_judged_during_a_pause_but_at_its_end() -> None:
    home = Home()
    for day in range(30):
        evening = NOON + timedelta(days=day, hours=7)
        home.hear(minutes(evening, 60) + spasms(evening, 12 if day < 28 else 48, every_s=70))
    home.alerts.clear()
    night = NOON + timedelta(days=29, hours=8)
    paused = {"observed_s": 0.0, "face_s": 0.0, "unobserved": {"paused": 60.0}}
    home.hear(minutes(night, 18 * 60, **paused))  # type: ignore[arg-type]
    assert home.seen("worsening") == []
    home.hear(minutes(night + timedelta(hours=18), 2))
    assert home.seen("worsening") == [("firing", "warning")]
    assert home.alerts[-1].time >= night + timedelta(hours=18)


def test_a_camera_whose_program_only_says_that_it_is_paused_is_no_fault() -> None:
    home = Home()
    home.hear(minutes(NOON, 3 * 1440))
    begin = NOON + timedelta(days=3)
    told = [make.health(begin + timedelta(minutes=n), program="edge", state="paused") for n in range(300)]
    home.hear([make.stamped(health, "cam1") for health in told])
    assert home.seen("fault") == []
    home.until(begin + timedelta(minutes=311))
    assert home.seen("fault") == [("firing", "info")]


def test_a_camera_that_is_switched_off_every_night_pushes_nobody() -> None:
    home = Home()
    for day in range(8):
        if day == 2:
            home.pushed = 0  # the first nights had to be learnt
        evening = NOON + timedelta(days=day, hours=7)
        home._note(home.engine.availability("cam1", online=True, now=evening))
        home.hear(minutes(evening, 180))
        home._note(home.engine.availability("cam1", online=False, now=evening + timedelta(hours=3)))
    assert home.pushed == 0


def test_a_camera_that_dies_is_pushed_once() -> None:
    home = Home()
    home.hear(minutes(NOON, 3 * 1440))
    home._note(home.engine.availability("cam1", online=False, now=NOON + timedelta(days=3, seconds=90)))
    home.until(NOON + timedelta(days=3, hours=3))
    assert home.pushed == 1


def test_a_restart_of_a_program_is_no_fault_but_its_absence_is() -> None:
    home = Home()
    home._note(home.engine.availability("recorder", online=False, now=NOON))
    home._note(home.engine.availability("recorder", online=True, now=NOON + timedelta(seconds=20)))
    assert [state for state, _ in home.seen("fault")] == ["pending", "resolved"]
    home._note(home.engine.availability("recorder", online=False, now=NOON + timedelta(hours=5)))
    home.until(NOON + timedelta(hours=5, minutes=2))
    assert home.seen("fault")[-1] == ("firing", "info")
    home.until(NOON + timedelta(hours=6, minutes=1))
    assert home.seen("fault")[-1] == ("firing", "warning")


def test_a_fault_that_a_node_reports_ends_when_the_node_says_so() -> None:
    home = Home()
    home._note(home.engine.fault("cam1", Fault(active=True, cause="no picture"), NOON))
    assert "no picture" in home.alerts[-1].reason
    home._note(home.engine.fault("cam1", Fault(active=False), NOON + timedelta(minutes=1)))
    assert home.seen("fault")[-1][0] == "resolved"


def test_spasms_of_a_camera_that_reports_a_fault_do_not_escalate() -> None:
    home = Home()
    home._note(home.engine.fault("cam1", Fault(active=True, cause="stalled"), NOON))
    home.hear(minutes(NOON, 3) + spasms(NOON, 8))
    assert home.seen("escalation") == []


def test_a_health_record_tells_of_lag_and_a_full_disk() -> None:
    home = Home()
    home.hear([make.stamped(make.health(NOON, program="recorder", lag_s=900.0, disk_free_mb=20.0), "recorder")])
    reasons = " ".join(alert.reason for alert in home.alerts)
    assert "lags 900 s behind" in reasons
    assert "only 20 MB free" in reasons


def test_a_clock_that_is_not_synchronised_is_a_fault_and_its_records_do_not_count() -> None:
    home = Home()
    home.hear(minutes(NOON, 1, clock_ok=False) + spasms(NOON, 8, clock_ok=False))
    assert home.seen("fault") == [("firing", "info")]
    assert home.seen("escalation") == []
    home.hear(minutes(NOON + timedelta(minutes=5), 1))
    assert home.seen("fault")[-1][0] == "resolved"


def test_the_chance_of_a_burst_follows_the_negative_binomial() -> None:
    # scipy.stats.nbinom.sf(count - 1, size, size / (size + mean)) with size = 1 / 0.8²
    assert at_least(6, 0.8, 0.8) == pytest.approx(4.100381302e-3)
    assert at_least(12, 0.8, 0.8) == pytest.approx(8.672986e-6)
    assert at_least(40, 5.0, 0.8) == pytest.approx(7.945669e-5)
