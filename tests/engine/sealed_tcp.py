"""Thespian's multiprocTCPBase for tests and figures, closed to everybody but its own processes.

As shipped it listens on every interface and unpickles whatever arrives. Here it binds to loopback, and every frame
carries a digest under a key that only forked children know. Names inside Thespian 4.0.1 are replaced for that.
"""

import gc
import hmac
import os
import pickle
import random
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from thespian.actors import ActorSystem
from thespian.system.transport.IPBase import IPActorAddress
from thespian.system.transport.streamBuffer import ackDataErrPacket, ackPacket, toSendBuffer
from thespian.system.transport.TCPTransport import TCPTransport

DIGEST = "sha256"
SIZE = 32
UNTOUCHED = {"version": 1, "incremental": True}  # how it should log: as everybody else here
LOOPBACK = "127.0.0.1"
PORTS = range(10_000, 20_000)
MODULE = TCPTransport.__module__


class Seal:
    """Pickles with a digest in front; what does not carry the right one is never unpickled."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(SIZE)

    def dumps(self, value: object) -> bytes:
        data = pickle.dumps(value)
        return hmac.digest(self._key, data, DIGEST) + data

    def loads(self, frame: bytes) -> object:
        digest, data = frame[:SIZE], frame[SIZE:]
        if not hmac.compare_digest(digest, hmac.digest(self._key, data, DIGEST)):
            raise ValueError("a frame without the digest of this system")
        return pickle.loads(data)


@contextmanager
def sealed_tcp_system(capabilities: dict[str, Any]) -> Iterator[ActorSystem]:
    """A system of its own on a free port; `capabilities` reach its actors as copies."""
    seal = Seal()
    with (
        mock.patch(f"{MODULE}.serializer", seal),
        mock.patch(f"{MODULE}.ackMsg", toSendBuffer(ackPacket, seal.dumps)),
        mock.patch(f"{MODULE}.ackDataErrMsg", toSendBuffer(ackDataErrPacket, seal.dumps)),
        mock.patch.object(IPActorAddress, "bindArgs", property(lambda address: ((LOOPBACK, address.bindname[1]),))),
        mock.patch.dict(os.environ, {"THESPIAN_BASE_IPADDR": LOOPBACK}),
    ):
        port = {"Admin Port": free_port()}
        system = ActorSystem("multiprocTCPBase", {**capabilities, **port}, logDefs=UNTOUCHED, transientUnique=True)
        try:
            yield system
        finally:
            system.shutdown()
            del system
            gc.collect()  # it leaves sockets open


def free_port() -> int:
    """Choose below the range that the kernel gives to clients, so that nobody takes it before it is used."""
    while True:
        port = random.SystemRandom().choice(PORTS)
        with socket.socket() as probe:
            if probe.connect_ex((LOOPBACK, port)):
                return port
