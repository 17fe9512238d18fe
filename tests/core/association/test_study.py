"""Verdicts on simulated homes with a known truth, and on histories that have nothing to say."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from spasmwatch.domain.association import Exposures, Finding, History, ObservedTime, associations
from spasmwatch.domain.association.findings import Finding as Judged
from spasmwatch.domain.association.findings import false_discovery_rates, judged
from support.homes import START, Cause, Home, simulate

DAY = 86400.0
ZERO = START.timestamp()


def primary(findings: list[Finding], trigger: str) -> Finding:
    return next(each for each in findings if each.trigger == trigger and each.primary and each.kind == "all")


def verdicts(home: Home, trigger: str, homes: int = 12) -> list[str]:
    return [primary(associations(simulate(home, seed).history()), trigger).verdict for seed in range(homes)]


def test_a_true_trigger_is_found_among_others_that_are_none() -> None:
    home = Home(
        rate=6,
        causes={"caffeine": Cause(2.0, by_clock=True), "screen": Cause(by_clock=True), "stress": Cause(by_day=True)},
    )
    found = [associations(simulate(home, seed).history()) for seed in range(5)]
    assert sum(primary(each, "caffeine").verdict == "more" for each in found) >= 4
    assert sum(primary(each, name).verdict in ("more", "fewer") for each in found for name in ("screen", "stress")) <= 1


def test_a_companion_of_a_true_trigger_is_not_taken_for_one() -> None:
    home = Home(rate=6, causes={"caffeine": Cause(3.0, count=90), "screen": Cause(count=90, beside="caffeine")})
    found = [associations(simulate(home, seed).history()) for seed in range(6)]
    ratios = [primary(each, "screen").ratio or 0.0 for each in found]
    assert all(primary(each, "caffeine").verdict == "more" for each in found)
    assert sum(primary(each, "screen").verdict in ("more", "fewer") for each in found) <= 1
    assert np.median(ratios) == pytest.approx(1.0, abs=0.15)


def test_two_triggers_that_always_come_together_are_told_with_each_other() -> None:
    history = simulate(Home(rate=6, causes={"caffeine": Cause(3.0)}), 1).history()
    coffee = history.exposures["caffeine"]
    cake = Exposures(coffee.start + 60, coffee.end + 60, coffee.dose)
    findings = associations(replace(history, exposures={"caffeine": coffee, "other": cake}))
    for trigger, companion in (("caffeine", "other"), ("other", "caffeine")):
        finding = primary(findings, trigger)
        assert (finding.verdict, finding.together) == ("more", (companion,))


def test_others_that_always_come_together_do_not_hide_a_trigger() -> None:
    home = Home(rate=6, causes={"caffeine": Cause(3.0), "screen": Cause(3.0, count=90)})
    history = simulate(home, 1).history()
    twice = history.exposures | {"bright_light": history.exposures["screen"]}
    assert primary(associations(replace(history, exposures=twice)), "caffeine").verdict == "more"


def test_a_single_kind_of_spasm_is_told_as_itself_and_as_all() -> None:
    findings = associations(simulate(Home(causes={"caffeine": Cause(2.0)}), 1).history())
    everything, itself = ([each for each in findings if each.kind == kind] for kind in ("all", "hemifacial"))
    assert [replace(each, kind="all") for each in itself] == everything


def test_exposures_that_follow_spasms_are_named_reverse_and_never_a_trigger() -> None:
    home = Home(causes={"activity": Cause(reverse=True)})
    told = verdicts(home, "activity")
    assert told.count("reverse") >= 11
    assert "more" not in told


@pytest.mark.parametrize("seed", [3, 17, 37])
def test_a_raised_hour_before_does_not_pass_for_usual(seed: int) -> None:
    home = Home(causes={"caffeine": Cause(2.0, lasts_h=(-1, 0))})
    assert primary(associations(simulate(home, seed).history()), "caffeine").verdict == "reverse"


def test_time_of_day_is_not_taken_for_a_trigger() -> None:
    home = Home(rate=6, time_of_day="evening", causes={"screen": Cause(by_clock=True)})
    told = verdicts(home, "screen", 12)
    assert told.count("more") + told.count("fewer") <= 1


def test_something_that_calms_is_told_as_fewer() -> None:
    home = Home(rate=8, causes={"medication": Cause(0.4, count=90, lasts_h=(1, 4))})
    assert verdicts(home, "medication", 6).count("fewer") >= 4


def test_too_few_exposures_say_how_many_more_are_needed() -> None:
    history = simulate(Home(causes={"caffeine": Cause(2.0, count=5)}), 0).history()
    finding = primary(associations(history), "caffeine")
    assert (finding.verdict, finding.ratio) == ("not_enough_data", None)
    assert finding.needed == 8 - finding.exposures


def test_a_wide_interval_is_not_called_no_association() -> None:
    history = simulate(Home(rate=1.0, causes={"caffeine": Cause(1.0, count=12)}), 3).history()
    finding = primary(associations(history), "caffeine")
    assert finding.verdict == "not_enough_data"
    assert finding.needed


def test_every_trigger_has_one_primary_window_for_each_kind() -> None:
    findings = associations(simulate(Home(causes={"caffeine": Cause(), "stress": Cause()}), 1).history())
    for trigger in ("caffeine", "stress"):
        for kind in ("all", "hemifacial"):
            lines = [each for each in findings if each.trigger == trigger and each.kind == kind]
            assert [each.window for each in lines] == ["0-1h", "1-4h", "4-12h", "before"]
            assert [each.primary for each in lines] == [True, False, False, False]


def sleepless(effect: float, days: int = 90) -> History:
    random = np.random.default_rng(3)
    start = ZERO + DAY * np.arange(days) + 36000
    sleep = random.normal(7, 1.2, days)
    counts = random.poisson(12 * np.exp(effect * (sleep - 7)) * random.gamma(8, 1 / 8, days))
    spasms = np.concatenate(
        [begin + np.sort(random.uniform(0, 7200, n)) for begin, n in zip(start, counts, strict=True)]
    )
    nights = Exposures(start - 10800 - sleep * 3600, start - 10800, sleep)
    observed = ObservedTime.of(start, np.full(days, 7200.0), np.full(days, 7200.0))
    return History(ZoneInfo("UTC"), observed, {"hemifacial": spasms}, {"sleep": nights})


def test_more_sleep_with_fewer_spasms_is_found_day_by_day() -> None:
    finding = primary(associations(sleepless(-0.25)), "sleep")
    assert (finding.window, finding.verdict) == ("same_day", "fewer")
    assert finding.low is not None
    assert finding.high is not None
    assert finding.low < np.exp(-0.5) < finding.high


def test_sleep_that_does_not_matter_is_no_association() -> None:
    assert primary(associations(sleepless(0.0)), "sleep").verdict == "none"


def test_what_is_logged_before_and_after_the_observed_hours_belongs_to_its_day() -> None:
    slept = sleepless(0.0).exposures["sleep"]
    for moments in (
        ZERO + DAY * np.arange(slept.start.size) + 6 * 3600,
        ZERO + DAY * np.arange(slept.start.size) + 82800,
    ):
        history = replace(sleepless(0.0), exposures={"sleep": Exposures(moments, moments, slept.dose)})
        assert primary(associations(history), "sleep").exposures == slept.start.size


def test_too_few_days_say_how_many_more_a_comparison_of_days_takes() -> None:
    history = sleepless(0.0)
    few = Exposures(*(column[:5] for column in (history.exposures["sleep"].start, history.exposures["sleep"].end)),
                    history.exposures["sleep"].dose[:5])  # fmt: skip
    finding = primary(associations(replace(history, exposures={"sleep": few})), "sleep")
    assert (finding.verdict, finding.exposures) == ("not_enough_data", 5)
    assert finding.needed is not None
    assert 5 + finding.needed >= 14 + 3


def test_an_injection_before_the_observed_time_is_not_taken_for_what_sleep_did() -> None:
    random, day = np.random.default_rng(3), np.arange(56)
    hours = np.where(day < 11, random.normal(5, 0.5, 56), random.normal(7.5, 0.5, 56))
    spasms = np.concatenate(
        [ZERO + DAY * each + 32400 + random.uniform(0, 7200, random.poisson(30 if each < 11 else 8)) for each in day]
    )
    start, wake = ZERO + DAY * day + 32400, ZERO + DAY * day + 25200
    history = History(
        ZoneInfo("UTC"),
        ObservedTime.of(start, np.full(56, 7200.0), np.full(56, 7200.0)),
        {"hemifacial": np.sort(spasms)},
        {"sleep": Exposures(wake, wake, hours)},
    )
    assert primary(associations(history), "sleep").verdict == "fewer"
    injected = replace(history, injections=np.array([ZERO - 3 * DAY]))
    assert primary(associations(injected), "sleep").verdict != "fewer"


def test_dose_is_told_where_there_is_one() -> None:
    home = simulate(Home(rate=10, bout=1.001, causes={"caffeine": Cause(3.0, count=100)}), 2)
    history = home.history()
    cups = np.tile([1.0, 2.0], 50)
    exposures = {"caffeine": Exposures(history.exposures["caffeine"].start, history.exposures["caffeine"].end, cups)}
    finding = primary(associations(History(history.zone, history.observed, history.spasms, exposures)), "caffeine")
    assert finding.dose_low is not None
    assert finding.dose_high is not None
    assert finding.dose_low < 1 < finding.dose_high


@pytest.mark.parametrize(
    "history",
    [
        pytest.param(History(ZoneInfo("UTC"), ObservedTime.of([], [], []), {}), id="empty"),
        pytest.param(
            History(ZoneInfo("UTC"), ObservedTime.of([ZERO], [3600], [3600]), {"tic": np.array([ZERO + 5])}),
            id="no exposures",
        ),
    ],
)
def test_a_history_without_anything_to_compare_has_no_findings(history: History) -> None:
    assert associations(history) == []


def test_a_single_day_is_not_enough() -> None:
    one = Exposures(np.array([ZERO + 3600]), np.array([ZERO + 3600]), np.array([1.0]))
    history = History(
        ZoneInfo("Europe/Berlin"),
        ObservedTime.of([ZERO], [14400], [14400]),
        {"tic": ZERO + np.arange(40) * 300.0},
        {"caffeine": one, "sleep": one},
    )
    assert {each.verdict for each in associations(history)} == {"not_enough_data"}


def test_stress_low_on_the_scale_is_no_exposure() -> None:
    start = ZERO + DAY * np.arange(20) + 3600
    history = History(
        ZoneInfo("UTC"),
        ObservedTime.of(ZERO + DAY * np.arange(20), np.full(20, 14400.0), np.full(20, 14400.0)),
        {"tic": np.sort(np.concatenate([start, start + 4000]))},
        {"stress": Exposures(start, start, np.tile([2.0, 8.0], 10))},
    )
    assert primary(associations(history), "stress").exposures == 10


def test_equal_weights_give_benjamini_and_hochberg() -> None:
    from statsmodels.stats.multitest import fdrcorrection

    p = np.random.default_rng(0).uniform(size=30) ** 3
    assert np.allclose(false_discovery_rates(list(p), [1.0] * 30), fdrcorrection(p)[1])


def test_all_spasms_in_the_declared_window_carry_more_weight() -> None:
    declared = Judged("caffeine", "0-1h", "all", True, 50, 500, 1.5, 1.1, 2.0, p=0.02)
    other = [replace(declared, window="1-4h", primary=False), replace(declared, kind="tic")]
    first, *rest = (each.q for each in judged([declared, *other]))
    assert first == pytest.approx(0.02 * 22 / 20)
    assert rest == pytest.approx([0.02 * 22 / 3] * 2)


def test_what_the_same_clock_times_of_other_days_show_too_is_no_trigger() -> None:
    finding = Judged("caffeine", "0-1h", "all", True, 50, 500, 1.9, 1.5, 2.4, p=1e-6, by_clock=True)
    assert judged([finding])[0].verdict == "none"
