"""deliveries: what did git hosts send, and what became of it?"""

import time
from typing import Annotated

import typer

from orchestrator.cli import completion, options
from orchestrator.cli.forwarder_client import Forwarder, open_forwarder
from orchestrator.cli.live import repeat
from orchestrator.cli.output import Output, chosen, emit
from orchestrator.cli.table import Table, show
from orchestrator.cli.times import ago
from orchestrator.domain.delivery import DeliveryList, DeliveryView, HintView
from orchestrator.domain.text import did_you_mean, listed, printable

_HEADER = ("DELIVERY", "HOOK", "STATE", "AGE", "REPOSITORY", "BRANCH", "NOTE")
_BRANCHES = "refs/heads/"
_LONGEST_LINE = 2000

OfHook = Annotated[
    str, typer.Option("--hook", metavar="HOOK", help="Only those of this hook.", autocompletion=completion.hooks)
]
Failed = Annotated[bool, typer.Option("--failed", help="Only those that never reach the daemon: refused or dead.")]
Limit = Annotated[int, typer.Option("--limit", metavar="N", min=1, max=1000, help="At most so many, newest first.")]


def deliveries(
    context: typer.Context,
    hook: OfHook = "",
    failed: Failed = False,
    limit: Limit = 20,
    forwarder_socket: options.ForwarderSocket = None,
    output: options.Form = None,
    quiet: options.Quiet = False,
    watch: options.Watching = False,
) -> None:
    """List webhook deliveries, the newest first, and what became of each.

    Journalled: on disk, not read yet. Parsed: its branches wait for the daemon. Forwarded: the daemon has them.
    Ignored: nothing to do; of a repository that is not in the settings the first one stays. Refused: about a
    repository that is not the hook's. Dead: not understood.

    \b
    Examples:
      anabranch deliveries
      anabranch deliveries -w --hook github
      anabranch deliveries --failed
      anabranch deliveries replay $(anabranch deliveries --failed -q)
    """
    if context.invoked_subcommand:
        return
    form = chosen(output, quiet=quiet, watch=watch)
    forwarder = open_forwarder(context, forwarder_socket)

    def once() -> None:
        found = forwarder.deliveries(hook=hook, failed=failed, limit=limit)
        names = [str(each.delivery) for each in found.deliveries]
        emit(form, found, names, lambda: _show(found))
        if form is Output.TABLE and not found.deliveries:
            print(f"! {_nothing(forwarder, hook, failed=failed)}")

    repeat(forwarder, once) if watch else once()


def told(hints: tuple[HintView, ...]) -> tuple[str, str]:
    """Name the repository and the branch of hints, or how many there are."""
    repositories = dict.fromkeys(each.repository for each in hints)
    branches = dict.fromkeys(branch(each) for each in hints)
    return _one_of(list(repositories), "repositories"), _one_of(list(branches), "branches")


def branch(told: HintView) -> str:
    """Name the branch of a hint as people do; `*` for the whole repository."""
    return told.ref.removeprefix(_BRANCHES) or "*"


def note(view: DeliveryView) -> str:
    """Say in one line what is worth knowing."""
    pulls = next((each.pull for each in view.hints if each.pull), "")
    conflict = "its id came before with another body" if view.conflict else ""
    times = f"{view.times} such deliveries" if view.times > 1 else ""
    return "; ".join(part for part in (view.reason, times, pulls, conflict) if part)


def _one_of(names: list[str], many: str) -> str:
    return f"{len(names)} {many}" if len(names) > 1 else "".join(names)


def _show(found: DeliveryList) -> None:
    if found.waiting and found.trouble:
        print(f"{found.waiting} wait: {found.trouble}")
    now = time.time()
    show(Table(_HEADER, tuple(_row(view, now) for view in found.deliveries)))


def _nothing(forwarder: Forwarder, hook: str, *, failed: bool) -> str:
    """Say why the list is empty, and what to do next."""
    served = [view.name for view in forwarder.hooks()]
    if hook and hook not in served:
        near = did_you_mean(hook, served) or f"; there are {listed(served) or 'none: anabranch hook add'}"
        return printable(f'the forwarder serves no hook "{hook}"{near} (anabranch hook list)', _LONGEST_LINE)
    if failed:
        return "no delivery was refused or is dead (anabranch deliveries)"
    if not served:
        return "nothing came yet, and no hook could take it: anabranch hook add"
    return f"nothing came yet; send a test delivery: anabranch hook test {hook or served[0]}"


def _row(view: DeliveryView, now: float) -> tuple[str, ...]:
    return str(view.delivery), view.hook, view.state, ago(view.received_at, now), *told(view.hints), note(view)
