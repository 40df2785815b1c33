"""What the client and the runner say to each other: one JSON line each, every order answered under its id.

Client to runner: `Call`. Runner to client: `Answer`, `Observed`, `Ended`; the first line is an answer with id 0.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from orchestrator.domain.status import Observation
from orchestrator.runtimes import Running
from orchestrator.runtimes.process.launch import Launch

LONGEST_LINE = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Apply:
    """Make this the release; `settled`: it was Ready before its runner was lost, so it serves at once."""

    launch: Launch
    settled: bool = False
    kind: Literal["apply"] = "apply"


@dataclass(frozen=True, slots=True)
class Remove:
    """End a service."""

    environment: str
    service: str
    kind: Literal["remove"] = "remove"


@dataclass(frozen=True, slots=True)
class RemoveEnvironment:
    """End an environment's services and forget its addresses."""

    environment: str
    kind: Literal["remove-environment"] = "remove-environment"


@dataclass(frozen=True, slots=True)
class Route:
    """Lead the addresses of a service to another environment's, or refuse."""

    environment: str
    service: str
    target: str | None
    kind: Literal["route"] = "route"


@dataclass(frozen=True, slots=True)
class AddressOf:
    """Name, and if need be allocate, a stable address."""

    environment: str
    service: str
    port: int
    kind: Literal["address"] = "address"


@dataclass(frozen=True, slots=True)
class AskRunning:
    """Tell what runs."""

    kind: Literal["running"] = "running"


@dataclass(frozen=True, slots=True)
class AskPorts:
    """Tell on which ports a release listens now."""

    environment: str
    service: str
    release: int
    kind: Literal["ports"] = "ports"


@dataclass(frozen=True, slots=True)
class Stop:
    """End everything politely, then exit."""

    kind: Literal["stop"] = "stop"


Order = Apply | Remove | RemoveEnvironment | Route | AddressOf | AskRunning | AskPorts | Stop


@dataclass(frozen=True, slots=True)
class Call:
    """An order and the id to answer under."""

    id: int
    order: Annotated[Order, Field(discriminator="kind")]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an order; `problem` is one line, empty when it was carried out; `ports` are by Score's `port`."""

    id: int
    problem: str = ""
    port: int = 0
    ports: tuple[tuple[int, int], ...] = ()
    running: tuple[Running, ...] = ()
    kind: Literal["answer"] = "answer"


@dataclass(frozen=True, slots=True)
class Observed:
    """A change of one release."""

    observation: Observation
    kind: Literal["observed"] = "observed"


@dataclass(frozen=True, slots=True)
class Ended:
    """No process of this release is left."""

    environment: str
    service: str
    release: int
    kind: Literal["ended"] = "ended"


Said = Answer | Observed | Ended

_CALL: TypeAdapter[Call] = TypeAdapter(Call)
_SAID: TypeAdapter[Said] = TypeAdapter(Annotated[Said, Field(discriminator="kind")])


def call_line(call: Call) -> bytes:
    """Write an order as one line."""
    return _CALL.dump_json(call) + b"\n"


def read_call(line: bytes) -> Call:
    """Read an order; raises pydantic's ValidationError."""
    return _CALL.validate_json(line)


def said_line(said: Said) -> bytes:
    """Write what the runner says as one line."""
    return _SAID.dump_json(said) + b"\n"


def read_said(line: bytes) -> Said:
    """Read what the runner said; raises pydantic's ValidationError."""
    return _SAID.validate_json(line)
