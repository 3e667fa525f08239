"""Write `docs/features.md` from the catalogue, so that the two cannot disagree.

Run as `python scripts/generate_features_docs.py`; with `--check` it writes nothing and fails where the file is out of
date.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from stream_processing.feature_engineering.catalogue import CATALOGUE, Group

PAGE: Final = Path(__file__).resolve().parents[1] / "docs" / "features.md"
INTRODUCTION: Final = """\
# Features

Made from `stream_processing/feature_engineering/catalogue.py` by `scripts/generate_features_docs.py`.

A feature at a moment depends on what was known then and on nothing later; one that is not known is absent, never NaN or
infinite. Warm-up counts the rows before the first value.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION, *(line for group in CATALOGUE for line in section(group))]) + "\n"


def section(group: Group) -> Iterator[str]:
    """One group as a table."""
    yield f"## {group.title} ({len(group.features)}, `{group.topic}`)\n"
    yield "| name | meaning | unit | window | warm-up | made of | horizons |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for one in group.features:
        cells = (one.meaning, one.unit, one.window, str(one.warm_up), one.source, ", ".join(one.horizons))
        yield f"| `{one.name}` | {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
    yield ""


def main() -> int:
    """Exit status."""
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page())
    elif not PAGE.exists() or PAGE.read_text() != page():
        print("docs/features.md is out of date: run python scripts/generate_features_docs.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
