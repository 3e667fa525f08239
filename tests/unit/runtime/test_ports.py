import socket

import pytest

from runtime.supervisor.ports import HIGHEST_PORT, LOOPBACK, QUIET_RANGE, any_free, choose_ports, is_free, require_free


def test_wanted_ports_are_used_where_they_are_free() -> None:
    wanted = {"dash": 8050, "rest": 8000}
    assert choose_ports(wanted, lambda _port: True) == wanted


def test_a_taken_port_moves_up_past_those_others_want() -> None:
    wanted = {"kafka": 100, "controller": 101}
    assert choose_ports(wanted, lambda port: port != 100) == {"kafka": 102, "controller": 101}


def test_two_that_want_one_port_get_two() -> None:
    chosen = choose_ports({"a": 100, "b": 100}, lambda _port: True)
    assert chosen == {"a": 100, "b": 101}


def test_any_other_is_tried_when_nothing_near_is_free() -> None:
    answers = iter([5, 5, 6])
    chosen = choose_ports({"a": 100, "b": 200}, lambda _port: False, lambda: next(answers))
    assert chosen == {"a": 5, "b": 6}


def test_no_port_above_the_highest_is_tried() -> None:
    tried: list[int] = []

    def free(port: int) -> bool:
        tried.append(port)
        return False

    assert choose_ports({"a": HIGHEST_PORT}, free, lambda: 7) == {"a": 7}
    assert tried == [HIGHEST_PORT]


def test_a_listening_port_is_not_free_and_a_closed_one_is() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        assert not is_free(port)
        with pytest.raises(OSError, match=f"port {port} is taken"):
            require_free([any_free(), port])
    assert is_free(port)
    require_free([port])


def test_other_ports_are_not_those_of_outgoing_connections() -> None:
    assert any_free() in QUIET_RANGE
