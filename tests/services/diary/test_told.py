"""Settings → Who is told: the patient alone chooses, everybody sees it, and it travels to the alert service."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from spasmwatch.domain.topics import WhoIsTold
from spasmwatch_services.diary.accounts import Role
from spasmwatch_services.diary.house import House
from spasmwatch_services.diary.preferences import Preferences
from spasmwatch_services.diary.told import Told
from support.diary_house import Browser, TestHome, diary_house
from support.memory_bus import MemoryBus

ALERTS: dict[str, object] = {
    "recipients": [
        {"name": "anna", "address": "ntfy://127.0.0.1/anna"},
        {"name": "ben", "address": "ntfy://127.0.0.1/ben"},
    ]
}
NOBODY = "Nobody is told, not even when help is called for."


@pytest.fixture
def told_home(tmp_path: Path) -> Iterator[TestHome]:
    """A home with two recipients and an alert service that obeys at once."""
    with diary_house(tmp_path, ALERTS) as home:
        obey(home)
        yield home


def obey(home: TestHome) -> None:
    """Stand in for the alert service."""
    topics, alerts = home.house.topics, MemoryBus(client="alerts", broker=home.bus.broker)
    alerts.subscribe(topics.told("diary"), lambda message: alerts.keep(topics.told("alerts"), message.payload))


def choose(browser: Browser, **levels: str) -> int:
    fields = {"csrf": browser.csrf, "name": list(levels), "level": list(levels.values())}
    return int(browser.client.post("/settings/told", data=fields).status_code)


def sent(home: TestHome) -> dict[str, str] | None:
    """What is retained for the alert service."""
    payload = home.bus.broker.retained.get("spasmwatch/home/diary/told")
    return None if payload is None else dict(WhoIsTold.parse(payload).levels)


def test_the_patient_chooses_and_it_travels_as_a_retained_message(told_home: TestHome) -> None:
    patient = told_home.visitor("patient")
    assert choose(patient, anna="everything", ben="nothing") == 303
    assert sent(told_home) == {"anna": "everything", "ben": "nothing"}
    assert "the alerts program obeys it" in patient.get("/settings").text


@pytest.mark.parametrize("role", ["owner", "caregiver", "viewer"])
def test_nobody_else_can_choose_who_is_told(told_home: TestHome, role: Role) -> None:
    somebody = told_home.visitor(role)
    assert choose(somebody, anna="nothing", ben="everything") == 403
    assert sent(told_home) is None
    page = somebody.get("/settings").text
    assert 'action="/settings/told"' not in page
    assert "The patient alone chooses this" in page


def test_without_logging_in_nothing_can_be_chosen(told_home: TestHome) -> None:
    told_home.visitor("patient")
    answer = told_home.client().post("/settings/told", data={"name": "ben", "level": "everything"})
    assert (answer.status_code, sent(told_home)) == (303, None)
    assert answer.headers["location"].startswith("/login")


def test_a_form_of_another_page_chooses_nothing(told_home: TestHome) -> None:
    patient = told_home.visitor("patient")
    answer = patient.client.post("/settings/told", data={"csrf": "forged", "name": "ben", "level": "everything"})
    assert (answer.status_code, sent(told_home)) == (403, None)


def test_everybody_sees_what_the_patient_has_chosen(told_home: TestHome) -> None:
    choose(told_home.visitor("patient"), anna="everything", ben="urgent")
    assert "<strong>ben</strong>: Only urgent" in told_home.visitor("caregiver").get("/settings").text


def test_each_change_is_in_the_trail_that_the_patient_reads(told_home: TestHome) -> None:
    patient = told_home.visitor("patient")
    choose(patient, anna="everything", ben="nothing")
    trail = patient.get("/settings/trail").text
    assert "chose who is told: ben: Nothing" in trail
    assert "anna:" not in trail  # nothing changed for her


def test_when_nobody_is_told_the_settings_and_the_help_button_say_so(told_home: TestHome) -> None:
    patient = told_home.visitor("patient")
    assert "nobody would be told" not in patient.get("/log").text
    choose(patient, anna="nothing", ben="nothing")
    assert NOBODY in patient.get("/settings").text
    assert "At the moment nobody would be told by push" in patient.get("/log").text
    choose(patient, anna="urgent", ben="nothing")
    page = patient.get("/settings").text
    assert NOBODY not in page
    assert "Nobody is told when spasms get worse" in page


def test_a_choice_that_the_alert_service_has_not_taken_over_is_said_to_wait(tmp_path: Path) -> None:
    with diary_house(tmp_path, ALERTS) as home:
        patient = home.visitor("patient")
        choose(patient, anna="nothing", ben="everything")
        assert "has not taken this choice over yet" in patient.get("/settings").text
        obey(home)
        assert "has not taken this choice over yet" not in patient.get("/settings").text


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ["eve"], "level": ["everything"]},
        {"name": ["anna", "ben"], "level": ["nothing"]},
        {"name": ["ben"], "level": ["loudly"]},
        {"name": [], "level": []},
    ],
)
def test_a_wrong_form_changes_nothing(told_home: TestHome, fields: dict[str, list[str]]) -> None:
    patient = told_home.visitor("patient")
    answer = patient.client.post("/settings/told", data={"csrf": patient.csrf, **fields})
    assert answer.status_code in (400, 422)
    assert sent(told_home) is None


def test_after_a_restart_the_choice_is_sent_again(told_home: TestHome) -> None:
    choose(told_home.visitor("patient"), anna="everything", ben="nothing")
    house, bus = told_home.house, MemoryBus()
    again(house, bus)
    assert WhoIsTold.parse(bus.broker.retained["spasmwatch/home/diary/told"]).levels["ben"] == "nothing"


def again(house: House, bus: MemoryBus) -> Told:
    preferences: Preferences = house.preferences
    return Told(house.settings.alerts, preferences, bus, house.topics, house.clock)


def test_pages_that_lost_their_own_file_show_what_is_in_force(told_home: TestHome) -> None:
    in_force = WhoIsTold(levels={"anna": "everything", "ben": "nothing"}, time=told_home.clock.now())
    told_home.bus.publish("spasmwatch/home/alerts/told", in_force.payload(), retain=True)
    assert "<strong>ben</strong>: Nothing" in told_home.visitor("caregiver").get("/settings").text
    told_home.bus.publish("spasmwatch/home/alerts/told", b"not a choice", retain=True)
    assert told_home.house.told.levels["ben"] == "nothing"


def test_who_comes_on_the_list_later_is_told_nothing_and_the_patient_sees_it(tmp_path: Path) -> None:
    with diary_house(tmp_path, ALERTS) as home:
        obey(home)
        choose(home.visitor("patient"), anna="everything", ben="everything")
    longer = {"recipients": [*ALERTS["recipients"], {"name": "carl", "address": "ntfy://127.0.0.1/carl"}]}  # type: ignore[misc]
    with diary_house(tmp_path, longer) as home:
        obey(home)
        assert home.house.told.levels["carl"] == "nothing"
        patient = home.visitor("patient")
        assert "told nothing until the patient chooses otherwise: carl" in patient.get("/settings").text
        choose(patient, carl="urgent")
        assert sent(home) == {"anna": "everything", "ben": "everything", "carl": "urgent"}


def test_the_push_test_leaves_those_in_peace_who_are_told_nothing(told_home: TestHome) -> None:
    patient = told_home.visitor("patient")
    choose(patient, anna="urgent", ben="nothing")
    patient.fill("/settings/push-test")
    assert [address for address, _ in told_home.pushed] == ["ntfy://127.0.0.1/anna"]
