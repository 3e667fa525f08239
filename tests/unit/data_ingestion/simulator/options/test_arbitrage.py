import numpy as np
import pytest

from data_ingestion.simulator.options.arbitrage import Quoted, Violations, violations
from data_ingestion.simulator.options.fair import Rows, Terms, fair
from tests.unit.data_ingestion.simulator.options.states import count, scene

STRIKES = np.arange(80.0, 121.0, 5.0)
YEARS = np.array([30.0, 90.0]) / 365


def market(*, american: bool) -> tuple[Terms, Quoted]:
    """A small chain at its fair prices, two cents wide each way."""
    full = np.ones(2)
    given = Terms(
        np.zeros(2, np.int64), YEARS, 0.04 * full, 0.01 * full, 0.04 * YEARS, -0.5 * full, full,
        np.full(2, american),
    )  # fmt: skip
    size = STRIKES.size
    rows = Rows(
        expiry=np.repeat([0, 0, 1, 1], size),
        spot=np.full(4 * size, 100.0),
        strike=np.tile(STRIKES, 4),
        is_call=np.tile(np.repeat([True, False], size), 2),
        shares=np.ones(4 * size),
    )
    price = fair(given, rows).price
    return given, Quoted(rows.expiry, rows.spot, rows.strike, rows.is_call, price - 0.02, price + 0.02)


def row(quoted: Quoted, expiry: int, strike: float, *, is_call: bool) -> int:
    found = (quoted.expiry == expiry) & (quoted.strike == strike) & (quoted.is_call == is_call)
    return int(np.flatnonzero(found)[0])


def found(
    field: str, expiry: int, strike: float, by: float, *, is_call: bool = True, american: bool = True
) -> Violations:
    """The violations once one bid or ask is moved."""
    given, quoted = market(american=american)
    values = getattr(quoted, field).copy()
    values[row(quoted, expiry, strike, is_call=is_call)] += by
    return violations(given, quoted._replace(**{field: values}))


@pytest.mark.parametrize("american", [True, False])
def test_fair_quotes_have_none_in_any_order(*, american: bool) -> None:
    given, quoted = market(american=american)
    assert violations(given, quoted).total == 0
    order = np.random.default_rng(0).permutation(quoted.bid.size)
    assert violations(given, Quoted(*(column[order] for column in quoted))).total == 0  # type: ignore[arg-type]


@pytest.mark.parametrize("american", [True, False])
@pytest.mark.parametrize("is_call", [True, False])
def test_a_bid_too_high_makes_a_butterfly(*, is_call: bool, american: bool) -> None:
    assert found("bid", 0, 100.0, 1.2, is_call=is_call, american=american).butterfly > 0


@pytest.mark.parametrize("american", [True, False])
@pytest.mark.parametrize("is_call", [True, False])
def test_an_ask_too_low_makes_a_vertical_and_a_calendar(*, is_call: bool, american: bool) -> None:
    strike = 95.0 if is_call else 105.0
    seen = found("ask", 1, strike, -4.0 if is_call else -5.8, is_call=is_call, american=american)
    assert seen.vertical > 0
    assert seen.calendar > 0


@pytest.mark.parametrize("american", [True, False])
def test_the_two_rights_must_agree(*, american: bool) -> None:
    both = found("bid", 0, 100.0, 0.6, american=american), found("ask", 0, 100.0, -0.6, american=american)
    assert both[0].parity + both[1].parity > 0
    assert found("ask", 0, 100.0, -0.6, is_call=False, american=False).parity > 0


@pytest.mark.parametrize("american", [True, False])
def test_nothing_is_offered_below_exercise_or_bid_above_what_it_can_pay(*, american: bool) -> None:
    assert found("ask", 0, 120.0, -0.2, is_call=False, american=american).bounds == 1
    assert found("ask", 0, 80.0, -1.0, american=american).bounds == 1
    assert found("bid", 1, 80.0, 90.0, american=american).bounds == 1
    assert found("bid", 0, 100.0, 0.05, american=american).bounds == 1  # crossed


def test_what_nobody_bids_for_cannot_be_sold() -> None:
    given, quoted = market(american=True)
    nobody = quoted._replace(bid=np.zeros(quoted.bid.size), ask=quoted.ask + 0.5)
    assert violations(given, nobody).total == 0


def test_fair_prices_themselves_are_free_of_arbitrage_to_a_hundredth_of_a_cent() -> None:
    """So what the spreads hide is that little; see `fair.SCHEME` and `fair.LEAST_PREMIUM`."""
    for seed in range(8):
        shown = scene(seed, expiries_each=6, strikes_each=30)
        rows, price = shown.rows, fair(shown.given, shown.rows).price
        seen = violations(
            shown.given, Quoted(rows.expiry, rows.spot, rows.strike, rows.is_call, price - 1e-4, price + 1e-4)
        )
        assert seen.total == 0, seen


def test_no_generated_chain_can_be_traded_at_a_profit_whatever_the_state_of_the_market() -> None:
    chains, seen = count(30, seed=1_000, expiries_each=6, strikes_each=30)
    assert chains == 330
    assert seen.total == 0, seen


def test_no_whole_chain_can_be_traded_at_a_profit() -> None:
    chains, seen = count(1, seed=2_000)
    assert chains == 11
    assert seen.total == 0, seen
