"""init: a settings file to begin with.

In: URLs of repositories. Out: a file with every setting, its default and what it means.
"""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.domain.text import printable
from orchestrator.errors import Conflict, Permanent

_DEFAULT = Path("anabranch.yaml")

Repositories = Annotated[
    list[str], typer.Option("--repository", "-r", metavar="URL", help="A git repository to follow; may be repeated.")
]
File = Annotated[
    Path,
    typer.Option("--settings", "-s", envvar="ANABRANCH_SETTINGS_FILE", metavar="FILE", help="The file to write."),
]
Force = Annotated[bool, typer.Option("--force", help="Replace the file if there is one.")]


def init(repositories: Repositories, settings: File = _DEFAULT, force: Force = False) -> None:
    """Write a settings file to begin with. Every setting is explained in it; prints its path.

    \b
    Examples:
      anabranch init --repository https://git.example/web.git
      anabranch init -r git@git.example:web.git -r git@git.example:app.git --settings /etc/anabranch/anabranch.yaml
    """
    from orchestrator.settings import init as text_for

    _write(settings, text_for(repositories), replace=force)
    print(printable(str(settings), 4096))
    named = "" if settings == _DEFAULT else f" --settings {settings}"
    print(printable(f"next: anabranch check{named}, then anabranch up{named}", 4096), file=sys.stderr)


def _write(path: Path, text: str, *, replace: bool) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = os.O_TRUNC if replace else os.O_EXCL
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | kind, 0o644), "w", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise Conflict(
            f"{path}: is there already; write another one with --settings, or replace it: --force"
        ) from error
    except OSError as error:
        raise Permanent(f"{path}: cannot be written: {error.strerror}; name another file with --settings") from error
