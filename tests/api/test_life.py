"""Start and stop: whose socket it is, who may use it, and that an end is an end."""

import os
import socket
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from orchestrator.adapters.api import Api, ApiOptions, server
from orchestrator.adapters.api.listen import tcp
from orchestrator.adapters.board import Board
from orchestrator.errors import Permanent
from tests.eventually import eventually


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_only_owner_and_group_may_use_the_socket_and_its_new_directory(directory: Path, open_house: Any) -> None:
    before = os.umask(0)
    try:
        house = open_house(socket=directory / "made" / "api.sock")
    finally:
        os.umask(before)
    assert (mode(house.socket), mode(house.socket.parent)) == (0o660, 0o750)


def test_a_stop_removes_the_socket_and_can_be_repeated(house: Any) -> None:
    house.api.stop()
    house.api.stop()
    assert not house.socket.exists()


def test_an_api_that_never_started_can_be_stopped(directory: Path) -> None:
    Api(ApiOptions(directory / "api.sock"), Board(), object(), {}, str).stop()  # type: ignore[arg-type]


def test_the_socket_of_a_daemon_that_is_gone_is_taken_over(directory: Path, open_house: Any) -> None:
    with socket.socket(socket.AF_UNIX) as lost:
        lost.bind(str(directory / "api.sock"))
        lost.listen()
    assert open_house().get("/v1/version").status == 200


def test_the_socket_of_a_daemon_that_lives_is_refused_and_left_alone(house: Any, open_house: Any) -> None:
    with pytest.raises(Permanent, match="another daemon answers at "):
        open_house()
    assert house.get("/v1/version").status == 200


def test_the_socket_of_a_daemon_that_hangs_is_refused(directory: Path, open_house: Any) -> None:
    with socket.socket(socket.AF_UNIX) as hanging, socket.socket(socket.AF_UNIX) as waiting:
        hanging.bind(str(directory / "api.sock"))
        hanging.listen(0)
        waiting.connect(str(directory / "api.sock"))
        with pytest.raises(Permanent, match="another daemon answers at "):
            open_house()
    assert (directory / "api.sock").exists()


def test_what_is_no_socket_is_left_alone(directory: Path, open_house: Any) -> None:
    (directory / "api.sock").write_text("mine")
    with pytest.raises(Permanent, match="is not a socket; move it away"):
        open_house()
    assert (directory / "api.sock").read_text() == "mine"


def test_a_link_is_not_followed(directory: Path, open_house: Any) -> None:
    (directory / "api.sock").symlink_to(directory / "elsewhere")
    with pytest.raises(Permanent, match="is not a socket"):
        open_house()
    assert not (directory / "elsewhere").exists()


def test_a_path_that_is_too_long_is_refused_by_name(directory: Path, open_house: Any) -> None:
    with pytest.raises(Permanent, match="more than 100 bytes"):
        open_house(socket=directory / ("x" * 100))


@pytest.mark.parametrize("where", ["file/api.sock", "file/deeper/api.sock"])
def test_a_directory_that_cannot_be_made_is_one_line(directory: Path, open_house: Any, where: str) -> None:
    (directory / "file").touch()
    with pytest.raises(Permanent, match=r"cannot listen on .*file/.*; set another api.socket, or ANABRANCH_SOCKET"):
        open_house(socket=directory / where)


@pytest.mark.parametrize(
    "address", ["", "80", ":80", "localhost", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:99999", "[::1]"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(Permanent, match="is no address to listen on; write host:port"):
        tcp(address)


def test_an_address_that_is_taken_is_refused_and_the_socket_given_back(directory: Path, open_house: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(Permanent, match="cannot listen on 127"):
        open_house(observe_address=f"127.0.0.1:{other.getsockname()[1]}")
    assert not (directory / "api.sock").exists()


def test_a_stop_leaves_the_socket_of_a_successor_alone(house: Any) -> None:
    house.socket.unlink()
    with socket.socket(socket.AF_UNIX) as successor:
        successor.bind(str(house.socket))
        house.api.stop()
        assert house.socket.exists()


def test_a_stop_ends_open_streams_and_waits_for_nobody(house: Any, made: Any) -> None:
    house.gateway.lines["web"] = made.Lines("one")
    with (
        house.connect() as idle,
        house.stream("/v1/watch") as watcher,
        house.stream("/v1/watch") as deaf,
        house.stream("/v1/services/main/web/logs?follow=1") as reader,
    ):
        watcher.change()
        reader.line()
        for number in range(200):
            house.board.publish(made.environment("main", note=f"{number}" * 10_000))
        stopping = threading.Thread(target=house.api.stop)
        stopping.start()
        stopping.join(made.SECONDS)
        assert not stopping.is_alive()
        assert all(stream.ends() for stream in (watcher, deaf, reader))
        assert idle.recv(1) == b""


def test_a_stop_during_a_call_does_not_wait_for_it(house: Any, made: Any) -> None:
    house.gateway.gate = threading.Event()
    with house.connect() as asking:
        asking.sendall(b"GET /v1/actors HTTP/1.1\r\nHost: d\r\n\r\n")
        eventually(lambda: bool(house.gateway.calls))
        stopping = threading.Thread(target=house.api.stop)
        stopping.start()
        stopping.join(made.SECONDS)
        assert not stopping.is_alive()
        assert asking.recv(1) == b""
    house.gateway.gate.set()


def test_a_stop_ends_the_thread_and_frees_what_was_subscribed(house: Any) -> None:
    with house.stream("/v1/watch") as stream:
        stream.change()
        house.api.stop()
    assert house.board._callbacks == ()
    assert "api" not in [thread.name for thread in threading.enumerate()]


def test_a_client_that_sends_nothing_is_hung_up_on(open_house: Any, monkeypatch: pytest.MonkeyPatch, made: Any) -> None:
    monkeypatch.setitem(server._HTTP, "keepalive_timeout", 0.05)
    house = open_house()
    assert house.raw(b"") == b""
    assert house.raw(b"GET /v1/version HTTP/1.1\r\nHost: d\r\n") == b""
