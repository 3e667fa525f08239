"""A gRPC client that has nothing of ours but the proto file."""

import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Final

from grpc_tools import protoc

PROTO: Final = Path(__file__).resolve().parents[1] / "api" / "proto" / "signals.proto"

CLIENT = """
import sys, time
import grpc, signals_pb2, signals_pb2_grpc

stub = signals_pb2_grpc.SignalsStub(grpc.insecure_channel(sys.argv[1]))
answer = stub.GetSignals(signals_pb2.GetSignalsRequest(limit=1), timeout=10)
print("newest", answer.signals[0].id, answer.simulated, flush=True)
request = signals_pb2.StreamSignalsRequest(since_event_time_us=int(sys.argv[2]))
for signal in stub.StreamSignals(request, timeout=60):
    action = signals_pb2.Action.Name(signal.action)
    print("signal", signal.id, action, signal.stages[-1].time_us, time.time_ns() // 1000, flush=True)
"""


def started(folder: Path, port: int, since: int) -> subprocess.Popen[str]:
    """The client as a process, in a folder that holds the stubs generated from the proto and no module of ours."""
    well_known = files("grpc_tools") / "_proto"
    options = [f"-I{PROTO.parent}", f"-I{well_known}", f"--python_out={folder}", f"--grpc_python_out={folder}"]
    assert protoc.main(["protoc", *options, str(PROTO)]) == 0
    (folder / "client.py").write_text(CLIENT)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "client.py", f"127.0.0.1:{port}", str(since)]
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
