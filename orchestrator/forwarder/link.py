"""A stream between the forwarder and its receiver process: frames, each a JSON value and raw bytes.

In: frames to say, gathered until the loop turns and sent as one parcel: sizes, a JSON list of the values, each behind
the length of its bytes, and then all bytes. Out: the frames that came together, in order, and the end of the stream,
which is how either side learns that the other one is gone.
"""

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from struct import Struct
from typing import Any, cast

Frame = tuple[Any, bytes]
LONGEST = 64 * 2**20
_TOGETHER = 16
_TOGETHER_BYTES = 2**18
_SIZES = Struct(">II")
_write = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


class Link(asyncio.Protocol):
    """One end; `heard` takes frames, `ended` is called once. What is said after the end is dropped."""

    def __init__(self, heard: Callable[[Sequence[Frame]], None], ended: Callable[[], None]) -> None:
        self._heard = heard
        self._ended = ended
        self._transport: asyncio.WriteTransport | None = None
        self._saying = list[tuple[int, Any]]()
        self._bodies = list[bytes]()
        self._bytes = 0
        self._received = bytearray()

    def say(self, value: Any, body: bytes = b"") -> None:
        """Send a frame soon, together with others."""
        if not self._saying:
            asyncio.get_running_loop().call_soon(self._flush)
        self._saying.append((len(body), value))
        self._bodies.append(body)
        self._bytes += len(body)
        if len(self._saying) >= _TOGETHER or self._bytes > _TOGETHER_BYTES:
            self._flush()

    def close(self) -> None:
        """Send what was said, then end the stream."""
        self._flush()
        if self._transport:
            self._transport.close()

    def abort(self) -> None:
        """End the stream at once."""
        if self._transport:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Speak through this transport."""
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        """Take bytes up to the end of the last whole parcel."""
        self._received += data
        frames = list(self._frames())
        if frames:
            self._heard(frames)

    def connection_lost(self, _: Exception | None) -> None:
        """Tell that the other side is gone."""
        self._transport = None
        self._ended()

    def _flush(self) -> None:
        saying, bodies, size = self._saying, self._bodies, self._bytes
        self._saying, self._bodies, self._bytes = [], [], 0
        if self._transport and saying:
            text = _write(saying).encode("ascii")
            self._transport.writelines([_SIZES.pack(len(text), size), text, *bodies])

    def _frames(self) -> Iterator[Frame]:
        at = 0
        with memoryview(self._received) as received:
            while len(received) - at >= _SIZES.size:
                text_size, size = _SIZES.unpack_from(received, at)
                if text_size + size > LONGEST:
                    raise ValueError("a parcel is too long")
                bodies_at = at + _SIZES.size + text_size
                if len(received) < bodies_at + size:
                    break
                values = json.loads(bytes(received[at + _SIZES.size : bodies_at]))
                at = bodies_at + size
                yield from _opened(values, received[bodies_at:at])
        del self._received[:at]


def _opened(values: Sequence[tuple[int, Any]], bodies: memoryview) -> Iterator[Frame]:
    at = 0
    for size, value in values:
        if not 0 <= size <= len(bodies) - at:
            raise ValueError("a frame is longer than its parcel")
        yield value, bytes(bodies[at : at + size])
        at += size
