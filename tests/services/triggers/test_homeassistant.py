"""Home Assistant: what is announced is well-formed, answers, and obeys the house rules."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import jinja2
import pytest

from spasmwatch.domain.records import Alert, Record, Trend
from spasmwatch.domain.topics import AlertCommand, DiaryAdd, Fault, PauseCommand, PauseState
from spasmwatch_services.triggers.homeassistant.bridge import HomeAssistantBridge
from support import make
from support.smart_home import START, TOPICS, House

CONFIG = "homeassistant/device/spasmwatch_home/config"
STATE = "spasmwatch/home/triggers/homeassistant/state"
SPASM = "spasmwatch/home/triggers/spasm/state"
NEEDS = {
    "sensor": {"state_topic"},
    "binary_sensor": {"state_topic"},
    "event": {"state_topic", "event_types"},
    "button": {"command_topic"},
}
"""What each platform of Home Assistant demands beside ``p`` and ``unique_id``."""


class Assistant(House):
    """The service with the bridge to Home Assistant, and the other programs as they speak."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        super().__init__(folder, homeassistant={"enabled": True, **settings})

    def start(self) -> None:
        super().start()
        self.bridge = HomeAssistantBridge(
            self.settings.triggers.homeassistant,
            ours=self.ours,
            topics=TOPICS,
            home=self.home,
            home_topics=TOPICS,
            press=self.service.press,
            certain=self.service.certain,
            person="patient",
            alerts=self.service.alerts,
            keep_alerts=self.service.keep_alerts,
            clock=self.clock,
        )
        self.tick()

    def tick(self) -> None:
        self.service.tick()
        self.bridge.tick()

    def program(self, node: str) -> None:
        self.ours.publish(TOPICS.of(node, "availability"), b"online", retain=True)
        self.tick()

    def camera(self, node: str = "cam1", *, paused: bool = False) -> None:
        self.program(node)
        self.ours.publish(TOPICS.state(node, "pause"), PauseState(paused=paused).payload(), retain=True)
        self.tick()

    def record(self, draft: Record, node: str) -> None:
        self.ours.publish(TOPICS.of(node, draft.what), make.stamped(draft, node).payload())
        self.tick()

    def press(self, key: str) -> None:
        """Press a button in Home Assistant, which sends to the announced topic what was announced."""
        button = self.components[key]
        self.say(button["command_topic"], button["payload_press"].encode())
        self.tick()

    @property
    def announcement(self) -> dict[str, Any]:
        announced: dict[str, Any] = json.loads(self.home_broker.retained[CONFIG])
        return announced

    @property
    def components(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = self.announcement["cmps"]
        return found

    @property
    def state(self) -> Any:
        return json.loads(self.home_broker.retained[STATE])

    def shows(self, key: str) -> str:
        """What Home Assistant shows of a component: its template on the state."""
        return render(self.components[key]["val_tpl"], self.state)

    def can_be_pressed(self, key: str) -> bool:
        return all(
            render(one["value_template"], self.state) == "online"
            for one in self.components[key]["availability"]
            if "value_template" in one
        )


def render(template: str, value: Any) -> str:
    return jinja2.Environment(undefined=jinja2.StrictUndefined).from_string(template).render(value_json=value)


def alert(**fields: Any) -> Alert:
    return make.alert(**{"alert_id": "a1", "state": "firing", "severity": "warning", **fields})


def trend(**fields: Any) -> Trend:
    return Trend(person="patient", time=START, rate=6.04, usual=3.0, ratio=2.0, coverage=0.31, state="more", **fields)


@pytest.fixture
def house(tmp_path: Path) -> Assistant:
    found = Assistant(tmp_path)
    for node in ("alerts", "diary"):
        found.program(node)
    found.camera("cam1")
    return found


def test_the_announcement_has_what_home_assistant_demands(house: Assistant) -> None:
    assert re.fullmatch(r"homeassistant/device/[a-zA-Z0-9_-]+/config", CONFIG)
    announced = house.announcement
    assert announced["dev"]["ids"]
    assert announced["o"]["name"]
    identities = [component["unique_id"] for component in house.components.values()]
    assert len(set(identities)) == len(identities)
    for component in house.components.values():
        assert NEEDS[component["p"]] <= component.keys(), component
        assert component["name"]
        assert component["availability"]
        if component.get("dev_cla") == "enum":
            assert component["options"]


def test_everything_that_was_asked_for_is_there(house: Assistant) -> None:
    assert house.components.keys() >= {
        "rate", "coverage", "fault", "spasm", "alert", "acknowledge", "cam1_online", "cam1_paused", "cam1_pause",
        "diary_coffee", "diary_stress", "diary_tired",
    }  # fmt: skip


def test_nothing_is_announced_that_does_not_answer(tmp_path: Path) -> None:
    house = Assistant(tmp_path)
    assert all(component["p"] != "button" for component in house.components.values())
    house.program("diary")
    assert {key for key, one in house.components.items() if one["p"] == "button"} == {
        "diary_coffee", "diary_stress", "diary_tired", "diary_relaxation",
    }  # fmt: skip
    assert house.can_be_pressed("diary_coffee")
    house.ours.publish(TOPICS.of("diary", "availability"), b"offline", retain=True)
    house.tick()
    assert not house.can_be_pressed("diary_coffee")


def test_every_template_renders_on_the_first_state(house: Assistant) -> None:
    for component in house.components.values():
        for key in ("val_tpl", "json_attr_tpl"):
            if key in component:
                render(component[key], house.state)
    assert house.shows("rate") == "None"
    assert house.shows("alert") == "none"


def test_the_trend_is_shown_until_it_is_old_news(house: Assistant) -> None:
    house.record(trend(), "alerts")
    assert (house.shows("rate"), house.shows("coverage"), house.shows("state")) == ("6.0", "31.0", "more")
    house.record(trend().model_copy(update={"person": "guest", "rate": 99.0}), "alerts")
    assert house.shows("rate") == "6.0"
    house.clock.sleep(3600)
    house.tick()
    assert house.shows("rate") == "None"


def test_live_numbers_are_off_until_somebody_switches_them_on_in_home_assistant(house: Assistant) -> None:
    assert [key for key, one in house.components.items() if one.get("en") is False] == ["rate", "usual", "spasm"]


def test_a_spasm_is_an_event_that_is_never_retained_and_never_late(house: Assistant) -> None:
    house.record(make.spasm(START - timedelta(seconds=3), kind="tic", side="left"), "cam1")
    house.record(make.spasm(START - timedelta(hours=1)), "cam1")
    (event,) = house.home_broker.payloads(SPASM)
    assert json.loads(event)["event_type"] in house.components["spasm"]["event_types"]
    assert SPASM not in house.home_broker.retained


def test_a_coffee_pressed_in_home_assistant_reaches_the_diary(house: Assistant) -> None:
    house.press("diary_coffee")
    (payload,) = house.ours.broker.payloads(TOPICS.diary_add())
    add = DiaryAdd.parse(payload)
    assert (add.kind, add.value, add.author, add.time) == ("caffeine", 1, "homeassistant", START)


def test_acknowledging_reaches_every_firing_alert_with_its_actor(house: Assistant) -> None:
    for number, state in (("a1", "firing"), ("a2", "firing"), ("a3", "snoozed")):
        house.record(alert(alert_id=number, state=state), "alerts")
    assert house.shows("alert") == "firing"
    house.press("acknowledge")
    sent = {
        number: [
            AlertCommand.parse(payload)
            for payload in house.ours.broker.payloads(TOPICS.alert_command("homeassistant", number))
        ]
        for number in ("a1", "a2", "a3")
    }
    assert [len(sent[number]) for number in ("a1", "a2", "a3")] == [1, 1, 0]
    assert (sent["a1"][0].verb, sent["a1"][0].actor) == ("acknowledge", "homeassistant")


def test_open_alerts_are_known_after_a_restart(house: Assistant) -> None:
    house.record(alert(), "alerts")
    house.stop()
    house.start()
    assert house.shows("alert") == "firing"
    house.record(alert(state="resolved"), "alerts")
    assert house.shows("alert") == "none"


def test_the_alerts_words_stay_inside_unless_the_household_lets_them_out(tmp_path: Path) -> None:
    for reasons in (False, True):
        house = Assistant(tmp_path / str(reasons), reasons=reasons)
        house.program("alerts")
        house.record(alert(reason="more one-sided spasms than usual"), "alerts")
        attributes = json.loads(json.dumps(house.state["alert_details"]))
        assert ("reason" in attributes) is reasons
        assert attributes["severity"] == "warning"


def test_from_home_assistant_the_camera_can_only_be_paused(house: Assistant) -> None:
    house.press("cam1_pause")
    (payload,) = house.ours.broker.payloads(TOPICS.command("cam1", "pause"))
    command = PauseCommand.parse(payload)
    assert (command.verb, command.patient, command.actor) == ("pause", False, "homeassistant")
    assert command.until == START + timedelta(minutes=60)
    house.camera("cam1", paused=True)
    assert house.shows("cam1_paused") == "ON"
    assert not [key for key, one in house.components.items() if one["p"] == "switch"]


def test_a_retained_or_odd_press_does_nothing(house: Assistant) -> None:
    topic = house.components["cam1_pause"]["command_topic"]
    house.say(topic, b"RESUME")
    house.say(topic, b"")
    house.say(topic, b"\xff" * 5000)
    house.say(topic, b"PRESS", retain=True)
    first = len(house.ours.broker.payloads(TOPICS.command("cam1", "pause")))
    house.stop()
    house.start()
    assert len(house.ours.broker.payloads(TOPICS.command("cam1", "pause"))) == first == 1


def test_a_press_that_waited_for_the_connection_neither_pauses_nor_acknowledges_but_is_logged(house: Assistant) -> None:
    house.record(alert(), "alerts")
    house.lose_the_line()
    house.clock.sleep(3600)
    house.come_back()
    for key in ("cam1_pause", "acknowledge", "diary_coffee"):
        house.press(key)
    assert house.ours.broker.payloads(TOPICS.command("cam1", "pause")) == []
    assert house.ours.broker.payloads(TOPICS.alert_command("homeassistant", "a1")) == []
    assert len(house.ours.broker.payloads(TOPICS.diary_add())) == 1


def test_faults_and_lost_programs_are_a_problem_with_their_cause(house: Assistant) -> None:
    assert house.shows("fault") == "OFF"
    stalled = Fault(active=True, cause="the camera stalled", since=START)
    house.ours.publish(TOPICS.of("cam1", "fault"), stalled.payload(), retain=True)
    house.ours.publish(TOPICS.of("diary", "availability"), b"offline", retain=True)
    house.tick()
    assert house.shows("fault") == "ON"
    assert house.state["faults"] == {"cam1": "the camera stalled", "diary": "not connected"}


def test_home_assistant_is_told_everything_again_when_it_starts(house: Assistant) -> None:
    before = len(house.home_broker.payloads(CONFIG))
    house.say("homeassistant/status", b"online")
    house.tick()
    assert len(house.home_broker.payloads(CONFIG)) == before + 1
