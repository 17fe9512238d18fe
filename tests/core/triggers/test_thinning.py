"""Readings: every change that a person would call one, few of the others, and a sign of life."""

from datetime import UTC, datetime, timedelta

from spasmwatch.domain.triggers.measurement import Measurement
from spasmwatch.domain.triggers.thinning import Thinner, Thinning
from spasmwatch.domain.triggers.vocabulary import reading_kind, standard

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def reading(seconds: float, value: float, *, baseline: bool = False) -> Measurement:
    at = START + timedelta(seconds=seconds)
    return Measurement("esphome", "node", "temperature", float(value), at, at, baseline=baseline)


def kept(limits: Thinning, values: list[tuple[float, float]]) -> list[float]:
    thinner = Thinner(limits)
    return [value for at, value in values if thinner.offer(reading(at, value))]


def test_what_stays_within_the_dead_band_is_left_out_until_the_longest_interval() -> None:
    values = [(0.0, 20.0), (60.0, 20.2), (120.0, 20.4), (180.0, 20.3), (1000.0, 20.4), (1920.0, 20.4)]
    assert kept(Thinning(dead_band=0.3, longest_s=1800), values) == [20.0, 20.4, 20.4]


def test_at_its_edge_a_value_is_within_the_dead_band_wherever_it_lies() -> None:
    for start in (20.0, 20.1, 20.3, 21.7, 400.2):
        assert kept(Thinning(dead_band=0.3), [(0.0, start), (60.0, start + 0.3), (120.0, start + 0.31)]) == [
            start,
            start + 0.31,
        ]


def test_a_relative_dead_band_follows_the_level() -> None:
    values = [(0.0, 100.0), (60.0, 119.0), (120.0, 1000.0), (180.0, 1150.0), (240.0, 1300.0)]
    assert kept(Thinning(dead_band=10, dead_share=0.2), values) == [100.0, 1000.0, 1300.0]


def test_a_change_that_comes_too_soon_waits_and_is_kept_if_it_lasts() -> None:
    thinner = Thinner(Thinning(dead_band=1, shortest_s=10))
    assert thinner.offer(reading(0, 20))
    assert not thinner.offer(reading(3, 25))
    assert not thinner.offer(reading(4, 20))
    assert thinner.due((START + timedelta(seconds=11)).timestamp()) is None
    assert not thinner.offer(reading(15, 20))
    assert thinner.offer(reading(20, 30))
    assert not thinner.offer(reading(23, 40))
    held = thinner.due((START + timedelta(seconds=31)).timestamp())
    assert held is not None
    assert (held.value, held.time) == (40, START + timedelta(seconds=23))


def test_a_baseline_is_no_reading() -> None:
    thinner = Thinner(Thinning())
    assert not thinner.offer(reading(0, 20, baseline=True))
    assert thinner.offer(reading(60, 20))


def test_units_come_to_those_of_the_project() -> None:
    assert standard(68.0, "°F") == (20.0, "°C")
    assert standard(1.2, "kW") == (1200.0, "W")
    assert standard(36.0, "km/h") == (10.0, "m/s")
    assert standard(5.0, "parsec") == (5.0, "parsec")


def test_names_and_units_say_what_is_a_reading_of_the_room() -> None:
    assert reading_kind("bedroom_temperature", "°C") == ("temperature", "°C")
    assert reading_kind("illuminance", None) == ("bright_light", "lx")
    assert reading_kind("sensor.desk", "lx") == ("bright_light", "lx")
    assert reading_kind("co2", "ppm") == ("air", "ppm")
    for name in ("device_temperature", "soil_humidity", "temperature_calibration", "freezer_temperature", "battery"):
        assert reading_kind(name, None) is None
    assert reading_kind("temperature", "ppm") is None
