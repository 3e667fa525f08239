"""Parameters of Heston's model and of Bates's jumps, their limits, and what follows from them.

dS/S = (r − q)·dt + √v·dW,    dv = κ(θ − v)·dt + σ√v·dZ,    dW·dZ = ρ·dt
"""

from typing import Final, NamedTuple

from models.quantitative.checks import within
from models.quantitative.heston.characteristic_kernels import Model


class HestonParams(NamedTuple):
    """The five parameters of Heston (1993)."""

    v0: float
    """Variance now, per year: 0.04 is a volatility of 20 %."""
    kappa: float
    """Speed at which variance reverts, per year."""
    theta: float
    """Variance in the long run, per year."""
    sigma: float
    """Volatility of variance, per year."""
    rho: float
    """Correlation of the underlying's moves with those of its variance."""


class Jumps(NamedTuple):
    """Jumps as Bates (1996) adds them: at random times, with lognormal sizes."""

    intensity: float
    """Expected number per year."""
    mean: float
    """Mean of the jump in the logarithm of the price."""
    std: float
    """Standard deviation of the jump in the logarithm of the price."""


NO_JUMPS: Final = Jumps(0.0, 0.0, 0.0)
PARAM_LIMITS: Final = {
    "v0": (1e-6, 10.0), "kappa": (1e-4, 100.0), "theta": (1e-6, 10.0), "sigma": (1e-3, 20.0), "rho": (-0.9999, 0.9999),
}  # fmt: skip
"""What can be priced."""
JUMP_LIMITS: Final = {"intensity": (0.0, 100.0), "mean": (-2.0, 2.0), "std": (0.0, 2.0)}


def feller_ratio(params: HestonParams) -> float:
    """2κθ/σ²: at 1 or above, variance never touches zero.

    >>> round(feller_ratio(HestonParams(0.04, 2.0, 0.05, 0.4, -0.7)), 2)
    1.25
    """
    return 2.0 * params.kappa * params.theta / params.sigma**2


def make_model(params: HestonParams, jumps: Jumps) -> Model:
    """What the kernels take; BadInput names a parameter outside its limits."""
    values = [within(name, getattr(params, name), *limits) for name, limits in PARAM_LIMITS.items()]
    values += [within(name, getattr(jumps, name), *limits) for name, limits in JUMP_LIMITS.items()]
    return Model(*map(float, values))
