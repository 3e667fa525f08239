"""What all tests share: the one stack of a run, and how examples are searched for."""

import gc
from collections.abc import Generator, Iterator

import pytest
from hypothesis import settings

from tests.stack import Stack

settings.register_profile("shared", deadline=None)  # how long an example takes tells of the machine, not of the code
settings.load_profile("shared")

QUOTES_PER_S = 200
"""Enough to see everything move; the load figures are `make bench`'s."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What collecting brings into memory stays to the end: the garbage collector need not look through it again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """All parts, started once as `optionsai up` starts them."""
    config = {"api": {"simulator": {"option_quotes_per_s": QUOTES_PER_S}}}
    with Stack(tmp_path_factory.mktemp("stack"), config) as running:
        yield running
