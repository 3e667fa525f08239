"""How a simulation is run, and what it answers."""

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from contracts.errors import BadInput

MAX_PATHS: Final = 1 << 34
MAX_NUMBERS: Final = 1 << 44
"""Normal numbers in one run; that many take hours."""
MAX_STEPS: Final = 20_000
MAX_THREADS: Final = 256
MAX_SOBOL_DIMENSIONS: Final = 21_201
"""For which direction numbers are known."""
SCRAMBLES: Final = (4, 1024)
"""Fewest and most."""
_MAX_SEED = 2**63 - 1
_MAX_STEPS_PER_YEAR = 100_000

Method = Literal["pseudo", "antithetic", "sobol"]


@dataclass(frozen=True, slots=True)
class Settings:
    """The numbers are decided by all of these but `threads`."""

    paths: int = 131_072
    """At least so many are simulated: antithetic the next even number (both paths of a pair count), Sobol the next
    power of two for each scramble."""
    seed: int = 0
    method: Method = "antithetic"
    """`pseudo`: independent paths. `antithetic`: pairs of a path and its reflection. `sobol`: points of low
    discrepancy, scrambled anew and independently `scrambles` times, along a Brownian bridge."""
    control_variate: bool = True
    """Whether a related payoff of known price takes its share of the error out; its weight is estimated from the same
    paths, which moves the price by far less than the standard error."""
    steps_per_year: int = 64
    """Under Heston no step is longer than this; Black-Scholes is exact at any step and takes the fewest."""
    scrambles: int = 32
    """The standard error of `sobol` is that of so many independent estimates."""
    threads: int = 1

    def __post_init__(self) -> None:
        _check_whole("paths", self.paths, 2, MAX_PATHS)
        _check_whole("seed", self.seed, 0, _MAX_SEED)
        if self.method not in ("pseudo", "antithetic", "sobol"):
            raise BadInput(f"method is {self.method!r}: must be pseudo, antithetic or sobol")
        _check_whole("steps_per_year", self.steps_per_year, 1, _MAX_STEPS_PER_YEAR)
        _check_whole("scrambles", self.scrambles, *SCRAMBLES)
        _check_whole("threads", self.threads, 1, MAX_THREADS)


class Estimate(NamedTuple):
    """A simulated price."""

    price: float
    """In the currency of the underlying, per share."""
    standard_error: float
    """One standard deviation of `price`."""
    paths: int
    """Simulated."""
    independent: int
    """Estimates behind the standard error: paths, antithetic pairs or scrambles. With few, as with scrambles, the
    error in units of it follows Student's distribution with one degree of freedom less."""


def _check_whole(name: str, value: int, low: int, high: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise BadInput(f"{name} is {value!r}: must be a whole number from {low} to {high}")
