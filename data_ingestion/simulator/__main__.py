"""Writes a tape of the simulated market to standard output, one event a line, history first.

python -m data_ingestion.simulator --seed 42 --start 1767225600 --seconds 60 | sha256sum
"""

import argparse
import sys

from contracts.wire import encode
from data_ingestion.simulator.core.clock import MICROS, Hours, year_of
from data_ingestion.simulator.core.sessions import World
from data_ingestion.simulator.options.trades import OPTION_TRADES_PER_S
from data_ingestion.simulator.tape import Rates, Tape


def main() -> None:
    """Parse the arguments and write the tape."""
    parser = argparse.ArgumentParser(prog="python -m data_ingestion.simulator", description=__doc__)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--start", type=int, required=True, help="seconds since the epoch")
    parser.add_argument("--seconds", type=int, required=True, help="length of the tape after its start")
    parser.add_argument("--option-quotes-per-s", type=float, default=400.0, help="over all contracts")
    parser.add_argument("--option-trades-per-s", type=float, default=OPTION_TRADES_PER_S, help="at most, over all")
    parser.add_argument("--books-per-s", type=float, default=4.0, help="for each symbol")
    parser.add_argument("--hours", type=Hours, choices=tuple(Hours), default=Hours.ALWAYS, help="when it is open")
    parser.add_argument("--edge", type=float, default=1.0, help="scales what can be foreseen; 0: nothing can")
    arguments = parser.parse_args()
    start = arguments.start * MICROS
    rates = Rates(
        arguments.option_quotes_per_s, arguments.books_per_s, option_trades_per_s=arguments.option_trades_per_s
    )
    tape = Tape(World(arguments.seed, arguments.hours, arguments.edge), rates, year_of(start))
    for event in tape.run(start, start + arguments.seconds * MICROS):
        sys.stdout.buffer.write(encode(event) + b"\n")


if __name__ == "__main__":
    main()
