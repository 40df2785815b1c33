"""The process that receives may die, be told new hooks or speak nonsense: no delivery that was answered is lost."""

import asyncio
import json
import os
import signal
import socket
import struct
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import structlog
from aiohttp import ClientError
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.webhook import Hook
from orchestrator.forwarder.hearing import Hearing
from orchestrator.forwarder.link import Frame, Link

Opened = Callable[..., AbstractAsyncContextManager[Any]]


def receivers() -> list[int]:
    """Find the receiver processes that this process has started."""
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    words = {int(child): Path(f"/proc/{child}/cmdline").read_bytes() for child in children}
    return [child for child, line in words.items() if b"receiver_process" in line]


async def test_what_comes_while_the_receiver_is_dead_waits_for_the_next_one(open_house: Opened, delivery: Any) -> None:
    async with open_house() as house:
        assert await house.send(delivery.push(), delivery.signed(delivery.push(), "1")) == 202
        (receiver,) = receivers()
        os.kill(receiver, signal.SIGKILL)
        await house.logged("the receiver ended, and is started again")
        body = delivery.push("refs/heads/later")
        assert await sent_at_last(house, body, delivery.signed(body, "2")) == 202
        await house.daemon.until(lambda: "refs/heads/later" in house.daemon.refs)
        (successor,) = receivers()
        assert successor != receiver
    assert receivers() == []


async def sent_at_last(house: Any, body: bytes, headers: dict[str, str]) -> int:
    """Send again where the connection was one of the dead process."""
    try:
        return int(await house.send(body, headers))
    except ClientError:
        return int(await house.send(body, headers))


async def test_a_forwarder_that_is_killed_leaves_no_receiver_and_no_address_taken(
    run_forwarder: Opened, settings_file: Callable[..., Path], delivery: Any, open_client: Opened
) -> None:
    settings = settings_file()
    async with run_forwarder(settings) as running:
        url = running.url
        running.process.kill()
        await running.read_log()  # the log ends when the last process that writes it is gone
    settings = settings_file(address=url.removeprefix("http://"))
    async with run_forwarder(settings) as running, open_client(running.url) as sender:
        body = delivery.changes("refs/heads/bugfix")
        assert await sender.send(body, delivery.post_receive(body, "1"), "local") == 202


async def test_new_hooks_are_served_once_the_reload_is_answered(open_house: Opened, delivery: Any) -> None:
    fresh = b"fresh-0123456789abcdef0123456789"
    hooks: tuple[Hook, ...] = delivery.HOOKS
    rotated = (replace(hooks[0], secrets=(delivery.SECRET, fresh)), *hooks[1:])
    async with open_house(read_hooks=lambda: rotated) as house:
        body = delivery.push()
        assert await house.send(body, delivery.signed(body, "1", fresh)) == 401
        await house.ask("reload", "POST")
        assert await house.send(body, delivery.signed(body, "2", fresh)) == 202
        (seen,) = [hook for hook in await house.ask("hooks") if hook["name"] == "gh"]
        assert (seen["accepted"], seen["refused"]) == (1, 1)
        assert [bool(at) for at in seen["secrets_used_at"]] == [False, True]


async def test_a_receiver_that_speaks_nonsense_is_heard_no_more() -> None:
    for nonsense in ([1, "record"], [1, "drop"], {"a": 1}, 7, [0, "record", "hook", 3, "now", [], None]):
        heard, ours = await hearing()
        ours.say(nonsense)
        await asyncio.wait_for(heard.ended.wait(), 20)


async def test_a_parcel_that_would_fill_the_memory_or_holds_less_than_it_says_ends_the_link() -> None:
    for parcel in (b"\xff" * 8, parcel_of([[2, 7]], b"x"), parcel_of([[-1, 7]]), parcel_of(7), parcel_of([7])):
        heard, ours = await hearing()
        assert ours._transport
        ours._transport.write(parcel)
        await asyncio.wait_for(heard.ended.wait(), 20)


def parcel_of(values: object, bodies: bytes = b"") -> bytes:
    text = json.dumps(values).encode()
    return struct.pack(">II", len(text), len(bodies)) + text + bodies


async def hearing() -> tuple[Hearing, Link]:
    """Connect somebody who listens, without a desk, to somebody who speaks."""
    one, other = socket.socketpair()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda *_: None)
    heard = Hearing(None, structlog.wrap_logger(None, processors=[drop]))  # type: ignore[arg-type]
    ours = Link(lambda _: None, lambda: None)
    await loop.create_unix_connection(lambda: heard.link, sock=one)
    await loop.create_unix_connection(lambda: ours, sock=other)
    return heard, ours


def drop(*_: object) -> Any:
    raise structlog.DropEvent


class Stream(asyncio.WriteTransport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = bytearray()

    def writelines(self, parts: Iterable[bytes | bytearray | memoryview]) -> None:
        self.sent += b"".join(parts)

    def close(self) -> None:
        pass


@given(st.lists(st.tuples(st.lists(st.text() | st.integers()), st.binary())), st.integers(1, 50))
def test_frames_arrive_whole_however_the_stream_is_cut(frames: list[Frame], size: int) -> None:
    received = list[Frame]()
    speaking, listening = Link(lambda _: None, lambda: None), Link(received.extend, lambda: None)

    async def speak() -> None:
        speaking.connection_made(stream)
        for value, body in frames:
            speaking.say(value, body)
        speaking.close()

    stream = Stream()
    asyncio.run(speak())
    sent = bytes(stream.sent)
    for start in range(0, len(sent), size):
        listening.data_received(sent[start : start + size])
    assert received == frames
