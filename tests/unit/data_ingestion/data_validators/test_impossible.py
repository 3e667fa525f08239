import pytest
from msgspec.structs import replace

from contracts.errors import RejectedRecord
from contracts.events import Event
from data_ingestion.data_validators.impossible import AHEAD_LIMIT_US, EARLIEST_US, SIZE_LIMIT, refuse_impossible
from tests.unit.data_ingestion.data_validators.examples import BOOK, NOW, OPTION, QUOTE, TRADE


@pytest.mark.parametrize("event", [QUOTE, TRADE, BOOK, OPTION], ids=lambda event: type(event).__name__)
def test_good_events_pass_up_to_the_limits(event: Event) -> None:
    refuse_impossible(event, NOW)
    refuse_impossible(event, NOW - AHEAD_LIMIT_US)


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (replace(QUOTE, event_time=EARLIEST_US - 1), "bad_time"),
        (replace(TRADE, event_time=NOW + AHEAD_LIMIT_US + 1), "bad_time"),
        (replace(OPTION, underlying_time=NOW + AHEAD_LIMIT_US + 1), "bad_time"),
        (replace(BOOK, bid_sizes=(1,)), "ragged_book"),
        (replace(BOOK, ask_prices=(10.1, 10.2, 10.3)), "ragged_book"),
        (replace(BOOK, bid_prices=(9.9, 10.0)), "disordered_book"),
        (replace(BOOK, bid_prices=(10.0, 10.0)), "disordered_book"),
        (replace(BOOK, ask_prices=(10.2, 10.1)), "disordered_book"),
        (replace(BOOK, ask_sizes=(3, SIZE_LIMIT + 1)), "absurd_size"),
        (replace(QUOTE, bid_size=SIZE_LIMIT + 1), "absurd_size"),
        (replace(OPTION, ask_size=SIZE_LIMIT + 1), "absurd_size"),
        (replace(TRADE, size=SIZE_LIMIT + 1), "absurd_size"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(event: Event, reason: str) -> None:
    with pytest.raises(RejectedRecord) as refusal:
        refuse_impossible(event, NOW)
    assert refusal.value.reason == reason


def test_strange_but_possible_events_pass() -> None:
    for event in (
        replace(QUOTE, bid=10.2),
        replace(QUOTE, bid=0.0, bid_size=0),
        replace(OPTION, expires_at=NOW - 1),
        replace(BOOK, bid_prices=(), bid_sizes=()),
        replace(BOOK, bid_prices=(), bid_sizes=(), ask_prices=(), ask_sizes=()),
        replace(TRADE, event_time=EARLIEST_US),
    ):
        refuse_impossible(event, NOW)
