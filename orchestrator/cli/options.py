"""The arguments and options that commands share, each defined once."""

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli import completion
from orchestrator.cli.output import Output

Environment = Annotated[
    str | None,
    typer.Option(
        "-n",
        "--environment",
        metavar="ENVIRONMENT",
        help="Branch or environment; default: $ANABRANCH_ENVIRONMENT, then the branch checked out here.",
        autocompletion=completion.environments,
    ),
]
Socket = Annotated[
    Path | None,
    typer.Option(
        "--socket",
        envvar="ANABRANCH_SOCKET",
        metavar="PATH",
        help="The daemon's unix socket; default: $XDG_RUNTIME_DIR/anabranch/api.sock, then /run/anabranch/api.sock.",
    ),
]
ForwarderSocket = Annotated[
    Path | None,
    typer.Option(
        "--forwarder-socket",
        envvar="ANABRANCH_FORWARDER_SOCKET",
        metavar="PATH",
        help="The forwarder's unix socket; default: that of the settings, else beside the daemon's.",
    ),
]
Form = Annotated[
    Output | None,
    typer.Option("-o", "--output", help="How to print: a table, one document, or ids.", metavar="table|json|yaml|name"),
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Print ids only, one a line.")]
Watching = Annotated[bool, typer.Option("-w", "--watch", help="Show it again whenever it changes; Ctrl-C ends it.")]
Service = Annotated[
    str, typer.Argument(metavar="[ENVIRONMENT:]SERVICE", help="A service.", autocompletion=completion.services)
]
Services = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ENVIRONMENT:]SERVICE", help="Only these services.", autocompletion=completion.services),
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Return at once instead of following the roll-out.")]
Timeout = Annotated[float, typer.Option("--timeout", metavar="SECONDS", min=0, help="Give up waiting after this long.")]
Settings = Annotated[
    Path | None,
    typer.Option("--settings", "-s", envvar="ANABRANCH_SETTINGS_FILE", metavar="FILE", help="The settings file."),
]
