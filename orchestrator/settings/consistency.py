"""Whether settings that are fine one by one fit together.

In: settings. Out: every mistake, each with the key that it stands at and the way out.
"""

from collections.abc import Sequence
from pathlib import Path as FilePath

from orchestrator.domain.file_problem import Path
from orchestrator.domain.git_url import validate
from orchestrator.domain.text import did_you_mean
from orchestrator.domain.webhook.hosts import HOSTS
from orchestrator.errors import Permanent
from orchestrator.settings.mistake import Mistake
from orchestrator.settings.model import Repository, Settings
from orchestrator.settings.sections import ForwardedHook
from orchestrator.settings.served import members

_ONE_EACH = "post-receive"
LONGEST_SOCKET = 100
"""Bytes; the kernel refuses a little more."""


def misfits(settings: Settings) -> tuple[Mistake, ...]:
    """Find everything that does not fit together."""
    unfit = _repositories(settings)
    members_known = () if unfit else settings.repositories
    return (
        *unfit,
        *_token(settings),
        *_runtime(settings),
        *_doors(settings),
        *_hooks(settings),
        *_organisations(settings.forwarder.hooks, members_known),
    )


def _repositories(settings: Settings) -> tuple[Mistake, ...]:
    found = list(_repeated([repository.name for repository in settings.repositories], ("repositories",)))
    for index, repository in enumerate(settings.repositories):
        try:
            validate(repository.url, settings.git.protocols, settings.git.hosts)
        except Permanent as error:
            found.append(Mistake(("repositories", index, "url"), str(error)))
    return tuple(found)


def _token(settings: Settings) -> tuple[Mistake, ...]:
    """A token must not reach a host that it was not made for."""
    urls = [r.url.lower() for r in settings.repositories if r.url.startswith(("https://", "http://"))]
    starts = {url.split("/")[2].rpartition("@")[2] for url in urls}
    if settings.git.token_file is None or len(starts) < 2:
        return ()
    text = f"one token would go to several hosts ({', '.join(sorted(starts))}); use ssh for all but one of them"
    return (Mistake(("git", "token_file"), text),)


def _runtime(settings: Settings) -> tuple[Mistake, ...]:
    first, last = settings.process.ports
    if first > last:
        return (Mistake(("process", "ports"), "write the first port, then the last: [20000, 32000]"),)
    return ()


def _doors(settings: Settings) -> tuple[Mistake, ...]:
    daemon = ("forwarder", "daemon")
    found = [
        *_socket(settings.api.socket, ("api", "socket")),
        *_socket(settings.forwarder.socket, ("forwarder", "socket")),
        *_socket(_daemon_socket(settings), (*daemon, "socket")),
    ]
    if settings.hints.address and not settings.hints.token_file:
        found.append(Mistake(("hints", "token_file"), "an open address needs one, with 32 random characters or more"))
    url, token_file = settings.forwarder.daemon.url, settings.forwarder.daemon.token_file
    if url and _daemon_socket(settings):
        found.append(Mistake((*daemon, "socket"), "there is a url as well; remove one of them"))
    if url and not url.startswith(("http://", "https://")):
        found.append(Mistake((*daemon, "url"), "write http://host:port or https://host:port"))
    if url and not token_file:
        found.append(Mistake((*daemon, "token_file"), "a url needs one: what the daemon has as hints.token_file"))
    return tuple(found)


def _daemon_socket(settings: Settings) -> FilePath | None:
    return settings.forwarder.daemon.socket


def _socket(path: FilePath | None, where: Path) -> tuple[Mistake, ...]:
    if path is None or len(bytes(path)) <= LONGEST_SOCKET:
        return ()
    return (Mistake(where, f"the path of a socket has at most {LONGEST_SOCKET} bytes; choose a shorter one"),)


def _hooks(settings: Settings) -> tuple[Mistake, ...]:
    hooks, known = settings.forwarder.hooks, [repository.name for repository in settings.repositories]
    strangers = [mistake for index, hook in enumerate(hooks) for mistake in _strangers(index, hook, known)]
    logins = [mistake for index, hook in enumerate(hooks) for mistake in _logins(index, hook)]
    return (*_repeated([hook.name for hook in hooks], ("forwarder", "hooks")), *strangers, *logins)


def _logins(index: int, hook: ForwardedHook) -> tuple[Mistake, ...]:
    """Find ways to send the secret in clear that the git host does not have, and two ways at once."""
    where = ("forwarder", "hooks", index)
    given = [name for name in ("header", "username") if getattr(hook, name)]
    for name in given:
        if name not in HOSTS[hook.provider].LOGINS:
            return (Mistake((*where, name), f"{hook.provider} sends none; remove it"),)
    return (Mistake((*where, "header"), "there is a username as well; remove one of them"),) if len(given) > 1 else ()


def _strangers(index: int, hook: ForwardedHook, known: Sequence[str]) -> tuple[Mistake, ...]:
    """Find repositories of a hook that are not configured; a forwarder that runs alone may know none."""
    where = ("forwarder", "hooks", index, "repositories")
    return tuple(
        Mistake((*where, theirs), f'no repository "{ours}"{did_you_mean(ours, known)}')
        for theirs, ours in hook.repositories.items()
        if known and ours not in known
    )


def _organisations(hooks: Sequence[ForwardedHook], repositories: Sequence[Repository]) -> tuple[Mistake, ...]:
    return tuple(
        Mistake(("forwarder", "hooks", index, key), text)
        for index, hook in enumerate(hooks)
        for key, text in _served(hook, repositories)
    )


def _served(hook: ForwardedHook, repositories: Sequence[Repository]) -> tuple[tuple[str, str], ...]:
    """Find that a hook serves nothing, or that nobody says which of two repositories a git host means."""
    if not (hook.repositories or hook.organisation):
        return (("repositories", "name one or more, or the organisation whose hook it is"),)
    if hook.organisation and hook.provider == _ONE_EACH:
        return (("organisation", f"{_ONE_EACH} is for one repository each; list them below repositories"),)
    found, listed = dict[str, str](), {theirs.casefold() for theirs in hook.repositories}
    for theirs, ours in members(hook, repositories):
        other = found.setdefault(theirs.casefold(), ours)
        if other != ours and theirs.casefold() not in listed:
            return (("organisation", f"{theirs} is both {other} and {ours}; say below repositories which is meant"),)
    return ()


def _repeated(names: Sequence[str], where: Path) -> tuple[Mistake, ...]:
    return tuple(
        Mistake((*where, index, "name"), f"{name} is there twice; give each its own name")
        for index, name in enumerate(names)
        if name in names[:index]
    )
