"""Run unit, integration and browser tests under coverage and, where they pass, hold the totals to their limits.

Pure packages: at least 95 % of branches. All packages: at least 90 % of lines. Processes that the tests start are
measured too. Unit tests run on all cores at once. Coverage cannot see into compiled code, so the quick tests of the
kernels run once more uncompiled, on all cores too.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
LEAST_LINES: Final = 90.0
LEAST_PURE_BRANCHES: Final = 95.0
PURE: Final = (
    "contracts/",
    "data_ingestion/parsing/",
    "data_ingestion/data_validators/",
    "data_ingestion/simulator/",
    "stream_processing/feature_engineering/",
    "models/quantitative/",
    "models/short_term/",
    "models/evaluation/",
    "recommendation_engine/signal_generator/",
)
_KERNELS: Final = "tests/unit/models/quantitative/"
_SCANS: Final = "tests/unit/stream_processing/feature_engineering/"
UNCOMPILED: Final = (
    f"{_KERNELS}american/test_kernels.py",
    f"{_KERNELS}american/test_normal_kernels.py",
    f"{_KERNELS}american/test_boundary.py",
    f"{_KERNELS}american/test_implied_vol.py::test_every_reason",
    f"{_KERNELS}american/test_exact.py::test_results_have_the_shape_of_the_inputs",
    f"{_KERNELS}american/test_dividends.py::test_bad_rows_have_their_reason",
    f"{_KERNELS}heston/test_kernels.py",
    f"{_KERNELS}monte_carlo/test_kernels.py",
    f"{_KERNELS}surface/test_quadratic_kernels.py",
    f"{_KERNELS}surface/test_spline_kernels.py",
    f"{_KERNELS}surface/test_svi.py",
    f"{_SCANS}indicators/test_kernels.py",
    f"{_SCANS}test_memory_kernels.py",
    f"{_SCANS}test_momentum.py",
    f"{_SCANS}test_order_flow_impact_kernels.py",
    f"{_SCANS}test_order_flow_quote_kernels.py",
    f"{_SCANS}test_order_flow_trade_kernels.py",
    f"{_SCANS}test_volatility.py",
    f"{_SCANS}test_volume_profile.py",
)
IN_PARALLEL: Final = ("-q", "-n", "auto", "--dist", "loadfile")
"""Unit tests share nothing; the tests of a file stay together, for they may share what is dear to make."""
SLOW_UNCOMPILED: Final = (
    "noisy_windows", "change_nothing", "survives", "bouncing", "moves_away_from_the_strike", "boundary_lies_between",
)  # fmt: skip
"""Names of tests that take long uncompiled and reach no branch that the others do not."""


def share(covered: int, total: int) -> float:
    """Percentage, 100 where there is nothing to cover."""
    return 100.0 * covered / total if total else 100.0


def main() -> int:
    """Exit status: the tests' own, or 1 where coverage falls short."""
    with tempfile.TemporaryDirectory(prefix="optionsai-coverage-") as folder:
        environment = os.environ | {"COVERAGE_FILE": f"{folder}/data"}

        def coverage(*arguments: str, **more: str) -> int:
            return subprocess.run(  # noqa: S603 - our own interpreter and arguments
                [sys.executable, "-m", "coverage", *arguments], cwd=ROOT, env=environment | more, check=False
            ).returncode

        # NumPy warns where a scalar overflows; the compiled kernels take infinity as it comes.
        quick = ("-k", f"not ({' or '.join(SLOW_UNCOMPILED)})", "-W", "ignore::RuntimeWarning")
        runs: list[tuple[Sequence[str], dict[str, str]]] = [
            ((*IN_PARALLEL, "tests/unit"), {}),
            ((*IN_PARALLEL, *quick, *UNCOMPILED), {"NUMBA_DISABLE_JIT": "1"}),
            (("tests/integration", "tests/browser"), {}),
        ]
        if sys.argv[1:]:
            runs = [(sys.argv[1:], {})]
        for arguments, more in runs:
            if status := coverage("run", "-m", "pytest", *arguments, **more):
                return status  # with what failed as the last thing printed
        coverage("combine", "--quiet", folder)
        coverage("report")
        coverage("json", "--quiet", "-o", f"{folder}/report.json")
        report: dict[str, Any] = json.loads(Path(folder, "report.json").read_text())
    total = report["totals"]
    pure = [file["summary"] for name, file in report["files"].items() if name.startswith(PURE)]
    lines = share(total["covered_lines"], total["num_statements"])
    branches = share(sum(s["covered_branches"] for s in pure), sum(s["num_branches"] for s in pure))
    print(f"coverage: all packages {lines:.1f} % of lines (at least {LEAST_LINES:.0f}), ", end="")
    print(f"pure packages {branches:.1f} % of branches (at least {LEAST_PURE_BRANCHES:.0f})")
    return int(lines < LEAST_LINES or branches < LEAST_PURE_BRANCHES)


if __name__ == "__main__":
    sys.exit(main())
