"""A person can leave: the alert service keeps nothing, whether it runs or not."""

from datetime import timedelta
from pathlib import Path

from spasmwatch.settings import Settings
from spasmwatch.settings.home import Home
from spasmwatch_services.alerts.forgetting import forget
from support import make
from support.alerting import NOON, Desk


def burst_and_symptom(desk: Desk, person: str) -> None:
    for number in range(6):
        desk.hear(make.stamped(make.spasm(NOON - timedelta(seconds=60 - number), person=person)))
    desk.hear(make.stamped(make.diary(NOON, kind="symptom", subkind="speech", person=person), "diary"))


def test_everything_of_a_person_goes_and_the_others_stay(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for person in ("anna", "bert"):
        burst_and_symptom(desk, person)
    assert forget(Settings(home=Home(data=tmp_path)), "anna") > 0
    desk.later(seconds=2)
    assert list(desk.engine.people()) == ["bert"]
    assert {alert.key.person for alert in desk.engine.lifecycle.open()} == {"bert"}
    desk.close()
    assert b"anna" not in b"".join(file.read_bytes() for file in tmp_path.glob("alerts.sqlite*"))
    again = Desk(tmp_path)
    assert list(again.engine.people()) == ["bert"]
    again.close()


def test_without_alerts_there_is_nothing_to_forget(tmp_path: Path) -> None:
    assert forget(Settings(home=Home(data=tmp_path)), "anna") == 0
