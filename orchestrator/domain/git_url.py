"""The URL of a repository, checked before any git process sees it.

In: a URL from the settings, never from a webhook or a branch. Out: its protocol, host and port, or one line that says
what to write instead. The forms: `https://host/path`, `ssh://[user@]host/path`, `[user@]host:path`, and where the
settings name them `http://host/path`, `file:///path`, `/path`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.domain.text import printable
from orchestrator.errors import Permanent

_LONGEST = 1024
_HOST = r"(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])"
_USER = r"(?:(?P<user>[A-Za-z0-9_][A-Za-z0-9._-]*)@)?"
_PATH = r"(?P<path>[A-Za-z0-9._~+,=@/-]+)"
_WITH_HOST = re.compile(rf"(?P<protocol>https|http|ssh)://{_USER}{_HOST}(?::(?P<port>[0-9]{{1,5}}))?/{_PATH}")
_LIKE_SCP = re.compile(rf"{_USER}{_HOST}:(?!//|-){_PATH}")
_ON_DISK = re.compile(rf"(?:file://)?/(?!/){_PATH}")
_NOT_HERE = "credentials do not belong into a URL; put them into git.token_file"
_CREDENTIALS = re.compile(r"(://)[^/\s@]*@")


@dataclass(frozen=True, slots=True)
class GitUrl:
    """A URL that may be given to git; `host` is empty for a repository on disk, `port` None when not written.

    `path` is what follows the host, without the `/` or `:` between them.
    """

    text: str
    protocol: str
    host: str = ""
    port: int | None = None
    path: str = ""


def validate(url: str, protocols: Sequence[str] = ("https", "ssh"), hosts: Sequence[str] = ()) -> GitUrl:
    """Check a URL against the allowed protocols and, unless `hosts` is empty, the exact hosts.

    Raises Permanent with one line that holds no credentials.
    """
    parsed = _parse(url)
    if parsed.protocol not in protocols:
        raise _refusal(url, f"protocol {parsed.protocol} is not in git.protocols ({', '.join(protocols)})")
    if hosts and parsed.host and parsed.host not in {host.lower() for host in hosts}:
        raise _refusal(url, f"host {parsed.host} is not in git.hosts")
    return parsed


def without_credentials(text: str) -> str:
    """Mask what stands before the host in every URL of a text: `https://***@host/path`."""
    return _CREDENTIALS.sub(r"\1***@", text)


def _parse(url: str) -> GitUrl:
    if not 0 < len(url) <= _LONGEST:
        raise _refusal(url, f"write 1 to {_LONGEST} characters")
    if match := _WITH_HOST.fullmatch(url):
        return _with_host(url, match)
    if match := _LIKE_SCP.fullmatch(url):
        return GitUrl(url, "ssh", match["host"].lower(), path=match["path"])
    if match := _ON_DISK.fullmatch(url):
        return GitUrl(url, "file", path=match["path"])
    if _CREDENTIALS.search(url):
        raise _refusal(url, _NOT_HERE)
    raise _refusal(url, "write https://host/path, ssh://user@host/path or user@host:path, without blanks, $ or %")


def _with_host(url: str, match: re.Match[str]) -> GitUrl:
    protocol, port = match["protocol"], int(match["port"]) if match["port"] else None
    if protocol != "ssh" and match["user"]:
        raise _refusal(url, _NOT_HERE)
    if port is not None and not 0 < port < 65536:
        raise _refusal(url, "the port must be between 1 and 65535")
    return GitUrl(url, protocol, match["host"].lower(), port, match["path"])


def _refusal(url: str, why: str) -> Permanent:
    return Permanent(f"git URL {printable(without_credentials(url), 200)} is refused: {why}")
