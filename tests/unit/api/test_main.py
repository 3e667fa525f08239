import pytest

from api.main import reachable
from contracts.errors import PartError
from runtime.web import listen


def test_one_broker_that_accepts_connections_is_enough() -> None:
    with listen("127.0.0.1", 0, "kafka.bootstrap_servers") as closed:
        gone = f"127.0.0.1:{closed.getsockname()[1]}"
    with listen("127.0.0.1", 0, "kafka.bootstrap_servers") as broker:
        here = f"127.0.0.1:{broker.getsockname()[1]}"
        assert reachable(f"{gone}, {here}") == f"{here} accepts connections"
    with pytest.raises(PartError, match="optionsai status"):
        reachable(gone)
