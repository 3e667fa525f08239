import numpy as np

from contracts.instruments import parse_occ
from data_ingestion.simulator.latent import SEGMENT_US
from data_ingestion.simulator.option_chains import STRIKES_A_SIDE, chain_of
from data_ingestion.simulator.universe import SYMBOLS, UNIVERSE
from tests.unit.data_ingestion.simulator.moments import SECOND, START, moment


def test_every_name_has_calls_and_puts_on_its_strike_grid() -> None:
    chain = chain_of(START)
    strikes = 2 * STRIKES_A_SIDE + 1
    for place, name in enumerate(UNIVERSE):
        of_name = chain.name == place
        expiries = len(set(chain.expires_at[of_name].tolist()))
        assert of_name.sum() == expiries * strikes * 2
        assert np.all(chain.strike[of_name] % name.strike_step == 0)
        assert chain.strike[of_name].min() < name.price < chain.strike[of_name].max()
        assert chain.is_call[of_name].mean() == 0.5
    assert np.all(np.diff(chain.name) >= 0)


def test_symbols_say_what_the_contracts_are() -> None:
    chain = chain_of(START)
    assert len({contract.symbol for contract in chain.contracts}) == len(chain.contracts)
    for row in range(0, len(chain.contracts), 37):
        contract = chain.contracts[row]
        parsed = parse_occ(contract.symbol)
        assert parsed.underlying == contract.underlying == SYMBOLS[chain.name[row]]
        assert parsed.strike == contract.strike == chain.strike[row]
        assert parsed.expires_at == contract.expires_at == chain.expires_at[row]
        assert parsed.right == contract.right == ("C" if chain.is_call[row] else "P")
        assert contract.style == ("european" if contract.underlying == "SPX" else "american")


def test_a_contract_is_not_quoted_in_the_segment_in_which_it_expires() -> None:
    expiry = moment(2026, 1, 9, 21)
    before = chain_of(expiry - SEGMENT_US - SECOND)
    during = chain_of(expiry - SEGMENT_US)
    assert before.expires_at.min() == expiry
    assert during.expires_at.min() > expiry
    assert before is chain_of(expiry - SEGMENT_US - 2 * SECOND)  # built once, not for every segment
