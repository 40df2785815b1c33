"""Which hook of the settings is meant for a repository on this disk.

In: settings, the repository's path, and its name if one was said. Out: the address, the secret and the name that its
hook needs; an error that says what to add when there is none, or more than one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from orchestrator.cli.hook_settings import address
from orchestrator.cli.usage import WrongUsage
from orchestrator.domain.text import printable
from orchestrator.errors import NotFound
from orchestrator.settings import ForwardedHook, Settings

_POST_RECEIVE = "post-receive"


@dataclass(frozen=True, slots=True)
class Choice:
    """What a post-receive hook has to know."""

    url: str
    secret_file: Path
    name: str


def choose(settings: Settings, path: Path, name: str | None) -> Choice:
    """Find the one hook for the repository at `path`; raises NotFound or WrongUsage when it is not one."""
    hooks = [hook for hook in settings.forwarder.hooks if hook.provider == _POST_RECEIVE]
    names = (name,) if name else _names(settings, path)
    found = [
        (hook, theirs)
        for hook in hooks
        for theirs, ours in hook.repositories.items()
        if theirs in names or ours in names
    ]
    if not found:
        raise NotFound(_nobody(hooks, path, name))
    if len(found) > 1:
        several = ", ".join(f"{theirs} of hook {hook.name}" for hook, theirs in found)
        raise WrongUsage(f"which one is {path}: {several}? say --name, or --url and --secret-file")
    hook, theirs = found[0]
    return Choice(address(settings, hook.name, public=False), hook.secret_files[0], theirs)


def _names(settings: Settings, path: Path) -> tuple[str, ...]:
    """Name the repository whose URL is this path, else guess by the name of the directory."""
    place = work_tree(path)
    same = tuple(r.name for r in settings.repositories if _place(r.url) in (place, place / ".git"))
    return same or (place.stem, place.name)


def work_tree(path: Path) -> Path:
    """Name the directory of a repository as people do: without the `.git` in a work tree."""
    place = path.resolve()
    return place.parent if place.name == ".git" else place


def _place(url: str) -> Path | None:
    parts = urlsplit(url)
    return Path(unquote(parts.path)).resolve() if parts.scheme == "file" else None


def _nobody(hooks: Sequence[ForwardedHook], path: Path, name: str | None) -> str:
    known = ", ".join(theirs for hook in hooks for theirs in hook.repositories)
    if known:
        said = f'named "{printable(name, 64)}"' if name else f"for {path}"
        return f"no post-receive hook in the settings is {said}; there are {known}: say one with --name"
    return "no post-receive hook in the settings (forwarder.hooks); add one there, or give --url and --secret-file"
