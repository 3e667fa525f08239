from pathlib import Path

from stream_processing.spark_jobs.progress import Progress, read_progress

GOLDEN = Path(__file__).parent / "golden"


def test_a_stateful_micro_batch() -> None:
    assert read_progress((GOLDEN / "bars_progress.json").read_text()) == Progress(
        query="bars",
        batch=7,
        rows=43,
        duration_s=0.812,
        state_rows=42,
        state_bytes=12_345,
        offsets={"market.trades/0": 143},
        figures={"repeated_trades": 2.0, "reached_s_max": 1_795_217_184.0},
    )


def test_a_stateless_real_time_batch_has_neither_state_nor_figures() -> None:
    progress = read_progress((GOLDEN / "greeks_progress.json").read_text())
    assert (progress.state_rows, progress.state_bytes, progress.figures) == (0, 0, {})
    assert progress.offsets == {"market.option_quotes/0": 21, "market.option_quotes/1": 22}


def test_a_source_that_has_read_nothing_yet_has_no_offsets() -> None:
    text = (GOLDEN / "bars_progress.json").read_text().replace('{"market.trades":{"0":143}}', "null")
    assert read_progress(text).offsets == {}
