"""The pause and the hours of watching: who may stop and start the camera, whatever the disk does."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from spasmwatch.domain.topics import PauseCommand, PauseState
from spasmwatch.errors import SettingsError
from spasmwatch_edge.button import PauseButton
from spasmwatch_edge.pause import Pause
from spasmwatch_edge.schedule import Hours

BERLIN = ZoneInfo("Europe/Berlin")


def berlin(hour: int, minute: int = 0, day: int = 10, month: int = 6) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


class Device:
    """A pause with a clock that the test sets."""

    def __init__(self, folder: Path, now: datetime, *hours: str) -> None:
        self.time, self.told = now, list[PauseState]()
        self.path = folder / "pause.json"
        closed_until = Hours(hours, "Europe/Berlin").closed_until
        self.pause = Pause(self.path, lambda: self.time.astimezone(UTC), self.told.append, closed_until)

    def at(self, moment: datetime) -> bool:
        self.time = moment
        return self.pause.on

    def command(self, verb: str, *, patient: bool, until: datetime | None = None) -> None:
        fields = {
            "id": f"{verb} {patient} {self.time}",
            "verb": verb,
            "actor": "anna",
            "patient": patient,
            "until": until,
        }
        self.pause.obey(PauseCommand.model_validate(fields | {"time": self.time}))


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        (berlin(8), None),
        (berlin(12, 30), berlin(20)),
        (berlin(1, 29), None),
        (berlin(1, 30), berlin(7)),
        (berlin(6, 59), berlin(7)),
    ],
)
def test_hours_may_run_past_midnight(moment: datetime, opens: datetime | None) -> None:
    assert Hours(["07:00-12:30", "20:00-01:30"], "Europe/Berlin").closed_until(moment) == opens


def test_hours_follow_the_wall_clock_on_the_day_on_which_it_changes() -> None:
    hours = Hours(["07:00-22:00"], "Europe/Berlin")
    assert hours.closed_until(berlin(23, day=28, month=3)) == datetime(2026, 3, 29, 5, tzinfo=UTC)
    assert hours.closed_until(berlin(23, day=24, month=10)) == datetime(2026, 10, 25, 6, tzinfo=UTC)


def test_without_hours_and_round_the_clock_the_camera_may_always_watch() -> None:
    assert Hours([], "UTC").closed_until(berlin(3)) is None
    assert Hours(["00:00-00:00"], "UTC").closed_until(berlin(3)) is None


def test_outside_of_its_hours_the_camera_is_paused_until_they_begin(tmp_path: Path) -> None:
    device = Device(tmp_path, berlin(21, 59), "07:00-22:00")
    assert not device.pause.on
    assert device.at(berlin(22))
    assert device.told[-1].until == berlin(7, day=11)
    assert device.told[-1].by == "hours"
    assert not device.at(berlin(7, day=11))


def test_only_the_patient_starts_it_outside_of_its_hours_and_until_they_end_again(tmp_path: Path) -> None:
    device = Device(tmp_path, berlin(23), "07:00-22:00")
    assert device.pause.on
    device.command("resume", patient=False)
    assert device.pause.on
    device.command("resume", patient=True)
    assert not device.at(berlin(2, day=11))
    assert not device.at(berlin(12, day=11))
    assert device.at(berlin(22, day=11))


def test_a_longer_pause_is_not_ended_by_the_hours(tmp_path: Path) -> None:
    device = Device(tmp_path, berlin(21), "07:00-22:00")
    device.command("pause", patient=True, until=berlin(9, day=11))
    assert device.at(berlin(23))
    assert device.at(berlin(8, day=11))
    assert not device.at(berlin(9, day=11))


def test_a_pause_that_the_disk_does_not_take_holds_and_is_kept_later(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.write_text("in the way")
    device = Device(folder, berlin(12))
    device.command("pause", patient=True)
    assert device.at(berlin(13))
    folder.unlink()
    assert device.at(berlin(14))
    assert Device(folder, berlin(15)).pause.on


def test_somebody_at_the_device_ends_a_pause_by_the_command(tmp_path: Path) -> None:
    device = Device(tmp_path, berlin(12))
    device.command("pause", patient=False, until=berlin(12) + timedelta(hours=5))
    device.path.unlink()  # what `spasmwatch edge resume` does
    assert not device.pause.on


def test_the_button_at_the_device_pauses_and_resumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = pins(monkeypatch)
    device = Device(tmp_path, berlin(12))
    button = PauseButton(17, device.pause.press)
    made[17].when_pressed()
    assert device.pause.on
    assert device.told[-1].by == "button"
    made[17].when_pressed()
    assert not device.pause.on
    button.close()
    assert made[17].closed


def test_a_pin_that_cannot_be_used_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    pins(monkeypatch, broken=True)
    with pytest.raises(SettingsError, match="pause_pin 17: this pin cannot be used"):
        PauseButton(17, lambda: None)


def test_without_the_library_the_pin_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "gpiozero", None)
    with pytest.raises(SettingsError, match="apt install python3-gpiozero"):
        PauseButton(17, lambda: None)


def pins(monkeypatch: pytest.MonkeyPatch, *, broken: bool = False) -> dict[int, "Pin"]:
    """gpiozero as the button uses it; the pins by their number."""
    import sys
    import types

    made: dict[int, Pin] = {}

    class GPIOZeroError(Exception):
        pass

    def button(pin: int, *, pull_up: bool, bounce_time: float) -> Pin:
        if broken:
            raise GPIOZeroError("busy")
        made[pin] = Pin()
        return made[pin]

    library, errors = types.ModuleType("gpiozero"), types.ModuleType("gpiozero.exc")
    library.Button, errors.GPIOZeroError = button, GPIOZeroError  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "gpiozero", library)
    monkeypatch.setitem(sys.modules, "gpiozero.exc", errors)
    return made


class Pin:
    """One button."""

    closed = False

    def when_pressed(self) -> None:
        """Replaced by the program."""

    def close(self) -> None:
        self.closed = True
