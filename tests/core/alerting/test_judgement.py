"""The daily judgement on stories of weeks, told through the whole engine and its clock."""

from dataclasses import replace

import pytest

from spasmwatch.domain.advice import Advice
from spasmwatch.domain.records import Alert
from spasmwatch.settings import Settings
from spasmwatch_services.alerts.backtest import Tally, replay
from support.histories import START, Story, tell

STEADY = Story(days=84, rate=8.0, minutes=40, variation=0.3, round_the_clock=False)


def judged(story: Story, seed: int = 5) -> list[Alert]:
    return list(replay(tell(story, seed), Settings(), Advice(), Tally()))


def firing(alerts: list[Alert], rule: str) -> list[int]:
    """Days of the story on which a rule began to fire."""
    return [(alert.time - START).days for alert in alerts if alert.rule == rule and alert.state == "firing"]


def test_a_tripled_rate_is_a_worsening_within_a_week_that_explains_itself() -> None:
    alerts = judged(replace(STEADY, effect=lambda day: 3.0 if day >= 70 else 1.0))
    assert 70 < firing(alerts, "worsening")[0] <= 77
    alert = next(alert for alert in alerts if alert.rule == "worsening")
    assert "against" in alert.reason
    assert "observed" in alert.reason
    assert {"rate", "baseline", "ratio", "low", "high", "coverage_h"} <= alert.evidence.keys()
    assert alert.time.hour == 4


def test_a_steady_rate_is_no_worsening() -> None:
    alerts = judged(STEADY)
    assert firing(alerts, "worsening") == []
    assert firing(alerts, "spread") == []


def test_a_new_side_is_a_spread() -> None:
    def mix(day: int) -> tuple:
        return (("hemifacial", "left", 1.0),) if day < 70 else (("hemifacial", "left", 0.6), ("tic", "right", 0.4))

    alerts = judged(replace(STEADY, mix=mix))
    spread = [alert for alert in alerts if alert.rule == "spread" and alert.state == "firing"]
    assert spread
    assert {alert.scope.side for alert in spread} == {"right"}


def test_a_halved_rate_is_a_quiet_note() -> None:
    alerts = judged(replace(STEADY, effect=lambda day: 0.3 if day >= 70 else 1.0))
    improved = [alert for alert in alerts if alert.rule == "improved"]
    assert improved
    assert improved[0].severity == "info"


def test_a_treatment_that_wears_off_is_not_called_a_worsening() -> None:
    def effect(day: int) -> float:
        since = day - 60
        return 1.0 if since < 5 else 0.2 if since < 70 else min(1.0, 0.2 + 0.8 * (since - 70) / 28)

    alerts = judged(Story(days=165, minutes=40, variation=0.3, round_the_clock=False, injections=(60,), effect=effect))
    assert len(firing(alerts, "wearing_off")) == 1
    assert 130 < firing(alerts, "wearing_off")[0] < 160
    assert firing(alerts, "worsening") == []


def test_cycle_after_cycle_is_no_worsening() -> None:
    def effect(day: int) -> float:
        since = (day - 60) % 98
        return 1.0 if day < 65 else 0.2 if since < 56 else 0.2 + 0.8 * (since - 56) / 42

    story = Story(days=60 + 2 * 98, variation=0.3, minutes=30, round_the_clock=False, effect=effect)
    alerts = judged(replace(story, injections=(60, 158)))
    assert [(day - 60) // 98 for day in firing(alerts, "wearing_off")] == [0, 1]
    assert firing(alerts, "worsening") == []


def test_another_detector_version_is_no_worsening() -> None:
    alerts = judged(
        replace(
            STEADY,
            days=96,
            effect=lambda day: 3.0 if day >= 70 else 1.0,
            version=lambda day: "2" if day >= 70 else "1",
        )
    )
    assert firing(alerts, "worsening") == []


@pytest.mark.parametrize("end", ["dies", "blind"])
def test_a_camera_that_sees_nothing_any_more_is_never_good_news(end: str) -> None:
    story = replace(STEADY, days=12, round_the_clock=True, absent=0.0, **{end: 9})  # type: ignore[arg-type]
    alerts = judged(story)
    late = [alert for alert in alerts if (alert.time - START).days >= 9]
    assert firing(alerts, "fault" if end == "dies" else "blind")
    assert [alert for alert in late if alert.rule == "improved" or alert.state == "resolved"] == []
