"""A stream between the forwarder and its receiver process: a JSON value and raw bytes in each frame.

In: frames to say, gathered until the loop turns. Out: the frames that came together, in order, and the end of the
stream, which is how either side learns that the other one is gone.
"""

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from struct import Struct
from typing import Any, cast

Frame = tuple[Any, bytes]
LONGEST = 64 * 2**20
_TOGETHER = 3 * 16
_SIZES = Struct(">II")
_write = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


class Link(asyncio.Protocol):
    """One end; `heard` takes frames, `ended` is called once. What is said after the end is dropped."""

    def __init__(self, heard: Callable[[Sequence[Frame]], None], ended: Callable[[], None]) -> None:
        self._heard = heard
        self._ended = ended
        self._transport: asyncio.WriteTransport | None = None
        self._saying = list[bytes]()
        self._received = bytearray()

    def say(self, value: Any, body: bytes = b"") -> None:
        """Send a frame soon, together with others."""
        if not self._saying:
            asyncio.get_running_loop().call_soon(self._flush)
        text = _write(value).encode("ascii")
        self._saying += (_SIZES.pack(len(text), len(body)), text, body)
        if len(self._saying) >= _TOGETHER:
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
        """Take bytes up to the end of the last whole frame."""
        self._received += data
        frames = list(self._frames())
        if frames:
            self._heard(frames)

    def connection_lost(self, _: Exception | None) -> None:
        """Tell that the other side is gone."""
        self._transport = None
        self._ended()

    def _flush(self) -> None:
        saying, self._saying = self._saying, []
        if self._transport and saying:
            self._transport.writelines(saying)

    def _frames(self) -> Iterator[Frame]:
        at = 0
        with memoryview(self._received) as received:
            while len(received) - at >= _SIZES.size:
                text_size, body_size = _SIZES.unpack_from(received, at)
                if text_size + body_size > LONGEST:
                    raise ValueError("a frame is too long")
                text_at = at + _SIZES.size
                body_at = text_at + text_size
                if len(received) < body_at + body_size:
                    break
                at = body_at + body_size
                yield json.loads(bytes(received[text_at:body_at])), bytes(received[body_at:at])
        del self._received[:at]
