import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_processing.feature_engineering.catalogue import OF_BARS
from stream_processing.feature_engineering.timeframes import JOINED, LONGER, TIMEFRAMES, TREND, timeframes

NAMES = {feature.name for feature in TIMEFRAMES}
INTERVALS = (60, *LONGER)
FULL = {interval: {**dict.fromkeys(JOINED, float(interval)), TREND: 1.0} for interval in INTERVALS}


def test_a_bar_is_joined_with_all_longer_ones_and_no_other() -> None:
    values = timeframes(300, FULL)
    intervals = ("15m", "1h", "1d", "1w")
    joined = {f"{name}_at_{interval}" for interval in intervals for name in JOINED}
    assert set(values) == joined | {"trend_agreement", "trend_balance"}
    assert values["rsi_14_at_15m"] == 900.0
    assert set(timeframes(60, FULL)) == NAMES
    assert timeframes(604_800, FULL) == {}


def test_what_has_not_been_said_is_not_joined() -> None:
    assert timeframes(60, {}) == {}
    assert timeframes(60, {60: FULL[60]}) == {}
    assert timeframes(60, {60: FULL[60], 300: {"rsi_14": 3.0}}) == {"rsi_14_at_5m": 3.0}
    assert timeframes(60, {300: {TREND: 3.0}}) == {}


@pytest.mark.parametrize(
    ("ours", "longer", "agreement", "balance"),
    [
        (0.1, (0.2, 0.3), 1.0, 1.0),
        (-0.1, (0.2, -0.3), 0.5, -1 / 3),
        (0.1, (-2.0, -3.0), 0.0, -1 / 3),
        (0.0, (1.0, 0.0), 0.5, 1 / 3),
    ],
)
def test_agreement_worked_out_by_hand(
    ours: float, longer: tuple[float, float], agreement: float, balance: float
) -> None:
    values = timeframes(60, {60: {TREND: ours}, 300: {TREND: longer[0]}, 900: {TREND: longer[1]}})
    assert values == {"trend_agreement": agreement, "trend_balance": pytest.approx(balance)}


@settings(max_examples=30)
@given(
    st.sampled_from(INTERVALS),
    st.dictionaries(
        st.sampled_from(INTERVALS),
        st.dictionaries(st.sampled_from([*JOINED, TREND, "obv"]), st.floats(-9, 9)),
    ),
)
def test_values_are_features_within_their_units(interval_s: int, said: dict[int, dict[str, float]]) -> None:
    values = timeframes(interval_s, said)
    assert set(values) <= NAMES
    assert 0.0 <= values.get("trend_agreement", 0.0) <= 1.0
    assert -1.0 <= values.get("trend_balance", 0.0) <= 1.0
    assert ("trend_agreement" in values) == ("trend_balance" in values)


def test_names_are_those_of_bars_with_an_interval() -> None:
    of_bars = {feature.name for feature in OF_BARS}
    assert {*JOINED, TREND} <= of_bars
    assert len(NAMES) == len(TIMEFRAMES)
    assert not NAMES & of_bars
