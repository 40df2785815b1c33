"""hook rotate: a new secret beside the old one, then without it; no delivery is refused in between."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli import completion, options
from orchestrator.cli.forwarder_client import Forwarder, open_forwarder
from orchestrator.cli.usage import WrongUsage
from orchestrator.domain.text import printable
from orchestrator.errors import AnabranchError, Conflict

if TYPE_CHECKING:
    from orchestrator.settings import ForwardedHook

Name = Annotated[str, typer.Argument(metavar="HOOK", help="Its name.", autocompletion=completion.hooks)]
Finish = Annotated[bool, typer.Option("--finish", help="Drop the old secret.")]
Force = Annotated[bool, typer.Option("--force", help="Drop it even if the git host may still use it.")]
ShowSecret = Annotated[bool, typer.Option("--show-secret", help="Print the new secret itself, to paste it.")]


def rotate(
    context: typer.Context,
    name: Name,
    finish: Finish = False,
    force: Force = False,
    show_secret: ShowSecret = False,
    settings: options.Settings = None,
    forwarder_socket: options.ForwarderSocket = None,
) -> None:
    """Give a hook a new secret, in two steps; between them both are valid.

    The first step makes the secret, and prints what to paste at the git host. The second one, with --finish, drops the
    old secret, once a delivery has shown the new one.

    \b
    Examples:
      anabranch hook rotate github
      anabranch hook rotate github --finish
    """
    from orchestrator.cli import hook_settings
    from orchestrator.cli.hook_paste import paste, shown_secret
    from orchestrator.settings import load
    from orchestrator.settings.hook_edit import with_secrets

    file = hook_settings.settings_file(settings)
    before = load(file, os.environ)
    hook = hook_settings.find_hook(before, name)
    url = hook_settings.address(before, name)
    forwarder = open_forwarder(context, forwarder_socket)
    files = _finished(hook, forwarder, force=force) if finish else _begun(hook)
    changed = hook.model_copy(update={"secret_files": files})
    hooks = tuple(changed if each.name == name else each for each in before.forwarder.hooks)
    text = with_secrets(file.read_text(), name, files, file)
    if not finish:
        hook_settings.new_secret(files[0], like=hook.secret_files[0], signing=hook.provider == "generic")
    hook_settings.rewrite(file, text, hooks)
    said = hook_settings.reload(forwarder)
    if finish:
        print(printable(f"hook {name} has one secret, {files[0]}; {said}", 4096), file=sys.stderr)
        print(printable(f"the old one can go: rm {hook.secret_files[-1]}", 4096), file=sys.stderr)
        return
    for line in paste(changed, url, secret=shown_secret(files[0], open_=show_secret)):
        print(printable(line, 4096))
    print(printable(f"hook {name} takes both secrets; {said}", 4096), file=sys.stderr)
    print(f"then, once the git host delivered with it: anabranch hook rotate {name} --finish", file=sys.stderr)


def _begun(hook: "ForwardedHook") -> tuple[Path, ...]:
    """Name the new secret's file, before the old one's."""
    if len(hook.secret_files) > 1:
        raise WrongUsage(f"{hook.name} has two secrets already: finish that first (anabranch hook rotate --finish)")
    (old,) = hook.secret_files
    number = next(n for n in range(2, 1000) if not old.with_name(f"{hook.name}.{n}.secret").exists())
    return old.with_name(f"{hook.name}.{number}.secret"), old


def _finished(hook: "ForwardedHook", forwarder: Forwarder, *, force: bool) -> tuple[Path, ...]:
    """Name the secret that stays; raises Conflict when the git host was not seen to use it."""
    if len(hook.secret_files) < 2:
        raise WrongUsage(f"{hook.name} has one secret; begin with: anabranch hook rotate {hook.name}")
    if not force and (doubt := _doubt(hook, forwarder)):
        raise Conflict(f"{doubt}; deliver something from the git host, or give --force")
    return hook.secret_files[:1]


def _doubt(hook: "ForwardedHook", forwarder: Forwarder) -> str:
    try:
        served = next((view for view in forwarder.hooks() if view.name == hook.name), None)
    except AnabranchError as error:
        return f"whether {hook.name}'s new secret is in use is not known: {error}"
    if served is None or len(served.secrets_used_at) != len(hook.secret_files):
        return f"the forwarder does not know the new secret of {hook.name} yet: anabranch hook reload"
    newest, oldest = served.secrets_used_at
    return "" if newest > oldest else f"the last delivery for {hook.name} did not show the new secret"
