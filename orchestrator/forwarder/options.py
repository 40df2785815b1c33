"""What the forwarder must be told; the settings build it."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from orchestrator.domain.webhook import Hook
from orchestrator.errors import Permanent

_TOKEN = re.compile(r"[\x21-\x7e]{1,512}")


@dataclass(frozen=True, slots=True)
class DaemonTarget:
    """Where the daemon takes hints: a unix socket, or an http(s) URL with a bearer token; exactly one of them."""

    socket: Path | None = None
    url: str = ""
    token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if bool(self.url) == (self.socket is not None):
            raise Permanent("forwarder: give the daemon's socket or its URL, one of them")
        if self.url and not _is_origin(self.url):
            raise Permanent("forwarder.daemon.url is no address; it looks like http://127.0.0.1:8081")
        if self.url and not _TOKEN.fullmatch(self.token):
            raise Permanent("forwarder.daemon.token_file must hold one word of visible characters, at most 512")


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds; sizes in bytes, times in seconds.

    `body_bytes` bounds one body (a git host's own bound may be lower), `held_bytes` all bodies in memory together,
    `journal_bytes` the journal's file.
    """

    body_bytes: int = 25 * 2**20
    held_bytes: int = 64 * 2**20
    header_bytes: int = 32 * 2**10
    requests: int = 4096
    header_seconds: float = 10.0
    body_seconds: float = 10.0
    stop_seconds: float = 10.0
    retry_first_seconds: float = 1.0
    retry_most_seconds: float = 30.0
    journal_bytes: int = 2**30
    keep_body_days: float = 7.0
    keep_key_days: float = 30.0
    keep_deliveries: int = 200_000


@dataclass(frozen=True, slots=True)
class LogForm:
    """How a process logs: from which level on, and as `json`, `text` or `auto`."""

    level: str
    form: str


@dataclass(frozen=True, slots=True)
class ForwarderOptions:
    """Listen on `host`:`port` (0 takes a free one) and serve `/hooks/NAME` for every hook.

    `socket` is where people ask about deliveries, None for nowhere.
    """

    journal: Path
    hooks: tuple[Hook, ...]
    daemon: DaemonTarget
    host: str = "127.0.0.1"
    port: int = 8080
    socket: Path | None = None
    limits: Limits = field(default_factory=Limits)
    log: LogForm = LogForm("info", "json")


def _is_origin(url: str) -> bool:
    try:
        parts = urlsplit(url)
        rest = parts.username or parts.query or parts.fragment or parts.path.strip("/")
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0 and not rest
    except ValueError:
        return False
