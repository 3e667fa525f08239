"""`make bench`: run the benchmarks and print one JSON line a figure.

`--only NAME` runs one; `--seconds N` changes how long the load of the pipeline benchmarks lasts (default 600).
"""

import argparse
import sys
from collections.abc import Callable

from tests.performance import pipeline, pricing, storage, streaming, streaming_peers

BENCHMARKS: dict[str, Callable[[float], None]] = {
    "pipeline": pipeline.run,
    "streaming": streaming.run,
    "streaming_peers": lambda _: streaming_peers.run(),
    "pricing": pricing.run,
    "storage": lambda _: storage.run(),
}


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", choices=[*BENCHMARKS, "all"], default="all")
    parser.add_argument("--seconds", type=float, default=600.0)
    arguments = parser.parse_args()
    for name, run in BENCHMARKS.items():
        if arguments.only in {name, "all"}:
            run(arguments.seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
