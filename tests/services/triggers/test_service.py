"""The service over days, outages, restarts, full disks and floods, on a simulated clock."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from spasmwatch.domain.records import Health
from spasmwatch.domain.topics import DiaryAdd, Fault
from spasmwatch_services.triggers.memory import forget, memory_file
from support.smart_home import START, TOPICS, House

COFFEE: dict[str, Any] = {"rules": {"coffee": {"preset": "coffee_machine", "device": "coffee"}}}
BED: dict[str, Any] = {"rules": {"bed": {"preset": "bed", "device": "bed"}}}
BUTTON: dict[str, Any] = {
    "buttons": [
        {"device": "button", "action": "single", "kind": "caffeine", "value": 1, "unit": "cup", "author": "anna"}
    ]
}


def power(watts: float) -> bytes:
    return json.dumps({"power": watts, "linkquality": 90}).encode()


def presses(house: House) -> list[DiaryAdd]:
    return [DiaryAdd.parse(payload) for payload in house.ours.broker.payloads(TOPICS.diary_add())]


def fault(house: House) -> Fault:
    return Fault.parse(house.ours.broker.retained[TOPICS.of("triggers", "fault")])


def test_a_coffee_becomes_one_trigger_when_it_has_lasted_long_enough(tmp_path: Path) -> None:
    house = House(tmp_path, **COFFEE)
    house.say("zigbee2mqtt/coffee", power(1))
    house.wait(60)
    house.say("zigbee2mqtt/coffee", power(1250))
    house.wait(19)
    assert house.triggers() == []
    house.wait(2)
    assert [trigger.time for trigger in house.triggers()] == [START + timedelta(seconds=60)]


def test_a_press_of_a_button_reaches_the_diary_with_its_author(tmp_path: Path) -> None:
    house = House(tmp_path, **BUTTON)
    house.say("zigbee2mqtt/button", b'{"action": "single"}')
    house.say("zigbee2mqtt/button/action", b"single")
    house.say("zigbee2mqtt/button", b'{"action": ""}')
    house.wait(1)
    (add,) = presses(house)
    assert (add.kind, add.value, add.unit, add.author, add.time) == ("caffeine", 1, "cup", "anna", START)


def test_two_quick_presses_are_two(tmp_path: Path) -> None:
    house = House(tmp_path, **BUTTON)
    for _ in range(2):
        house.say("zigbee2mqtt/button", b'{"action": "single"}')
        house.say("zigbee2mqtt/button/action", b"single")
        house.wait(1)
    assert len({add.id for add in presses(house)}) == 2


def test_a_press_while_our_broker_is_away_arrives_later_even_after_a_restart(tmp_path: Path) -> None:
    house = House(tmp_path, **BUTTON)
    house.ours.away = True
    house.say("zigbee2mqtt/button", b'{"action": "single"}')
    house.wait(30)
    house.stop()
    house.start()
    house.wait(30)
    assert presses(house) == []
    house.ours.away = False
    house.wait(1)
    house.wait(60)
    assert [add.time for add in presses(house)] == [START]


def test_an_outage_of_the_homes_broker_is_a_fault_then_a_recorded_gap(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.wait(60)
    house.say("zigbee2mqtt/any", b"{}")
    house.wait(10)
    house.lose_the_line()
    assert fault(house).active
    house.wait(600)
    house.come_back()
    house.echo()
    assert not fault(house).active
    (gap,) = house.triggers("span")
    assert (gap.rule, gap.kind, gap.source) == ("gap", "other", "rule")
    assert gap.time == START + timedelta(seconds=60)
    assert gap.end == START + timedelta(seconds=670)


def test_without_an_echo_the_gap_ends_by_itself(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.wait(5)
    house.lose_the_line()
    house.wait(100)
    house.come_back()
    house.wait(11)
    assert len(house.triggers("span")) == 1
    assert not fault(house).active


def test_a_coffee_that_waited_at_the_broker_is_kept_with_doubt(tmp_path: Path) -> None:
    house = House(tmp_path, **COFFEE)
    house.say("zigbee2mqtt/coffee", power(1))
    house.wait(60)
    house.lose_the_line()
    house.wait(600)
    house.come_back()
    house.say("zigbee2mqtt/coffee", power(1250))
    house.say("zigbee2mqtt/coffee", power(1))
    house.echo()
    (coffee,) = house.triggers()
    assert coffee.certainty == pytest.approx(0.35)


def test_a_machine_that_was_hot_when_the_line_broke_makes_no_coffee_out_of_silence(tmp_path: Path) -> None:
    house = House(tmp_path, **COFFEE)
    house.say("zigbee2mqtt/coffee", power(1))
    house.wait(60)
    house.say("zigbee2mqtt/coffee", power(1250))
    house.wait(5)
    house.lose_the_line()
    house.wait(600)
    assert house.triggers() == []


def test_a_night_survives_a_restart_of_the_service(tmp_path: Path) -> None:
    house = House(tmp_path, **BED)
    house.say("zigbee2mqtt/bed", b'{"occupancy": false}')
    house.wait(60)
    house.say("zigbee2mqtt/bed", b'{"occupancy": true}')
    house.wait(4 * 3600, step=300)
    house.stop()
    house.clock.sleep(300)
    house.start()
    house.echo()
    house.wait(3 * 3600, step=300)
    house.say("zigbee2mqtt/bed", b'{"occupancy": false}')
    house.wait(3600, step=300)
    night, gap = sorted(house.triggers("span"), key=lambda span: span.rule or "")
    assert night.rule == "bed"
    assert night.value == pytest.approx(7 + 300 / 3600, abs=1e-3)
    assert gap.end is not None
    assert gap.end - gap.time == timedelta(seconds=300)


def test_a_night_survives_two_restarts_without_a_word_from_the_bed(tmp_path: Path) -> None:
    house = House(tmp_path, **BED)
    house.say("zigbee2mqtt/bed", b'{"occupancy": false}')
    house.say("zigbee2mqtt/bed", b'{"occupancy": true}')
    for _ in range(2):
        house.wait(7200, step=300)
        house.stop()
        house.start()
        house.echo()
    house.say("zigbee2mqtt/bed", b'{"occupancy": false}')
    house.wait(3600, step=300)
    assert [night.value for night in house.triggers("span") if night.rule == "bed"] == [4]


def test_a_power_cut_after_a_coffee_does_not_brew_it_again(tmp_path: Path) -> None:
    house = House(tmp_path, **COFFEE)
    house.say("zigbee2mqtt/coffee", power(1))
    house.wait(61)
    house.say("zigbee2mqtt/coffee", power(1250))
    house.wait(23)
    house.home.close()  # the plug is pulled: nobody says goodbye, nothing more is kept
    house.start()
    house.echo()
    house.say("zigbee2mqtt/coffee", power(1250))
    house.wait(60)
    assert len(house.triggers()) == 1


def test_what_comes_while_the_service_stops_is_left_for_the_next_start(tmp_path: Path) -> None:
    house = House(tmp_path, rules={"box": {"device": "box", "property": "contact", "equals": False, "kind": "other"}})
    house.say("zigbee2mqtt/box", b'{"contact": true}')
    house.wait(20)
    house.service.close()
    house.say("zigbee2mqtt/box", b'{"contact": false}')
    assert house.triggers() == []
    house.home.close()
    house.start()
    assert len(house.triggers()) == 1


def test_hundreds_of_messages_that_waited_on_one_topic_are_no_flood(tmp_path: Path) -> None:
    house = House(tmp_path, rules={"box": {"device": "box", "property": "contact", "equals": False, "kind": "other"}})
    house.say("zigbee2mqtt/box", b'{"contact": true}')
    house.wait(20)
    house.lose_the_line()
    house.wait(3600, step=300)
    house.come_back()
    for _ in range(300):
        house.say("zigbee2mqtt/box", b'{"contact": false}')
        house.say("zigbee2mqtt/box", b'{"contact": true}')
    house.echo()
    assert len(house.triggers()) == 300


def test_a_full_disk_loses_no_trigger_and_does_not_stop_the_service(tmp_path: Path) -> None:
    house = House(tmp_path, **COFFEE)
    house.say("zigbee2mqtt/coffee", power(1))
    house.wait(60)
    house.outbox.full = True
    house.say("zigbee2mqtt/coffee", power(1250))
    house.wait(120)
    house.outbox.full = False
    house.wait(120)
    assert [trigger.time for trigger in house.triggers()] == [START + timedelta(seconds=60)]


def test_a_flood_on_one_topic_is_thinned_to_its_latest_and_counted(tmp_path: Path) -> None:
    house = House(tmp_path, **COFFEE)
    house.say("zigbee2mqtt/coffee", power(1))
    house.wait(10)
    for number in range(5000):
        house.say("zigbee2mqtt/wild", json.dumps({"temperature": number}).encode())
    house.say("zigbee2mqtt/coffee", power(1250))
    house.wait(61)
    assert len(house.triggers()) == 1
    assert max(reading.value or 0 for reading in house.triggers("reading")) == 4999
    health = [record for record in house.outbox.records if isinstance(record, Health)][-1]
    assert health.dropped == 4899
    assert health.rate_per_s is not None
    assert health.rate_per_s > 80


def test_a_clock_set_back_stops_nothing(tmp_path: Path) -> None:
    house = House(tmp_path, **COFFEE)
    house.say("zigbee2mqtt/coffee", power(1))
    house.wait(60)
    house.clock.set(by=-7200)
    house.say("zigbee2mqtt/coffee", power(1250))
    house.wait(61)
    assert len(house.triggers()) == 1
    assert any(isinstance(record, Health) and record.time < START for record in house.outbox.records)


def test_a_stale_clock_that_is_set_right_neither_makes_a_coffee_nor_stretches_a_night(tmp_path: Path) -> None:
    house = House(tmp_path, rules={**COFFEE["rules"], **BED["rules"]})
    house.say("zigbee2mqtt/coffee", power(1))
    house.say("zigbee2mqtt/bed", b'{"occupancy": false}')
    house.wait(60)
    house.say("zigbee2mqtt/bed", b'{"occupancy": true}')
    house.wait(7200, step=300)
    house.say("zigbee2mqtt/coffee", power(1250))
    house.wait(5)
    house.clock.set(by=9 * 3600)
    house.wait(1)
    house.say("zigbee2mqtt/coffee", power(1))
    assert house.triggers() == []
    house.wait(3600, step=300)
    house.say("zigbee2mqtt/bed", b'{"occupancy": false}')
    house.wait(3600, step=300)
    (night,) = house.triggers("span")
    assert night.time == START + timedelta(hours=9, seconds=60)
    assert night.value == pytest.approx(3, abs=0.01)


def test_a_bridge_that_was_down_makes_a_gap_and_its_retained_states_no_events(tmp_path: Path) -> None:
    house = House(tmp_path, bridge_topic="spasmwatch/home/triggers/bridge", **COFFEE)
    house.say("spasmwatch/home/triggers/bridge", b"1")
    house.say("zigbee2mqtt/coffee", power(1))
    house.wait(60)
    house.say("spasmwatch/home/triggers/bridge", b"0")
    assert fault(house).active
    house.wait(300)
    house.say("spasmwatch/home/triggers/bridge", b"1")
    house.say("zigbee2mqtt/coffee", power(1))
    house.wait(11)
    assert house.triggers() == []
    (gap,) = house.triggers("span")
    assert gap.end is not None
    assert gap.end - gap.time == timedelta(seconds=300)


def test_while_a_bridge_is_down_the_devices_on_our_own_broker_count_as_ever(tmp_path: Path) -> None:
    house = House(tmp_path, bridge_topic="spasmwatch/home/triggers/bridge", **COFFEE)
    house.say("spasmwatch/home/triggers/bridge", b"1")
    house.say("zigbee2mqtt/coffee", power(1))
    house.say("zigbee2mqtt/room", b'{"temperature": 20}')
    house.wait(60)
    house.say("spasmwatch/home/triggers/bridge", b"0")
    house.wait(60)
    house.say("zigbee2mqtt/coffee", power(1250))
    house.wait(30)
    house.say("zigbee2mqtt/coffee", power(1))
    house.say("zigbee2mqtt/room", b'{"temperature": 25}')
    house.wait(2)
    assert [coffee.certainty for coffee in house.triggers()] == [0.7]
    assert [reading.value for reading in house.triggers("reading")] == [20, 25]


def test_an_unreadable_memory_is_left_behind(tmp_path: Path) -> None:
    (tmp_path / "triggers.json").write_bytes(b"\xff{")
    house = House(tmp_path, **COFFEE)
    house.wait(61)
    assert json.loads((tmp_path / "triggers.json").read_bytes())["alive"]


def test_a_person_who_leaves_is_forgotten_here_too(tmp_path: Path) -> None:
    house = House(tmp_path, **BED, **BUTTON)
    house.ours.away = True
    house.say("zigbee2mqtt/bed", b'{"occupancy": false}')
    house.say("zigbee2mqtt/button", b'{"action": "single"}')
    house.wait(61)
    house.stop()
    assert forget(house.settings, "somebody else") == 0
    assert b"anna" in memory_file(house.settings).read_bytes()
    assert forget(house.settings, "patient") == 2
    kept = memory_file(house.settings).read_bytes()
    assert b"anna" not in kept
    assert b"bed" not in kept
