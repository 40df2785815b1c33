"""How git may be used: which protocols, whose credentials, how long, how much; built from the settings."""

from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.adapters.git.places import Places

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class GitOptions:
    """The limits of every git process of one repository; times are seconds, sizes bytes.

    `token_file` holds `token` or `user:token`, sent to the host of the repository's URL only; it is read anew for each
    process, so that a token can be rotated. `hosts` empty means: the host of the URL. `places` is shared by all
    repositories that are given the same options.
    """

    protocols: tuple[str, ...] = ("https", "ssh")
    hosts: tuple[str, ...] = ()
    token_file: Path | None = None
    ssh_key: Path | None = None
    known_hosts: Path | None = None
    deadline: float = 120.0
    clone_deadline: float = 1800.0
    stall: float = 60.0
    pack_bytes: int = 2048 * _MIB
    listing_bytes: int = 16 * _MIB
    score_bytes: int = 64 * 1024
    head_bytes: int = 4 * _MIB
    tree_entries: int = 50_000
    tree_bytes: int = 512 * _MIB
    places: Places = field(default_factory=Places, compare=False)
