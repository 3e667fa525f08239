"""European prices and Greeks in fifty digits, from the textbook formulas, in the units of `models.quantitative`."""

from collections.abc import Callable
from functools import cache

import mpmath

DIGITS = 50


def greeks(
    spot: float, strike: float, years: float, rate: float, dividend: float, vol: float, *, is_call: bool
) -> dict[str, mpmath.mpf]:
    """Price and Greeks by name."""
    with mpmath.workdps(DIGITS):
        s, k, t, r, q, v = map(mpmath.mpf, (spot, strike, years, rate, dividend, vol))
        side = 1 if is_call else -1
        root = mpmath.sqrt(t)
        d1 = (mpmath.log(s / k) + (r - q + v * v / 2) * t) / (v * root)
        d2 = d1 - v * root
        spot_now, strike_now = s * mpmath.exp(-q * t), k * mpmath.exp(-r * t)
        spot_part, strike_part = spot_now * _tail(-side * d1), strike_now * _tail(-side * d2)
        density = spot_now * mpmath.npdf(d1)
        return {
            "price": side * (spot_part - strike_part),
            "delta": side * spot_part / s,
            "gamma": density / (s * s * v * root),
            "vega": density * root / 100,
            "theta": (side * (q * spot_part - r * strike_part) - density * v / (2 * root)) / 365,
            "rho": side * t * strike_part / 100,
        }


def _tail(z: mpmath.mpf) -> mpmath.mpf:
    """Probability that a normal variable exceeds z."""
    return mpmath.erfc(z / mpmath.sqrt(2)) / 2


Inputs = tuple[float, float, float, float, float, float]
"""Spot, strike, years, rate, dividend yield, volatility."""


def second_order(inputs: Inputs, *, is_call: bool) -> dict[str, mpmath.mpf]:
    """Second-order Greeks by name, as numerical derivatives of `price` in fifty digits."""
    return _of_both_rights(inputs) | {
        "charm": -_derivative(price, inputs, {"spot": 1, "years": 1}, is_call=is_call) / 365
    }


@cache
def _of_both_rights(inputs: Inputs) -> dict[str, mpmath.mpf]:
    """A call and its put differ by what is linear in the spot and free of volatility: what follows is one for both."""

    def slope(**orders: int) -> mpmath.mpf:
        return _derivative(price, inputs, orders, is_call=True)

    return {
        "vanna": slope(spot=1, vol=1) / 100,
        "volga": slope(vol=2) / 10_000,
        "speed": slope(spot=3),
        "color": -slope(spot=2, years=1) / 365,
        "zomma": slope(spot=2, vol=1) / 100,
    }


def digital(inputs: Inputs, *, is_call: bool, pays_cash: bool) -> dict[str, mpmath.mpf]:
    """Price and Greeks of a digital option by name."""
    value = cash if pays_cash else asset

    def slope(**orders: int) -> mpmath.mpf:
        return _derivative(value, inputs, orders, is_call=is_call)

    with mpmath.workdps(DIGITS):
        now = value(*map(mpmath.mpf, inputs), is_call=is_call)
    return {
        "price": now,
        "delta": slope(spot=1),
        "gamma": slope(spot=2),
        "vega": slope(vol=1) / 100,
        "theta": -slope(years=1) / 365,
        "rho": slope(rate=1) / 100,
    }


def price(*inputs: mpmath.mpf, is_call: bool) -> mpmath.mpf:
    """Of the ordinary option."""
    side = 1 if is_call else -1
    return side * (asset(*inputs, is_call=is_call) - inputs[1] * cash(*inputs, is_call=is_call))


def cash(*inputs: mpmath.mpf, is_call: bool) -> mpmath.mpf:
    """Of what pays 1.00."""
    _, _, t, r, _, v = inputs
    return mpmath.exp(-r * t) * _tail((-1 if is_call else 1) * (_d1(*inputs) - v * mpmath.sqrt(t)))


def asset(*inputs: mpmath.mpf, is_call: bool) -> mpmath.mpf:
    """Of what pays the underlying."""
    s, _, t, _, q, _ = inputs
    return s * mpmath.exp(-q * t) * _tail((-1 if is_call else 1) * _d1(*inputs))


def _d1(s: mpmath.mpf, k: mpmath.mpf, t: mpmath.mpf, r: mpmath.mpf, q: mpmath.mpf, v: mpmath.mpf) -> mpmath.mpf:
    return (mpmath.log(s / k) + (r - q + v * v / 2) * t) / (v * mpmath.sqrt(t))


def _derivative(
    value: Callable[..., mpmath.mpf], inputs: Inputs, orders: dict[str, int], *, is_call: bool
) -> mpmath.mpf:
    names = ("spot", "strike", "years", "rate", "dividend", "vol")
    with mpmath.workdps(DIGITS):
        point = tuple(map(mpmath.mpf, inputs))
        return mpmath.diff(
            lambda *moved: value(*moved, is_call=is_call), point, tuple(orders.get(name, 0) for name in names)
        )
