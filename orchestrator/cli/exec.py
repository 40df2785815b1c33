"""exec: a command beside a service, as the person who asks.

In: the way into a release, as the daemon tells it. Out: this process becomes the command, or the kubectl that takes it
into a pod: the terminal, its size, signals and the exit code are the command's own.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from orchestrator.cli import completion, options
from orchestrator.cli.become import become
from orchestrator.cli.session import Session, open_session, own, parse, releases_of
from orchestrator.cli.usage import WrongUsage
from orchestrator.domain.entry import Entry, Pod, Tree
from orchestrator.domain.naming import is_label
from orchestrator.domain.text import listed, printable
from orchestrator.errors import NotFound, Permanent

_SHELL = "sh"
_OF_THE_TERMINAL = ("TERM", "COLORTERM")

Which = Annotated[
    str,
    typer.Argument(
        metavar="[ENVIRONMENT:]SERVICE[@RELEASE]",
        help="A service, or one release of it, Ready or not; default: its newest release that is Ready.",
        autocompletion=completion.services,
    ),
]
Words = Annotated[
    list[str] | None, typer.Argument(metavar="[-- COMMAND [ARGUMENT]...]", help="The command; default: a shell.")
]
Container = Annotated[
    str | None,
    typer.Option("-c", "--container", metavar="NAME", help="In a cluster, which container; default: the first."),
]
Context = Annotated[
    str | None,
    typer.Option("--context", metavar="NAME", help="In a cluster, which context of your kubeconfig."),
]


def exec_command(
    context: typer.Context,
    service: Which,
    command: Words = None,
    environment: options.Environment = None,
    container: Container = None,
    kube_context: Context = None,
) -> None:
    """Run a command beside a service, by default a shell. It ends with the release.

    A local process gets a neighbour in its own directory, with its variables. In a cluster kubectl runs the command in
    a pod, with your kubeconfig and your rights. What is piped in is the command's input.

    \b
    Examples:
      anabranch -n bugfix exec web
      anabranch exec bugfix:web -- env
      anabranch exec bugfix:web@v4 -- cat score.yaml
      echo 'select 1' | anabranch -n bugfix exec app -- sqlite3 app.db
    """
    entry, teller = _entry(open_session(context, environment), service)
    if entry.pod:
        become(_kubectl(entry.pod, command or (_SHELL,), container, kube_context), os.environ)
    if container or kube_context:
        raise WrongUsage(f"{entry.name} is a local process: it has no container and no context; drop the option")
    tree = _trusted(entry, teller)
    become(command or (os.environ.get("SHELL") or _SHELL,), _variables(tree, os.environ), tree.path)


def _entry(session: Session, text: str) -> tuple[Entry, int]:
    wanted = parse(text)
    found = own(session.find(wanted))
    release = releases_of(session.daemon.history(found), wanted)[0].number if wanted.version else 0
    return session.daemon.entry(found, release)


def _trusted(entry: Entry, teller: int) -> Tree:
    """Take a directory and variables from nobody but a daemon of the same user: they decide what is run."""
    me = os.geteuid()
    if entry.tree is None or (entry.tree.user, teller) != (me, me):
        raise Permanent(f"{entry.name} was told by a daemon of another user; run this as the user of the daemon")
    return entry.tree


def _variables(tree: Tree, mine: Mapping[str, str]) -> dict[str, str]:
    return {**{name: mine[name] for name in _OF_THE_TERMINAL if name in mine}, **dict(tree.variables)}


def _kubectl(pod: Pod, command: Sequence[str], container: str | None, context: str | None) -> tuple[str, ...]:
    chosen = container or pod.containers[0]
    if chosen not in pod.containers:
        raise NotFound(f'no container "{printable(chosen, 64)}" in {pod.name}; there are {listed(pod.containers)}')
    if not all(map(is_label, (pod.namespace, pod.name, chosen))):
        raise Permanent("the daemon names a pod that cannot be one (anabranch version)")
    leads = context or pod.context
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    return (
        "kubectl",
        "exec",
        "--stdin",
        *(("--tty",) if terminal else ()),
        *((f"--context={leads}",) if leads else ()),
        f"--namespace={pod.namespace}",
        f"--container={chosen}",
        f"pod/{pod.name}",
        "--",
        *command,
    )
