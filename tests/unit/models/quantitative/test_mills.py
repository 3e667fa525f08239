import mpmath
import numpy as np
import pytest

from models.quantitative.blocks import evaluate
from models.quantitative.formulas import Chain
from models.quantitative.mills import COARSE, FINE, Rational, mills_ratio

EPSILON = 2.0**-52


def _exact(z: float) -> mpmath.mpf:
    with mpmath.workdps(50):
        z = mpmath.mpf(z)
        return mpmath.sqrt(mpmath.pi / 2) * mpmath.exp(z * z / 2) * mpmath.erfc(z / mpmath.sqrt(2))


@pytest.mark.parametrize(("rational", "tolerance"), [(FINE, 5 * EPSILON), (COARSE, 4e-11)])
def test_ratio_matches_mpmath(rational: Rational, tolerance: float) -> None:
    z = np.concatenate([np.linspace(-0.74, 3.0, 150), np.geomspace(3.0, 1e4, 100)])
    chain = Chain()
    mills_ratio(chain, "ratio", chain.number("z"), rational)
    (ratio,) = evaluate(chain.close("ratio"), z)
    errors = [abs(float(value / _exact(at) - 1)) for at, value in zip(z, ratio, strict=True)]
    assert max(errors) < tolerance
