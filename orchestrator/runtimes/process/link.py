"""The client's end of one runner: starts it, sends orders, waits for answers, hears what it says.

In: orders, from any thread. Out: answers to the thread that asked; observations and endings, and the loss of the
runner, to `heard`, called from the reading thread.
"""

import itertools
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress

from pydantic import TypeAdapter

from orchestrator.errors import Permanent, Temporary
from orchestrator.runtimes.process.options import ProcessOptions
from orchestrator.runtimes.process.wire import (
    LONGEST_LINE,
    Answer,
    Call,
    Ended,
    Observed,
    Order,
    Stop,
    call_line,
    read_said,
)

_START = 20.0
_ANSWER = 10.0
_LOST = "the runner of local processes was lost and is being started again; try again"

Heard = Callable[[Observed | Ended | None], None]


class Link:
    """One runner process; None is heard once when it is lost."""

    def __init__(self, options: ProcessOptions, heard: Heard) -> None:
        ours, theirs = socket.socketpair()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", int(_ANSWER), 0))
        self._socket = ours
        self._heard = heard
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._waiting: dict[int, Future[Answer]] = {0: Future()}
        self._lost = False
        hello = self._waiting[0]
        with theirs:
            self._process = _start(theirs, options)
        self._reader = threading.Thread(target=self._read, name="anabranch-runner", daemon=True)
        self._reader.start()
        try:
            self._wait(hello, _START)
        except Temporary as error:
            self.kill()
            raise Temporary(f"the runner of {options.state} did not start; standard error says why") from error

    @property
    def pid(self) -> int:
        """The runner's process."""
        return self._process.pid

    def call(self, order: Order) -> Answer:
        """Give an order and wait for its answer; one thread at a time. Raises Temporary, Permanent for one too long."""
        line, answered = self._note(order)
        try:
            self._socket.sendall(line)
        except OSError as error:
            self._process.kill()
            raise Temporary(_LOST) from error
        answer = self._wait(answered, _ANSWER)
        if answer.problem:
            raise Temporary(answer.problem)
        return answer

    def close(self, patience: float) -> None:
        """Let the runner end everything politely within `patience` seconds, and make sure that it has ended."""
        with suppress(OSError):
            self._socket.sendall(call_line(Call(0, Stop())))
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._hang_up()
        self.kill()

    def kill(self) -> None:
        """Hang up, and kill a runner that does not end by itself."""
        self._hang_up()
        try:
            self._process.wait(_ANSWER)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(_ANSWER)
        if threading.current_thread() is not self._reader:
            self._reader.join(_ANSWER)
        self._socket.close()

    def _note(self, order: Order) -> tuple[bytes, "Future[Answer]"]:
        answered: Future[Answer] = Future()
        with self._lock:
            if self._lost:
                raise Temporary(_LOST)
            number = next(self._ids)
            line = call_line(Call(number, order))
            if len(line) > LONGEST_LINE:
                raise Permanent(f"the release is larger than {LONGEST_LINE} bytes; shorten its variables")
            self._waiting[number] = answered
        return line, answered

    def _wait(self, answered: "Future[Answer]", timeout: float) -> Answer:
        try:
            return answered.result(timeout)
        except TimeoutError as error:
            self._process.kill()
            raise Temporary(
                f"the runner did not answer within {timeout:g} s and is being replaced; try again"
            ) from error

    def _read(self) -> None:
        with suppress(OSError), self._socket.makefile("rb") as lines:
            for line in lines:
                self._hear(line)
        with self._lock:
            self._lost = True
            waiting, self._waiting = self._waiting, {}
        for answered in waiting.values():
            answered.set_exception(Temporary(_LOST))
        self._heard(None)

    def _hear(self, line: bytes) -> None:
        said = read_said(line)
        if isinstance(said, Answer):
            with self._lock:
                answered = self._waiting.pop(said.id, None)
            if answered:
                answered.set_result(said)
        else:
            self._heard(said)

    def _hang_up(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)


def _start(theirs: socket.socket, options: ProcessOptions) -> "subprocess.Popen[bytes]":
    """Start a runner in a session of its own: a Ctrl-C on the terminal is meant for the daemon."""
    settings = TypeAdapter(ProcessOptions).dump_json(options).decode()
    module = "orchestrator.runtimes.process.runner"
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module, str(theirs.fileno()), settings],
        pass_fds=(theirs.fileno(),),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
