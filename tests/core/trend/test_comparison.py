"""The comparison of two periods, against what statsmodels and scipy say."""

import numpy as np
import pytest

from spasmwatch.domain.trend.comparison import Comparison, binomial_tail, compare, cusum_step, dispersion, holm
from spasmwatch.domain.trend.family import judge_family


def example() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    hours = np.exp(0.3 * random.standard_normal(63))
    level = np.where(np.arange(63) >= 56, 1.6, 1.0)
    return random.negative_binomial(1 / 0.2, 1 / (1 + 0.2 * 6 * hours * level)), hours


def test_the_rate_ratio_and_its_interval_agree_with_a_negative_binomial_regression() -> None:
    counts, hours = example()
    found = compare(counts[56:], hours[56:], counts[:56], hours[:56])
    assert found is not None
    # statsmodels GLM, NegativeBinomial(alpha=0.2), offset log(hours): 1.846 (1.181 to 2.886)
    assert found.ratio == pytest.approx(1.846, rel=0.03)
    assert found.low == pytest.approx(1.181, rel=0.03)
    assert found.high == pytest.approx(2.886, rel=0.04)


def test_twice_the_observed_time_is_no_worsening() -> None:
    found = compare([12] * 7, [2.0] * 7, [6] * 56, [1.0] * 56)
    assert found is not None
    assert found.ratio == pytest.approx(1.0, abs=0.01)


def test_the_dispersion_is_drawn_towards_the_prior_and_follows_the_data() -> None:
    random = np.random.default_rng(1)
    means = np.full(400, 20.0)
    assert dispersion(random.poisson(means).astype(float), means) <= 0.02
    rough = random.negative_binomial(1 / 0.36, 1 / (1 + 0.36 * 20), 400).astype(float)
    assert dispersion(rough, means) == pytest.approx(0.36, abs=0.08)
    assert dispersion(np.array([3.0]), np.array([3.0])) == 0.2


def test_without_observed_time_there_is_no_comparison() -> None:
    assert compare([0], [0.0], [3], [1.0]) is None


def test_the_binomial_tail_is_exact() -> None:
    assert binomial_tail(10, 40, 0.1) == pytest.approx(0.005063053657834403)
    assert binomial_tail(0, 40, 0.1) == 1.0


def test_holm_rejects_step_by_step() -> None:
    assert holm([0.001, 0.04, 0.02], 0.05) == [True, True, True]
    assert holm([0.03, 0.04, 0.02], 0.05) == [False, False, False]


def test_the_cusum_rises_with_a_doubled_count_and_falls_with_a_usual_one() -> None:
    assert cusum_step(20, 10.0, 0.1) > 0 > cusum_step(10, 10.0, 0.1)


def cell(p: float, ratio: float = 2.0, count: int = 20) -> Comparison:
    return Comparison(2, 1, ratio, 1.1, 3, p, 1 - p, 5, 50, 0.2, count)


def test_a_worse_kind_alone_needs_the_smaller_share_of_alpha() -> None:
    assert judge_family(cell(0.5), {"tic_left": cell(0.0009)}, 0.01, 1.3).cells == ("tic_left",)
    assert not judge_family(cell(0.5), {"tic_left": cell(0.004)}, 0.01, 1.3).any


def test_a_worse_total_passes_its_share_on_to_the_kinds() -> None:
    worse = judge_family(cell(0.001), {"tic_left": cell(0.004), "hemifacial_left": cell(0.9)}, 0.01, 1.3)
    assert worse.total
    assert worse.cells == ("tic_left",)


def test_a_small_ratio_and_few_spasms_are_never_worse() -> None:
    assert not judge_family(cell(1e-6, ratio=1.2), {}, 0.01, 1.3).any
    assert not judge_family(cell(0.5), {"tic_left": cell(1e-6, count=4)}, 0.01, 1.3).any
