"""A person's editor on a text, in a private file.

In: a text. Out: the text as it was saved. The file is kept, and named, whenever its text could not be saved elsewhere.
"""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from orchestrator.errors import Permanent

_VARIABLES = ("VISUAL", "EDITOR")
_DEFAULT = ["vi"]


class Editor:
    """One file (0600) in a directory of its own (0700), edited as often as needed."""

    def __init__(self, name: str) -> None:
        self._command = _command()
        self._directory = Path(tempfile.mkdtemp(prefix="anabranch-"))
        self.path = self._directory / f"{name}.yaml"

    def edit(self, text: str) -> str:
        """Open the editor on the text; raises Permanent when it fails, and nothing is changed then."""
        self._write(text)
        try:
            code = subprocess.run([*self._command, str(self.path)], check=False).returncode
        except OSError as error:
            self.forget()
            raise Permanent(f"cannot run {self._command[0]}: {error.strerror}; set EDITOR") from error
        if code:
            raise Permanent(f"{self._command[0]} ended with status {code}; nothing is changed{self._kept(text)}")
        return self._read()

    def forget(self) -> None:
        """Remove the file."""
        shutil.rmtree(self._directory, ignore_errors=True)

    def _kept(self, text: str) -> str:
        """Say where a changed text is; an unchanged one is of no use to anybody."""
        if self.path.exists() and self._read() != text:
            return f", your text is in {self.path}"
        self.forget()
        return ""

    def _write(self, text: str) -> None:
        with os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(text.encode("utf-8", "surrogateescape"))

    def _read(self) -> str:
        try:
            return self.path.read_text("utf-8", "surrogateescape")
        except OSError as error:
            raise Permanent(f"cannot read {self.path} after editing: {error.strerror}; nothing is changed") from error


def _command() -> list[str]:
    name = next((name for name in _VARIABLES if os.environ.get(name, "").strip()), "EDITOR")
    try:
        words = shlex.split(os.environ.get(name, "")) or _DEFAULT
    except ValueError as error:
        raise Permanent(f"{name} cannot be read as a command: {error}") from error
    if words == _DEFAULT and not sys.stdin.isatty():
        raise Permanent("no terminal for an editor; set EDITOR, or change variables with anabranch set")
    return words
