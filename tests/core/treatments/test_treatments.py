"""Treatment cycles and before against after, on days with a known truth."""

import numpy as np

from spasmwatch.domain.treatments import DailyCounts, before_and_after, cycles


def days(
    seed: int, wears_off: float = 80, plateau: float = 0.3, injections: tuple[int, ...] = (40, 140)
) -> DailyCounts:
    random = np.random.default_rng(seed)
    day = np.arange(250)
    level = np.ones(250)
    for injection in injections:
        since = day - injection
        held = np.clip((since - 3) / 6, 0, 1) * (1 - np.clip((since - wears_off + 7) / 14, 0, 1))
        level = np.where(since >= 0, plateau**held, level)
    observed = random.lognormal(np.log(7200), 0.4, 250)
    counts = random.poisson(6 * level * random.gamma(8, 1 / 8, 250) * observed / 3600)
    seen = random.random(250) > 0.1
    return DailyCounts(1000 + day[seen], counts[seen].astype(float), observed[seen])


def test_onset_plateau_and_wearing_off_are_found_with_honest_intervals() -> None:
    covered = []
    for seed in range(10):
        for cycle in cycles(days(seed), [1040, 1140]):
            assert cycle.state == "lasted"
            assert cycle.onset is not None
            assert cycle.onset.value <= 14
            assert cycle.plateau is not None
            assert cycle.plateau.high < 0.75
            assert cycle.lasted is not None
            covered.append(cycle.lasted.low <= 80 <= cycle.lasted.high)
    assert sum(covered) >= 17


def test_an_effect_that_still_holds_is_not_given_an_end() -> None:
    (cycle,) = cycles(days(1, wears_off=500, injections=(40,)).between(1000, 1110), [1040])
    assert (cycle.state, cycle.lasted) == ("still_there", None)
    assert cycle.followed_d in (69, 70)  # the very last day may be an unobserved one


def test_an_injection_that_changed_nothing_says_so() -> None:
    states = [cycle.state for seed in range(12) for cycle in cycles(days(seed, plateau=1.0), [1040, 1140])]
    assert states.count("no_clear_effect") >= 22


def test_too_short_a_history_is_not_judged() -> None:
    assert cycles(days(1).between(1030, 1050), [1040])[0].state == "not_enough_data"
    empty = DailyCounts(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0))
    assert cycles(empty, [1040])[0].state == "not_enough_data"
    assert cycles(days(1), []) == []


def test_before_and_after_stops_at_another_treatment() -> None:
    counts = days(3, wears_off=500, injections=(40,))
    assert before_and_after(counts, 1040).verdict == "fewer"
    assert before_and_after(counts, 1060).verdict == "fewer"  # the injection lies in its four weeks before
    assert before_and_after(counts, 1060, others=(1040,)).verdict == "no_clear_change"
    assert before_and_after(counts, 1001).verdict == "not_enough_data"
