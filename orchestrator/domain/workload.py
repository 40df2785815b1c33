"""What a service is, as Anabranch sees it: the product of `score.py`, the input of wiring, releases and runtimes.

Plain frozen values, so that a workload can travel in a message, be compared, and be written as JSON inside a release.
Texts that may hold placeholders stay raw here; `placeholder.parse` reads them.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Port:
    """A port that the service offers: `port` to its peers, `target_port` inside the container."""

    name: str
    port: int
    target_port: int
    protocol: str = "TCP"


@dataclass(frozen=True, slots=True)
class HttpGet:
    """A probe by HTTP; `port` is the container's."""

    path: str
    port: int
    scheme: str = "HTTP"
    host: str = ""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Probe:
    """How to tell that a container is alive or ready: by HTTP, by a command, or by both."""

    http_get: HttpGet | None = None
    command: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable as written: `text` may hold placeholders; `line` counts from 1, 0 is not from a file."""

    name: str
    text: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class File:
    """A file to place at `target`; exactly one of content, binary_content (base64) and source is set."""

    target: str
    content: str | None = None
    binary_content: str | None = None
    source: str | None = None
    mode: str = ""
    no_expand: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume mounted at `target`; `source` may hold a placeholder."""

    target: str
    source: str
    path: str = ""
    read_only: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class Container:
    """One container of a workload; `limits` and `requests` are (`cpu` or `memory`, quantity) pairs."""

    name: str
    image: str
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    variables: tuple[Variable, ...] = ()
    files: tuple[File, ...] = ()
    volumes: tuple[Volume, ...] = ()
    limits: tuple[tuple[str, str], ...] = ()
    requests: tuple[tuple[str, str], ...] = ()
    liveness: Probe | None = None
    readiness: Probe | None = None
    before: tuple[tuple[str, str], ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class Resource:
    """Something the workload needs; `params` are (key, scalar) pairs, nested values as JSON text."""

    name: str
    type: str
    class_name: str = "default"
    id: str = ""
    params: tuple[tuple[str, str | int | float | bool], ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class Workload:
    """One Score file: the service `name`, read from `file` (its path in the repository).

    `metadata` is the file's metadata as JSON text, for `${metadata…}` placeholders.
    """

    name: str
    file: str
    ports: tuple[Port, ...] = ()
    containers: tuple[Container, ...] = ()
    resources: tuple[Resource, ...] = ()
    metadata: str = "{}"
