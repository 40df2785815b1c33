"""open: a service in the browser."""

import sys
from typing import Annotated
from urllib.parse import urlsplit

import typer

from orchestrator.cli import completion, options
from orchestrator.cli.output import Output, chosen, emit
from orchestrator.cli.session import open_session
from orchestrator.domain.front import FrontView
from orchestrator.domain.text import printable
from orchestrator.errors import Permanent

_LONGEST_URL = 2000

Port = Annotated[
    str,
    typer.Option(
        "--port",
        metavar="NAME",
        help="Which port; default: the first one.",
        autocompletion=completion.ports,
    ),
]
Print = Annotated[bool, typer.Option("--print", help="Only print the address.")]


def open_service(
    context: typer.Context,
    service: options.Service,
    environment: options.Environment = None,
    port: Port = "",
    only_print: Print = False,
    output: options.Form = None,
) -> None:
    """Open a service in the browser, and print its address; where there is no browser, or with -o, only print it.

    \b
    Examples:
      anabranch -n bugfix open web
      anabranch open bugfix:web --port admin
      curl "$(anabranch open bugfix:web --print)"
    """
    form = chosen(output)
    session = open_session(context, environment)
    front = session.daemon.front(session.service(service), port)
    url = _checked(front)
    emit(form, front, [front.name], lambda: print(url, flush=True))
    if form is Output.TABLE and not only_print:
        _open(url)


def _checked(front: FrontView) -> str:
    """A browser gets an address and nothing else that a daemon may say."""
    url = printable(front.url, _LONGEST_URL)
    if url != front.url or urlsplit(url).scheme not in ("http", "https") or " " in url:
        raise Permanent(f"{printable(front.name)} has an address that no browser is given: {url}")
    return url


def _open(url: str) -> None:
    import webbrowser

    try:
        opened = webbrowser.open(url)
    except webbrowser.Error:
        opened = False
    if not opened:
        print("no browser found here; open the address yourself, or set BROWSER", file=sys.stderr)
