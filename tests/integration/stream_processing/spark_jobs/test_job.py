"""The streaming job as a process of its own on a real broker: one story, then what must be true of it.

The story: the first half of a market goes in, with copies and poison among it; the driver is killed without warning;
the second half goes in while it is down; it starts again on its checkpoints; at the end it is asked to stop.
"""

import math
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import psutil
import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from contracts import stages, wire
from contracts.events import (
    BarClosed,
    BookUpdated,
    Event,
    GreeksComputed,
    MicrostructureComputed,
    OptionQuoteReceived,
    TimePassed,
)
from contracts.ids import make_id
from contracts.ports import Message
from contracts.topics import BARS, BOOKS, BY_EVENT, GREEKS, MICROSTRUCTURE, OPTION_QUOTES, TRADES, Topic
from models.quantitative.american_quadratic.quotes import StyleGreeks
from runtime.kafka_source import KafkaSource
from stream_processing.feature_engineering import bars, flow, option_flow
from stream_processing.feature_engineering.chains import machine as chains
from stream_processing.feature_engineering.machine import together
from stream_processing.feature_engineering.slow import machine as slow
from stream_processing.spark_jobs import feature_extraction
from stream_processing.spark_jobs.queries import QUERIES
from tests.integration.stream_processing.spark_jobs.market import (
    greeks_id,
    greeks_of,
    market,
    microstructure_of,
    said,
)
from tests.poison import poison_of
from tests.streaming_job import MODULE, STOP_TIMEOUT_S, StreamingJob, running_broker
from tests.waiting import wait_until

SECONDS: Final = 40
INTERVALS_S: Final = (1, 5, 60)
LATENESS_MS: Final = 1_000
CHAIN_INTERVAL_S: Final = 10
SETTINGS: Final = {
    "checkpoint_interval_s": 5,
    "bar_intervals_s": INTERVALS_S,
    "chain_interval_s": CHAIN_INTERVAL_S,
    "trigger_ms": {"names": 200, "chains": 1_000, "slow": 1_000},
    "lateness_ms": LATENESS_MS,
}
SUBMIT: Final = (str(Path(sys.executable).with_name("spark-submit")), str(Path(feature_extraction.__file__)))
OUTPUT_TIMEOUT_S: Final = 120.0
LATENESS_US: Final = LATENESS_MS * 1_000
MACHINES: Final = {
    "names": together(
        {
            "bars": bars.factory(bars.Rules(INTERVALS_S, LATENESS_US)),
            "flow": flow.factory(flow.FlowRules(LATENESS_US)),
            "option_flow": option_flow.factory(option_flow.OptionFlowRules(LATENESS_US)),
        }
    ),
    "chains": chains.factory(chains.ChainRules(CHAIN_INTERVAL_S * 1_000_000, LATENESS_US)),
    "slow": slow.factory(slow.Rules(LATENESS_US, 900_000_000, {})),
}
"""By query."""
SAID: Final = tuple(sink for query in QUERIES if query.name in MACHINES for sink in query.sinks)
"""Topics of what machines say."""
DUE: Final = 1_767_225_600_000_001
RELATIVE: Final = 1e-9
"""Both engines run one formula; what is left is the rounding of exp and log, made larger by the worst condition."""
RELATIVE_BY_STYLE: Final = 1e-6
"""The same where Greeks come from differences, which divide that rounding by small steps."""

E = TypeVar("E", bound=Event)


class Story(NamedTuple):
    """What went in, what came out, and what was seen meanwhile."""

    events: Sequence[Event]
    market: Mapping[str, Sequence[Message]]
    before_kill: Mapping[str, Sequence[Message]]
    outputs: Mapping[str, Sequence[Message]]
    said: Mapping[Topic, set[bytes]]
    """What each topic must hold, to the byte, of what the machines say without Spark."""
    metrics: str
    exit_status: int | None
    left_behind: Sequence[psutil.Process]
    job: StreamingJob
    bootstrap: str


def publish(bootstrap: str, events: Sequence[Event]) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True})
    for event in events:
        if isinstance(event, TimePassed):
            assert producer.flush(30.0) == 0, "what it promises must be so"
        headers: list[tuple[str, str | bytes | None]] = [(stages.DUE, str(DUE).encode())]
        producer.produce(BY_EVENT[type(event)].name, wire.encode(event), wire.key_of(event), headers=headers)
    assert producer.flush(30.0) == 0


def publish_poison(bootstrap: str, sound: Sequence[Event]) -> None:
    """Records of the market that are no events."""
    producer = Producer({"bootstrap.servers": bootstrap})
    found = {type(event): event for event in sound}
    for topic in (OPTION_QUOTES, BOOKS, TRADES):
        for value in poison_of(topic, found):
            producer.produce(topic.name, value, b"poison")
    assert producer.flush(30.0) == 0


def read_all(bootstrap: str, topic: Topic) -> list[Message]:
    """All records that stand in a topic now."""
    messages: list[Message] = []
    with closing(KafkaSource({"bootstrap.servers": bootstrap}, "test", [topic], "earliest")) as source:
        ends = sum(position.offset for position in source.ends())

        def read_on() -> bool:
            messages.extend(source.poll(5_000, 0.2))
            return len(messages) >= ends

        wait_until(read_on, OUTPUT_TIMEOUT_S, f"{ends} records in {topic.name}")
    return messages


def wait_for_ids(bootstrap: str, topic: Topic, wanted: set[str]) -> None:
    missing = set(wanted)
    with closing(KafkaSource({"bootstrap.servers": bootstrap}, "test", [topic], "earliest")) as source:

        def arrived() -> bool:
            missing.difference_update(ids(source.poll(5_000, 0.2)))
            return not missing

        wait_until(arrived, OUTPUT_TIMEOUT_S, f"{len(wanted)} results in {topic.name}")


def ids(messages: Sequence[Message]) -> set[str]:
    return {wire.decode(message.topic, message.value).event_id for message in messages}


def expected_ids(events: Sequence[Event]) -> dict[Topic, set[str]]:
    """By topic, what the stateless queries must have answered."""
    return {
        GREEKS: {greeks_id(event) for event in events if isinstance(event, OptionQuoteReceived)},
        MICROSTRUCTURE: {
            make_id("MicrostructureComputed", event.event_id) for event in events if isinstance(event, BookUpdated)
        },
    }


def expected_of_machines(events: Sequence[Event]) -> dict[Topic, set[bytes]]:
    """What each topic must hold, to the byte, of what the machines say without Spark."""
    expected: dict[Topic, set[bytes]] = {topic: set() for topic in SAID}
    for query in QUERIES:
        if (factory := MACHINES.get(query.name)) is not None:
            for event in said(factory, query.sources, events, whole=query.name == "slow"):
                expected[BY_EVENT[type(event)]].add(wire.encode(event))
    return expected


def wait_for_outputs(
    bootstrap: str, events: Sequence[Event], told: Mapping[Topic, set[bytes]]
) -> dict[str, list[Message]]:
    """What stands in the output topics once everything expected is there."""
    of_machines = {topic: {wire.decode(topic.name, value).event_id for value in told[topic]} for topic in told}
    expected = expected_ids(events) | of_machines
    for topic, wanted in expected.items():
        wait_for_ids(bootstrap, topic, wanted)
    return {topic.name: read_all(bootstrap, topic) for topic in expected}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("streaming")
    events = market(SECONDS)
    half, told = len(events) // 2, expected_of_machines(events)
    with running_broker(folder) as bootstrap:
        job = StreamingJob(folder, bootstrap, SETTINGS)
        with job:
            publish(bootstrap, events[: half // 2])
            publish_poison(bootstrap, events)
            publish(bootstrap, events[half // 4 : half])  # a quarter of it for the second time
            before_kill = wait_for_outputs(bootstrap, events[:half], expected_of_machines(events[:half]))
            publish(bootstrap, events[:half])  # and everything once more, late
            metrics = job.metrics()
            job.kill()
            publish(bootstrap, events[half:])
            job.start()
            outputs = wait_for_outputs(bootstrap, events, told)
            assert job.process is not None
            family = psutil.Process(job.process.pid).children(recursive=True)
            exit_status = job.stop()
            _, left_behind = psutil.wait_procs(family, STOP_TIMEOUT_S)
        inputs = {topic.name: read_all(bootstrap, topic) for topic in (OPTION_QUOTES, BOOKS, TRADES)}
        yield Story(events, inputs, before_kill, outputs, told, metrics, exit_status, left_behind, job, bootstrap)


def decoded(messages: Sequence[Message], kind: type[E]) -> list[E]:
    events = [wire.decode(message.topic, message.value) for message in messages]
    return [event for event in events if isinstance(event, kind)]


def same(name: str, one: float | str | None, other: float | str) -> bool:
    """Whether two results are, to what the engines may differ by; see `test_columns` for the Greeks."""
    if one is None or isinstance(one, str) or isinstance(other, str):
        return one == other or (one is None and isinstance(other, float) and math.isnan(other))
    if name in StyleGreeks._fields[2:]:
        return math.isclose(one, other, rel_tol=RELATIVE_BY_STYLE, abs_tol=RELATIVE_BY_STYLE)
    return close(one, other)


def close(one: float | None, other: float) -> bool:
    return math.isnan(other) if one is None else math.isclose(one, other, rel_tol=RELATIVE, abs_tol=1e-12)


def test_every_quote_has_its_greeks_and_nothing_else_has(story: Story) -> None:
    assert ids(story.outputs[GREEKS.name]) == expected_ids(story.events)[GREEKS]


def test_greeks_are_those_of_the_same_formula_in_numpy(story: Story) -> None:
    quotes = {event.event_id: event for event in story.events if isinstance(event, OptionQuoteReceived)}
    wanted = greeks_of(list(quotes.values()))
    for greeks in decoded(story.outputs[GREEKS.name], GreeksComputed):
        quote = quotes[greeks.quote_id]
        assert (greeks.contract, greeks.event_time, greeks.source) == (quote.contract, quote.event_time, quote.source)
        assert (greeks.bid, greeks.ask, greeks.simulated) == (quote.bid, quote.ask, quote.simulated)
        for name, value in wanted[quote.event_id].items():
            assert same(name, getattr(greeks, name), value), (name, quote)
        assert (greeks.reason == "ok") == (greeks.implied_vol is not None)


def test_every_book_has_its_microstructure(story: Story) -> None:
    assert ids(story.outputs[MICROSTRUCTURE.name]) == expected_ids(story.events)[MICROSTRUCTURE]
    books = {event.event_id: event for event in story.events if isinstance(event, BookUpdated)}
    for computed in decoded(story.outputs[MICROSTRUCTURE.name], MicrostructureComputed):
        for name, wanted in microstructure_of(books[computed.book_id]).items():
            assert close(getattr(computed, name), wanted), name


@pytest.mark.parametrize("topic", SAID, ids=lambda topic: topic.name)
def test_machines_say_in_spark_what_they_say_alone_and_copies_do_not_count(story: Story, topic: Topic) -> None:
    wanted = story.said[topic]
    assert wanted, "the story is too short to say anything"
    assert {message.value for message in story.outputs[topic.name]} == wanted


@pytest.fixture(scope="module")
def batches(story: Story, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Tapes that the same queries make of what Kafka holds, and of the sound events in one file, not in partitions."""
    folder = tmp_path_factory.mktemp("batches")
    recorded = folder / "events.jsonl"
    recorded.write_bytes(b"".join(wire.encode(event) + b"\n" for event in story.events))
    sources = {
        "kafka": ("--from", "2020-01-01", "--to", "2100-01-01"),
        "file": ("--tape", str(recorded)),
    }
    for name, arguments in sources.items():
        command = (sys.executable, "-m", MODULE, *arguments, "--out", str(folder / name))
        story.job.launch(*command, environment={"PYTHONHASHSEED": str(len(name))})
        assert story.job.process is not None
        assert story.job.process.wait(OUTPUT_TIMEOUT_S) == 0, story.job.log.read_text()[-2_000:]
    return {name: folder / name for name in sources}


@pytest.mark.parametrize("source", ["kafka", "file"])
@pytest.mark.parametrize("topic", [GREEKS, MICROSTRUCTURE, *SAID], ids=lambda topic: topic.name)
def test_the_same_queries_in_a_batch_give_the_same_bytes(
    story: Story, batches: dict[str, Path], source: str, topic: Topic
) -> None:
    streamed = {message.value for message in story.outputs[topic.name]}
    lines = (batches[source] / f"{topic.name}.jsonl").read_bytes().splitlines()
    assert set(lines) == streamed
    times = [wire.decode(topic.name, line).event_time for line in lines]
    assert times == sorted(times)


def test_a_tape_is_not_written_over(story: Story, batches: dict[str, Path]) -> None:
    story.job.launch(sys.executable, "-m", MODULE, "--tape", str(story.job.log), "--out", str(batches["file"]))
    assert story.job.process is not None
    assert story.job.process.wait(OUTPUT_TIMEOUT_S) == 1
    assert "already holds" in story.job.log.read_text()


def test_a_bar_is_published_once_while_nothing_is_killed(story: Story) -> None:
    counts = Counter(bar.event_id for bar in decoded(story.before_kill[BARS.name], BarClosed))
    assert counts
    assert set(counts.values()) == {1}


def test_what_is_computed_again_is_the_same_to_the_byte(story: Story) -> None:
    for messages in story.outputs.values():
        versions: dict[str, set[bytes]] = defaultdict(set)
        for message in messages:
            versions[wire.decode(message.topic, message.value).event_id].add(message.value)
        assert {len(values) for values in versions.values()} == {1}


def test_stage_times_travel_in_the_headers(story: Story) -> None:
    for source, sink in ((OPTION_QUOTES, GREEKS), (BOOKS, MICROSTRUCTURE)):
        appended = defaultdict(set)
        for message in story.market[source.name]:
            if message.stamps:
                appended[wire.decode(source.name, message.value).event_id].add(message.appended_at)
        for message in story.outputs[sink.name]:
            event = wire.decode(sink.name, message.value)
            parent = event.quote_id if isinstance(event, GreeksComputed) else getattr(event, "book_id", "")
            assert message.stamps[stages.DUE] == DUE
            assert message.stamps[stages.MARKET] in appended[parent]


def test_keys_keep_a_contracts_greeks_in_one_partition(story: Story) -> None:
    partitions = defaultdict(set)
    for message in story.outputs[GREEKS.name]:
        event = wire.decode(message.topic, message.value)
        assert isinstance(event, GreeksComputed)
        partitions[event.contract].add(message.partition)
    assert {len(held) for held in partitions.values()} == {1}
    assert set.union(*partitions.values()) == {0, 1}


def test_metrics_show_lag_and_offsets(story: Story) -> None:
    assert 'optionsai_lag_records{topic="market.option_quotes"}' in story.metrics
    assert 'optionsai_spark_checkpointed_offset{partition="0",query="names",topic="market.trades"}' in story.metrics
    assert 'optionsai_stream_counted_total{figure="bars_repeated_trades",query="names"}' in story.metrics
    assert 'optionsai_spark_watermark_delay_seconds{query="names"}' in story.metrics
    assert 'optionsai_spark_rows_out_per_second{topic="features.greeks"}' in story.metrics


def test_asked_to_stop_it_ends_well_and_leaves_no_virtual_machine(story: Story) -> None:
    assert story.exit_status == 0
    assert story.left_behind == []


def test_a_retention_gap_is_refused_with_the_remedy_under_spark_submit_too(story: Story) -> None:
    admin = AdminClient({"bootstrap.servers": story.bootstrap})
    publish(story.bootstrap, [event for event in story.events if isinstance(event, BookUpdated)])
    ends = len(read_all(story.bootstrap, BOOKS))
    for future in admin.delete_records([TopicPartition(BOOKS.name, 0, ends)]).values():
        future.result(30.0)
    story.job.launch(*SUBMIT, environment={"SPARK_CONF_DIR": str(story.job.state_dir / "spark" / "conf")})
    assert story.job.process is not None
    assert story.job.process.wait(OUTPUT_TIMEOUT_S) == 1
    assert "A retention gap" in story.job.log.read_text()
