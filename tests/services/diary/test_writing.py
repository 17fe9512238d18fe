"""What is logged, changed, judged and answered becomes a record or a command, once."""

from datetime import timedelta

import pytest

from spasmwatch.adapters.acknowledge_links import Claim, sign
from spasmwatch.domain.records import Diary, Label
from spasmwatch.domain.topics import AlertCommand, DiaryAdd, PauseCommand
from spasmwatch.settings import Settings
from spasmwatch_services.diary import inbox
from spasmwatch_services.diary.forgetting import forget
from spasmwatch_services.diary.inbox import Inbox
from spasmwatch_services.diary.presses import Presses
from support.diary_house import KEY, NOW, TestHome, diary_house
from support.make import alert, observation, spasm

COMMANDS = "spasmwatch/home/users/+/alerts/+/command"
COFFEE = {"kind": "caffeine", "subkind": "coffee", "value": 1, "unit": "cups", "entry_id": "0123456789abcdef"}


def diary_records(home: TestHome) -> list[Diary]:
    return [record for record in home.outbox.added if isinstance(record, Diary)]


def test_a_tap_becomes_one_record_and_the_same_tap_again_does_not_double(home: TestHome) -> None:
    caregiver = home.visitor("caregiver")
    for _ in range(3):
        assert caregiver.send("POST", "/api/v1/entries", COFFEE).status_code == 201
    (record,) = diary_records(home)
    assert (record.kind, record.value, record.author, record.revision, record.person) == (
        "caffeine", 1, "caregiver", 1, "patient",
    )  # fmt: skip
    assert record.at == NOW


def test_a_change_and_a_deletion_are_revisions_and_nothing_is_lost(home: TestHome) -> None:
    caregiver = home.visitor("caregiver")
    caregiver.send("POST", "/api/v1/entries", COFFEE)
    path = f"/api/v1/entries/{COFFEE['entry_id']}"
    changed = {"kind": "caffeine", "subkind": "tea", "value": 2, "unit": "cups"}
    assert caregiver.send("PUT", path, changed).json()["revision"] == 2
    assert caregiver.send("DELETE", path).json()["deleted"] is True
    assert caregiver.get("/api/v1/entries").json() == []
    assert [one["revision"] for one in caregiver.get(path).json()] == [1, 2, 3]
    assert caregiver.send("POST", f"{path}/restore").json()["revision"] == 4
    assert [one["subkind"] for one in caregiver.get("/api/v1/entries").json()] == ["tea"]


def test_a_later_entry_keeps_the_time_it_was(home: TestHome) -> None:
    caregiver = home.visitor("caregiver")
    caregiver.send("POST", "/api/v1/entries", {**COFFEE, "at": (NOW - timedelta(hours=3)).isoformat()})
    (record,) = diary_records(home)
    assert (record.at, record.logged_at) == (NOW - timedelta(hours=3), NOW)


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"kind": "tequila"}, 422),
        ({"kind": "stress", "value": 11}, 422),
        ({"kind": "note"}, 422),
        ({"kind": "symptom"}, 422),
        ({"kind": "stress", "value": 5, "at": (NOW + timedelta(hours=1)).isoformat()}, 400),
        ({"kind": "stress", "value": 5, "at": "1999-01-01T00:00:00Z"}, 400),
        ({"kind": "stress", "value": 5, "surprise": 1}, 422),
        ({"kind": "note", "text": "x" * 5000}, 422),
        ({"kind": "note", "text": "\x00"}, 422),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(home: TestHome, wrong: dict[str, object], status: int) -> None:
    answer = home.visitor("caregiver").send("POST", "/api/v1/entries", wrong)
    assert answer.status_code == status
    assert "\n" not in answer.json()["detail"]
    assert "Value error" not in answer.json()["detail"]
    assert home.outbox.added == []


def test_what_is_not_there_is_said_as_such(home: TestHome) -> None:
    answer = home.visitor("caregiver").send("DELETE", "/api/v1/entries/nowhere-1")
    assert (answer.status_code, answer.json()["detail"]) == (404, "There is no such entry.")


def test_the_list_names_people_as_they_are_called(home: TestHome) -> None:
    caregiver = home.visitor("caregiver")
    caregiver.send("POST", "/api/v1/entries", COFFEE)
    assert "· Caregiver" in caregiver.get("/log").text


def test_changes_of_medication_can_be_logged_without_arranging_buttons(home: TestHome) -> None:
    page = home.visitor("caregiver").get("/log").text
    for name in ("Medicine started", "Medicine stopped", "Dose changed"):
        assert f'data-name="{name}"' in page


def test_too_many_writes_at_once_are_asked_to_wait(home: TestHome) -> None:
    caregiver = home.visitor("caregiver")
    csrf = {"X-CSRF-Token": caregiver.csrf}
    entry = {"kind": "stress", "value": 5}
    answers = [caregiver.client.post("/api/v1/entries", json=entry, headers=csrf) for _ in range(61)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1


def test_logging_a_red_flag_shows_the_fixed_advice_of_its_tier(home: TestHome) -> None:
    page = home.visitor("caregiver").get("/log").text
    for tier in ("emergency", "doctor_today", "clinic"):
        assert home.house.advice.text(tier) in page.replace("&#39;", "'")


def test_one_tap_judges_a_whole_group(home: TestHome) -> None:
    group = [home.hear(spasm(NOW - timedelta(minutes=n))) for n in (1, 2, 3)]
    caregiver = home.visitor("caregiver")
    ids = [{"node": one.node, "spasm_id": one.spasm_id} for one in group]
    answer = caregiver.send("POST", "/api/v1/labels", {"verdict": "voluntary", "spasms": ids})
    assert answer.json() == {"labels": 3}
    labels = [record for record in home.outbox.added if isinstance(record, Label)]
    assert {(label.spasm_id, label.kind, label.side, label.verdict, label.author) for label in labels} == {
        (one.spasm_id, "hemifacial", "left", "voluntary", "caregiver") for one in group
    }
    assert all(one["verdict"] == "voluntary" for one in caregiver.get("/api/v1/spasms").json())
    assert "Nothing to review" in caregiver.get("/review").text


def test_an_unknown_spasm_cannot_be_judged(home: TestHome) -> None:
    unknown = {"verdict": "confirmed", "spasms": [{"node": "cam1", "spasm_id": "nobody"}]}
    assert home.visitor("caregiver").send("POST", "/api/v1/labels", unknown).status_code == 404


@pytest.mark.parametrize("verb", ["acknowledge", "snooze", "unsnooze", "false_alarm"])
def test_an_answer_to_an_alert_goes_to_the_alert_service(home: TestHome, verb: str) -> None:
    home.hear(alert(NOW, alert_id="a-1"), node="alerts")
    answer = home.visitor("caregiver").send("POST", f"/api/v1/alerts/a-1/{verb}", {"id": "tap-00001"})
    assert answer.status_code == 202
    (payload,) = home.bus.broker.payloads("spasmwatch/home/users/caregiver/alerts/a-1/command")
    said = AlertCommand.parse(payload)
    assert (said.id, said.verb, said.actor) == ("tap-00001", verb, "caregiver")
    assert said.until == (NOW + timedelta(hours=1) if verb == "snooze" else None)


def claim(**given: object) -> Claim:
    fields = {
        "id": "c-1",
        "alert_id": "a-1",
        "verb": "acknowledge",
        "actor": "ben",
        "expires": NOW + timedelta(hours=1),
    }
    return Claim.model_validate({**fields, **given})


def test_a_pushs_address_acknowledges_once_without_logging_in_and_looking_does_nothing(home: TestHome) -> None:
    client, token = home.client(), sign(KEY, claim())
    assert client.get(f"/answer/{token}").status_code == 200
    assert home.bus.broker.payloads(COMMANDS) == []
    assert client.post(f"/answer/{token}").status_code == 200
    assert client.post(f"/answer/{token}").status_code == 403
    (payload,) = home.bus.broker.payloads(COMMANDS)
    assert (AlertCommand.parse(payload).actor, AlertCommand.parse(payload).verb) == ("ben", "acknowledge")


def test_a_forged_an_expired_and_a_damaged_address_do_nothing(home: TestHome) -> None:
    forged = sign(b"x" * 32, claim())
    expired = sign(KEY, claim(expires=NOW))
    for token in (forged, expired, "rubbish", sign(KEY, claim())[:-3]):
        assert home.client().post(f"/answer/{token}").status_code == 403
    assert home.bus.broker.payloads(COMMANDS) == []


def test_a_wish_over_mqtt_becomes_an_entry_once_and_an_old_state_none(home: TestHome) -> None:
    wish = DiaryAdd(id="wish-00001", kind="stress", value=7, author="hall")
    home.bus.publish(home.house.topics.diary_add(), wish.payload(), retain=True)
    Presses(home.house)
    assert diary_records(home) == []
    for payload in (wish.payload(), wish.payload(), b"rubbish", b'{"id": "x"}'):
        home.bus.publish(home.house.topics.diary_add(), payload)
    (record,) = diary_records(home)
    assert (record.entry_id, record.value, record.author, record.at) == ("wish-00001", 7, "hall", NOW)


def test_the_homes_button_logs_and_pauses_as_the_settings_map_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    press = {"single": "caffeine/coffee=1", "double": "stress", "hold": "pause=30"}
    buttons = [{"topic": "zigbee2mqtt/Kitchen button", "press": press}]
    with diary_house(tmp_path_factory.mktemp("home"), buttons=buttons) as home:
        home.hear(observation(NOW))
        Presses(home.house)
        for payload in (b'{"action": "single"}', b'{"action": ""}', b"double", b"triple", b'{"action": "hold"}'):
            home.bus.publish("zigbee2mqtt/Kitchen button", payload)
        assert [(one.kind, one.value, one.author) for one in diary_records(home)] == [
            ("caffeine", 1, "button"), ("stress", None, "button"),
        ]  # fmt: skip
        (wish,) = home.bus.broker.payloads("spasmwatch/home/cam1/pause/set")
        assert PauseCommand.parse(wish).until == NOW + timedelta(minutes=30)


def test_what_the_command_line_hands_over_is_taken_in_once(home: TestHome) -> None:
    settings: Settings = home.house.settings
    inbox.hand_over(settings, [DiaryAdd(id="wish-00001", kind="stress", value=7, author="anna", time=NOW)])
    taking = Inbox(inbox.folder(settings), home.house.entries)
    taking.take()
    taking.take()
    assert len(diary_records(home)) == 1
    assert list(inbox.folder(settings).glob("*.jsonl")) == []


def test_what_the_inbox_cannot_understand_is_kept_and_stops_nothing(home: TestHome) -> None:
    settings = home.house.settings
    inbox.hand_over(settings, [DiaryAdd(id="wish-00001", kind="stress", value=70, author="anna")])
    inbox.hand_over(settings, [DiaryAdd(id="wish-00002", kind="stress", value=7, author="anna")])
    Inbox(inbox.folder(settings), home.house.entries).take()
    assert [one.entry_id for one in diary_records(home)] == ["wish-00002"]
    assert "wish-00001" in (inbox.folder(settings) / "refused").read_text()


def test_the_household_arranges_its_buttons(home: TestHome) -> None:
    owner = home.visitor("owner")
    owner.fill("/settings/buttons", what="medication/taken", label="Magnesium pill", value="300", unit="mg")
    for _ in range(15):
        owner.fill("/settings/buttons/move", button="magnesium-pill", to="up")
    owner.fill("/settings/buttons/move", button="stress", to="away")
    assert [button.id for button in home.house.preferences.buttons][:3] == ["magnesium-pill", "coffee", "fatigue"]
    assert "Magnesium pill" in owner.get("/").text
    assert home.house.preferences.buttons[0].ask == "nothing"


def test_a_ten_minute_check_tells_the_agreement_with_its_interval(home: TestHome) -> None:
    start = NOW - timedelta(minutes=10)
    for minute in range(10):
        home.hear(observation(start + timedelta(minutes=minute), 54))
    for minute in (1, 4, 8):
        home.hear(spasm(start + timedelta(minutes=minute)))
    caregiver = home.visitor("caregiver")
    for minute in (1, 4, 6):
        press = {"kind": "symptom", "subkind": "felt_spasm", "unit": "check:1"}
        at = (start + timedelta(minutes=minute, seconds=1)).isoformat()
        assert caregiver.send("POST", "/api/v1/entries", {**press, "at": at}).status_code == 201
    end = {"kind": "note", "subkind": "check", "value": 10, "unit": "check:1", "at": NOW.isoformat()}
    assert caregiver.send("POST", "/api/v1/entries", end).status_code == 201
    page = caregiver.get("/check").text
    assert "Of 3 spasms that were felt the camera saw 2: 67 % (95 % interval 21 to 94 %)." in page
    assert "9 min of 10 min observed." in page


def test_the_push_test_is_proven_only_by_an_answer_from_the_phone(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("home")
    (folder / "acknowledge.key").write_bytes(KEY)
    recipients = [{"name": "ben", "address": "json://phone"}, {"name": "carla", "address": "json://gone"}]
    with diary_house(folder, alerts={"recipients": recipients, "page": "https://spasm.local:8443"}) as home:
        owner = home.visitor("owner")
        assert home.visitor("caregiver").fill("/settings/push-test").status_code == 403
        owner.fill("/settings/push-test")
        page = owner.get("/settings").text
        assert "no answer yet" in page
        assert "the push service said no" in page
        ((_, notification),) = home.pushed
        token = notification.actions[0][1].rsplit("/", 1)[1]
        home.client().post(f"/answer/{token}")
        assert "answered" in owner.get("/settings").text


def test_a_person_who_leaves_is_forgotten_by_the_diary_too(home: TestHome) -> None:
    home.visitor("patient").get("/log")
    caregiver = home.visitor("caregiver")
    caregiver.get("/trends")
    inbox.hand_over(home.house.settings, [DiaryAdd(id="wish-00001", kind="stress", value=7, author="anna")])
    assert forget(home.house.settings, "somebody-else") == 0
    assert forget(home.house.settings, "patient") > 3
    assert [person.name for person in home.house.accounts.people()] == ["caregiver"]
    assert home.house.trail.steps() == []
    assert list(inbox.folder(home.house.settings).iterdir()) == []
