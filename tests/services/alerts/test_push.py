"""Apprise to a push service on loopback, the outside heartbeat, and the watch over the alert service."""

import threading
from datetime import timedelta

import pytest

from spasmwatch.adapters.alert_watch import AlertWatch
from spasmwatch.adapters.apprise_push import ApprisePush
from spasmwatch.errors import PushError, PushRefused
from spasmwatch.ports import Notification
from spasmwatch.settings.alerts import Alerts
from spasmwatch_services.alerts.heartbeat import Heartbeat
from support import make
from support.alerting import NOON, TOPICS, HandClock, HandPush
from support.memory_bus import MemoryBus
from support.push_receiver import push_receiver
from support.servers import free_port

NOTE = Notification(
    "Many spasms now",
    "6 spasms within 5 minutes",
    "urgent",
    ("rotating_light",),
    (("Acknowledge", "https://home.example/answer/abc.def"), ("Snooze 1 h", "https://home.example/answer/ghi.jkl")),
)


@pytest.fixture(scope="module")
def push() -> ApprisePush:
    return ApprisePush()


def test_ntfy_gets_title_priority_tags_and_buttons_that_post(push: ApprisePush) -> None:
    with push_receiver() as receiver:
        push.send(receiver.ntfy, NOTE)
    request = receiver.requests[0]
    assert request["body"]["title"] == "Many spasms now"
    assert request["body"]["topic"] == "caregivers"
    assert request["headers"]["X-Priority"] == "max"
    assert request["headers"]["X-Tags"] == "rotating_light"
    assert request["headers"]["X-Actions"] == (
        "http, Acknowledge, https://home.example/answer/abc.def, method=POST, clear=true; "
        "http, Snooze 1 h, https://home.example/answer/ghi.jkl, method=POST, clear=true"
    )


def test_other_services_of_apprise_work_too(push: ApprisePush) -> None:
    with push_receiver() as receiver:
        push.send(f"json://127.0.0.1:{receiver.port}/", NOTE)
    assert receiver.bodies()[0]["message"] == "6 spasms within 5 minutes"


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refused_token_is_final_and_said_without_the_token(push: ApprisePush, status: int) -> None:
    with push_receiver(status) as receiver, pytest.raises(PushRefused, match=f"refused with status {status}") as error:
        push.send(f"ntfy://tk_secret@127.0.0.1:{receiver.port}/hidden", NOTE)
    assert "secret" not in str(error.value)
    assert "hidden" not in str(error.value)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_service_is_worth_a_retry(push: ApprisePush, status: int) -> None:
    with push_receiver(status) as receiver, pytest.raises(PushError, match=str(status)) as error:
        push.send(receiver.ntfy, NOTE)
    assert not isinstance(error.value, PushRefused)


def test_a_service_that_is_away_is_worth_a_retry(push: ApprisePush) -> None:
    with pytest.raises(PushError, match="out of reach") as error:
        push.send(f"ntfy://127.0.0.1:{free_port()}/caregivers", NOTE)
    assert not isinstance(error.value, PushRefused)


def test_an_address_that_nobody_understands_is_said_so(push: ApprisePush) -> None:
    with pytest.raises(PushRefused, match="not understood"):
        push.send("carrier-pigeon://roof", NOTE)


def test_the_watch_tells_once_by_the_second_channel_and_again_when_the_service_is_back() -> None:
    clock, second, bus = HandClock(NOON), HandPush(), MemoryBus()
    settings = Alerts.model_validate({"watchdog": ["mailto://second"], "watchdog_after_s": 300})
    watch = AlertWatch(settings, bus, TOPICS, second, clock)
    health = make.stamped(make.health(NOON, program="alerts"), "alerts").payload()
    for _ in range(10):
        clock.time += timedelta(minutes=1)
        bus.publish(TOPICS.of("alerts", "health"), health)
        watch.look()
    assert second.sent == []
    clock.time += timedelta(minutes=6)
    second.wrong = PushError("away")
    watch.look()
    second.wrong = None
    watch.look()
    watch.look()
    assert [note.title for _, note in second.sent] == ["SpasmWatch: alerts are not running"]
    bus.publish(TOPICS.of("alerts", "health"), health)
    watch.look()
    assert [note.title for _, note in second.sent][1:] == ["SpasmWatch: alerts are running again"]


def test_the_heartbeat_says_when_the_service_no_longer_does_its_rounds() -> None:
    alive = threading.Event()
    alive.set()
    with push_receiver() as receiver:
        heartbeat = Heartbeat(f"http://127.0.0.1:{receiver.port}/ping/", 60, alive.is_set)
        heartbeat.beat()
        alive.clear()
        heartbeat.beat()
    assert [request["path"] for request in receiver.requests] == ["/ping", "/ping/fail"]


def test_an_outside_address_that_is_away_is_only_logged() -> None:
    Heartbeat(f"http://127.0.0.1:{free_port()}", 60, lambda: True).beat()
