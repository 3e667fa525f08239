"""Reports out of chain snapshots: once a day of trading, with the volume of the session before."""

import json
from datetime import date, time

import pytest

from contracts.events import OpenInterestReported, RecordRejected
from contracts.sessions import instant
from data_ingestion.parsing.as_of import AsOf
from data_ingestion.parsing.polygon_chain import parse_chain_snapshot
from tests.servers.polygon_messages import CALL, Record, row

FRIDAY, MONDAY = date(2025, 6, 13), date(2025, 6, 16)
NIGHT, MORNING, NOON = time(3), time(8, 15), time(12)


class Snapshots:
    """What one process sees of a contract."""

    def __init__(self) -> None:
        self.as_of = AsOf(["AAPL"], 0.04, {})

    def seen(self, day: date, clock: time, *, bar: tuple[date, int] | None = None, **change: object) -> Record | None:
        """The report that a row brings; `bar` is the day and the volume of the row's last day of trading."""
        now = instant(day, clock)
        last: Record = {"volume": bar[1], "last_updated": instant(bar[0], min(clock, NOON)) * 1_000} if bar else {}
        record = row(CALL, at=now // 1_000) | {"day": last} | change
        page = json.dumps({"status": "OK", "results": [record]}).encode()
        events = parse_chain_snapshot(page, "AAPL", now, self.as_of).events
        self.rejected = [event.reason for event in events if isinstance(event, RecordRejected)]
        reports = [event for event in events if isinstance(event, OpenInterestReported)]
        if not reports:
            return None
        (found,) = reports
        assert (found.contract, found.underlying, found.event_time, found.simulated) == (CALL[2:], "AAPL", now, False)
        return {"open_interest": found.open_interest, "volume": found.volume}


def test_a_contract_is_reported_when_it_is_first_seen_in_the_morning_of_a_session() -> None:
    snapshots = Snapshots()
    assert snapshots.seen(MONDAY, NIGHT, bar=(FRIDAY, 40)) is None
    assert snapshots.seen(MONDAY, MORNING, bar=(FRIDAY, 40)) == {"open_interest": 8_133, "volume": 40}
    assert snapshots.seen(MONDAY, MORNING, bar=(FRIDAY, 40)) is None
    assert snapshots.seen(MONDAY, NOON, bar=(MONDAY, 7)) is None


def test_the_volume_of_the_session_before_is_remembered_when_the_snapshot_has_begun_the_next() -> None:
    snapshots = Snapshots()
    assert snapshots.seen(FRIDAY, NOON, bar=(FRIDAY, 30)) == {"open_interest": 8_133, "volume": 0}
    assert snapshots.seen(FRIDAY, time(20), bar=(FRIDAY, 55)) is None
    assert snapshots.seen(MONDAY, NIGHT, bar=(MONDAY, 0)) is None
    assert snapshots.seen(MONDAY, NOON, bar=(MONDAY, 9), open_interest=9_000) == {"open_interest": 9_000, "volume": 55}


@pytest.mark.parametrize("bar", [None, (date(2025, 6, 11), 12), (MONDAY, 3)])
def test_a_contract_that_was_not_seen_to_trade_in_the_session_before_has_no_volume(bar: tuple[date, int]) -> None:
    assert Snapshots().seen(MONDAY, NOON, bar=bar) == {"open_interest": 8_133, "volume": 0}


def test_nothing_is_reported_on_days_without_trading_or_without_open_interest() -> None:
    snapshots = Snapshots()
    assert snapshots.seen(date(2025, 6, 14), NOON, bar=(FRIDAY, 40)) is None
    assert snapshots.seen(MONDAY, NOON, bar=(FRIDAY, 40), open_interest=None) is None
    assert snapshots.rejected == []


@pytest.mark.parametrize(("value", "reason"), [(-1, "negative"), (0.5, "fractional_size")])
def test_an_impossible_open_interest_is_rejected_and_asked_again(value: float, reason: str) -> None:
    snapshots = Snapshots()
    assert snapshots.seen(MONDAY, NOON, open_interest=value) is None
    assert snapshots.rejected == [reason]
    assert snapshots.seen(MONDAY, NOON, open_interest=3) == {"open_interest": 3, "volume": 0}


def test_the_same_report_has_the_same_id_in_every_process() -> None:
    def first_id(clock: time) -> str:
        page = json.dumps({"status": "OK", "results": [row(CALL, at=instant(MONDAY, NIGHT) // 1_000)]}).encode()
        events = parse_chain_snapshot(page, "AAPL", instant(MONDAY, clock), AsOf(["AAPL"], 0.04, {})).events
        return events[0].event_id

    assert first_id(MORNING) == first_id(NOON)


def test_what_is_known_of_expired_contracts_is_forgotten() -> None:
    snapshots = Snapshots()
    snapshots.seen(MONDAY, NOON, bar=(FRIDAY, 40))
    assert snapshots.as_of.quotes
    snapshots.as_of.forget_expired(instant(date(2027, 1, 16), NOON))
    assert not snapshots.as_of.quotes
    assert not snapshots.as_of.volumes
    assert not snapshots.as_of.reported
