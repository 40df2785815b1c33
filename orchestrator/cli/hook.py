"""hook install: let a repository tell the forwarder about every push.

In: a repository, and what is not said about its hook looked up in the settings. Out: a post-receive hook.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli import options
from orchestrator.cli.usage import WrongUsage
from orchestrator.domain.text import printable

if TYPE_CHECKING:
    from orchestrator.cli.hook_choice import Choice

Repository = Annotated[Path, typer.Argument(metavar="PATH", help="A git repository on this disk, bare or not.")]
Url = Annotated[str | None, typer.Option("--url", help="The hook's address: http://HOST:PORT/hooks/NAME.")]
SecretFile = Annotated[Path | None, typer.Option("--secret-file", metavar="FILE", help="The file with its secret.")]
Name = Annotated[str | None, typer.Option("--name", help="What the repository is called in the hook's settings.")]


def install(
    path: Repository,
    url: Url = None,
    secret_file: SecretFile = None,
    name: Name = None,
    settings: options.Settings = None,
) -> None:
    """Install a post-receive hook; prints its path.

    It tells the forwarder which branches moved. Whatever is not given here comes from the settings: from the
    post-receive hook there that names this repository.
    It never fails or delays a push; what it cannot tell, polling finds.

    \b
    Examples:
      anabranch hook install /srv/git/web.git
      anabranch hook install web.git --url http://127.0.0.1:8080/hooks/git --secret-file git.secret --name web
    """
    from orchestrator.cli.hook_choice import work_tree
    from orchestrator.forwarder import hook

    if url and secret_file:
        written = hook.install(path, url=url, secret_file=secret_file, name=name or work_tree(path).stem)
    else:
        found = _in_settings(settings, path, name)
        url = url or found.url
        secret_file = secret_file or found.secret_file
        written = hook.install(path, url=url, secret_file=secret_file, name=found.name)
    print(printable(str(written), 4096))
    said = f"the next push to {path} is told to {url}; if that fails, {written.parents[1] / 'anabranch-hook.error'}"
    print(printable(f"{said} says why", 4096), file=sys.stderr)


def _in_settings(settings: Path | None, path: Path, name: str | None) -> "Choice":
    from orchestrator.cli.hook_choice import choose
    from orchestrator.settings import find, load

    if find(settings, os.environ) is None:
        raise WrongUsage("no settings file to find the hook in: give --settings, or --url and --secret-file")
    return choose(load(settings, os.environ), path, name)
