"""Simulated prices of products under models, each with its standard error.

Theory of operation
-------------------
The paths are cut into chunks whose size follows from the product alone, so that a chunk's arrays stay in the second
cache. A chunk's normal numbers follow from the seed and its place (`random_kernels`), its payoffs become means and
spreads (`moments`), and these are combined from the first chunk to the last. Threads take whole batches of chunks,
which is why their number cannot change a bit of the result.

Points of low discrepancy are not independent, so they alone say nothing about their error. Each scrambling of Sobol's
sequence (Matoušek's, SciPy's) is an independent estimate without bias, and the standard error is that of their mean.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

import numpy as np
from scipy.special import ndtri
from scipy.stats import qmc

from contracts.errors import BadInput
from models.quantitative.blocks import Floats
from models.quantitative.monte_carlo.buffers import Buffers, make_buffers
from models.quantitative.monte_carlo.moments import Moments, combined, estimate, estimate_of_groups, moments
from models.quantitative.monte_carlo.path_kernels import bridge_normals
from models.quantitative.monte_carlo.plans import Model, Plan, make_plan
from models.quantitative.monte_carlo.products import Product
from models.quantitative.monte_carlo.random_kernels import fill_normals, mixed
from models.quantitative.monte_carlo.schedules import bridge
from models.quantitative.monte_carlo.settings import MAX_NUMBERS, MAX_SOBOL_DIMENSIONS, Estimate, Settings

Progress = Callable[[int, int], None]
"""Told how many paths of how many are done, in the thread that asked for the price."""

CHUNK_NUMBERS: Final = 1 << 17
"""Normal numbers in a chunk: 1 MiB."""
CHUNK_PATHS: Final = (64, 8192)
"""Fewest and most."""
_BATCH_CHUNKS: Final = 16
"""Chunks that a thread takes at a time, at least; their buffers are made once."""
_MOST_BATCHES: Final = 4096
_HALF_CELL: Final = 2.0**-31
"""Sobol's points are multiples of twice this; moved to the middle of their cells, none is 0."""
_DEFAULT: Final = Settings()


def price(product: Product, model: Model, settings: Settings = _DEFAULT, progress: Progress | None = None) -> Estimate:
    """Price per share.

    >>> from models.quantitative.monte_carlo.dynamics import BlackScholes
    >>> from models.quantitative.monte_carlo.products import AsianOption, evenly_spaced
    >>> option = AsianOption(strike=100.0, observation_years=evenly_spaced(1.0, 12), is_call=True)
    >>> result = price(option, BlackScholes(100.0, 0.05, 0.0, 0.2), Settings(paths=20_000, seed=7))
    >>> f"{result.price:.2f} {result.standard_error < 0.01} {result.paths}"
    '6.15 True 20000'
    """
    plan = make_plan(product, model, settings)
    if settings.paths * plan.dimensions > MAX_NUMBERS:
        raise BadInput(f"paths is {settings.paths}: with {plan.dimensions} numbers for each, must be fewer")
    if settings.method == "sobol":
        return _sobol(plan, settings, progress)
    signs = (1.0, -1.0) if settings.method == "antithetic" else (1.0,)
    independent = -(-settings.paths // len(signs))
    work = partial(_batch, plan, settings, signs)
    batches = _batches(independent, chunk_paths(plan.dimensions))
    total = len(signs) * independent
    return estimate(combined(_run(work, batches, settings, progress, total)), total)


def chunk_paths(dimensions: int) -> int:
    """Paths in a chunk: a power of two."""
    fewest, most = CHUNK_PATHS
    return min(max(1 << (CHUNK_NUMBERS // dimensions).bit_length() - 1, fewest), most)


def _batches(independent: int, size: int) -> list[tuple[int, int]]:
    """The first path and the one after the last, of each batch."""
    chunks = -(-independent // size)
    step = size * max(_BATCH_CHUNKS, -(-chunks // _MOST_BATCHES))
    return [(first, min(first + step, independent)) for first in range(0, independent, step)]


def _run(
    work: Callable[[tuple[int, int]], tuple[Moments, int]],
    tasks: list[tuple[int, int]],
    settings: Settings,
    progress: Progress | None,
    total: int,
) -> Iterator[Moments]:
    """Results in the order of the tasks; `work` also tells how many paths it did."""
    done = 0
    with ThreadPoolExecutor(settings.threads) as executor:
        for result, paths in executor.map(work, tasks) if settings.threads > 1 else map(work, tasks):
            done += paths
            if progress is not None:
                progress(done, total)
            yield result


def _buffers(plan: Plan, size: int) -> Buffers:
    return make_buffers(plan.factors, plan.step_years.size, plan.rows, size)


def _batch(plan: Plan, settings: Settings, signs: tuple[float, ...], task: tuple[int, int]) -> tuple[Moments, int]:
    """Moments of the paths from the first of the task to the one before its second."""
    first, stop = task
    size = chunk_paths(plan.dimensions)
    buffers = _buffers(plan, size)
    key = _key(settings.seed)
    parts = []
    for start in range(first, stop, size):
        fill_normals(key, start * plan.dimensions, buffers.words, buffers.normals.reshape(-1))
        payoffs, controls = _values(plan, settings, signs, buffers)
        count = min(size, stop - start)
        parts.append(moments(payoffs[:count], controls[:count]))
    return combined(parts), len(signs) * (stop - first)


def _key(seed: int) -> np.uint64:
    """Never 0, from whose words the first is 0."""
    return np.uint64(mixed(np.uint64(seed + 1)))  # compiled code answers with a plain number


def _values(plan: Plan, settings: Settings, signs: tuple[float, ...], buffers: Buffers) -> tuple[Floats, Floats]:
    """Payoffs and controls of the normal numbers in the buffers, each the mean over the signs."""
    payoffs = controls = np.zeros(buffers.first.size)
    for sign in signs:
        plan.walk(buffers, sign)
        payoffs = payoffs + plan.payoff(buffers) / len(signs)
        if settings.control_variate:
            controls = controls + plan.control(buffers) / len(signs)
    return payoffs, controls


def _sobol(plan: Plan, settings: Settings, progress: Progress | None) -> Estimate:
    if plan.dimensions > MAX_SOBOL_DIMENSIONS:
        raise BadInput(
            f"method is sobol: a path has {plan.dimensions} numbers, must have at most 21201; choose another"
        )
    points = 1 << max(-(-settings.paths // settings.scrambles) - 1, 1).bit_length()
    tasks = [(scramble, points) for scramble in range(settings.scrambles)]
    total = points * settings.scrambles
    groups = list(_run(partial(_scramble, plan, settings), tasks, settings, progress, total))
    return estimate_of_groups(groups, total)


def _scramble(plan: Plan, settings: Settings, task: tuple[int, int]) -> tuple[Moments, int]:
    """Moments over all points of one scrambling."""
    scramble, count = task
    sequence = qmc.Sobol(plan.dimensions, scramble=True, rng=np.random.default_rng([settings.seed, scramble]))
    size = min(count, chunk_paths(plan.dimensions))
    buffers, order = _buffers(plan, size), bridge(plan.step_years)
    parts = []
    for _ in range(0, count, size):
        points = np.ascontiguousarray(ndtri(sequence.random(size) + _HALF_CELL).T)
        bridge_normals(points, plan.factors, order, buffers.normals)
        parts.append(moments(*_values(plan, settings, (1.0,), buffers)))
    return combined(parts), count
