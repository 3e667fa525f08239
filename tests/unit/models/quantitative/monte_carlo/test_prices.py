from dataclasses import replace

import numpy as np
import pytest

from contracts.errors import BadInput
from models.quantitative.monte_carlo.dynamics import BlackScholes, Heston
from models.quantitative.monte_carlo.prices import chunk_paths, price
from models.quantitative.monte_carlo.products import (
    AsianOption,
    Autocallable,
    BarrierOption,
    BasketOption,
    DigitalOption,
    EuropeanOption,
    LookbackOption,
    Product,
    evenly_spaced,
)
from models.quantitative.monte_carlo.settings import Settings
from tests.unit.models.quantitative.monte_carlo.cases import BASKET, CASES, FELLER, MARKET, WEIGHTS, Case

MONTHLY = evenly_spaced(1.0, 12)
ASIAN = AsianOption(100.0, MONTHLY, is_call=True)


@pytest.mark.parametrize("method", ["pseudo", "antithetic"])
@pytest.mark.parametrize("has_control", [True, False])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_known_prices_lie_within_three_standard_errors(case: Case, method: str, has_control: bool) -> None:  # noqa: FBT001
    settings = Settings(paths=20_000, seed=11, method=method, control_variate=has_control)  # type: ignore[arg-type]
    scores = []
    for seed in range(6):
        result = price(case.product, case.model, replace(settings, seed=seed))
        scores.append((result.price - case.truth) / result.standard_error)
    assert np.abs(scores).max() < 3.5
    assert abs(np.sum(scores)) < 3.0 * np.sqrt(len(scores))
    assert np.abs(scores).max() > 0.2  # an error that is overstated hides faults


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_points_of_low_discrepancy_agree_with_known_prices(case: Case) -> None:
    result = price(case.product, case.model, Settings(paths=16_384, seed=3, method="sobol", scrambles=16))
    assert abs(result.price - case.truth) < 4.0 * result.standard_error + 1e-9
    assert result.paths == 16_384
    assert result.independent == 16


@pytest.mark.parametrize("model", [MARKET, FELLER])
@pytest.mark.parametrize("method", ["pseudo", "antithetic", "sobol"])
def test_threads_do_not_change_a_bit(model: BlackScholes | Heston, method: str) -> None:
    many = evenly_spaced(1.0, 252)
    settings = Settings(paths=30_001, seed=5, method=method, scrambles=4)  # type: ignore[arg-type]
    settings = replace(settings, paths=3_001) if isinstance(model, Heston) or method == "sobol" else settings
    product = AsianOption(100.0, many, is_call=False)
    one, two, three = (price(product, model, replace(settings, threads=threads)) for threads in (1, 2, 3))
    assert one == two == three
    assert price(product, model, replace(settings, seed=6)).price != one.price


def test_one_seed_is_one_result_and_more_paths_start_with_the_same() -> None:
    small, large = (price(ASIAN, MARKET, Settings(paths=paths, seed=1)) for paths in (8_000, 800_000))
    assert small == price(ASIAN, MARKET, Settings(paths=8_000, seed=1))
    assert large.standard_error == pytest.approx(small.standard_error / 10.0, rel=0.1)
    assert large.price == pytest.approx(small.price, abs=4.0 * small.standard_error)


def test_paths_and_independent_estimates_are_counted() -> None:
    assert price(ASIAN, MARKET, Settings(paths=1_001, method="pseudo"))[2:] == (1_001, 1_001)
    assert price(ASIAN, MARKET, Settings(paths=1_001, method="antithetic"))[2:] == (1_002, 501)
    assert price(ASIAN, MARKET, Settings(paths=1_001, method="sobol", scrambles=8))[2:] == (1_024, 8)
    assert price(ASIAN, MARKET, Settings(paths=1_025, method="sobol", scrambles=8))[2:] == (2_048, 8)


@pytest.mark.parametrize(
    ("product", "gain"),
    [
        (ASIAN, 20.0),
        (EuropeanOption(100.0, 1.0, is_call=True), 2.0),
        (DigitalOption(100.0, 1.0, is_call=True), 1.2),
        (BarrierOption(100.0, 70.0, 1.0, True, "down-out", MONTHLY), 5.0),  # noqa: FBT003
        (LookbackOption(1.0, is_call=True, strike=100.0, observation_years=MONTHLY), 2.0),
        (LookbackOption(1.0, is_call=True), 2.0),
        (AsianOption(100.0, MONTHLY, is_call=True, average="geometric"), 1.5),
        (Autocallable(MONTHLY, 1.05, 0.01, 0.8), 1.2),
    ],
)
def test_controls_take_error_out(product: Product, gain: float) -> None:
    with_control, without = (
        price(product, MARKET, Settings(paths=20_000, method="pseudo", control_variate=on)) for on in (True, False)
    )
    assert with_control.standard_error * gain < without.standard_error
    assert with_control.price == pytest.approx(without.price, abs=4.0 * without.standard_error)


def test_controls_of_baskets_and_of_heston_take_error_out() -> None:
    basket = BasketOption(100.0, 1.0, is_call=True, weights=WEIGHTS)
    for product, model, gain in ((basket, BASKET, 5.0), (ASIAN, FELLER, 1.3)):
        with_control, without = (
            price(product, model, Settings(paths=20_000, method="pseudo", control_variate=on)) for on in (True, False)
        )
        assert with_control.standard_error * gain < without.standard_error
        assert with_control.price == pytest.approx(without.price, abs=4.0 * without.standard_error)


def test_antithetic_pairs_and_low_discrepancy_take_error_out() -> None:
    plain, pairs, points = (
        price(ASIAN, MARKET, Settings(paths=32_768, method=method, control_variate=False))
        for method in ("pseudo", "antithetic", "sobol")
    )
    assert pairs.standard_error < 0.8 * plain.standard_error
    assert points.standard_error < 0.1 * plain.standard_error


def test_progress_is_told_up_to_the_end() -> None:
    heard: list[tuple[int, int]] = []
    settings = Settings(paths=100_000, threads=2)
    told = price(
        AsianOption(100.0, evenly_spaced(1.0, 252), is_call=True), MARKET, settings, lambda *h: heard.append(h)
    )
    assert told.paths == 100_000
    assert heard[-1] == (100_000, 100_000)
    assert [done for done, _ in heard] == sorted({done for done, _ in heard})
    assert len(heard) > 3
    heard.clear()
    price(ASIAN, MARKET, Settings(paths=64, method="sobol", scrambles=4), lambda *h: heard.append(h))
    assert heard == [(16, 64), (32, 64), (48, 64), (64, 64)]


@pytest.mark.parametrize(
    ("dimensions", "paths"), [(1, 8192), (16, 8192), (17, 4096), (252, 512), (2048, 64), (9999, 64)]
)
def test_chunks_stay_in_the_cache(dimensions: int, paths: int) -> None:
    assert chunk_paths(dimensions) == paths


def test_nothing_uncertain_has_no_error() -> None:
    still = BlackScholes(100.0, 0.05, 0.0, 0.0)
    result = price(EuropeanOption(90.0, 2.0, is_call=True), still, Settings(paths=100))
    assert result.price == pytest.approx(100.0 - 90.0 * np.exp(-0.1), abs=1e-12)
    assert result.standard_error == pytest.approx(0.0, abs=1e-12)


def test_too_much_work_is_refused() -> None:
    long = AsianOption(100.0, evenly_spaced(1.0, 10_000), is_call=True)
    with pytest.raises(BadInput, match=r"paths is 17179869184: with 10000 numbers"):
        price(long, MARKET, Settings(paths=1 << 34))
    with pytest.raises(BadInput, match="method is sobol: a path has 22000 numbers"):
        price(EuropeanOption(100.0, 1.0, is_call=True), FELLER, Settings(method="sobol", steps_per_year=11_000))
    with pytest.raises(BadInput, match="steps_per_year asks for 50000 steps"):
        price(EuropeanOption(100.0, 1.0, is_call=True), FELLER, Settings(steps_per_year=50_000))


def test_product_and_model_must_go_together() -> None:
    basket = BasketOption(100.0, 1.0, is_call=True, weights=WEIGHTS)
    with pytest.raises(BadInput, match="model is BlackScholes for a BasketOption"):
        price(basket, MARKET)
    with pytest.raises(BadInput, match="model is CorrelatedBlackScholes for a AsianOption"):
        price(ASIAN, BASKET)
    with pytest.raises(BadInput, match="weights has 2 places: must have 3"):
        price(replace(basket, weights=(0.5, 0.5)), BASKET)
    with pytest.raises(BadInput, match="observation_years is empty: a LookbackOption under Heston"):
        price(LookbackOption(1.0, is_call=True), FELLER)
