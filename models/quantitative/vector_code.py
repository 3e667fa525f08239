"""LLVM instructions on several rows at once, and the exponential and the logarithm made of them.

Theory of operation
-------------------
`Code` collects instructions as LLVM's text. Each works on one vector, a double or a 64-bit integer for each of `LANES`
rows; LLVM maps it to whatever registers the processor has: AVX-512, AVX2, SSE2, NEON. Processors have
everything a formula needs but exp and log, and a call into a library would cost more than all the rest. So both are
spelled out, without branches and without tables:

* exp(x) = 2ⁿ·exp(r) with n = x/ln 2 rounded, by adding and subtracting 1.5·2⁵², and r = x − n·ln 2 in two parts, so
  |r| ≤ 0.35. exp(r) is its Taylor series up to r¹³ (the first term left out is 4e-18), summed so that 1 + r + … rounds
  once. 2ⁿ is made of exponent bits, in two factors, because n may leave the range of one while the result does not.
* log(x) = k·ln 2 + log(m) with m in [√½, √2), k and m taken from the bits of x. With f = m − 1 and s = f/(2 + f),
  log(m) = 2·artanh(s), whose series in s² needs ten terms (left out: 6e-19) since s² < 0.03. It is rearranged to
  f − f²/2 + s·(f²/2 + …), so that the largest term, f, is exact.

Series, not fitted polynomials: a fit would save two or three of some twenty cheap operations, and these coefficients
explain themselves. Largest error against mpmath, in units in the last place: exp 0.95, log 0.77. Limits are NumPy's:
exp overflows to infinity and underflows through subnormals to 0, log(0) = −∞, log of a negative number is NaN, NaN
stays NaN.

Products are fused with sums where the processor can (`fused`), which rounds once instead of twice.
"""

import math
import struct
from collections.abc import Sequence
from typing import Final

LANES: Final = 16
"""Rows at once: two AVX-512 registers, so that while one half waits for a result the other half has work to do.
Measured: implied volatility half as fast again as with one register, price and Greeks a tenth; four gain nothing."""

_DOUBLES: Final = f"<{LANES} x double>"
_INTEGERS: Final = f"<{LANES} x i64>"
_BOOLS: Final = f"<{LANES} x i1>"

_EXPONENT_SHIFT: Final = 52
_EXPONENT_BIAS: Final = 1023
_MANTISSA: Final = (1 << _EXPONENT_SHIFT) - 1

_ROUNDER: Final = 1.5 * 2.0**52
"""Added to a number it leaves no bits behind the point; its own low bits then hold that number's integer."""
_INTEGER_BASE: Final = 2.0**52
"""With a positive integer below 2⁵² or-ed into its bits, this is 2⁵² plus that integer."""
_LN2: Final = math.log(2.0)
_LN2_HIGH: Final = float.fromhex("0x1.62e42fefa0000p-1")
"""ln 2 with its last 17 bits cleared: n or k times it is exact."""
_LN2_LOW: Final = float.fromhex("0x1.cf79abc9e3b3ap-40")
"""ln 2 minus the above."""
_EXP_LARGEST, _EXP_SMALLEST = 710.0, -746.0
"""Beyond these exp is infinite or 0 and is taken at them, which keeps its exponent bits in range."""
_EXP_SERIES: Final = tuple(1.0 / math.factorial(power) for power in range(2, 14))
_LOG_SERIES: Final = tuple(2.0 / (2.0 * power + 1.0) for power in range(1, 11))
_SQRT_HALF: Final = 0.5**0.5
_SMALLEST_NORMAL: Final = 2.0**-1022
_SUBNORMAL_SHIFT: Final = 54


def bits(value: float) -> int:
    """The 64 bits of a double."""
    return int.from_bytes(struct.pack(">d", value), "big")


def doubles(value: float) -> str:
    """The same double in every lane, as an operand."""
    return "<" + ", ".join([f"double 0x{bits(value):016X}"] * LANES) + ">"


def integers(value: int) -> str:
    """The same integer in every lane, as an operand."""
    return "<" + ", ".join([f"i64 {value}"] * LANES) + ">"


class Code:
    """Instructions in order. Operands and results are LLVM's names of values."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def value(self, instruction: str) -> str:
        """Add an instruction; the name of its result."""
        name = f"%v{len(self.lines)}"
        self.lines.append(f"{name} = {instruction}")
        return name

    def add(self, a: str, b: str) -> str:
        """Of doubles, as the next four."""
        return self.value(f"fadd {_DOUBLES} {a}, {b}")

    def subtract(self, a: str, b: str) -> str:  # noqa: D102
        return self.value(f"fsub {_DOUBLES} {a}, {b}")

    def multiply(self, a: str, b: str) -> str:  # noqa: D102
        return self.value(f"fmul {_DOUBLES} {a}, {b}")

    def divide(self, a: str, b: str) -> str:  # noqa: D102
        return self.value(f"fdiv {_DOUBLES} {a}, {b}")

    def negate(self, a: str) -> str:  # noqa: D102
        return self.value(f"fneg {_DOUBLES} {a}")

    def fused(self, a: str, b: str, c: str) -> str:
        """The sum a·b + c, rounded once if the processor can."""
        return self.intrinsic("fmuladd", a, b, c)

    def intrinsic(self, name: str, *operands: str) -> str:
        """One of LLVM's own functions: `fmuladd`, `sqrt`, `fabs`."""
        arguments = ", ".join(f"{_DOUBLES} {operand}" for operand in operands)
        return self.value(f"call {_DOUBLES} @llvm.{name}.v{LANES}f64({arguments})")

    def compare(self, relation: str, a: str, b: str) -> str:
        """Truth values; the relation is LLVM's: `olt ole ogt oge oeq`, all false for NaN."""
        return self.value(f"fcmp {relation} {_DOUBLES} {a}, {b}")

    def both(self, a: str, b: str) -> str:
        """Whether both truth values hold."""
        return self.value(f"and {_BOOLS} {a}, {b}")

    def select(self, condition: str, then: str, otherwise: str) -> str:
        """`then` in lanes where the condition holds."""
        return self.value(f"select {_BOOLS} {condition}, {_DOUBLES} {then}, {_DOUBLES} {otherwise}")

    def integer(self, operation: str, a: str, b: str) -> str:
        """`add sub shl lshr and or` on 64-bit integers."""
        return self.value(f"{operation} {_INTEGERS} {a}, {b}")

    def as_integers(self, a: str) -> str:
        """The bits of doubles."""
        return self.value(f"bitcast {_DOUBLES} {a} to {_INTEGERS}")

    def as_doubles(self, a: str) -> str:
        """The doubles with these bits."""
        return self.value(f"bitcast {_INTEGERS} {a} to {_DOUBLES}")

    def load(self, pointer: str) -> str:
        """The rows that start at a pointer."""
        return self.value(f"load {_DOUBLES}, ptr {pointer}, align 8")

    def store(self, a: str, pointer: str) -> None:
        """Write a value to the rows that start at a pointer."""
        self.lines.append(f"store {_DOUBLES} {a}, ptr {pointer}, align 8")

    def declarations(self) -> str:
        """What the module must declare for `intrinsic`."""
        operands = {"fmuladd": 3, "sqrt": 1, "fabs": 1}
        return "\n".join(
            f"declare {_DOUBLES} @llvm.{name}.v{LANES}f64({', '.join([_DOUBLES] * count)})"
            for name, count in operands.items()
        )

    def polynomial(self, coefficients: Sequence[float], x: str) -> str:
        """By Horner's rule, from the constant term up."""
        *lower, last = coefficients
        result = doubles(last)
        for coefficient in reversed(lower):
            result = self.fused(result, x, doubles(coefficient))
        return result


def exp(code: Code, x: str) -> str:
    """Exponential."""
    largest, smallest = doubles(_EXP_LARGEST), doubles(_EXP_SMALLEST)
    x = code.select(code.compare("ogt", x, largest), largest, x)
    x = code.select(code.compare("olt", x, smallest), smallest, x)
    rounded = code.fused(x, doubles(1.0 / _LN2), doubles(_ROUNDER))
    n = code.subtract(rounded, doubles(_ROUNDER))
    r = code.fused(n, doubles(-_LN2_HIGH), x)
    r = code.fused(n, doubles(-_LN2_LOW), r)
    tail = code.fused(code.multiply(r, r), code.polynomial(_EXP_SERIES, r), r)
    mantissa = code.add(tail, doubles(1.0))
    # Biased exponents of the two factors, n split in halves.
    fields = code.integer("sub", code.as_integers(rounded), integers(bits(_ROUNDER) - 2 * _EXPONENT_BIAS))
    first = code.integer("lshr", fields, integers(1))
    second = code.integer("sub", fields, first)
    for field in (first, second):
        factor = code.as_doubles(code.integer("shl", field, integers(_EXPONENT_SHIFT)))
        mantissa = code.multiply(mantissa, factor)
    return mantissa


def log(code: Code, x: str) -> str:
    """Natural logarithm."""
    subnormal = code.compare("olt", x, doubles(_SMALLEST_NORMAL))
    normal = code.select(subnormal, code.multiply(x, doubles(2.0**_SUBNORMAL_SHIFT)), x)
    # Counted from √½ instead of 1, so that the mantissa straddles 1; the bias keeps the difference positive.
    shifted = code.integer(
        "add", code.as_integers(normal), integers((_EXPONENT_BIAS << _EXPONENT_SHIFT) - bits(_SQRT_HALF))
    )
    exponent = code.integer("lshr", shifted, integers(_EXPONENT_SHIFT))
    base = _INTEGER_BASE + _EXPONENT_BIAS
    zero = code.select(subnormal, doubles(base + _SUBNORMAL_SHIFT), doubles(base))
    k = code.subtract(code.as_doubles(code.integer("or", exponent, integers(bits(_INTEGER_BASE)))), zero)
    fraction = code.integer("and", shifted, integers(_MANTISSA))
    m = code.as_doubles(code.integer("add", fraction, integers(bits(_SQRT_HALF))))
    f = code.subtract(m, doubles(1.0))
    s = code.divide(f, code.add(f, doubles(2.0)))
    z = code.multiply(s, s)
    series = code.multiply(z, code.polynomial(_LOG_SERIES, z))
    half_square = code.multiply(code.multiply(f, doubles(0.5)), f)
    small = code.fused(s, code.add(half_square, series), code.multiply(k, doubles(_LN2_LOW)))
    result = code.fused(k, doubles(_LN2_HIGH), code.subtract(f, code.subtract(half_square, small)))
    finite = code.both(code.compare("ogt", x, doubles(0.0)), code.compare("olt", x, doubles(math.inf)))
    limit = code.select(code.compare("ogt", x, doubles(0.0)), doubles(math.inf), doubles(math.nan))
    limit = code.select(code.compare("oeq", x, doubles(0.0)), doubles(-math.inf), limit)
    return code.select(finite, result, limit)
