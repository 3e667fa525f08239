import itertools
import logging
import threading
from collections.abc import Iterator
from email.utils import formatdate

import pytest

from contracts.errors import ConfigError, OptionsAIError, PartError, ProviderError
from contracts.events import Event, OptionTraded, QuoteReceived, TimePassed
from contracts.sessions import MICROS
from data_ingestion.api_clients.polygon import ALLOWANCE_US, TELL_EVERY_US
from tests.integration.data_ingestion.polygon_run import QUICK, Run
from tests.servers.polygon import Fault, PolygonServer, Scene
from tests.servers.polygon_messages import CALL, KEY, NOW_MS, NOW_US, PUT, quote, row, trade


@pytest.fixture
def server() -> Iterator[PolygonServer]:
    with PolygonServer() as server:
        server.chains = {"AAPL": [row(CALL), row(PUT)]}
        yield server


def ended(run: Run) -> OptionsAIError:
    """The error that ended a run by itself."""
    run.join()
    assert isinstance(run.error, OptionsAIError)
    return run.error


def test_both_feeds_and_the_chain_arrive_with_the_time_of_their_arrival(server: PolygonServer) -> None:
    server.stocks.scenes = [Scene([[quote(q=1), trade(q=2)]])]
    server.options.scenes = [Scene([[quote(CALL, 20.0, 20.5, q=9)]])]
    with Run(server) as run:
        run.until(lambda: bool(run.quotes() and run.option_quotes()), "a quote of each feed")
    assert run.error is None
    assert {due for _, due in run.published} == {NOW_US}
    assert {event.contract for event in run.option_quotes(live=False)} == {CALL[2:], PUT[2:]}
    (live,) = run.option_quotes()
    assert (live.underlying_price, live.rate, live.sequence) == (200.0, 0.04, 9)
    assert server.stocks.subscribed == {"Q.AAPL", "T.AAPL"}
    assert server.options.subscribed == {f"{kind}.{contract}" for kind in "QT" for contract in (CALL, PUT)}


def test_the_key_is_in_a_header_and_in_no_address_and_in_no_log(
    server: PolygonServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.stocks.scenes = [Scene([[quote(q=1)]])]
    with Run(server) as run:
        run.until(lambda: bool(run.quotes() and server.asked and server.options.keys), "both feeds and the chain")
    assert server.stocks.keys == [KEY]
    assert {asked.authorization for asked in server.asked} == {f"Bearer {KEY}"}
    assert all(KEY not in asked.target for asked in server.asked)
    assert all(KEY not in record.getMessage() for record in caplog.records if record.name != "websockets.server")
    assert all(KEY not in repr(call) for call in run.log.calls)
    assert KEY not in repr(vars(run)) + repr(run.source)


@pytest.mark.parametrize("then", ["drop", "close"])
def test_after_a_disconnect_everything_sent_from_then_on_arrives(server: PolygonServer, then: str) -> None:
    end = Scene([[quote(q=n)] for n in range(1, 4)], then=then)  # type: ignore[arg-type]
    server.stocks.scenes = [end, end, Scene([[quote(q=n)] for n in range(2, 200)])]
    with Run(server) as run:
        run.until(lambda: 199 in run.sequences(), "the last quote of the third connection")
    assert run.sequences()[-198:] == list(range(2, 200))
    assert server.stocks.subscribed == {"Q.AAPL", "T.AAPL"}
    assert run.source.health().connections >= 3


def test_what_is_said_again_after_a_reconnect_has_the_same_id(server: PolygonServer) -> None:
    frames = [[quote(CALL, 20.0, 20.5, q=n)] for n in range(1, 51)]
    server.options.scenes = [Scene(frames, then="close"), Scene([*frames, [quote(CALL, 20.0, 20.5, q=51)]])]
    with Run(server) as run:
        run.until(lambda: any(event.sequence == 51 for event in run.option_quotes()), "the quote after the repeats")
    events = run.option_quotes()
    assert len({event.event_id for event in events}) == 51
    assert max(event.sequence for event in events) == 51
    assert len(events) == 101


def test_a_silent_feed_is_connected_anew(server: PolygonServer) -> None:
    server.stocks.scenes = [Scene([[quote(q=1)]]), Scene(), Scene([[quote(q=2)]])]
    with Run(server, silence_s=0.3) as run:
        run.until(lambda: 2 in run.sequences(), "the quote after two silences")
    assert server.stocks.connections >= 3
    assert any("silent" in str(call.kwargs.get("error")) for call in run.log.calls)


def test_words_of_the_server_do_not_count_as_data(server: PolygonServer) -> None:
    server.stocks.scenes = [Scene(), Scene([[quote(q=1)]])]
    with Run(server, silence_s=0.3) as run:
        run.until(lambda: server.stocks.connections == 1 and bool(server.stocks.subscribed), "the first connection")
        run.until(lambda: 1 in run.sequences(), "data from the second connection")


def test_a_feed_that_never_answers_the_key_is_tried_again(server: PolygonServer) -> None:
    server.stocks.scenes = [Scene(auth=""), Scene(auth="auth_timeout"), Scene([[quote(q=1)]])]
    with Run(server, limits=QUICK._replace(handshake_s=0.2)) as run:
        run.until(lambda: 1 in run.sequences(), "a quote from the third connection")


@pytest.mark.parametrize(
    ("scene", "remedy"),
    [
        (Scene(auth="auth_failed", message="authentication failed"), "Check POLYGON_API_KEY"),
        (Scene(auth="auth_failed", message="Your plan doesn't include websocket access"), "plan"),
        (Scene(auth="error", message="authentication failed"), "Check POLYGON_API_KEY"),
        (Scene(auth="max_connections", message="Maximum number exceeded"), "stop the other program"),
        (Scene(http_status=403), "HTTP 403"),
    ],
)
def test_a_refusal_that_no_retry_can_change_ends_with_its_remedy(
    server: PolygonServer, scene: Scene, remedy: str
) -> None:
    server.options.scenes = [scene]
    with Run(server) as run:
        error = ended(run)
    assert isinstance(error, ProviderError)
    assert remedy in str(error)
    assert "options" in str(error)
    assert server.options.connections == 1


def test_a_wrong_key_ends_the_run(server: PolygonServer) -> None:
    with Run(server, key="wrong") as run:
        assert "Check POLYGON_API_KEY" in str(ended(run))


def test_a_subscription_outside_the_plan_ends_with_its_remedy(server: PolygonServer) -> None:
    server.stocks.scenes = [Scene(['[{"ev":"status","status":"error","message":"not authorized"}]'])]
    with Run(server) as run:
        assert "plan" in str(ended(run))


def test_an_error_that_is_not_final_is_reported_and_the_feed_goes_on(server: PolygonServer) -> None:
    server.stocks.scenes = [Scene(['[{"ev":"status","status":"error","message":"odd"}]', [quote(q=1)]])]
    with Run(server) as run:
        run.until(lambda: 1 in run.sequences(), "the quote after the error")
    assert any(call.kwargs.get("message") == "odd" for call in run.log.calls)


def test_a_server_that_is_busy_at_the_handshake_is_tried_again(server: PolygonServer) -> None:
    server.stocks.scenes = [Scene(http_status=503), Scene([[quote(q=1)]])]
    with Run(server) as run:
        run.until(lambda: 1 in run.sequences(), "a quote from the second connection")


def test_bad_records_are_kept_with_their_reason_and_cost_only_themselves(server: PolygonServer) -> None:
    server.stocks.scenes = [
        Scene(
            [
                '[{"ev":"Q","sym":"AAPL"',
                "not json at all",
                b"\xff\xfe",
                [quote(q=1), quote(q=2) | {"bp": float("nan")}, quote(q=3)],
                [quote(q=4), {"garbage": [1, 2, 3]}, quote(q=5) | {"ap": -1.0}, quote("ZZZZ", q=6), quote(q=7)],
            ]
        )
    ]
    with Run(server) as run:
        run.until(lambda: 7 in run.sequences(), "the last good quote")
    assert run.sequences() == [1, 3, 4, 7]
    assert run.reasons() == {"malformed": 4, "not_finite": 1, "negative": 1, "unknown_symbol": 1}
    assert run.source.health().rejected == 7
    assert server.stocks.connections == 1


def test_a_chain_is_read_page_by_page(server: PolygonServer) -> None:
    tickers = [f"O:AAPL270115C{strike * 1000:08d}" for strike in range(100, 123)]
    server.chains = {"AAPL": [row(ticker) for ticker in tickers]}
    server.page_rows = 5
    with Run(server) as run:
        run.until(lambda: run.source.health().contracts_followed == 23, "the whole chain")
        run.until(lambda: len(server.options.subscribed) == 2 * 23, "its subscriptions")
    assert [event.contract for event in run.option_quotes(live=False)][:23] == [ticker[2:] for ticker in tickers]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(429, [("Retry-After", "0")]),
        Fault(429, [("Retry-After", formatdate(NOW_US / 1e6, usegmt=True))]),
        Fault(429, [("Retry-After", "soon")]),
        Fault(429),
        Fault(500),
        Fault(503, body=b"<html>"),
        Fault(delay_s=1.0),
        Fault(trickles=True, delay_s=0.1),
    ],
    ids=["seconds", "date", "nonsense", "429", "500", "503", "slow", "trickle"],
)
def test_a_passing_fault_of_the_snapshot_is_tried_again(server: PolygonServer, fault: Fault) -> None:
    server.faults.extend([fault, fault])
    with Run(server, refresh_s=60.0) as run:
        run.until(lambda: len(run.option_quotes(live=False)) == 2, "the chain")
    assert len(server.asked) == 3
    assert run.source.health().chain_pages_given_up == 0


@pytest.mark.parametrize(
    ("faults", "requests"),
    [([Fault(500)] * 5, 5), ([Fault(404)], 1), ([Fault(302)], 1), ([Fault(429, [("Retry-After", "9999")])], 1)],
)
def test_a_page_that_does_not_come_waits_for_the_next_round(
    server: PolygonServer, faults: list[Fault], requests: int
) -> None:
    server.faults.extend(faults)
    with Run(server) as run:
        run.until(lambda: len(run.option_quotes(live=False)) >= 2, "the chain of the second round")
    assert run.source.health().chain_pages_given_up == 1
    assert len(server.asked) >= requests + 1


@pytest.mark.parametrize(("code", "remedy"), [(401, "Check POLYGON_API_KEY"), (403, "plan")])
def test_a_refused_snapshot_ends_with_its_remedy(server: PolygonServer, code: int, remedy: str) -> None:
    server.faults.append(Fault(code))
    with Run(server) as run:
        error = ended(run)
    assert isinstance(error, ProviderError)
    assert remedy in str(error)


def test_a_chain_without_end_is_cut(server: PolygonServer) -> None:
    server.faults.extend([Fault(body=b'{"status":"OK","next_url":"https://x.invalid/v3/again?cursor=1"}')] * 7)
    with Run(server, limits=QUICK._replace(pages=7), refresh_s=60.0) as run:
        run.until(lambda: run.source.health().chain_rounds == 1, "the end of the round")
    assert len(server.asked) == 7


def test_a_page_beyond_all_measure_is_given_up(server: PolygonServer) -> None:
    server.faults.append(Fault(body=b" " * 5_000))
    with Run(server, limits=QUICK._replace(page_bytes=4_000)) as run:
        run.until(lambda: len(run.option_quotes(live=False)) >= 2, "the chain of the second round")
    assert run.source.health().chain_pages_given_up == 1


def test_a_slow_consumer_stops_the_reading_and_loses_nothing(server: PolygonServer) -> None:
    server.stocks.scenes = [Scene([[quote(q=n)] for n in range(1, 301)])]
    gate, published = threading.Event(), list[Event]()

    def publish(event: Event, _: int) -> None:
        gate.wait()
        published.append(event)

    with Run(server, limits=QUICK._replace(queue_frames=2), publish=publish, refresh_s=60.0) as run:
        run.until(lambda: run.source.health().full_waits > 5, "a full queue")
        assert run.source.health().queued_frames == 2
        gate.set()
        run.until(lambda: len(published) >= 302, "everything")
    assert [event.sequence for event in published if isinstance(event, QuoteReceived)] == list(range(1, 301))
    assert server.stocks.connections == 1


def test_what_arrived_before_the_stop_is_published_after_it(server: PolygonServer) -> None:
    server.stocks.scenes = [Scene([[quote(q=n)] for n in range(1, 51)])]
    gate, count = threading.Event(), list[Event]()

    def publish(event: Event, _: int) -> None:
        gate.wait()
        count.append(event)

    with Run(server, publish=publish, refresh_s=60.0) as run:
        run.until(lambda: run.source.health().queued_frames >= 50, "fifty queued frames")
        run.stop.set()
        gate.set()
    assert len(count) >= 52
    assert run.error is None


def test_an_error_of_the_publisher_ends_the_run_and_its_threads(server: PolygonServer) -> None:
    server.stocks.scenes = [Scene([[quote(q=n)] for n in range(1, 101)])]

    def publish(_: Event, __: int) -> None:
        raise PartError("the broker is away")

    with Run(server, limits=QUICK._replace(queue_frames=1), publish=publish) as run:
        assert "the broker is away" in str(ended(run))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("polygon")]


def test_the_contracts_followed_change_with_the_market(server: PolygonServer) -> None:
    earlier = NOW_MS - 1_000
    server.chains = {"AAPL": [row("O:AAPL270115C00200000", at=earlier), row("O:AAPL270115C00260000", at=earlier)]}
    with Run(server, max_contracts=1) as run:
        run.until(
            lambda: server.options.subscribed == {"Q.O:AAPL270115C00200000", "T.O:AAPL270115C00200000"},
            "the nearest contract",
        )
        server.stocks.push([quote(bid=259.0, ask=259.2, q=1)])
        run.until(
            lambda: server.options.subscribed == {"Q.O:AAPL270115C00260000", "T.O:AAPL270115C00260000"},
            "the one that is nearest now",
        )
    assert server.options.connections == 1


def test_option_trades_stand_beside_the_quote_that_they_met(server: PolygonServer) -> None:
    frames = [[quote(CALL, 20.0, 20.5, q=9), trade(CALL, 20.4, 3, q=10)], [quote(CALL, 20.1, 20.5, q=11)]]
    server.options.scenes = [Scene(frames)]
    with Run(server) as run:
        run.until(lambda: len(run.option_quotes()) == 2, "both quotes")
    (traded,) = [event for event, _ in run.published if isinstance(event, OptionTraded)]
    assert (traded.contract, traded.price, traded.size) == (CALL[2:], 20.4, 3)
    assert (traded.bid, traded.ask, traded.underlying) == (20.0, 20.5, "AAPL")


def test_readers_are_told_how_far_the_market_is_once_it_is_acknowledged(server: PolygonServer) -> None:
    """The clock moves by a tenth of a second a look."""
    looks = itertools.count(NOW_US, TELL_EVERY_US // 10)
    server.stocks.scenes = [Scene([[quote(q=n)] for n in range(1, 50)])]
    told: list[tuple[TimePassed, int]] = []

    def publish(event: Event, due: int) -> None:
        run.published.append((event, due))
        if isinstance(event, TimePassed):
            assert event.event_time <= due - ALLOWANCE_US
            told.append((event, len(run.published) - run.acknowledged))

    symbols = ("AAPL", "SPX")
    with Run(server, symbols=symbols, publish=publish, now=looks.__next__) as run:
        run.until(lambda: len(told) >= 6, "three seconds")
    assert run.error is None
    assert [event.symbol for event, _ in told] == [*symbols] * (len(told) // 2)
    assert {unacknowledged for _, unacknowledged in told} == {1, 2}  # themselves
    times = [event.event_time for event, _ in told[::2]]
    assert times == sorted(set(times))
    assert all(time % MICROS == 0 for time in times)


def test_a_plan_with_delayed_quotes_is_pointed_out(server: PolygonServer) -> None:
    delayed = row(CALL)
    delayed["last_quote"]["timeframe"] = "DELAYED"
    server.chains = {"AAPL": [delayed]}
    server.stocks.scenes = [Scene([[quote(q=1, at=NOW_MS - 900_000)]])]
    with Run(server) as run:
        run.until(lambda: run.source.health().feed_lag_us == 900_000_000, "a quote that is 15 minutes late")
        run.until(lambda: bool(run.option_quotes(live=False)), "the chain")
    assert any(call.kwargs.get("quotes") == 1 and "delayed" in call.args[0] for call in run.log.calls)


def test_an_index_has_a_chain_but_no_stocks_feed(server: PolygonServer) -> None:
    index = row("O:SPXW270115P05000000", style="european", price=6000.0)
    server.chains = {"SPX": [index]}
    with Run(server, symbols=("SPX",)) as run:
        run.until(
            lambda: server.options.subscribed == {"Q.O:SPXW270115P05000000", "T.O:SPXW270115P05000000"},
            "the subscription",
        )
    assert server.stocks.connections == 0
    assert server.asked[0].target == "/v3/snapshot/options/I:SPX?limit=250"


@pytest.mark.parametrize(
    ("name", "url"),
    [("stocks_url", "http://127.0.0.1/stocks"), ("rest_url", "ftp://127.0.0.1"), ("rest_url", "nowhere")],
)
def test_an_address_of_the_wrong_kind_names_its_setting(server: PolygonServer, name: str, url: str) -> None:
    with Run(server, urls={name: url}) as run:
        error = ended(run)
    assert isinstance(error, ConfigError)
    assert error.key == f"polygon.{name}"


def test_an_unreachable_provider_is_tried_again_and_again(server: PolygonServer) -> None:
    away = {"stocks_url": "ws://127.0.0.1:9/stocks", "rest_url": "http://127.0.0.1:9"}
    with Run(server, urls=away) as run:
        run.until(lambda: run.source.health().chain_pages_given_up > 0, "a page given up")
        run.until(lambda: len([c for c in run.log.calls if c.args == ("polygon stream lost",)]) > 2, "three attempts")
    assert run.error is None
