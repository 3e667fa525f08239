import numpy as np
import pytest

from data_ingestion.simulator import latent
from data_ingestion.simulator.latent import HORIZON_S, STEPS, STEPS_PER_S, YEAR_S, Path, State, advance, first_state
from data_ingestion.simulator.randomness import Run
from data_ingestion.simulator.universe import COUNT, SYMBOLS, UNIVERSE, Floats, column
from tests.unit.data_ingestion.simulator.moments import START

RUN = Run(7, START)
SEGMENTS = 360
"""Six hours."""


@pytest.fixture(scope="module")
def paths() -> list[Path]:
    state, made = first_state(), []
    for segment in range(SEGMENTS):
        path, state = advance(RUN, segment, state)
        made.append(path)
    return made


@pytest.fixture(scope="module")
def seconds(paths: list[Path]) -> dict[str, Floats]:
    """Fields at full seconds, (seconds, names)."""
    fields = ("log_price", "flow", "decoy", "volatility")
    return {name: np.vstack([getattr(path, name)[::STEPS_PER_S] for path in paths]) for name in fields}


def place(symbol: str) -> int:
    return SYMBOLS.index(symbol)


def test_a_segment_begins_in_the_state_in_which_the_last_one_ended() -> None:
    path, state = advance(RUN, 0, first_state())
    following, _ = advance(RUN, 1, state)
    np.testing.assert_array_equal(following.log_price[0], state.log_price)
    np.testing.assert_array_equal(following.flow[0], state.flow)
    np.testing.assert_array_equal(following.decoy[0], state.decoy)
    assert path.log_price.shape == (STEPS, COUNT)
    np.testing.assert_allclose(np.exp(path.log_price[0]), column("price"))


def test_a_segment_depends_on_its_state_and_number_alone() -> None:
    state = State(np.log(column("price")) + 0.1, np.ones(COUNT), np.ones(COUNT), np.zeros(COUNT))
    first, after_first = advance(RUN, 99, state)
    again, after_again = advance(RUN, 99, state)
    other, _ = advance(RUN, 100, state)
    np.testing.assert_array_equal(first.bid, again.bid)
    np.testing.assert_array_equal(after_first.flow, after_again.flow)
    assert not np.array_equal(first.flow, other.flow)


def test_spy_is_a_tenth_of_spx(paths: list[Path]) -> None:
    for path in paths[:20]:
        mids = (path.bid + path.ask) / 2
        ratio = mids[:, place("SPX")] / mids[:, place("SPY")] / 10
        np.testing.assert_allclose(ratio, 1.0, atol=3e-5)


def test_spreads_are_those_of_the_table_or_one_tick_more(paths: list[Path]) -> None:
    spread = paths[0].ask - paths[0].bid
    for name, of_name in zip(UNIVERSE, spread.T, strict=True):
        assert set(of_name.tolist()) == {name.spread_ticks, name.spread_ticks + 1}


def test_the_spread_lies_around_the_fair_price(paths: list[Path]) -> None:
    path = paths[0]
    fair = np.exp(path.log_price) * 100
    slack = 0.51 + 5 * latent.BASIS * fair
    assert np.all(np.abs((path.bid + path.ask) / 2 - fair) <= slack)


def test_pressures_are_standard_and_forget_at_their_half_lives(seconds: dict[str, Floats]) -> None:
    for name, lag_s in (("flow", 10), ("decoy", 3)):
        values = seconds[name]
        assert values.std() == pytest.approx(1.0, abs=0.05)
        kept = np.mean(values[lag_s:] * values[:-lag_s]) / np.mean(values**2)
        assert kept == pytest.approx(0.5, abs=0.05)


def test_volatility_is_what_options_are_priced_at(seconds: dict[str, Floats]) -> None:
    realised = np.diff(seconds["log_price"][::60], axis=0).std(axis=0) * np.sqrt(YEAR_S / 60)
    latent_level = np.sqrt(np.mean(seconds["volatility"] ** 2, axis=0))
    np.testing.assert_allclose(realised / latent_level, 1.0, atol=0.12)


def test_correlations_are_those_of_the_table(seconds: dict[str, Floats]) -> None:
    returns = np.diff(seconds["log_price"], axis=0)
    correlation = np.asarray(np.corrcoef(returns.T))
    by_symbol = {name.symbol: name for name in UNIVERSE}
    for first, second in (("AAPL", "SPY"), ("TSLA", "NVDA"), ("AAPL", "MSFT"), ("QQQ", "SPX")):
        a, b = by_symbol[first], by_symbol[second]
        shared = a.sector_loading * b.sector_loading if a.sector == b.sector else 0.0
        expected = a.market_loading * b.market_loading + shared
        assert correlation[place(first), place(second)] == pytest.approx(expected, abs=0.03)


def test_no_name_loads_more_than_all_of_its_variance() -> None:
    assert np.all(column("market_loading") ** 2 + column("sector_loading") ** 2 <= 1 + 1e-12)


def test_the_truth_is_the_distribution_of_what_follows(seconds: dict[str, Floats]) -> None:
    returns = seconds["log_price"][HORIZON_S:] - seconds["log_price"][:-HORIZON_S]
    known = latent.truth(seconds["flow"][:-HORIZON_S], seconds["volatility"][:-HORIZON_S])
    surprise = ((returns - known.expected_return) / known.standard_deviation)[::HORIZON_S]
    error = 1 / np.sqrt(surprise[:, 0].size)
    assert abs(surprise.mean()) < 4 * error  # ten correlated names: the error of one bounds theirs
    assert surprise.std() == pytest.approx(1.0, abs=0.03)
    strong = known.probability_up > 0.6
    came_true = (returns[strong] > 0).mean()
    assert came_true == pytest.approx(known.probability_up[strong].mean(), abs=0.02)


def test_the_truth_knows_its_limits() -> None:
    volatility = np.full(3, 0.2)
    known = latent.truth(np.array([-1.0, 0.0, 1.0]), volatility)
    assert known.probability_up[1] == 0.5
    assert known.expected_return[1] == 0.0
    assert known.probability_up[0] + known.probability_up[2] == pytest.approx(1.0)
    assert known.probability_up[2] > 0.5
    np.testing.assert_allclose(known.standard_deviation, 0.2 * np.sqrt(HORIZON_S / YEAR_S), rtol=0.12)
    calmer = latent.truth(np.array([1.0]), np.array([0.1]))
    assert calmer.probability_up[0] == pytest.approx(known.probability_up[2])
