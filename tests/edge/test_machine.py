"""What a Raspberry Pi says of heat and power, in files as the kernel has them."""

from pathlib import Path

import pytest

from spasmwatch_edge import machine


@pytest.fixture
def pi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The firmware's word of a Pi 5; its folder is empty yet."""
    monkeypatch.setattr(machine, "FIRMWARE", tmp_path / "platform")
    monkeypatch.setattr(machine, "SENSORS", tmp_path / "hwmon")
    word = tmp_path / "platform" / "soc@107c000000" / "soc@107c000000:firmware" / "get_throttled"
    word.parent.mkdir(parents=True)
    return word


def supply(pi: Path, alarm: str, name: str = "rpi_volt") -> None:
    folder = pi.parents[3] / "hwmon" / "hwmon2"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "name").write_text(f"{name}\n")
    (folder / "in0_lcrit_alarm").write_text(f"{alarm}\n")


@pytest.mark.parametrize(
    ("word", "slow"),
    [("0\n", False), ("1\n", True), ("8\n", True), ("50005\n", True), ("50000\n", False), ("", None), ("?", None)],
)
def test_the_firmware_says_whether_it_is_throttled_now(pi: Path, word: str, slow: bool | None) -> None:
    pi.write_text(word)
    assert machine.throttled() is slow


def test_another_machine_says_nothing(pi: Path) -> None:
    supply(pi, "1", name="coretemp")
    assert machine.throttled() is None


def test_the_kernels_watch_over_the_supply_counts_too(pi: Path) -> None:
    pi.write_text("0\n")
    supply(pi, "0")
    assert machine.throttled() is False
    supply(pi, "1")
    assert machine.throttled() is True


def test_a_dip_between_two_looks_is_told_once(pi: Path) -> None:
    throttling, told = machine.Throttling(), []
    for word in ("20000", "20000", "30000", "30000", "0", "10000", "10008"):
        pi.write_text(f"{word}\n")
        told.append(throttling.look())
    assert told == [False, False, True, False, False, True, True]


@pytest.mark.parametrize(("text", "degrees"), [("48312\n", 48.312), ("", None)])
def test_the_temperature_is_in_degrees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, degrees: float | None
) -> None:
    monkeypatch.setattr(machine, "TEMPERATURE", tmp_path / "temp")
    (tmp_path / "temp").write_text(text)
    assert machine.temperature() == degrees
