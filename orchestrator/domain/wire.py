"""What services ask of each other: the references that a workload declares, and what a peer answers.

In: the resources of a workload of type `service` or `service-port`. Out: `WireReference`s, and the outputs that a
placeholder may name (Score's own `service-port` has two of them; `service` is Anabranch's legal extension).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.domain.workload import Resource, Workload

BASELINE = "baseline"
NONE = "none"


@dataclass(frozen=True, slots=True)
class WireReference:
    """One reference: `resource` of a workload to a port of `service`; `port` is a name, a number or empty.

    `fallback` is `baseline`, `none` or a branch name; `line` is that of the resource in the Score file.
    """

    resource: str
    type: str
    service: str
    port: str
    fallback: str
    optional: bool
    protocol: str
    line: int


@dataclass(frozen=True, slots=True)
class WiredPort:
    """A port of a peer: its name and number in the Score file, and the stable address that leads to it.

    `public` is the URL by which browsers reach it from outside; empty when that is the stable address too, or none.
    """

    name: str
    number: int
    host: str
    port: int
    public: str = ""


@dataclass(frozen=True, slots=True)
class Wired:
    """A peer's answer: who `service` is in `environment`, as soon as it is defined.

    `origin` is branch, baseline, external or none; `served_from` is the environment that the address leads to now,
    `since` when it began to; `branch` and `commit` are those of what answers. `problem` is one line, empty when well.
    """

    environment: str
    service: str
    defined: bool
    ports: tuple[WiredPort, ...] = ()
    origin: str = NONE
    served_from: str = ""
    branch: str = ""
    commit: str = ""
    since: float = 0.0
    note: str = ""
    problem: str = ""
    candidates: tuple[str, ...] = ()


Answers = Mapping[str, Wired]


def references(workload: Workload) -> tuple[WireReference, ...]:
    """List the references of a workload to services; the target is params.workload, else id, else the key."""
    return tuple(_reference(r) for r in workload.resources if r.type in ("service", "service-port"))


def _reference(resource: Resource) -> WireReference:
    params = dict(resource.params)
    return WireReference(
        resource=resource.name,
        type=resource.type,
        service=str(params.get("workload") or resource.id or resource.name),
        port=str(params.get("port", "")),
        fallback=str(params.get("fallback", BASELINE)),
        optional=bool(params.get("optional", False)),
        protocol=str(params.get("protocol", "http")),
        line=resource.line,
    )


def choose_port(reference: WireReference, answer: Wired) -> WiredPort | str:
    """Pick the port that a reference means, or say in words why there is none."""
    have = ", ".join(f"{p.name} ({p.number})" for p in answer.ports)
    if not reference.port:
        if len(answer.ports) == 1:
            return answer.ports[0]
        return f"service {reference.service} has {have or 'no port'}; name one in params.port"
    for port in answer.ports:
        if reference.port in (port.name, str(port.number)):
            return port
    return f"service {reference.service} has no port {reference.port}; it has {have or 'none'}"


def outputs(reference: WireReference, answer: Wired, port: WiredPort) -> dict[str, str]:
    """Name every output of a wired reference and its value."""
    where = {"hostname": port.host, "port": str(port.port)}
    if reference.type == "service-port":
        return where
    hostport = f"{port.host}:{port.port}"
    url = f"{reference.protocol}://{hostport}"
    return where | {
        "name": reference.service,
        "host": port.host,
        "hostport": hostport,
        "url": url,
        "public_url": port.public or url,
        "namespace": answer.served_from,
        "branch": answer.branch,
        "commit": answer.commit,
        "origin": answer.origin,
    }


def no_outputs(reference: WireReference) -> dict[str, str]:
    """Give the outputs of an optional reference that nobody answers: all empty, origin `none`."""
    absent = WiredPort("", 0, "", 0)
    names = outputs(reference, Wired("", reference.service, defined=False), absent)
    return {name: NONE if name == "origin" else "" for name in names}
