"""hook add: a hook in the settings, its secret in a file, and what to paste at the git host."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli import completion, options
from orchestrator.cli.forwarder_client import open_forwarder
from orchestrator.cli.usage import WrongUsage
from orchestrator.domain.text import printable
from orchestrator.errors import Conflict

if TYPE_CHECKING:
    from orchestrator.settings import ForwardedHook, Settings

_SIGNING = ("generic",)

Name = Annotated[str, typer.Argument(metavar="HOOK", help="A name of your choice; the last part of its URL.")]
Provider = Annotated[
    str, typer.Option("--provider", "-p", help="The git host, such as github.", autocompletion=completion.providers)
]
Repositories = Annotated[
    list[str] | None,
    typer.Option("--repository", "-r", metavar="THEIRS[=OURS]", help="The git host's name, and the settings' name."),
]
Organisation = Annotated[
    str,
    typer.Option(
        "--organisation", help="Whose hook it is, such as acme: all of its repositories that the settings name."
    ),
]
SecretFile = Annotated[
    Path | None, typer.Option("--secret-file", metavar="FILE", help="A secret that exists; default: a new one is made.")
]
Username = Annotated[str, typer.Option("--username", help="Basic authentication, where the git host signs nothing.")]
Header = Annotated[str, typer.Option("--header", help="azure-devops: the header that holds the secret.")]
Tags = Annotated[bool, typer.Option("--tags", help="Also look when a tag moved.")]
ShowSecret = Annotated[bool, typer.Option("--show-secret", help="Print the secret itself, to paste it.")]


def add(
    context: typer.Context,
    name: Name,
    provider: Provider,
    repositories: Repositories = None,
    organisation: Organisation = "",
    secret_file: SecretFile = None,
    username: Username = "",
    header: Header = "",
    tags: Tags = False,
    show_secret: ShowSecret = False,
    settings: options.Settings = None,
    forwarder_socket: options.ForwarderSocket = None,
) -> None:
    """Add a hook: makes its secret, writes it into the settings file, prints what to paste at the git host.

    The rest of the settings file, comments included, stays as it is. A running forwarder serves the hook at once.
    An organisation's hook, a group's or a project's serves those of its repositories that the settings name by their
    URLs, and ignores the others; `*` stands for all that the git host has.

    \b
    Examples:
      anabranch hook add github --provider github --repository acme/web=web --repository acme/app
      anabranch hook add acme --provider github --organisation acme
      anabranch hook add azure -p azure-devops -r "Fabrikam/web=web" --username anabranch --show-secret
    """
    from orchestrator.cli import hook_settings
    from orchestrator.cli.hook_paste import paste, shown_secret
    from orchestrator.forwarder.configured import configured
    from orchestrator.settings import load
    from orchestrator.settings.hook_edit import with_hook

    file = hook_settings.settings_file(settings)
    before = load(file, os.environ)
    if any(hook.name == name for hook in before.forwarder.hooks):
        raise Conflict(f"{file}: there is a hook {name} already; choose another name, or: anabranch hook rotate {name}")
    url = hook_settings.address(before, name)
    secret = (secret_file or file.parent / "secrets" / f"{name}.secret").absolute()
    given = {"name": name, "provider": provider, "organisation": organisation, "secret_files": [str(secret)]}
    hook = _hook(given | {"username": username, "header": header, "tags": tags}, repositories or [], before)
    text = with_hook(file.read_text(), hook, file)
    if secret_file is None:
        hook_settings.new_secret(secret, signing=provider in _SIGNING)
    try:
        configured(hook, before.repositories)
        hook_settings.rewrite(file, text, (*before.forwarder.hooks, hook))
    except BaseException:
        if secret_file is None:
            secret.unlink()
        raise
    said = hook_settings.reload(open_forwarder(context, forwarder_socket))
    for line in paste(hook, url, secret=shown_secret(secret, open_=show_secret)):
        print(printable(line, 4096))
    print(printable(f"hook {name} is in {file}; {said}", 4096), file=sys.stderr)
    if not before.forwarder.url and provider != "post-receive":
        print(
            "a git host elsewhere needs the URL of your proxy: set forwarder.url, such as https://HOST", file=sys.stderr
        )
    if doubt := hook_settings.serves_nothing(hook, before):
        print(printable(doubt, 4096), file=sys.stderr)
        return
    print(f"then try it: anabranch hook test {name}", file=sys.stderr)


def _hook(given: dict[str, object], repositories: list[str], settings: "Settings") -> "ForwardedHook":
    from pydantic import ValidationError

    from orchestrator.settings import ForwardedHook
    from orchestrator.settings.mistake import explain

    if given["provider"] == "azure-devops" and not (given["username"] or given["header"]):
        raise WrongUsage("azure-devops signs nothing: give --username for basic authentication, or --header")
    if not (repositories or given["organisation"]):
        raise WrongUsage("give --repository, once for each, or the --organisation whose hook it is")
    pairs = dict(_pair(text, settings) for text in repositories)
    try:
        return ForwardedHook.model_validate(given | {"repositories": pairs})
    except ValidationError as error:
        first = explain(error)[0]
        raise WrongUsage(f"{'.'.join(map(str, first.path))}: {first.text}") from error


def _pair(text: str, settings: "Settings") -> tuple[str, str]:
    theirs, equals, ours = text.rpartition("=")
    if not equals:
        theirs, ours = text, text.rpartition("/")[2]
    known = [repository.name for repository in settings.repositories]
    if known and ours not in known:
        raise WrongUsage(f"no repository {ours} in the settings; there are {', '.join(known)}: write {theirs}=NAME")
    return theirs, ours
