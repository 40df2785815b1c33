"""The shape of a Score file, apiVersion score.dev/v1b1: what the official schema accepts, and at times less.

In: the values of a Document. Out: these models, which do not leave the loading of the file. Our own rules, beyond the
official schema, are closed `metadata.anabranch`, files and volumes as maps only, and no placeholder where none is
expanded.
"""

import binascii
import re
from base64 import b64decode
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from orchestrator.domain.closed_schema import Closed, refused

_MEANT_TO_EXPAND = re.compile(r"(?<!\$)\$\{(?:metadata|resources)[.}]")


def _matching(pattern: str, text: str) -> AfterValidator:
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise refused(text)
        return value

    return AfterValidator(check)


def _verbatim(value: str) -> str:
    if _MEANT_TO_EXPAND.search(value):
        raise refused("placeholders are not expanded here; put it into a variable and read that")
    return value


def _image(value: str) -> str:
    if "${" in value or re.search(r"\s", value) or not value:
        raise refused('write an image name without placeholders or blanks, or "." for the image of the commit')
    return value


def _base64(value: str) -> str:
    try:
        b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise refused("is not standard base64; encode the bytes again") from None
    return value


def _in_repository(value: str) -> str:
    if not value or value.startswith("/") or "\\" in value or ".." in value.split("/"):
        raise refused('write a path inside the repository, without "..", "\\" or a leading "/"')
    return value


def _target(value: str) -> str:
    if not value or ".." in value.split("/"):
        raise refused('write a path in the container, without ".."')
    return _verbatim(value)


def _as_map(value: object) -> object:
    if isinstance(value, list):
        raise refused("the list form is not supported; write each target as a key: /path/in/container: {…}")
    return value


_LABEL = "[a-z0-9][a-z0-9-]{0,61}[a-z0-9]"
Name = Annotated[
    str,
    _matching(
        _LABEL,
        'a name has 2 to 63 of a-z, 0-9 and "-", with a letter or digit at both ends',
    ),
]
TypeName = Annotated[
    str, _matching(r"[A-Za-z0-9][A-Za-z0-9-]{0,61}[A-Za-z0-9]", 'write 2 to 63 letters, digits and "-"')
]
_PART = "[a-z0-9]+(?:-+[a-z0-9]+)*"
Id = Annotated[
    str,
    _matching(
        rf"(?=.{{2,63}}\Z){_PART}(?:\.{_PART})*",
        'an id has 2 to 63 of a-z, 0-9 and "-", in parts joined by "."',
    ),
]
AnnotationKey = Annotated[
    str,
    _matching(
        rf"(?:{_LABEL}(?:\.{_LABEL})*/)?[A-Za-z0-9][A-Za-z0-9._-]{{0,61}}[A-Za-z0-9]",
        "write an annotation's name as Kubernetes takes it: example.com/name",
    ),
]
VariableName = Annotated[
    str, _matching(r"[^=]+", 'a variable\'s name is not empty and has no "="'), AfterValidator(_verbatim)
]
PortNumber = Annotated[int, Field(ge=1, le=65535)]
Verbatim = Annotated[str, AfterValidator(_verbatim)]
Target = Annotated[str, AfterValidator(_target)]
Words = Annotated[list[Verbatim], Field(default_factory=list)]


class _Part(Closed):
    model_config = ConfigDict(alias_generator=to_camel)


class Anabranch(_Part):
    """Our own settings in a Score file; no key is known yet."""


class Metadata(_Part):
    """Open: any further key can be read by a placeholder."""

    model_config = ConfigDict(extra="allow")

    name: Name
    annotations: dict[AnnotationKey, str] = Field(default_factory=dict)
    anabranch: Anabranch = Anabranch()

    @model_validator(mode="after")
    def _nothing_for_the_cluster(self) -> "Metadata":
        if self.annotations:
            raise refused("annotations are not passed on, none is on the allow-list; remove them")
        return self


class ResourceMetadata(_Part):
    """Open; nothing in it changes what runs."""

    model_config = ConfigDict(extra="allow")

    annotations: dict[AnnotationKey, str] = Field(default_factory=dict)


class ServicePort(_Part):
    """A port that the workload offers."""

    port: PortNumber
    protocol: Literal["TCP", "UDP"] = "TCP"
    target_port: PortNumber | None = None


class Service(_Part):
    """What the workload offers to others."""

    ports: dict[Name, ServicePort] = Field(default_factory=dict)


class FileEntry(_Part):
    """A file in a container, in exactly one form."""

    content: str | None = None
    binary_content: Annotated[str, AfterValidator(_base64)] | None = None
    source: Annotated[str, AfterValidator(_in_repository)] | None = None
    mode: Annotated[str, _matching(r"0?[0-7]{3}", 'write an octal mode in quotes, such as "0644"')] = ""
    no_expand: bool = False

    @model_validator(mode="after")
    def _one_form(self) -> "FileEntry":
        if sum(form is not None for form in (self.content, self.binary_content, self.source)) != 1:
            raise refused("write exactly one of content, binaryContent and source")
        return self


class VolumeEntry(_Part):
    """A volume in a container."""

    source: Annotated[str, Field(min_length=1)]
    path: Verbatim = ""
    read_only: bool = False


class Quantities(_Part):
    """How much of the machine a container gets."""

    cpu: Annotated[str, _matching(r"[0-9]+m?|[0-9]*\.[0-9]+", 'write CPUs such as "2", "0.5" or 125m')] = ""
    memory: Annotated[str, _matching(r"[1-9][0-9]*(?:[KMGT]i?)?", "write bytes such as 128M or 1Gi")] = ""


class Resources(_Part):
    """The most that a container may use, and the least that it needs."""

    limits: Quantities = Quantities()
    requests: Quantities = Quantities()


class Header(_Part):
    """An HTTP header of a probe."""

    name: Annotated[str, _matching(r"[A-Za-z0-9_-]+", 'a header\'s name has letters, digits, "_" and "-"')]
    value: Annotated[
        str, _matching(r"[^\r\n]+", "a header's value is one line and not empty"), AfterValidator(_verbatim)
    ]


class HttpProbe(_Part):
    """A probe by HTTP."""

    port: PortNumber
    path: Annotated[str, _matching(r"/[!-~]*", 'a path begins with "/" and has no blanks'), AfterValidator(_verbatim)]
    scheme: Literal["HTTP", "HTTPS"] = "HTTP"
    host: Annotated[str, _matching(r"[A-Za-z0-9.:\[\]-]+", "write a host name")] = ""
    http_headers: list[Header] = Field(default_factory=list)


class ExecProbe(_Part):
    """A probe by a command in the container."""

    command: Annotated[list[Verbatim], Field(min_length=1)]


class ContainerProbe(_Part):
    """A probe, by HTTP, by a command, or by both."""

    http_get: HttpProbe | None = None
    exec: ExecProbe | None = None

    @model_validator(mode="after")
    def _some_form(self) -> "ContainerProbe":
        if self.http_get is None and self.exec is None:
            raise refused("write httpGet, exec, or both")
        return self


class Before(_Part):
    """How far a container must be before another one starts."""

    ready: Literal["started", "healthy", "complete"]


class ContainerEntry(_Part):
    """One container."""

    image: Annotated[str, AfterValidator(_image)]
    command: Words
    args: Words
    variables: dict[VariableName, str] = Field(default_factory=dict)
    files: Annotated[dict[Target, FileEntry], BeforeValidator(_as_map)] = Field(default_factory=dict)
    volumes: Annotated[dict[Target, VolumeEntry], BeforeValidator(_as_map)] = Field(default_factory=dict)
    resources: Resources = Resources()
    liveness_probe: ContainerProbe | None = None
    readiness_probe: ContainerProbe | None = None
    before: dict[Name, Before] = Field(default_factory=dict)


class ResourceEntry(_Part):
    """Something the workload needs; `params` are checked by their type's own schema."""

    type: TypeName
    class_name: TypeName = Field("default", alias="class")
    id: Id = ""
    params: dict[str, Any] = Field(default_factory=dict)
    metadata: ResourceMetadata = ResourceMetadata()


class ScoreFile(_Part):
    """One workload."""

    api_version: Literal["score.dev/v1b1"]
    metadata: Metadata
    containers: Annotated[dict[Name, ContainerEntry], Field(min_length=1)]
    service: Service = Service()
    resources: dict[Name, ResourceEntry] = Field(default_factory=dict)
