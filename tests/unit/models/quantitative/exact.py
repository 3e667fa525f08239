"""European prices and Greeks in fifty digits, from the textbook formulas, in the units of `models.quantitative`."""

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
