"""What a git process knows of the world: a complete environment and the options before its first word.

In: the options and the URL of one repository. Out: variables and arguments. Nothing of the daemon's own environment but
PATH passes through. Credentials go in as variables: the command line is everybody's to read.
"""

import base64
import os
import shlex
from pathlib import Path

from orchestrator.adapters.git.options import GitOptions
from orchestrator.domain.git_url import GitUrl
from orchestrator.errors import Permanent

_NETWORK_PROTOCOLS = ("https", "ssh", "http", "file")
_LONGEST_TOKEN = 4096

_SAFE_CONFIG = (
    "core.hooksPath=/dev/null",
    "core.symlinks=false",
    "core.fsmonitor=false",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "init.templateDir=",
    "http.followRedirects=false",
    "protocol.allow=never",
    "safe.bareRepository=explicit",
    "gc.auto=0",
    "maintenance.auto=false",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=30",
    "credential.helper=",
)


def first_arguments(options: GitOptions) -> tuple[str, ...]:
    """The `-c` options that every git command begins with."""
    allowed = tuple(f"protocol.{name}.allow=always" for name in _allowed(options))
    return tuple(word for setting in (*_SAFE_CONFIG, *allowed) for word in ("-c", setting))


def environment(options: GitOptions, url: GitUrl) -> dict[str, str]:
    """All variables of a git process; raises Permanent when the token file cannot be used."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": "/nonexistent",
        "LANG": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "/bin/false",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ALLOW_PROTOCOL": ":".join(_allowed(options)),
        "GIT_PROTOCOL_FROM_USER": "0",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_SSH_COMMAND": _ssh_command(options),
        **_credentials(options, url),
    }


def _allowed(options: GitOptions) -> tuple[str, ...]:
    return tuple(name for name in _NETWORK_PROTOCOLS if name in options.protocols)


def _ssh_command(options: GitOptions) -> str:
    known_hosts = options.known_hosts or Path(os.devnull)
    words = ["ssh", "-F", "/dev/null", "-oBatchMode=yes", "-oStrictHostKeyChecking=yes"]
    words += [f"-oUserKnownHostsFile={known_hosts}", "-oConnectTimeout=10"]
    if options.ssh_key:
        words += ["-oIdentitiesOnly=yes", "-i", str(options.ssh_key)]
    return shlex.join(words)


def _credentials(options: GitOptions, url: GitUrl) -> dict[str, str]:
    if options.token_file is None or url.protocol not in ("https", "http"):
        return {}
    origin = f"{url.protocol}://{url.host}" + (f":{url.port}" if url.port else "")
    pair = base64.b64encode(_read_token(options.token_file).encode()).decode()
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.{origin}/.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {pair}",
    }


def _read_token(file: Path) -> str:
    try:
        token = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError) as error:
        raise Permanent(f"git.token_file {file} cannot be read: {type(error).__name__}") from error
    if not 0 < len(token) <= _LONGEST_TOKEN or not token.isprintable():
        raise Permanent(f"git.token_file {file}: write one line, either token or user:token")
    return token if ":" in token else f"x-access-token:{token}"
