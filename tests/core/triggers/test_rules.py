"""Rules: what a household would call one coffee, one night, one bright hour."""

from datetime import UTC, datetime, time, timedelta, timezone
from typing import Any

import pytest
from pydantic import ValidationError

from spasmwatch.domain.records import Trigger
from spasmwatch.domain.triggers.measurement import Measurement, Value
from spasmwatch.domain.triggers.presets import PRESETS
from spasmwatch.domain.triggers.rules import Machine, Rule

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
COFFEE = Rule.model_validate({"preset": "coffee_machine", "device": "coffee"})
BED = Rule.model_validate({"preset": "bed", "device": "bed"})


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def measured(seconds: float, value: Value, earliest: float | None = None, **fields: Any) -> Measurement:
    begin = at(seconds if earliest is None else earliest)
    return Measurement("zigbee2mqtt", "coffee", "power", value, at(seconds), begin, **fields)


class Home:
    """One machine, with what came out of it."""

    def __init__(self, rule: Rule, zone: Any = UTC) -> None:
        self.triggers: list[Trigger] = []
        self.machine = Machine("rule", rule, "patient", zone, measured(-60, 0.0))
        self.see(-60, False if rule.equals is not None else 0.0, baseline=True)

    def see(self, seconds: float, value: Value, **fields: Any) -> None:
        self.triggers += self.machine.see(measured(seconds, value, **fields))

    def tick(self, seconds: float) -> None:
        self.triggers += self.machine.tick(at(seconds))


def test_a_coffee_machine_above_800_watts_for_20_seconds_is_one_caffeine_from_its_beginning() -> None:
    home = Home(COFFEE)
    home.see(0, 1250.0)
    home.tick(19)
    assert home.triggers == []
    home.tick(20)
    (coffee,) = home.triggers
    assert (coffee.kind, coffee.form, coffee.time, coffee.value, coffee.unit) == ("caffeine", "event", START, 1, "cup")
    assert (coffee.rule, coffee.person, coffee.certainty) == ("rule", "patient", 0.7)


def test_a_value_holds_until_the_next_report_so_the_dwell_is_seen_even_without_ticks() -> None:
    home = Home(COFFEE)
    home.see(0, 1250.0)
    home.see(45, 2.0)
    assert [trigger.time for trigger in home.triggers] == [START]


def test_a_short_peak_is_no_coffee() -> None:
    home = Home(COFFEE)
    home.see(0, 1250.0)
    home.see(12, 2.0)
    home.tick(60)
    assert home.triggers == []


def test_the_heater_that_cycles_within_five_minutes_is_still_one_coffee_and_the_next_is_another() -> None:
    home = Home(COFFEE)
    for begin in (0, 90, 200, 320):
        home.see(begin, 1300.0)
        home.see(begin + 40, 3.0)
    home.tick(1000)
    assert len(home.triggers) == 1
    home.see(1200, 1300.0)
    home.see(1240, 3.0)
    assert [trigger.time for trigger in home.triggers] == [at(0), at(1200)]


def test_values_that_swing_between_release_and_limit_do_not_flutter() -> None:
    rule = Rule(device="coffee", property="power", above=800, release=400, kind="caffeine")
    home = Home(rule)
    for number, power in enumerate((900.0, 700.0, 850.0, 500.0, 810.0, 399.0)):
        home.see(number, power)
    assert len(home.triggers) == 1


def test_a_night_in_bed_with_two_short_absences_is_one_span_with_its_length() -> None:
    home = Home(BED)
    hour = 3600
    home.see(0, True)
    home.see(2 * hour, False)
    home.see(2 * hour + 600, True)
    home.see(5 * hour, False)
    home.see(5 * hour + 900, True)
    home.see(8 * hour, False)
    assert home.triggers == []
    home.tick(8 * hour + 1800)
    (night,) = home.triggers
    assert (night.form, night.kind, night.time, night.end) == ("span", "sleep", START, at(8 * hour))
    assert (night.value, night.unit) == (8, "h")


def test_an_occupancy_that_never_ends_is_cut_and_doubted() -> None:
    home = Home(BED)
    home.see(0, True)
    home.see(40000, True)
    home.tick(57600)
    (night,) = home.triggers
    assert night.end == at(40000)
    assert night.certainty == pytest.approx(0.3)
    home.tick(90000)
    home.see(100000, False)
    assert len(home.triggers) == 1


def test_a_device_that_tells_changes_only_is_cut_at_the_longest_time() -> None:
    home = Home(BED)
    home.see(0, True)
    home.tick(3600)
    home.tick(57600)
    (night,) = home.triggers
    assert (night.end, night.certainty) == (at(57600), pytest.approx(0.3))


def test_a_dwell_that_nobody_saw_through_is_doubted() -> None:
    home = Home(COFFEE)
    home.see(0, 1300.0)
    home.machine.freeze()
    home.see(5000, 1300.0, baseline=True)
    home.tick(5001)
    assert [trigger.certainty for trigger in home.triggers] == [pytest.approx(0.35)]


def test_what_was_on_before_we_looked_is_no_event() -> None:
    home = Home(COFFEE)
    other = Machine("rule", COFFEE, "patient", UTC, measured(0, 1300.0))
    assert other.see(measured(0, 1300.0, baseline=True)) == []
    assert other.tick(at(60)) == []
    assert other.see(measured(100, 2.0)) == []
    home.see(0, 1300.0, baseline=True)
    home.tick(60)
    assert home.triggers == []


def test_a_span_that_ended_unseen_ends_where_it_was_last_seen_with_doubt() -> None:
    home = Home(BED)
    home.see(0, True)
    home.see(7200, True)
    home.machine.freeze()
    home.tick(20000)
    home.see(20000, False, baseline=True)
    (night,) = home.triggers
    assert night.end == at(7200)
    assert night.certainty == pytest.approx(0.3)


def test_a_span_goes_on_over_a_device_that_was_gone_for_a_while() -> None:
    home = Home(BED)
    home.see(0, True)
    home.machine.freeze()
    home.see(7200, True, baseline=True)
    home.see(9000, False)
    home.tick(11000)
    assert [trigger.end for trigger in home.triggers] == [at(9000)]


def test_messages_that_waited_for_us_keep_the_coffee_though_its_dwell_cannot_be_measured() -> None:
    home = Home(COFFEE)
    home.see(600, 1300.0, earliest=0)
    home.see(600.01, 3.0, earliest=0)
    (coffee,) = home.triggers
    assert coffee.certainty == pytest.approx(0.35)


def test_a_dwell_that_certainly_was_long_enough_is_not_doubted() -> None:
    home = Home(COFFEE)
    home.see(0, 1300.0)
    home.see(600, 3.0, earliest=30)
    assert [trigger.certainty for trigger in home.triggers] == [0.7]


def test_a_rule_with_hours_begins_only_within_them_by_the_homes_clock() -> None:
    evening = Rule(device="coffee", property="power", above=30, kind="screen", between=(time(20, 0), time(2, 0)))
    home = Home(evening, timezone(timedelta(hours=1)))
    home.see(0, 50.0)  # 09:00 in the home
    home.see(60, 1.0)
    home.see(10 * 3600 + 3599, 50.0)  # a second before 20:00
    home.see(11 * 3600 + 60, 1.0)
    assert home.triggers == []
    home.see(11 * 3600 + 120, 50.0)
    home.see(11 * 3600 + 180, 1.0)
    home.see(17 * 3600 - 1, 50.0)  # a second before 02:00
    assert len(home.triggers) == 2


def test_progress_survives_a_restart() -> None:
    home = Home(BED)
    home.see(0, True)
    home.tick(3600)
    assert home.machine.progress is not None
    again = Machine("rule", BED, "patient", UTC, measured(0, True))
    again.restore(home.machine.progress)
    again.see(measured(28800, False))
    (night,) = again.tick(at(40000))
    assert (night.time, night.end) == (START, at(28800))


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_a_complete_rule(preset: str) -> None:
    rule = Rule.model_validate({"preset": preset, "device": "any"})
    assert rule.property


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({}, "exactly one of"),
        ({"above": 1, "below": 2}, "exactly one of"),
        ({"above": 10, "release": 20}, "quiet side"),
        ({"preset": "cofee"}, "unknown preset 'cofee'"),
        ({"above": 1, "abve": 2}, "abve"),
        ({"above": 1, "between": ("08:00", "08:00")}, "whole day"),
    ],
)
def test_a_wrong_rule_is_refused_with_what_is_wrong(fields: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        Rule.model_validate({"device": "d", "property": "power", "kind": "caffeine", **fields})


def test_a_households_own_level_replaces_the_presets_level_and_release() -> None:
    rule = Rule.model_validate({"preset": "coffee_machine", "device": "d", "above": 300})
    assert (rule.above, rule.release, rule.for_s) == (300, None, 20)
