import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
GENERATE = ROOT / "scripts" / "generate_proto.py"


def test_the_committed_stubs_are_what_the_proto_says() -> None:
    checked = subprocess.run([sys.executable, GENERATE, "--check"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_a_stub_that_is_out_of_date_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    specification = importlib.util.spec_from_file_location("generate_proto", GENERATE)
    assert specification is not None
    assert specification.loader is not None
    script = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(script)
    protos = tmp_path / "api" / "proto"
    protos.mkdir(parents=True)
    (protos / "signals.proto").write_text('syntax = "proto3"; message Other { string id = 1; }')
    monkeypatch.setattr(script, "REPOSITORY", tmp_path)
    monkeypatch.setattr(script, "PROTOS", protos)
    assert {path.name for path in script.stale()} == {"signals_pb2.py", "signals_pb2.pyi", "signals_pb2_grpc.py"}
    script.generate(tmp_path)
    assert script.stale() == []
