from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from spasmwatch.domain.records import Alert
from spasmwatch.domain.topics import Fault, PauseState
from spasmwatch.ports import Rate
from spasmwatch_services.charts import point
from spasmwatch_services.diary.live import Node
from spasmwatch_services.diary.situation import (
    Comparison,
    Facts,
    bouts,
    compare,
    open_alerts,
    sentence,
    spread,
    spread_point,
    usual,
)
from support.diary_house import NOW
from support.make import alert, observation

MINUTE = timedelta(minutes=1)
WATCHING = Node("cam1", online=True, observation=observation(NOW - 2 * MINUTE))


def facts(**given: object) -> Facts:
    usual_facts: dict[str, object] = {
        "now": NOW, "cameras": [WATCHING], "observation": WATCHING.observation, "seen": NOW - MINUTE, "pause": None,
        "alerts": [], "comparison": "usual",
    }  # fmt: skip
    return Facts(**{**usual_facts, **given})  # type: ignore[arg-type]


def day(number: int, spasms: int, hours: float = 3.0) -> Rate:
    return Rate(NOW - timedelta(days=number), hours * 3600, {"all_all": spasms}, 0.0, 0)


def an_alert(severity: str = "warning", **fields: object) -> Alert:
    return alert(NOW - 5 * MINUTE, severity=severity, **fields)


def test_when_all_is_well_it_says_how_today_compares() -> None:
    assert (sentence(facts()).level, sentence(facts()).key) == ("calm", "watching_usual")


def test_a_call_for_help_comes_before_everything() -> None:
    paused = PauseState(paused=True, since=NOW)
    said = sentence(facts(alerts=[an_alert(), an_alert("urgent", reason="Help")], pause=paused))
    assert (said.level, said.values["reason"]) == ("alarm", "Help")


def test_a_pause_is_a_state_of_its_own_and_no_fault() -> None:
    silent = Node("cam1", online=False, fault=Fault(active=True, cause="no picture"))
    said = sentence(facts(cameras=[silent], pause=PauseState(paused=True, until=NOW + timedelta(hours=1))))
    assert (said.level, said.key) == ("off", "paused_until")


def test_a_dead_camera_never_reads_as_a_quiet_day() -> None:
    silent = Node("cam1", online=True, observation=observation(NOW - timedelta(hours=2)))
    assert sentence(facts(cameras=[silent])).key == "camera_silent"
    assert sentence(facts(cameras=[])).key == "no_camera"
    assert sentence(facts(cameras=[Node("cam1", online=False)])).key == "camera_away"


def test_one_working_camera_of_two_still_watches() -> None:
    broken = Node("cam2", fault=Fault(active=True, cause="gone"))
    assert sentence(facts(cameras=[WATCHING, broken])).key == "watching_usual"


def test_nobody_in_view_is_said_as_such() -> None:
    assert sentence(facts(seen=NOW - timedelta(hours=3))).key == "away"
    assert sentence(facts(seen=None)).key == "nobody_yet"


def test_ended_and_pending_alerts_are_not_shown() -> None:
    alerts = [an_alert(state=state) for state in ("pending", "resolved", "dismissed", "acknowledged")]
    assert [one.state for one in open_alerts(alerts)] == ["acknowledged"]


def test_what_is_usual_needs_two_weeks_of_well_seen_days() -> None:
    assert usual([day(n, 18) for n in range(13)]) is None
    assert usual([day(n, 18, hours=0.2) for n in range(40)]) is None
    band = usual([day(n, 18) for n in range(14)])
    assert band is not None
    assert band.rate == pytest.approx(6)


@pytest.mark.parametrize(
    ("spasms", "hours", "verdict"),
    [(18, 3.0, "usual"), (60, 3.0, "more"), (1, 3.0, "fewer"), (2, 0.1, "too_little"), (8, 1.0, "usual")],
)
def test_today_is_called_different_only_when_its_interval_says_so(
    spasms: int, hours: float, verdict: Comparison
) -> None:
    before = [day(n, 15 + n % 7) for n in range(1, 30)]
    today = point(day(0, spasms, hours))
    assert compare(today, usual(before)) == verdict


def test_days_that_differ_widen_the_interval_of_their_sum() -> None:
    even = [day(n, 18) for n in range(20)]
    uneven = [day(n, 6 if n % 2 else 30) for n in range(20)]
    assert spread(even) == 0
    assert spread(uneven) == pytest.approx(0.444 - 1 / 18, abs=0.01)
    wide, plain = (spread_point(day(0, 126), k, "all_all", days=7) for k in (spread(uneven), 0))
    assert wide.high > plain.high


def test_spasms_in_bouts_widen_every_interval() -> None:
    def hour(number: int, spasms: int) -> Rate:
        return Rate(NOW - timedelta(hours=number), 3600, {"all_all": spasms}, 0.0, 0)

    assert bouts([hour(n, 6) for n in range(60)], ZoneInfo("UTC")) == 1
    assert bouts([hour(n, 12 if n % 2 else 0) for n in range(60)], ZoneInfo("UTC")) == pytest.approx(6, rel=0.15)
    assert bouts([hour(n, 12 if n % 2 else 0) for n in range(8)], ZoneInfo("UTC")) == 1
