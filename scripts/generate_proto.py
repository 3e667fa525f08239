"""Generate the Python stubs of `api/proto/*.proto`, or with `--check` say whether the committed ones are up to date."""

import argparse
import filecmp
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc

REPOSITORY = Path(__file__).resolve().parent.parent
PROTOS = REPOSITORY / "api" / "proto"


def generate(out: Path) -> list[Path]:
    """Write the stubs of every proto below `out`, laid out as in the repository; their paths relative to `out`."""
    sources = [str(path.relative_to(REPOSITORY)) for path in sorted(PROTOS.glob("*.proto"))]
    options = [f"--{plugin}_out={out}" for plugin in ("python", "pyi", "grpc_python")]
    well_known = files("grpc_tools") / "_proto"
    if protoc.main(["protoc", f"-I{REPOSITORY}", f"-I{well_known}", *options, *sources]):
        sys.exit("protoc refused the proto files; its message is above")
    stems = [Path(source).with_suffix("") for source in sources]
    return [stem.with_name(stem.name + ending) for stem in stems for ending in ("_pb2.py", "_pb2.pyi", "_pb2_grpc.py")]


def stale() -> list[Path]:
    """Committed stubs that differ from what the proto files say now, and those that are missing."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        return [
            path
            for path in generate(out)
            if not (REPOSITORY / path).exists() or not filecmp.cmp(out / path, REPOSITORY / path, shallow=False)
        ]


def main() -> None:
    """Generate or check, as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail when a stub is out of date")
    if not parser.parse_args().check:
        generate(REPOSITORY)
    elif out_of_date := stale():
        sys.exit(f"out of date: {', '.join(map(str, out_of_date))}. Run: python scripts/generate_proto.py")


if __name__ == "__main__":
    main()
