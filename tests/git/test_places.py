"""A git host is never asked by more processes at once than the settings allow, however many repositories it has."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.adapters.git import GitOptions, Mirror, Places
from orchestrator.errors import Temporary


class Host:
    """Takes connections and answers none of them; `most` is how many were open at the same time."""

    def __init__(self) -> None:
        self.open: list[socket.socket] = []
        self.taken = 0
        self.changed = threading.Condition()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self.changed:
                self.open.append(connection)
                self.taken += 1
                self.changed.notify_all()

    def until_taken(self, count: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.taken >= count, 30)

    def hang_up(self) -> None:
        with self.changed:
            for connection in self.open:
                connection.close()
            self.open.clear()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()


@pytest.fixture
def host() -> Iterator[Host]:
    made = Host()
    yield made
    made.close()


def asked(mirror: Mirror) -> str:
    try:
        mirror.heads()
    except Temporary as error:
        return str(error)
    return ""


def test_repositories_of_one_host_wait_their_turn(host: Host, tmp_path: Path) -> None:
    options = GitOptions(protocols=("http",), places=Places(2))
    mirrors = [Mirror(tmp_path / f"m{n}", f"m{n}", f"http://127.0.0.1:{host.port}/r{n}.git", options) for n in range(5)]
    threads = [threading.Thread(target=asked, args=(mirror,), daemon=True) for mirror in mirrors]
    for thread in threads:
        thread.start()
    for turn in (2, 4, 5):
        host.until_taken(turn)
        assert host.taken == turn
        host.hang_up()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)


def test_a_place_that_does_not_become_free_is_told_with_the_host(host: Host, tmp_path: Path) -> None:
    places = Places(1)
    options = GitOptions(protocols=("http",), places=places, deadline=0.2)
    mirror = Mirror(tmp_path / "m", "web", f"http://127.0.0.1:{host.port}/web.git", options)
    with places.at("127.0.0.1", "other", 1):
        told = asked(mirror)
    assert told.startswith("web: git talks to 127.0.0.1 1 times already (git.per_host)")
    assert host.taken == 0


def test_other_hosts_do_not_wait(host: Host, tmp_path: Path) -> None:
    places = Places(1)
    with places.at("elsewhere", "other", 1), places.at("127.0.0.1", "web", 0):
        pass
