"""The chains that the facts are measured on."""

from datetime import date

import numpy as np

from data_ingestion.simulator.facts import simulated_chains, smiles


def test_a_chain_holds_the_quoted_out_of_the_money_side() -> None:
    found = simulated_chains.chain(42, "SPX", date(2026, 3, 4), -1)
    assert len(found.moneyness) > 1_000
    assert (found.bid > 0).all()
    assert (found.ask > found.bid).all()
    assert (found.years > 0).all()
    assert found.delta.max() < 0.62
    assert found.size is not None
    assert found.size.min() >= 1
    # Low strikes cost more, and what is further out of the money is quoted relatively wider.
    assert smiles.skew(found).value < -0.3
    spreads = [one.value for one in smiles.relative_spreads(found)]
    assert spreads == sorted(spreads, reverse=True)


def test_the_same_moment_is_the_same_chain() -> None:
    one, other = (simulated_chains.chain(42, "QQQ", date(2026, 3, 4), 60) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True) if a is not None and b is not None)
