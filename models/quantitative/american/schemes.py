"""Discretisations of the American price: named tables, so that adding one is adding a row.

Theory of operation
-------------------
`american.kernels` needs the early-exercise boundary at a few nodes and integrals along it. Written in shares of the
time to expiry, the places where either is evaluated are the same for every contract, and so is the interpolation
between them: all of it is tabulated here once.

* Nodes: ξ = √(τ/T) at the Chebyshev-Lobatto points of [0, 1], the longest time first. The one at ξ = 0, where the
  boundary is known, is left out.
* Integrals over the time still to run, t from 0 to τ: t = τ·sin²θ with Gauss-Legendre points in θ. The integrand is
  smooth in √t at the near end and in √(τ − t) at the far end; this substitution makes it smooth in θ at both, where
  the customary t = τ·y² leaves a square-root singularity at the far end.
* Cardinals: what each node contributes to the interpolated function at each point.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from models.quantitative.blocks import Floats


class Scheme(NamedTuple):
    """Tables of one discretisation with n nodes, l points for the boundary's integrals and p for the premium's.

    Arrays over nodes and points are flat, point by point, the nodes of one point beside each other.
    """

    newton_steps: int
    """On the boundary."""
    chord_steps: int
    """After these: with the last derivative, for half the work."""
    nodes: Floats
    """ξ, shape (n,)."""
    reach: Floats
    """√(t/T) at the points of every node, then at expiry: shape ((l + 1)·n,)."""
    density_weights: Floats
    """Weights of φ/(σ√t) in ∫dt/T, times σ√T: shape (l·n,)."""
    tail_weights: Floats
    """Weights of Φ in ∫dt/T: shape (l·n,)."""
    cardinals: Floats
    """Shape (n, l·n)."""
    premium_reach: Floats
    """√(t/T) at the points of the premium, then 1 for the European price: shape (p + 1,)."""
    premium_weights: Floats
    """Shape (p + 1,); the last is 1."""
    premium_cardinals: Floats
    """Shape (n, p + 1); the last column is 0."""
    coefficients: Floats
    """Chebyshev coefficients from nodes: shape (n + 1, n)."""
    line: Floats
    """Gauss-Legendre points on (0, 1) for the premium's derivatives, shape (p,)."""
    line_weights: Floats


def _legendre(points: int) -> tuple[Floats, Floats]:
    """Gauss-Legendre points and weights on (0, 1)."""
    roots, weights = np.polynomial.legendre.leggauss(points)
    return 0.5 * (roots + 1.0), 0.5 * weights


def _cardinals(nodes: int, places: Floats) -> Floats:
    """What a value at each node but the last adds to the interpolating polynomial at `places` in (0, 1)."""
    signs = (-1.0) ** np.arange(nodes + 1)
    signs[[0, -1]] *= 0.5
    terms = signs[:, None] / (places - _lobatto(nodes)[:, None])
    return np.ascontiguousarray((terms / terms.sum(axis=0))[:-1])


def _lobatto(nodes: int) -> Floats:
    return np.asarray(0.5 * (1.0 + np.cos(np.pi * np.arange(nodes + 1) / nodes)))


def _coefficients(nodes: int) -> Floats:
    order = np.arange(nodes + 1)
    table = 2.0 / nodes * np.cos(np.pi / nodes * np.outer(order, order))
    table[[0, -1]] *= 0.5
    table[:, 0] *= 0.5
    return np.ascontiguousarray(table[:, :-1])


def make_scheme(nodes: int, points: int, newton_steps: int, chord_steps: int, premium_points: int) -> Scheme:
    """The tables for these numbers of nodes, quadrature points and steps."""
    node = _lobatto(nodes)[:-1]
    share, weight = _legendre(points)
    angle = 0.5 * np.pi * share
    near, far = np.sin(angle)[:, None], np.cos(angle)[:, None]
    angle_weight = 0.5 * np.pi * weight[:, None]
    premium_share, premium_weight = _legendre(premium_points)
    premium_angle = 0.5 * np.pi * premium_share
    premium_near, premium_far = np.sin(premium_angle), np.cos(premium_angle)
    return Scheme(
        newton_steps=newton_steps,
        chord_steps=chord_steps,
        nodes=node,
        reach=np.concatenate([(near * node).ravel(), node]),
        density_weights=(2.0 * node * far * angle_weight).ravel(),
        tail_weights=(2.0 * node**2 * near * far * angle_weight).ravel(),
        cardinals=_cardinals(nodes, (far * node).ravel()),
        premium_reach=np.append(premium_near, 1.0),
        premium_weights=np.append(np.pi * premium_near * premium_far * premium_weight, 1.0),
        premium_cardinals=np.pad(_cardinals(nodes, premium_far), ((0, 0), (0, 1))),
        coefficients=_coefficients(nodes),
        line=premium_share,
        line_weights=premium_weight,
    )


SCHEMES: Mapping[str, Scheme] = MappingProxyType(
    {
        "coarse": make_scheme(nodes=4, points=4, newton_steps=2, chord_steps=0, premium_points=11),
        "fast": make_scheme(nodes=8, points=7, newton_steps=2, chord_steps=2, premium_points=31),
        "accurate": make_scheme(nodes=16, points=23, newton_steps=4, chord_steps=2, premium_points=63),
    }
)
"""Error over 10⁵ (coarse, fast) and 2·10⁴ (accurate) listed options of up to three years, as a share of the spot:

| name | largest | 99 % | median |
| --- | --- | --- | --- |
| coarse | 5.2e-5 | 2.4e-5 | 6e-7 |
| fast | 7.5e-7 | 2.4e-7 | 2e-9 |
| accurate | 1.3e-7 | 7e-9 | 2e-11 |

Far from listed options (volatilities of a few percent, rates of tens, decades to expiry) the accurate one stays
within 5e-7, the fast one may be off by 1e-4. Where the drift of a whole life is more than eight times its deviation
(|rate − yield|·√years > 8·volatility) all that early exercise earns may fall between two nodes: the fast one was seen
off by 4e-3 there, the accurate one by 1e-3.

The fast one is worst deep in the money at long expiries, where the spot is a small part of the price, the accurate
one where rate and yield differ by less than a hundredth of themselves and the boundary turns sharply near expiry.
"""
