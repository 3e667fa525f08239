"""The one stack that all tests of the whole system share in a run."""

from collections.abc import Iterator

import pytest

from tests.stack import Stack

QUOTES_PER_S = 200
"""Enough to see everything move; the load figures are `make bench`'s."""


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """All parts, started once as `optionsai up` starts them."""
    config = {"api": {"simulator": {"option_quotes_per_s": QUOTES_PER_S}}}
    with Stack(tmp_path_factory.mktemp("stack"), config) as running:
        yield running
