"""version: which Anabranch is this, and which one runs?"""

import time
from importlib.metadata import version as installed

import typer

from orchestrator.cli import options
from orchestrator.cli.output import chosen, emit
from orchestrator.cli.session import open_session
from orchestrator.cli.times import ago, iso
from orchestrator.domain.text import printable
from orchestrator.errors import AnabranchError


def version(context: typer.Context, output: options.Form = None) -> None:
    """Print the versions of command and daemon.

    \b
    Examples:
      anabranch version
      anabranch version -o json
    """
    form = chosen(output)
    mine = installed("anabranch")
    try:
        about, none = open_session(context).daemon.about(), ""
    except AnabranchError as error:
        about, none = {}, str(error)
    machine = {"anabranch": mine, "daemon": {**about, "started": iso(_started(about))} if about else None}
    emit(form, machine, [mine], lambda: print(f"anabranch {mine}\n{_daemon(about, time.time()) if about else none}"))


def _daemon(about: dict[str, object], now: float) -> str:
    words = f"daemon {about.get('version')}, pid {about.get('pid')}, {about.get('runtime')} runtime"
    return printable(f"{words}, baseline {about.get('baseline')}, up {ago(_started(about), now)}, {about.get('state')}")


def _started(about: dict[str, object]) -> float:
    started = about.get("started")
    return float(started) if isinstance(started, (int, float)) else 0.0
