"""One real exposure is one, however many sources saw it."""

import itertools
import random
from datetime import datetime, timedelta
from typing import Any

from spasmwatch.domain.exposures import exposures, gaps
from spasmwatch.domain.records import Diary, Record, Trigger
from support.make import START


def coffee_machine(minutes: float, device: str = "kitchen/coffee", **fields: Any) -> Trigger:
    return Trigger.model_validate(
        {
            "time": START + timedelta(minutes=minutes), "form": "event", "kind": "caffeine", "value": 1, "unit": "cup",
            "source": "zigbee2mqtt", "device": device, "rule": "coffee", "certainty": 0.7, **fields,
        }
    )  # fmt: skip


def entry(minutes: float, entry_id: str = "a", kind: str = "caffeine", **fields: Any) -> Diary:
    at = START + timedelta(minutes=minutes)
    return Diary.model_validate(
        {"at": at, "logged_at": at, "entry_id": entry_id, "author": "anna", "kind": kind, **fields}
    )


def test_the_same_coffee_seen_by_plug_and_diary_is_one_exposure() -> None:
    (found,) = exposures([coffee_machine(0), entry(7, value=2, unit="cup")])
    assert found.start == START
    assert found.sources == ("diary", "zigbee2mqtt:kitchen/coffee")
    assert found.certainty == 1.0
    assert (found.value, found.unit) == (2, "cup")


def test_the_diary_without_a_number_leaves_the_machines_cup() -> None:
    (found,) = exposures([coffee_machine(0), entry(3)])
    assert (found.value, found.unit) == (1, "cup")


def test_two_coffees_of_one_machine_stay_two_and_each_entry_confirms_its_own() -> None:
    found = exposures([coffee_machine(0), coffee_machine(10), entry(1, "a"), entry(11, "b")])
    assert [exposure.start for exposure in found] == [START, START + timedelta(minutes=10)]
    assert all("diary" in exposure.sources for exposure in found)


def test_two_coffees_each_logged_some_minutes_later_stay_two() -> None:
    for first, second in ((7, 16), (6, 25), (12, 13), (9, 10)):
        found = exposures([coffee_machine(0), coffee_machine(10), entry(first, "a"), entry(second, "b")])
        assert [exposure.start for exposure in found] == [START, START + timedelta(minutes=10)]
        assert [exposure.end for exposure in found] == [START + timedelta(minutes=one) for one in (first, second)]


def test_one_entry_between_two_coffees_belongs_to_the_nearer() -> None:
    found = exposures([coffee_machine(0), coffee_machine(10), entry(9)])
    assert ["diary" in exposure.sources for exposure in found] == [False, True]


def test_a_coffee_logged_an_hour_later_is_another_one() -> None:
    assert len(exposures([coffee_machine(0), entry(60)])) == 2


def test_two_unsure_sensors_of_one_moment_make_it_surer() -> None:
    (found,) = exposures([coffee_machine(0), coffee_machine(1, device="kitchen/box", certainty=0.5)])
    assert found.certainty == 0.85


def test_only_the_highest_revision_counts_in_any_order_and_deleted_entries_do_not() -> None:
    records: list[Record] = [
        entry(0, "a"), entry(30, "a", revision=2), entry(60, "b"), entry(60, "b", revision=2, deleted=True),
    ]  # fmt: skip
    for order in itertools.permutations(records):
        assert [exposure.start for exposure in exposures(order)] == [START + timedelta(minutes=30)]


def test_readings_and_gaps_are_no_exposures_but_gaps_can_be_asked_for() -> None:
    end = START + timedelta(hours=1)
    gap = coffee_machine(0, form="span", kind="other", rule="gap", end=end)
    assert exposures([coffee_machine(0, form="reading"), gap, entry(0, kind="mood")]) == []
    assert gaps([gap, coffee_machine(0)]) == [(START, end)]


def test_logged_sleep_lies_before_the_entry_and_meets_the_bed_sensor() -> None:
    bed = coffee_machine(0, form="span", kind="sleep", end=START + timedelta(hours=7), value=7, unit="h")
    (found,) = exposures([bed, entry(7.5 * 60, kind="sleep", value=7, unit="h")])
    assert found.start == START
    assert found.end == START + timedelta(hours=7.5)


def test_a_year_of_exposures_is_merged_completely() -> None:
    chance = random.Random(7)
    machine = [coffee_machine(number * 180) for number in range(2900)]
    logged = [entry(number * 180 + chance.uniform(-9, 9), f"e{number}") for number in range(0, 2900, 2)]
    found = exposures([*logged, *machine])
    assert len(found) == 2900
    assert sum("diary" in exposure.sources for exposure in found) == 1450
    assert [exposure.start for exposure in found] == sorted(exposure.start for exposure in found)
    assert isinstance(found[0].start, datetime)
