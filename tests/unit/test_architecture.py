"""The import contracts hold, and each of them catches what it is there to catch."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATION = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]

VIOLATIONS = {
    "layers": ("contracts/offender.py", "import runtime.settings"),
    "serving-reads-streams": ("visualization/offender.py", "import data_ingestion.simulator"),
    "pure": ("models/quantitative/offender.py", "import os"),
    "kafka-at-the-edge": ("storage/offender.py", "import confluent_kafka"),
    "spark-in-jobs": ("stream_processing/feature_engineering/offender.py", "import pyspark"),
    "database-in-storage": ("api/offender.py", "import psycopg"),
    "series-in-storage": ("storage/timescaledb_client/offender.py", "import influxdb_client"),
}


def lint(folder: Path, *contract: str) -> subprocess.CompletedProcess[str]:
    program = "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports_command as c; c()"
    return subprocess.run(
        [sys.executable, "-c", program, "--no-cache", *contract],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_contract_has_a_violation_here() -> None:
    assert {contract["id"] for contract in CONFIGURATION["contracts"]} == set(VIOLATIONS)


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The product's code, to be broken."""
    folder = tmp_path_factory.mktemp("copied")
    for package in CONFIGURATION["root_packages"]:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_all_contracts_are_kept(copied: Path) -> None:
    kept = lint(copied)
    assert kept.returncode == 0, kept.stdout + kept.stderr
    assert f"Contracts: {len(VIOLATIONS)} kept, 0 broken" in kept.stdout


@pytest.mark.parametrize("contract", VIOLATIONS)
def test_a_deliberate_violation_is_caught(contract: str, copied: Path) -> None:
    file, statement = VIOLATIONS[contract]
    offender = copied / file
    offender.write_text(f'"""Breaks a contract on purpose."""\n\n{statement}\n')
    broken = lint(copied, "--contract", contract)
    offender.unlink()
    assert broken.returncode != 0
    assert "BROKEN" in broken.stdout
    assert "offender" in broken.stdout
