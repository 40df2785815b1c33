"""Hooks in the settings file: found, added, changed; the running forwarder is asked to read them again.

In: a settings file, and what shall change. Out: the file rewritten at once and readable as before, or one line that
says what to write by hand.
"""

import base64
import os
import secrets
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.cli.forwarder_client import Forwarder
from orchestrator.cli.usage import WrongUsage
from orchestrator.domain.text import did_you_mean, listed
from orchestrator.errors import AnabranchError, Conflict, NotFound, Permanent

if TYPE_CHECKING:
    from orchestrator.settings import ForwardedHook, Settings

_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what a person may have set, not what we bind


def settings_file(given: Path | None) -> Path:
    """Find the settings file; raises WrongUsage when there is none."""
    from orchestrator.settings import find

    found = find(given, os.environ)
    if found is None:
        raise WrongUsage("no settings file to find hooks in; give --settings, or write one: anabranch init")
    return found.absolute()


def find_hook(settings: "Settings", name: str) -> "ForwardedHook":
    """Find a hook by its name; raises NotFound with the nearest name, or with all of them."""
    hooks = {hook.name: hook for hook in settings.forwarder.hooks}
    if name in hooks:
        return hooks[name]
    near = did_you_mean(name, hooks) or f"; there are {listed(list(hooks)) or 'none: anabranch hook add'}"
    raise NotFound(f'no hook "{name}" in the settings{near} (anabranch hook list)')


def serves_nothing(hook: "ForwardedHook", settings: "Settings") -> str:
    """Say that no repository of the settings is in a hook's organisation; empty when one is."""
    from orchestrator.settings import served

    if served(hook, settings.repositories):
        return ""
    return f"no repository of the settings has a URL in {hook.organisation}: hook {hook.name} serves none yet"


def address(settings: "Settings", name: str, *, public: bool = True) -> str:
    """Name the URL of a hook: as git hosts know it where the settings say so, else as this machine does."""
    from orchestrator.settings.types import split_address

    if public and settings.forwarder.url:
        return f"{settings.forwarder.url.rstrip('/')}/hooks/{name}"
    host, port = split_address(settings.forwarder.address) if settings.forwarder.address else ("", 0)
    if not port:
        raise WrongUsage("the settings do not say on which port the forwarder listens; set forwarder.address, or --url")
    host = _ANY_ADDRESS.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/hooks/{name}"


def rewrite(file: Path, text: str, expected: tuple["ForwardedHook", ...]) -> None:
    """Replace the settings file, if the new text means the same settings with the `expected` hooks."""
    from orchestrator.settings import load, read

    before = load(file, os.environ)
    after = read(text.encode(), file, os.environ)
    forwarder = before.forwarder.model_copy(update={"hooks": expected})
    if after != before.model_copy(update={"forwarder": forwarder}):
        raise Permanent(f"{file}: its form is not understood well enough to change it; edit forwarder.hooks by hand")
    try:
        _replace(file, text)
    except OSError as error:
        raise Permanent(f"{file}: cannot be written ({error.strerror}); run this as who owns it") from error


def new_secret(file: Path, like: Path | None = None, *, signing: bool = False) -> None:
    """Write a random secret that only its owner may read, the owner of `like` if there is one.

    Raises Conflict when the file is there, Permanent when it cannot be written.
    """
    try:
        _write_secret(file, like, signing=signing)
    except FileExistsError as error:
        raise Conflict(f"{file}: is there already; name another file, or move it away") from error
    except OSError as error:
        raise Permanent(f"{file}: cannot be written ({error.strerror}); run this as who owns {file.parent}") from error


def _write_secret(file: Path, like: Path | None, *, signing: bool) -> None:
    signing_key = base64.b64encode(secrets.token_bytes(32)).decode()
    text = f"whsec_{signing_key}" if signing else secrets.token_hex(32)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        if like is not None:
            owner = like.stat()
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
            os.fchmod(descriptor, owner.st_mode & 0o640)
        opened.write(text + "\n")


def reload(forwarder: Forwarder) -> str:
    """Have the forwarder read its hooks again; returns what a person should know about that."""
    try:
        forwarder.reload()
    except AnabranchError as error:
        return f"the forwarder serves it after its next start or `anabranch hook reload`: {error}"
    return "the running forwarder serves it from now on"


def _replace(file: Path, text: str) -> None:
    status = file.stat()
    descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    try:
        with os.fdopen(descriptor, "w") as opened:
            os.fchmod(descriptor, status.st_mode & 0o777)
            os.fchown(descriptor, status.st_uid, status.st_gid)
            opened.write(text)
            opened.flush()
            os.fsync(descriptor)
        Path(temporary).replace(file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
