"""The conditional Poisson fit against statsmodels and against the truth."""

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray

from spasmwatch.domain.association import conditional
from spasmwatch.domain.association.cells import Calendar, Cells
from spasmwatch.domain.association.conditional import NoEstimate
from spasmwatch.domain.association.within_day import prepare, windows_fit
from support.homes import Cause, Home, simulate

FAMILY = Home(
    causes={
        "caffeine": Cause(2.0, by_clock=True),
        "stress": Cause(2.0, by_day=True),
        "screen": Cause(by_clock=True, beside="caffeine"),
    }
)
HOME = Home(causes={"caffeine": Cause(2.0, by_clock=True)})


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("layout", ["blocks", "evening"])
def test_estimates_agree_with_a_poisson_glm_with_day_dummies(seed: int, layout: str) -> None:
    history = simulate(Home(days=30, causes=HOME.causes, layout=layout), seed).history()
    calendar = Calendar.of(history.observed.edges[0], history.observed.edges[-1], history.zone)
    comparison = prepare(history, calendar, "caffeine", history.exposures["caffeine"])
    chosen = [0, 3]
    cut = comparison.cells
    design = np.hstack([cut.exposed[:, chosen].astype(float), comparison.hours])

    ours = conditional.fit(design, cut.spasms[:, 0], cut.observed, cut.day)

    assert np.allclose(ours.coefficients, with_day_dummies(cut, design), atol=1e-6, rtol=0)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("trigger", ["caffeine", "screen"])
def test_estimates_with_other_triggers_held_equal_agree_with_a_poisson_glm(seed: int, trigger: str) -> None:
    history = simulate(FAMILY, seed).history()
    calendar = Calendar.of(history.observed.edges[0], history.observed.edges[-1], history.zone)
    others = [name for name in FAMILY.causes if name != trigger]
    comparison = prepare(history, calendar, trigger, history.exposures[trigger], others)
    cut = comparison.cells
    design = np.hstack([cut.exposed.astype(float), cut.beside.astype(float), comparison.hours])

    ours = windows_fit(comparison, 0, range(cut.exposed.shape[1]))

    assert cut.beside.shape[1] == 2
    assert np.allclose(ours.coefficients, with_day_dummies(cut, design), atol=1e-6, rtol=0)


def with_day_dummies(cut: Cells, design: NDArray[np.float64]) -> NDArray[np.float64]:
    """The coefficients of the design in a Poisson GLM of statsmodels with a dummy for each day."""
    spasms = cut.spasms[:, 0]
    days = np.unique(cut.day)
    with_spasms = np.isin(cut.day, [day for day in days if spasms[cut.day == day].sum() > 0])
    dummies = (cut.day[:, None] == np.unique(cut.day[with_spasms])[None, :]).astype(float)
    whole = np.hstack([design, dummies])[with_spasms]
    model = sm.GLM(
        spasms[with_spasms], whole, family=sm.families.Poisson(), offset=np.log(cut.observed[with_spasms])
    ).fit(tol=1e-12, maxiter=200)
    return np.asarray(model.params[: design.shape[1]])


def test_the_windows_that_are_estimated_leave_out_hours_of_windows_that_are_not() -> None:
    history = simulate(HOME, 0).history()
    calendar = Calendar.of(history.observed.edges[0], history.observed.edges[-1], history.zone)
    comparison = prepare(history, calendar, "caffeine", history.exposures["caffeine"])
    assert windows_fit(comparison, 0, [0]).coefficients[0] == pytest.approx(np.log(2), abs=0.6)


def test_intervals_are_wider_than_model_based_ones_when_spasms_come_in_bouts() -> None:
    random = np.random.default_rng(5)
    day = np.repeat(np.arange(80), 4)
    exposed = np.tile([0.0, 1.0, 0.0, 1.0], 80)
    bouts = random.poisson(1.0, day.size)
    counts = np.array([random.geometric(1 / 5, bout).sum() for bout in bouts], dtype=float)
    result = conditional.fit(exposed[:, None], counts, np.full(day.size, 3600.0), day)
    low, high = result.interval(np.array([1.0]))
    naive = 2 * 1.96 * np.sqrt(1 / counts[exposed == 1].sum() + 1 / counts[exposed == 0].sum())
    assert high - low > 1.7 * naive


def test_days_without_spasms_and_days_without_contrast_change_nothing() -> None:
    random = np.random.default_rng(1)
    day = np.repeat(np.arange(30), 2)
    exposed = np.tile([0.0, 1.0], 30)
    counts = random.poisson(3, 60).astype(float)
    counts[:6] = 0
    whole = conditional.fit(exposed[:, None], counts, np.full(60, 600.0), day)
    without = conditional.fit(exposed[6:, None], counts[6:], np.full(54, 600.0), day[6:])
    assert np.allclose(whole.coefficients, without.coefficients)
    assert np.allclose(whole.covariance, without.covariance)


@pytest.mark.parametrize(
    ("exposed", "counts"),
    [
        pytest.param([0, 1] * 4, [0] * 8, id="no spasm at all"),
        pytest.param([0] * 8, [1] * 8, id="no exposure"),
        pytest.param([0, 1] * 4, [2, 0] * 4, id="no spasm in the window"),
        pytest.param([0, 1], [2, 3], id="a single day"),
    ],
)
def test_what_the_data_cannot_tell_is_not_estimated(exposed: list[int], counts: list[int]) -> None:
    day = np.arange(len(exposed)) // 2
    with pytest.raises(NoEstimate):
        conditional.fit(
            np.array(exposed, dtype=float)[:, None], np.array(counts, dtype=float), np.full(len(day), 600.0), day
        )
