"""HTTP over the daemon's unix socket: one request, one answer; or one request and lines for as long as they come.

In: a path below `/v1`. Out: JSON values, or the daemon's refusal as the error that it is.
"""

import json
import queue
import socket
import struct
import threading
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from typing import Self
from urllib.parse import quote, urlencode

from orchestrator.cli.usage import WrongUsage
from orchestrator.errors import AnabranchError, Conflict, NotFound, Permanent, Temporary

_ANSWER_SECONDS = 60.0
_CREDENTIALS = struct.Struct("3i")
_KINDS: dict[str, type[AnabranchError]] = {
    "NotFound": NotFound,
    "Conflict": Conflict,
    "Permanent": Permanent,
    "Temporary": Temporary,
    "Usage": WrongUsage,
}


class Connection:
    """Opens a connection for each request. Raises Temporary when nobody is there, or when it goes away.

    `who` is the daemon or the forwarder; `tried` are all the places where one was looked for.
    """

    def __init__(
        self, path: Path, seconds: float = _ANSWER_SECONDS, *, tried: Sequence[Path] = (), who: str = "daemon"
    ) -> None:
        self.path = path
        self._who = who
        self._tried = " or ".join(map(str, tried or (path,)))
        self._seconds = seconds

    def get(self, *parts: str, **query: object) -> object:
        """GET a value."""
        return self._answer("GET", _target(parts, query), None)

    def identified(self, *parts: str, **query: object) -> tuple[object, int]:
        """GET a value, and the id of the user as whom its sender runs, as the kernel says."""
        with closing(_UnixConnection(self.path, self._seconds)) as connection:
            return self._exchange(connection, "GET", _target(parts, query), None), connection.listener

    def send(self, method: str, *parts: str, value: object) -> object:
        """Send a value, return the answer."""
        return self._answer(method, _target(parts, {}), json.dumps(value).encode())

    def lines(self, *parts: str, **query: object) -> "Lines":
        """GET lines that keep coming."""
        connection = _UnixConnection(self.path, self._seconds)
        try:
            return Lines(self._open(connection, "GET", _target(parts, query), None), connection, self._who)
        except BaseException:
            connection.close()
            raise

    def _answer(self, method: str, target: str, body: bytes | None) -> object:
        with closing(_UnixConnection(self.path, self._seconds)) as connection:
            return self._exchange(connection, method, target, body)

    def _exchange(self, connection: HTTPConnection, method: str, target: str, body: bytes | None) -> object:
        with self._open(connection, method, target, body) as response:
            try:
                return json.loads(response.read())
            except (OSError, HTTPException, ValueError) as error:
                raise Temporary(f"the {self._who} at {self.path} went away while it answered; try again") from error

    def _open(self, connection: HTTPConnection, method: str, target: str, body: bytes | None) -> HTTPResponse:
        try:
            connection.request(method, target, body, {"Connection": "close"})
            response = connection.getresponse()
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise Temporary(f"no {self._who} at {self._tried}; start one: anabranch up") from error
        except PermissionError as error:
            raise Permanent(f"not allowed to use {self.path}: join its group, or ask who runs the daemon") from error
        except TimeoutError as error:
            raise Temporary(f"the {self._who} at {self.path} did not answer within {self._seconds:.0f} s") from error
        except (OSError, HTTPException) as error:
            raise Temporary(f"cannot talk to the {self._who} at {self.path}: {error}") from error
        if response.status >= 400:
            with response:
                raise _refusal(response)
        return response


class Lines:
    """Lines of an answer, read ahead by a thread so that a reader can do something else meanwhile; close them."""

    def __init__(self, response: HTTPResponse, connection: "_UnixConnection", who: str) -> None:
        self._response = response
        self._who = who
        self._connection = connection
        self._lines: queue.Queue[bytes | None] = queue.Queue(1000)
        self._reader = threading.Thread(target=self._read, name="lines", daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.hang_up()
        while self._reader.is_alive():
            with suppress(EOFError):
                self.take(0.05)

    def take(self, seconds: float | None = None) -> bytes | None:
        """Give the next line without its end, None when none comes in time; raises EOFError after the last."""
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            return None
        if line is None:
            raise EOFError(f"the {self._who} at {self._connection.path} went away")
        return line

    def _read(self) -> None:
        try:
            with self._response:
                while line := self._response.readline():
                    self._lines.put(line.rstrip(b"\r\n"))
        except (OSError, HTTPException, ValueError):
            pass
        finally:
            self._lines.put(None)


class _UnixConnection(HTTPConnection):
    """`listener` is the id of the user as whom the other end listens, once connected."""

    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self.path = path
        self.listener = -1
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(seconds)

    def connect(self) -> None:
        self.sock = self._socket
        self.sock.connect(str(self.path))
        raw = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        self.listener = _CREDENTIALS.unpack(raw)[1]

    def close(self) -> None:
        super().close()
        self._socket.close()

    def hang_up(self) -> None:
        """Let a reader of the answer, in whichever thread, come to its end."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)


def _target(parts: tuple[str, ...], query: Mapping[str, object]) -> str:
    path = "/v1/" + "/".join(quote(part, safe="") for part in parts)
    given = {name: value for name, value in query.items() if value not in (None, "", False)}
    return f"{path}?{urlencode(given)}" if given else path


def _refusal(response: HTTPResponse) -> AnabranchError:
    try:
        answer = json.loads(response.read())
        return _KINDS.get(answer["kind"], Permanent)(answer["error"])
    except (OSError, HTTPException, ValueError, TypeError, KeyError):
        return Temporary(f"what answers is no daemon of ours (HTTP {response.status})")
