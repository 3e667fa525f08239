"""Writes a tape of the simulated market to standard output, one event a line, history first.

python -m data_ingestion.simulator --seed 42 --start 1767225600 --seconds 60 | sha256sum
"""

import argparse
import sys

from contracts.wire import encode
from data_ingestion.simulator.latent import MICROS
from data_ingestion.simulator.market import Rates, regenerate


def main() -> None:
    """Parse the arguments and write the tape."""
    parser = argparse.ArgumentParser(prog="python -m data_ingestion.simulator", description=__doc__)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--start", type=int, required=True, help="seconds since the epoch")
    parser.add_argument("--seconds", type=int, required=True, help="length of the tape after its start")
    parser.add_argument("--option-quotes-per-s", type=float, default=400.0, help="over all contracts")
    parser.add_argument("--books-per-s", type=float, default=4.0, help="for each symbol")
    arguments = parser.parse_args()
    start = arguments.start * MICROS
    rates = Rates(arguments.option_quotes_per_s, arguments.books_per_s)
    for event in regenerate(arguments.seed, start, start + arguments.seconds * MICROS, rates):
        sys.stdout.buffer.write(encode(event) + b"\n")


if __name__ == "__main__":
    main()
