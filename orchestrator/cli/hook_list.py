"""hook list: which webhooks are taken, does the forwarder serve them, and what came for each?"""

import os
import time
from dataclasses import dataclass

import typer

from orchestrator.cli import options
from orchestrator.cli.forwarder_client import Forwarder, open_forwarder
from orchestrator.cli.output import Output, chosen, emit
from orchestrator.cli.table import Table, show
from orchestrator.cli.times import ago
from orchestrator.domain.delivery import HookView
from orchestrator.errors import AnabranchError

_HEADER = ("HOOK", "PROVIDER", "URL", "REPOSITORIES", "SECRETS", "ACCEPTED", "LAST", "NOTE")


@dataclass(frozen=True, slots=True)
class ListedHook:
    """A hook of the settings beside what the forwarder says of it; `note` is what is wrong, empty when nothing is.

    `repositories` are those of the settings, `organisation` is whose others are ignored.
    """

    name: str
    provider: str
    url: str
    organisation: str
    repositories: tuple[str, ...]
    secrets: int
    accepted: int
    refused: int
    last_at: float
    note: str


def list_hooks(
    context: typer.Context,
    settings: options.Settings = None,
    forwarder_socket: options.ForwarderSocket = None,
    output: options.Form = None,
    quiet: options.Quiet = False,
) -> None:
    """List the hooks of the settings, and what came for each since the forwarder started.

    \b
    Examples:
      anabranch hook list
      anabranch hook list -o json
    """
    from orchestrator.cli import hook_settings
    from orchestrator.settings import load, served

    form = chosen(output, quiet=quiet)
    loaded = load(hook_settings.settings_file(settings), os.environ)
    views, trouble = _served(open_forwarder(context, forwarder_socket))
    found = tuple(
        ListedHook(
            name=hook.name,
            provider=hook.provider,
            url=hook_settings.address(loaded, hook.name),
            organisation=hook.organisation,
            repositories=tuple(served(hook, loaded.repositories)),
            secrets=len(hook.secret_files),
            accepted=view.accepted if view else 0,
            refused=view.refused if view else 0,
            last_at=view.last_at if view else 0.0,
            note=hook_settings.serves_nothing(hook, loaded)
            or (note(view, len(hook.secret_files), time.time()) if view else trouble),
        )
        for hook in loaded.forwarder.hooks
        for view in [views.get(hook.name)]
    )
    emit(form, found, [hook.name for hook in found], lambda: show(table(found, time.time())))
    if form is Output.TABLE and not found:
        print("! no hooks yet: anabranch hook add")


def table(hooks: tuple[ListedHook, ...], now: float) -> Table:
    """Lay hooks out, those with something wrong first."""
    ordered = sorted(hooks, key=lambda hook: (not hook.note, hook.name))
    return Table(_HEADER, tuple(_row(hook, now) for hook in ordered))


def note(view: HookView, secrets: int, now: float) -> str:
    """Say what a person should do something about."""
    if len(view.secrets_used_at) != secrets:
        return "its secrets changed: anabranch hook reload"
    parts = []
    if view.last_refused_at > view.last_at:
        parts.append(f"last refused {ago(view.last_refused_at, now) or '0s'} ago with {view.last_refusal}")
    if secrets > 1:
        newest, _ = view.secrets_used_at
        seen = f"seen {ago(newest, now)} ago: anabranch hook rotate {view.name} --finish" if newest else "not seen yet"
        parts.append(f"in rotation, the new secret was {seen}")
    return "; ".join(parts)


def _served(forwarder: Forwarder) -> tuple[dict[str, HookView], str]:
    try:
        return {view.name: view for view in forwarder.hooks()}, "not served yet: anabranch hook reload"
    except AnabranchError as error:
        return {}, str(error)


def _row(hook: ListedHook, now: float) -> tuple[str, ...]:
    counts = str(hook.secrets), str(hook.accepted), ago(hook.last_at, now)
    return hook.name, hook.provider, hook.url, _repositories(hook), *counts, hook.note


def _repositories(hook: ListedHook) -> str:
    if hook.organisation:
        return f"{len(hook.repositories)} of {hook.organisation}"
    return hook.repositories[0] if len(hook.repositories) == 1 else str(len(hook.repositories))
