"""This process becomes another program, which has the terminal, the signals and the exit code for itself.

In: an argument list, variables, a directory. Out: nothing comes back, unless the program cannot be started.
"""

import os
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn

from orchestrator.domain.text import printable
from orchestrator.errors import NotFound, Permanent

_IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)


def become(words: Sequence[str], variables: Mapping[str, str], directory: str = "") -> NoReturn:
    """Replace this process. Raises NotFound when the directory or the program is not there, Permanent otherwise."""
    try:
        if directory:
            os.chdir(directory)
    except OSError as error:
        raise NotFound(f"{directory}: {error.strerror}; the release has ended: try again") from error
    if shutil.which(words[0], path=variables.get("PATH")) is None:
        raise NotFound(f"cannot run {printable(words[0], 64)}: it is not on PATH; install it there")
    sys.stdout.flush()
    for number in _IGNORED_BY_PYTHON:
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvpe(words[0], tuple(words), variables)  # noqa: S606 - no shell is meant
    except OSError as error:
        raise Permanent(f"cannot run {printable(words[0], 64)}: {error.strerror}") from error
