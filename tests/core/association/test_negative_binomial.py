"""The day regression against statsmodels."""

import numpy as np
import statsmodels.api as sm

from spasmwatch.domain.association import negative_binomial


def days(seed: int, effect: float = 0.2) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    sleep = random.normal(0, 1, 120)
    trend = np.linspace(-0.5, 0.5, 120)
    observed = random.lognormal(np.log(7200), 0.4, 120)
    mean = observed / 3600 * 3 * np.exp(effect * sleep + 0.3 * trend)
    return np.column_stack((sleep, trend)), random.poisson(mean * random.gamma(4, 1 / 4, 120)).astype(float), observed


def test_coefficients_agree_with_statsmodels_at_the_same_dispersion() -> None:
    design, counts, observed = days(1)
    whole = np.column_stack((np.ones(120), design))
    model = sm.GLM(counts, whole, family=sm.families.NegativeBinomial(alpha=0.3), offset=np.log(observed)).fit(
        tol=1e-12, maxiter=200
    )
    ours = negative_binomial.fixed_dispersion(whole, counts, np.log(observed), 0.3)
    assert np.allclose(ours, model.params, atol=1e-6, rtol=0)


def test_dispersion_and_coefficients_agree_with_full_maximum_likelihood() -> None:
    design, counts, observed = days(2)
    whole = np.column_stack((np.ones(120), design))
    model = sm.NegativeBinomial(counts, whole, offset=np.log(observed / 3600)).fit(
        disp=0, maxiter=500, warn_convergence=False
    )
    ours = negative_binomial.fit(design, counts, observed)
    assert np.allclose(ours.coefficients, model.params[1:3], atol=1e-4)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    unit = np.array([1.0, 0.0])
    covered = 0
    for seed in range(60):
        low, high = negative_binomial.fit(*days(seed)).interval(unit)
        covered += low <= 0.2 <= high
    assert covered >= 53
