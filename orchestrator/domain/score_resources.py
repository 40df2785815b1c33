"""The resource types that we provide, their parameters and their outputs.

In: a resource as written and the file's metadata. Out: its parameters with metadata filled in, or Problems.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ValidationError

from orchestrator.domain.closed_schema import Closed, problems_of, refused
from orchestrator.domain.file_problem import Path, Problem
from orchestrator.domain.guarded_yaml import Document
from orchestrator.domain.naming import is_label
from orchestrator.domain.placeholder import InvalidPlaceholder, Reference, expand, parse, pick
from orchestrator.domain.score_schema import Name, ResourceEntry
from orchestrator.domain.text import did_you_mean

Params = tuple[tuple[str, str | int | float | bool], ...]

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,31}")


def _port(value: object) -> object:
    by_number = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 65535
    if by_number or (isinstance(value, str) and is_label(value)):
        return value
    raise refused("write a port's name, or a number from 1 to 65535")


def _branch(value: str) -> str:
    if not value or len(value) > 255 or any(character.isspace() for character in value):
        raise refused("write baseline, none, or a branch's name")
    return value


def _scheme(value: str) -> str:
    if not _SCHEME.fullmatch(value):
        raise refused("write the scheme of a URL, such as http, https or redis")
    return value


Port = Annotated[object, AfterValidator(_port)]


class ServiceParams(Closed):
    """A wire to another service: to `workload`, else the resource's id, else its name."""

    workload: Name = ""
    port: Port = ""
    fallback: Annotated[str, AfterValidator(_branch)] = "baseline"
    optional: bool = False
    protocol: Annotated[str, AfterValidator(_scheme)] = "http"


class ServicePortParams(Closed):
    """The same as upstream's service-port: both are required."""

    workload: Name
    port: Port


@dataclass(frozen=True, slots=True)
class ResourceType:
    """What may be written in `params`, and what a placeholder may read."""

    params: type[BaseModel]
    outputs: tuple[str, ...]


_SERVICE_OUTPUTS = (
    "name",
    "host",
    "hostname",
    "port",
    "hostport",
    "url",
    "public_url",
    "namespace",
    "branch",
    "commit",
    "origin",
)
TYPES: Mapping[str, ResourceType] = {
    "service": ResourceType(ServiceParams, _SERVICE_OUTPUTS),
    "service-port": ResourceType(ServicePortParams, ("hostname", "port")),
}


def check_resource(name: str, entry: ResourceEntry, metadata: object, document: Document) -> tuple[Problem, ...]:
    """Tell what is wrong with a resource's type, class and parameters."""
    here: Path = ("resources", name)
    kind = TYPES.get(entry.type)
    if kind is None:
        way_out = did_you_mean(entry.type, tuple(TYPES))
        text = f"nobody provides this type, known are {' and '.join(TYPES)}{way_out}"
        return (Problem(document.at((*here, "type")).line, (*here, "type"), text),)
    if entry.class_name != "default":
        return (Problem(document.at((*here, "class")).line, (*here, "class"), "this type has no classes; remove it"),)
    try:
        kind.params.model_validate(dict(read_params(entry, metadata)))
    except InvalidPlaceholder as error:
        return (Problem(document.at((*here, "params")).line, (*here, "params"), str(error)),)
    except ValidationError as error:
        return problems_of(error, kind.params, document, above=(*here, "params"))
    return ()


def read_params(entry: ResourceEntry, metadata: object) -> Params:
    """Fill `${metadata…}` into the parameters and sort them by key.

    Raises InvalidPlaceholder, also for a reference to a resource: no type of ours can wait for another's outputs.
    """

    def lookup(reference: Reference) -> object:
        if reference.path[0] != "metadata":
            raise InvalidPlaceholder("a parameter here cannot refer to a resource; write the value itself")
        return read_metadata(metadata, reference)

    filled = (
        (key, expand(parse(value), lookup) if isinstance(value, str) else value) for key, value in entry.params.items()
    )
    return tuple(sorted(filled))


def read_metadata(metadata: object, reference: Reference) -> object:
    """Find what `${metadata.a.b}` means in a workload's metadata; raises InvalidPlaceholder when it means nothing."""
    if len(reference.path) < 2:
        raise InvalidPlaceholder("a placeholder names a key of metadata, as in ${metadata.name}")
    try:
        return pick(metadata, reference.path[1:])
    except LookupError:
        text = "metadata holds nothing under this placeholder's name; add it, or remove the placeholder"
        raise InvalidPlaceholder(text) from None


def check_output(type_name: str, path: tuple[str, ...]) -> str:
    """Say what is wrong with reading `path` (what follows `resources.<name>`) from a type, or return the empty text."""
    kind = TYPES.get(type_name)
    if kind is None or (len(path) == 1 and path[0] in kind.outputs):
        return ""
    way_out = did_you_mean(path[0], kind.outputs) if path else ""
    return f"name one output of {type_name}{way_out or '; there are ' + ', '.join(kind.outputs)}"
