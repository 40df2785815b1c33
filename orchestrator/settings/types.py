"""The kinds of values that settings hold, each refusing what cannot work with words that say what to write."""

import re
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

from orchestrator.domain.branch_patterns import check_pattern
from orchestrator.domain.naming import environment_name
from orchestrator.domain.webhook.hosts import host
from orchestrator.errors import Permanent

_HEADER = re.compile("[A-Za-z][A-Za-z0-9-]{0,99}")
_USER = re.compile(r"[^:\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,200}")
_ORGANISATION = re.compile(r"(?!/)[^\x00-\x1f\x7f-\x9f\ud800-\udfff]+(?<!/)")
_LABEL = re.compile("[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PREFIX = re.compile("(?:[a-z][a-z0-9-]{0,8})?")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?")


class Section(BaseModel):
    """A group of settings: closed, frozen, and silent about values in errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def split_address(text: str) -> tuple[str, int]:
    """Split `127.0.0.1:8080` or `[::1]:8080` into host and port; raises ValueError with the way out."""
    name, _, port = text.rpartition(":")
    if not name or not re.fullmatch("[0-9]{1,5}", port) or int(port) > 65535:
        raise ValueError("write HOST:PORT, such as 127.0.0.1:8080")
    return name.removeprefix("[").removesuffix("]"), int(port)


def _checked_by(check: Callable[[str], object]) -> AfterValidator:
    def validate(text: str) -> str:
        try:
            check(text)
        except Permanent as error:
            raise ValueError(str(error)) from error
        return text

    return AfterValidator(validate)


def _name(text: str) -> None:
    if not _NAME.fullmatch(text):
        raise ValueError("write 1 to 63 lower-case letters, digits, - and _, with a letter or digit at both ends")


def _glob(text: str) -> None:
    steps = text.split("/")
    if not text or len(text) > 200 or "\\" in text or {"", ".", ".."} & set(steps):
        raise ValueError("write a path inside the repository, such as services/*/score.yaml")


def _header(text: str) -> None:
    if text and not _HEADER.fullmatch(text):
        raise ValueError("write the name of a header, such as X-Anabranch-Secret")


def _user(text: str) -> None:
    if text and not _USER.fullmatch(text):
        raise ValueError("write a user name; it cannot hold a colon")


def _organisation(text: str) -> None:
    if text and not (len(text) <= 200 and _ORGANISATION.fullmatch(text)):
        raise ValueError("write its name as in the names of its repositories, such as acme; * for all there are")


def _address(text: str) -> None:
    if text:
        split_address(text)


def _http_url(text: str) -> None:
    parts = urlsplit(text)
    if text and not (parts.scheme in {"http", "https"} and parts.hostname and text.isprintable() and "@" not in text):
        raise ValueError("write https://HOST, with a path before /hooks if there is one")
    if parts.query or parts.fragment:
        raise ValueError("write it without ? and #; a secret has no place in there")


def _label(text: str) -> None:
    if not _LABEL.fullmatch(text):
        raise ValueError("write 1 to 63 lower-case letters, digits and -, with a letter or digit at both ends")


def _copied(text: str) -> None:
    kind, _, name = text.partition("/")
    if kind not in ("secret", "configmap") or not _LABEL.fullmatch(name):
        raise ValueError("write secret/NAME or configmap/NAME")


def _prefix(text: str) -> None:
    if not _PREFIX.fullmatch(text):
        raise ValueError("write at most 9 lower-case letters, digits and -, beginning with a letter, such as `dev-`")


def _domain(text: str) -> None:
    if text and not (len(text) <= 120 and all(_LABEL.fullmatch(part) for part in text.split("."))):
        raise ValueError("write a domain name in lower case, such as dev.example.com")


def _network(text: str) -> None:
    try:
        ip_network(text)
    except ValueError:
        raise ValueError("write a network such as 10.20.0.0/16") from None


def _system_base(text: str) -> None:
    if text.startswith("multiproc"):
        raise ValueError(
            "its actors are processes, which share no ports and unpickle what any peer sends; write engine"
        )
    if text == "simpleSystemBase":
        raise ValueError("it runs all actors in the thread of their caller, one blocks all; write engine")
    if text != "engine":
        raise ValueError("there is no such system base; write engine")


def _absolute(path: Path | None, info: ValidationInfo) -> Path | None:
    folder = (info.context or {}).get("folder", Path())
    return path and Path(folder, path.expanduser()).absolute()


def _given(path: Path) -> Path:
    if path == Path():
        raise ValueError("write the path of a file")
    return path


def _none_if_empty(value: Any) -> Any:
    return None if value == "" else value


Name = Annotated[str, _checked_by(_name)]
"""Lower-case and short: it becomes part of paths, labels and log lines."""
File = Annotated[Path | None, BeforeValidator(_none_if_empty), AfterValidator(_absolute)]
"""A path, a relative one from the folder of the settings file; empty means none."""
NeededFile = Annotated[Path, AfterValidator(_given), AfterValidator(_absolute)]
"""A path that must be there."""
Address = Annotated[str, _checked_by(_address)]
"""HOST:PORT; empty means off."""
HeaderName = Annotated[str, _checked_by(_header)]
"""The name of an HTTP header; empty means none."""
UserName = Annotated[str, _checked_by(_user)]
"""The name in basic authentication; empty means none."""
Organisation = Annotated[str, _checked_by(_organisation)]
"""What stands before the last `/` in the names of many repositories; `*` for all of them, empty means none."""
HttpUrl = Annotated[str, _checked_by(_http_url)]
"""Where something is reached from elsewhere; empty means unknown."""
SystemBase = Annotated[str, _checked_by(_system_base)]
"""What actors run on."""
Baseline = Annotated[str, _checked_by(environment_name)]
"""A branch name that makes an environment."""
Pattern = Annotated[str, _checked_by(check_pattern)]
"""A glob over branch names."""
ScoreGlob = Annotated[str, _checked_by(_glob)]
"""A glob over the paths of a repository."""
Provider = Annotated[str, _checked_by(host)]
"""A git host whose webhooks are understood."""
Seconds = Annotated[float, Field(ge=0, le=86400)]
"""A time of at most a day."""
Deadline = Annotated[float, Field(gt=0, le=86400)]
"""A time of at most a day, but some."""
Count = Annotated[int, Field(ge=1, le=2**40)]
"""One or more."""
JournalSize = Annotated[int, Field(ge=64 * 2**20, le=2**40)]
"""Bytes of the forwarder's journal, enough for one of the longest deliveries."""
FileSize = Annotated[int, Field(ge=1, le=64 * 2**10)]
"""Bytes of a file that is read as YAML; more of it is never read."""
Label = Annotated[str, _checked_by(_label)]
"""The name of an object in a cluster."""
Copied = Annotated[str, _checked_by(_copied)]
"""A Secret or a ConfigMap."""
Prefix = Annotated[str, _checked_by(_prefix)]
"""Text before the name of every environment; a namespace's name has room for it."""
Domain = Annotated[str, _checked_by(_domain)]
"""A domain name; empty means none."""
Network = Annotated[str, _checked_by(_network)]
"""A network in CIDR form."""
PortNumber = Annotated[int, Field(ge=1024, le=65535)]
"""A port that needs no privilege."""
