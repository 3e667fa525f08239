import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_ingestion.simulator.core.clock import Hours
from data_ingestion.simulator.core.flow import STEPS_PER_S
from data_ingestion.simulator.core.latent import SECONDS
from data_ingestion.simulator.names import latent_of
from data_ingestion.simulator.orders.depth import LEVELS
from data_ingestion.simulator.orders.listing import listed
from data_ingestion.simulator.orders.touch import _held, touch
from data_ingestion.simulator.universe import SYMBOLS, UNIVERSE
from tests.unit.data_ingestion.simulator.orders.made import COLUMNS, FIRST, SESSION, autocorrelation, latent, minute


def test_the_fair_price_is_within_a_tick_of_the_mid() -> None:
    made = minute(FIRST)
    fair = 100 * np.exp(made.segment.path.log_price)
    middle = (made.best.bid + made.best.ask) / 2
    assert np.all(made.best.ask > made.best.bid)
    basis = made.best.stands - (fair - middle)
    assert np.abs(made.best.stands).max() < 1.0
    others = [place for place, symbol in enumerate(SYMBOLS) if symbol != "SPY"]
    assert np.abs(basis[:, others]).max() < 1e-6
    assert np.abs(basis[:, SYMBOLS.index("SPY")]).max() < 1.5


def test_spreads_are_the_names_own() -> None:
    made = minute(FIRST)
    usual = (made.best.ask - made.best.bid).mean(axis=0)
    assert np.all(usual >= 1)
    assert usual == pytest.approx(COLUMNS.spread_ticks + 0.2, rel=0.6)
    assert usual[SYMBOLS.index("SPX")] > usual[SYMBOLS.index("META")] > usual[SYMBOLS.index("SPY")]


def test_spreads_are_widest_at_the_open() -> None:
    market = latent(Hours.EXCHANGE)
    opening, midday = (
        np.mean([touch(market.segment(9_000, at + i), COLUMNS).ask - touch(market.segment(9_000, at + i), COLUMNS).bid
                 for i in range(4)], axis=(0, 1))
        for at in (0, 180)
    )  # fmt: skip
    assert np.all(opening >= midday)
    wide = COLUMNS.spread_ticks >= 3
    assert np.all(opening[wide] > 1.3 * midday[wide])


def test_spreads_are_wider_in_the_seconds_in_which_books_are_thin() -> None:
    best = [minute(FIRST + place).best for place in range(10)]
    spread = np.concatenate([each.ask - each.bid for each in best]).reshape(10 * SECONDS, -1, len(SYMBOLS))
    thinness = np.concatenate([each.thinness for each in best])
    for name in range(len(SYMBOLS)):
        ends, thin = spread[:, -1, name], thinness[:, name]
        assert ends[thin > 0.9].mean() >= ends[thin < 0.5].mean()
    assert spread.max(axis=(0, 1)).min() >= 2


def test_the_mid_has_no_memory_where_nothing_can_be_foreseen() -> None:
    """Rounded prices would: moves of a second would correlate with the next by about −0.04 here."""
    market = latent_of(latent().world._replace(edge=0.0), UNIVERSE)
    middle = np.concatenate(
        [best.bid + best.ask for best in (touch(market.segment(SESSION, at), COLUMNS) for at in range(200, 320))]
    )[::STEPS_PER_S]
    moves = np.diff(middle, axis=0).astype(np.float64)
    kept = [autocorrelation(moves[:, name], 1) for name in range(len(SYMBOLS))]
    assert abs(np.mean(kept)) < 0.012


@given(st.lists(st.floats(-5.0, 5.0), min_size=1, max_size=200), st.integers(1, 2))
def test_a_mid_moves_only_when_it_must_and_then_to_the_fair_price(steps: list[float], width: int) -> None:
    fair = (1_000 + np.cumsum(steps)).tolist()
    wanted = [width + number // 50 % 2 for number in range(len(fair))]
    middles, spreads = _held(fair, wanted, 0.0)
    before = None
    for price, middle, spread in zip(fair, middles, spreads, strict=True):
        assert (middle - spread) % 2 == 0
        assert abs(price - middle) < 2
        if before is not None and (middle, spread) != before:
            assert abs(price - before[0]) >= 1
            assert abs(price - middle) <= 1
        before = middle, spread


def test_spy_is_a_tenth_of_spx_but_for_a_basis_that_moves_without_jumps() -> None:
    spy, spx = SYMBOLS.index("SPY"), SYMBOLS.index("SPX")
    cents = []
    for number in range(FIRST, FIRST + 6):
        best = minute(number).best
        middle = (best.bid + best.ask) / 2
        cents.append(middle[:, spy] / middle[0, spy] - middle[:, spx] / middle[0, spx])
    assert np.abs(np.concatenate(cents)).max() < 5e-5


def test_a_price_is_never_too_low_for_ten_levels() -> None:
    poor = UNIVERSE[0]._replace(symbol="POOR", price=0.02)
    columns = listed([poor])
    best = touch(latent_of(latent().world, [poor]).segment(SESSION, FIRST), columns)
    assert best.bid.min() - (LEVELS - 1) * columns.level_ticks[0] >= 1


def test_a_minute_is_the_same_whatever_names_are_made() -> None:
    market = latent_of(latent().world, UNIVERSE[3:5])
    alone = touch(market.segment(SESSION, FIRST), listed(UNIVERSE[3:5]))
    assert np.array_equal(alone.bid, minute(FIRST).best.bid[:, 3:5])
    assert np.array_equal(alone.thinness, minute(FIRST).best.thinness[:, 3:5])
