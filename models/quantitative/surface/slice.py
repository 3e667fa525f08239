"""The price curve of one expiry: free of arbitrage by construction, inside bid and ask wherever that can be.

Theory of operation
-------------------
In units of the forward and undiscounted, c(x) is the price of a call at x = K/F. It is free of arbitrage if it is
convex, with slopes from −1 to 0, and lies between 1 − x and 1. Here it is a cubic spline, c = Σ coefficient·B-spline,
with the quoted strikes as knots. Its second derivative, the density of the underlying, is linear between knots, so it
is positive everywhere where it is positive at the knots: each such condition, and each bid and ask, is linear in four
coefficients or fewer. That makes the fit a quadratic program of bands (`surface.quadratic_kernels`):

* nearness to the middle of each quote in units of its spread, and smoothness of the ratio of the density to that of a
  reference smile (SVI): of all curves inside the quotes the one whose density departs from the reference most gently;
* bids and asks as soft limits at a high price, so they hold wherever quotes do not contradict each other;
* density at least a small share of the reference, and conditions at both ends, as hard limits;
* the curve of the expiry before, where given, as a hard limit from below: at one multiple of the forward prices never
  fall with time, else there is calendar arbitrage.

Beyond the last knots prices follow powers, put ∝ x^β below and call ∝ x^−α above, which continue value and slope and
are convex. Such wings have total variances that rise in proportion to |ln x|, as Lee's bound allows. For a later expiry
the powers are held below the earlier one's, which orders the wings as well.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from models.quantitative.blocks import Floats
from models.quantitative.surface import spline_kernels
from models.quantitative.surface.bands import Bands
from models.quantitative.surface.quadratic_kernels import WIDTH, Rows, solve
from models.quantitative.surface.svi import SVI, durrleman

_DEGREE = spline_kernels.DEGREE
_LEAST_SPREAD = 1e-7
"""Half of a spread, of the forward: locked quotes are not limits without width."""
_NEARNESS = 0.02
"""Weight of the distance from a middle, in half spreads squared."""
_SMOOTHNESS = 1e-3
"""Weight of the integral of the squared second derivative of the density ratio over standardised log moneyness."""
_COST = 50.0
"""Of a price outside its band, a half spread."""
_INSIDE = 1e-4
"""Half spreads by which a price is to be inside."""
_LEAST_RATIO = 1e-3
"""Of the density to the reference."""
_HAZE = 0.1
"""Half spreads that the reference density is raised by, as P''·x²: where prices are a tick it must not vanish."""
_NARROWEST_GAP, _WIDEST_GAP = 0.05, 0.5
"""Of neighbouring knots, in standard deviations to expiry: closer strikes share a knot, wider gaps get more."""
_STEEPEST_WING, _WING_SHARE = 0.5, 3.0
"""Total variance rises by at most this in |ln x| in the wings, and by at most this share of the deviation to expiry.
Lee's bound is 2; but bids of a tick at any strike would make wings that hold most of a variance swap."""
_CORRIDOR = 1.02
"""Powers may fall by this factor from one expiry to the next whatever their limit: those must not rise."""
_LEAST_TAIL = 0.01
"""Least price at an outermost knot, of the reference's."""
_ROUNDS, _PER_GAP = 8, 40
"""Of looking between the knots for places where a curve is below the earlier one, and where in each gap."""
_APART = 1e-8
"""Of the forward, by which a curve stays above the earlier one where it is held."""
_LOOSEST = 1e-6
"""Largest residual of the program with which a fit counts as converged."""


class Curve(NamedTuple):
    """Values of a price curve at some x, all normalised by the forward."""

    price: Floats
    """Of the out-of-the-money side: the put for x ≤ 1, the call above."""
    slope: Floats
    """c'(x) of the call."""
    density: Floats
    """c''(x)."""


class Slice(NamedTuple):
    """A fitted price curve."""

    knots: Floats
    put: Floats
    """Coefficients of the put's price in the cubic B-splines on the knots, those at the ends repeated."""
    call: Floats
    """Those of the call's. Each is exact to the last digits where it is small."""
    left_power: float
    right_power: float
    converged: bool

    def curve(self, x: Floats) -> Curve:
        """Price, slope and density at x = K/F > 0."""
        price, slope, density = self._out_of_the_money(x, 3)
        return Curve(price, slope - (x <= 1.0), density)

    def price(self, x: Floats) -> Floats:
        """The out-of-the-money price of `curve` alone."""
        return self._out_of_the_money(x, 1)[0]

    def call_price(self, x: Floats) -> Floats:
        """c(x) of the call, in units of the forward, undiscounted."""
        return np.asarray(self.price(x) + np.maximum(1.0 - x, 0.0), dtype=np.float64)

    def _out_of_the_money(self, x: Floats, orders: int) -> list[Floats]:
        """The put's price where x ≤ 1, the call's elsewhere, and its first derivatives: `orders` arrays in all."""
        values = np.empty((orders, x.size))
        places = np.ascontiguousarray(x, dtype=np.float64).ravel()
        powers = self.left_power, self.right_power
        spline_kernels.evaluate(places, _padded(self.knots), self.put, self.call, *powers, values)
        return [value.reshape(x.shape) for value in values]


class _Reference(NamedTuple):
    """What the reference smile says at the knots."""

    deviation: float
    """Standard deviation to expiry at the money."""
    density: Floats
    left: float
    """Put price at the first knot, in units of the forward."""
    right: float
    """Call price at the last knot."""


class _Lines(NamedTuple):
    """Linear functions of the curve: rows of the out-of-the-money coefficients, and what intrinsic value adds."""

    rows: Rows
    offset: Floats

    def times(self, factor: Floats | float) -> "_Lines":
        factor = np.broadcast_to(factor, self.offset.shape)
        return _Lines(Rows(self.rows.starts, self.rows.values * factor[:, None]), self.offset * factor)

    def plus(self, other: "_Lines", factor: float) -> "_Lines":
        """Self and `factor` times the other, whose rows start at the same places."""
        values = self.rows.values + factor * other.rows.values
        return _Lines(Rows(self.rows.starts, values), self.offset + factor * other.offset)


class _Basis:
    """The B-splines of a curve.

    The unknowns are the coefficients of c less those of intrinsic value, max(1 − ξ, 0) at the splines' centres ξ: so
    they are small where prices are, and their differences keep their digits.
    """

    def __init__(self, knots: Floats) -> None:
        self.knots = knots
        self.padded = _padded(knots)
        self.size = knots.size + _DEGREE - 1
        self.centres: Floats = np.mean([self.padded[i : self.size + i] for i in range(1, _DEGREE + 1)], axis=0)
        self.intrinsic = np.maximum(1.0 - self.centres, 0.0)

    def value(self, x: Floats) -> _Lines:
        """c(x)."""
        starts, values = np.empty(x.size, dtype=np.int64), np.zeros((x.size, WIDTH))
        spline_kernels.design(np.ascontiguousarray(x), self.padded, starts, values)
        return self._lines(starts, values, 1.0 - x)

    def growth(self, *, at_start: bool) -> _Lines:
        """x·c'(x) at an outermost knot, on the same rows as `value` there."""
        x = self.knots[:1] if at_start else self.knots[-1:]
        here = 0 if at_start else self.size - 2
        rise = x[0] * _DEGREE / (self.padded[here + _DEGREE + 1] - self.padded[here + 1])
        values = np.zeros((1, WIDTH))
        values[0, :2] = -rise, rise
        if not at_start:
            values = np.roll(values, _DEGREE - 1, axis=1)
            here -= _DEGREE - 1
        return self._lines(np.array([here], dtype=np.int64), values, -x)

    def density(self) -> _Lines:
        """The second derivative at each knot."""
        j, t = np.arange(self.knots.size), self.padded
        first = _DEGREE / (t[j + _DEGREE + 1] - t[j + 1])
        second = _DEGREE / (t[j + _DEGREE + 2] - t[j + 2])
        change = (_DEGREE - 1) / (t[j + _DEGREE + 1] - t[j + 2])
        values = np.zeros((j.size, WIDTH))
        values[:, 0], values[:, 1], values[:, 2] = change * first, -change * (first + second), change * second
        return self._lines(j.astype(np.int64), values, np.zeros(j.size))

    def _lines(self, starts: NDArray[np.int64], values: Floats, straight: Floats) -> _Lines:
        """Rows moved left where they reach beyond the last unknown; `straight` is what they make of 1 − x."""
        shift = np.maximum(starts + WIDTH - self.size, 0)
        columns = np.arange(WIDTH) - shift[:, None]
        moved = np.where(columns >= 0, np.take_along_axis(values, np.maximum(columns, 0), axis=1), 0.0)
        starts = starts - shift
        touched = starts[:, None] + np.arange(WIDTH)
        low, high = self.centres[touched[:, -1]] <= 1.0, self.centres[touched[:, 0]] >= 1.0
        mixed = np.sum(moved * self.intrinsic[touched], axis=1)
        return _Lines(Rows(starts, moved), np.where(low, straight, np.where(high, 0.0, mixed)))


class _Limits:
    """Collects the limits of the program."""

    def __init__(self) -> None:
        self._parts: list[tuple[Rows, Floats, Floats]] = []

    def add(self, lines: _Lines, scale: Floats | float, bound: Floats | float, cost: float = np.inf) -> None:
        """Hold lines ≥ bound, both divided by `scale`."""
        scaled = lines.times(1.0 / np.asarray(scale))
        bounds = np.broadcast_to(bound, lines.offset.shape) / scale - scaled.offset
        self._parts.append((scaled.rows, bounds, np.full(bounds.size, cost)))

    def rows(self) -> tuple[Rows, Floats, Floats]:
        """Rows, bounds and costs."""
        rows, bounds, costs = zip(*self._parts, strict=True)
        joined = Rows(np.concatenate([part.starts for part in rows]), np.concatenate([part.values for part in rows]))
        return joined, np.concatenate(bounds), np.concatenate(costs)


def fit_slice(bands: Bands, reference: SVI, before: Slice | None = None) -> Slice:
    """The curve through the bands of an expiry; `before` is that of the expiry before it."""
    level = float(reference.total_variance(np.zeros(1))[0])
    basis = _Basis(_lay_knots(bands.x, float(np.sqrt(level)), before))
    knots = basis.knots
    half = np.maximum(0.5 * (bands.high - bands.low), _LEAST_SPREAD)
    haze = _HAZE * np.interp(knots, bands.x, half)
    told = _look_up(reference, knots, level, haze)
    intrinsic = np.maximum(1.0 - bands.x, 0.0)
    prices = basis.value(bands.x).times(1.0 / half)
    ratio = basis.density().times(1.0 / told.density)
    limits = _Limits()
    limits.add(prices, 1.0, (bands.low + intrinsic) / half + _INSIDE, _COST)
    limits.add(prices.times(-1.0), 1.0, _INSIDE - (bands.high + intrinsic) / half, _COST)
    limits.add(ratio, 1.0, _LEAST_RATIO)
    _hold_ends(limits, basis, told, before)
    middle = (0.5 * (bands.low + bands.high) + intrinsic) / half
    aims = _aims(prices, middle, ratio, np.log(knots) / told.deviation)
    start = _black(basis.centres, reference.total_variance(np.log(basis.centres))) - basis.intrinsic
    if before is None:
        return _solved(basis, start, aims, limits)
    places = np.unique(np.concatenate([knots, 0.5 * (knots[1:] + knots[:-1])]))
    inner = knots[:-1, None] + np.diff(knots)[:, None] * np.linspace(0.0, 1.0, _PER_GAP, endpoint=False)
    dense = np.concatenate([inner.ravel(), np.clip(before.knots, knots[0], knots[-1])])
    earlier = before.price(dense)
    for _ in range(_ROUNDS):
        floor = before.price(places)
        scale = np.maximum(floor, np.interp(places, knots, haze))
        limits.add(basis.value(places), scale, floor + _APART + np.maximum(1.0 - places, 0.0))
        fitted = _solved(basis, start, aims, limits)
        places = dense[fitted.price(dense) < earlier]
        if not places.size:
            break
    return fitted


def _solved(basis: _Basis, start: Floats, aims: tuple[Rows, Floats, Floats], limits: _Limits) -> Slice:
    found = start.copy()
    _, residual = solve(*aims, *limits.rows(), found)
    straight = 1.0 - basis.centres
    call, put = np.where(straight > 0.0, found + straight, found), np.where(straight > 0.0, found, found - straight)
    first, last = basis.knots[0], basis.knots[-1]
    ends = np.empty((_DEGREE, 2))
    outer = np.array([first, last])
    spline_kernels.evaluate(outer, basis.padded, put, call, 0.0, 0.0, ends)
    rise, fall = float(ends[1, 0]), float(ends[1, 1])
    powers = first * rise / put[0], -last * fall / call[-1]
    return Slice(basis.knots, put, call, float(powers[0]), float(powers[1]), residual < _LOOSEST)


def _lay_knots(x: Floats, deviation: float, before: Slice | None) -> Floats:
    """Quoted strikes, the earlier curve's knots where they reach further, and more where gaps are wide."""
    gap = _NARROWEST_GAP * deviation
    knots = _thinned(x, gap)
    if before is not None:
        beyond = before.knots[before.knots < x[0] * np.exp(-gap)], before.knots[before.knots > x[-1] * np.exp(gap)]
        knots = np.concatenate([knots, *(_thinned(further, gap) for further in beyond if further.size)])
    knots = np.unique(np.concatenate([knots, [min(x[0], 0.99), max(x[-1], 1.01)]]))
    logs = np.log(knots)
    pieces = np.maximum(np.ceil(np.diff(logs) / (_WIDEST_GAP * deviation)), 1.0).astype(int)
    wide = zip(logs[:-1], logs[1:], pieces, strict=True)
    filled = [np.linspace(start, end, n, endpoint=False)[1:] for start, end, n in wide if n > 1]
    return np.sort(np.concatenate([knots, *(np.exp(part) for part in filled)]))


def _thinned(x: Floats, gap: float) -> Floats:
    """Every x that is further than the gap, in logarithms, from the last one kept; and both ends."""
    cells = np.floor(np.log(x / x[0]) / gap)
    kept = np.concatenate([[True], np.diff(cells) > 0.0])
    kept[-1] = True
    return x[kept]


def _look_up(reference: SVI, knots: Floats, level: float, haze: Floats) -> _Reference:
    k = np.log(knots)
    w = reference.total_variance(k)
    shape = durrleman(k, w, *reference.derivatives(k))
    density = np.maximum(shape, 0.0) * _normal(-k / np.sqrt(w) - 0.5 * np.sqrt(w)) / (np.sqrt(w) * knots)
    call = _black(knots, w)
    left, right = max(call[0] - 1.0 + knots[0], haze[0]), max(call[-1], haze[-1])
    return _Reference(float(np.sqrt(level)), density + haze / knots**2, left, right)


def _hold_ends(limits: _Limits, basis: _Basis, told: _Reference, before: Slice | None) -> None:
    """Prices at the outermost knots above zero, and their powers in bounds: the put's x·P' = x·(c' + 1) over P."""
    least = _least_power(told.deviation)
    first = basis.knots[0]
    price, growth = basis.value(basis.knots[:1]), basis.growth(at_start=True)
    limits.add(price, told.left, 1.0 - first + _LEAST_TAIL * told.left)
    low = least + 1.0 if before is None else min(least + 1.0, 1.0 + (before.left_power - 1.0) / _CORRIDOR)
    limits.add(growth.plus(price, -low), told.left, -first - low * (1.0 - first))
    if before is not None:
        high = before.left_power
        limits.add(growth.times(-1.0).plus(price, high), told.left, first + high * (1.0 - first))
    price, growth = basis.value(basis.knots[-1:]), basis.growth(at_start=False)
    limits.add(price, told.right, _LEAST_TAIL * told.right)
    low = least if before is None else min(least, before.right_power / _CORRIDOR)
    limits.add(growth.times(-1.0).plus(price, -low), told.right, 0.0)
    if before is not None:
        limits.add(growth.plus(price, before.right_power), told.right, 0.0)


def _least_power(deviation: float) -> float:
    """Least power of calls in the wing, one less than that of puts: Lee's formula, from slope to power."""
    slope = min(_STEEPEST_WING, _WING_SHARE * deviation)
    return 0.5 / slope + 0.125 * slope - 0.5


def _aims(prices: _Lines, middle: Floats, ratio: _Lines, place: Floats) -> tuple[Rows, Floats, Floats]:
    """Rows of the sum of squares: nearness to the middles, and smoothness of the density ratio along `place`."""
    gap = np.diff(place)
    span = 0.5 * (gap[1:] + gap[:-1])
    count = span.size
    size = int(ratio.rows.starts[-1]) + WIDTH
    starts = np.minimum(np.arange(count, dtype=np.int64), size - WIDTH)
    values, offset = np.zeros((count, WIDTH)), np.zeros(count)
    row = np.arange(count)[:, None]
    for step, factor in enumerate((1.0 / gap[:-1], -1.0 / gap[:-1] - 1.0 / gap[1:], 1.0 / gap[1:])):
        chosen = slice(step, step + count)
        columns = ratio.rows.starts[chosen, None] + np.arange(WIDTH) - starts[:, None]
        part = np.where((columns >= 0) & (columns < WIDTH), ratio.rows.values[chosen], 0.0) * (factor / span)[:, None]
        np.add.at(values, (row, np.clip(columns, 0, WIDTH - 1)), part)
        offset += ratio.offset[chosen] * factor / span
    rows = Rows(np.concatenate([prices.rows.starts, starts]), np.concatenate([prices.rows.values, values]))
    targets = np.concatenate([middle - prices.offset, -offset])
    return rows, targets, np.concatenate([np.full(middle.size, _NEARNESS), _SMOOTHNESS * span])


def _padded(knots: Floats) -> Floats:
    return np.concatenate([np.repeat(knots[0], _DEGREE), knots, np.repeat(knots[-1], _DEGREE)])


def _normal(z: Floats) -> Floats:
    return np.asarray(np.exp(-0.5 * z**2) / np.sqrt(2.0 * np.pi), dtype=np.float64)


def _black(x: Floats, w: Floats) -> Floats:
    """Normalised call price at total variance w."""
    deviation = np.sqrt(w)
    d1 = -np.log(x) / deviation + 0.5 * deviation
    return np.asarray(ndtr(d1) - x * ndtr(d1 - deviation), dtype=np.float64)
