"""Facts of chains, on a smile drawn with a ruler."""

import numpy as np
import pytest

from data_ingestion.simulator.facts import smiles


def chain(skew: float = -1.2, term: float = 0.1, spread: float = 0.05) -> smiles.Chain:
    days = np.repeat([10.0, 30.0, 45.0, 120.0], 81)
    years = days / 365
    place = np.tile(np.linspace(-0.5, 0.3, 81), 4)
    volatility = 0.2 * (years / 0.1) ** term * (1 + skew * place)
    delta = np.clip(0.5 - np.abs(place), 0.03, 0.5)
    mid = 0.1 + delta
    return smiles.Chain(
        place * np.sqrt(years), years, volatility, mid * (1 - spread / 2), mid * (1 + spread / 2), delta
    )


def test_the_slope_of_the_put_wing() -> None:
    found = smiles.skew(chain(term=0.0))
    assert found.value == pytest.approx(-1.2)
    assert found.error < 1e-6


def test_volatility_below_the_money() -> None:
    assert smiles.curvature(chain()) == pytest.approx(0.3, rel=0.01)


def test_the_term_structure_is_a_power_of_time() -> None:
    assert smiles.term_slope(chain(term=0.1)).value == pytest.approx(0.1, abs=1e-6)
    assert smiles.term_slope(chain(term=-0.2)).value == pytest.approx(-0.2, abs=1e-6)


def test_spreads_are_told_apart_by_delta() -> None:
    assert [found.value for found in smiles.relative_spreads(chain())] == pytest.approx([0.05] * 3)


def test_a_line_has_the_errors_of_least_squares() -> None:
    random = np.random.default_rng(1)
    place = np.linspace(-1, 1, 400)
    errors = []
    for _ in range(200):
        _, slope = smiles.line(place, 1 + 2 * place + random.standard_normal(400))
        errors.append((slope.value - 2) / slope.error)
    assert 0.85 < float(np.std(errors)) < 1.15


def test_sizes_are_those_of_a_month_or_two_ahead_where_they_are_known() -> None:
    made = chain()
    assert smiles.sizes(made) == ()
    near = (made.years * 365 >= 20) & (made.years * 365 <= 60)
    sized = made._replace(size=np.where(near, 100.0, 1.0))
    assert dict(smiles.sizes(sized))["50%"] == 100.0
    assert [share for share, _ in smiles.sizes(sized)] == ["10%", "25%", "50%", "75%", "90%"]
