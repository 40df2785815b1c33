"""One program of the control plane: it dies with the thread that started it, however that ends.

In: an argument list, a file for its output. Out: a process that can be killed and started again.
"""

import subprocess
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]


class Child:
    """A program that runs from `start` to `kill`."""

    def __init__(self, argv: tuple[object, ...], log: Path) -> None:
        self._argv = ("setpriv", "--pdeathsig", "KILL", "--", *(str(word) for word in argv))
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, in a session of its own: Ctrl-C is for the starter, which ends its children in order."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._argv, cwd=_ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def ended(self) -> str:
        """Say how it ended by itself, with the last lines that it wrote; nothing if it did not."""
        if self._process is None or self._process.poll() is None:
            return ""
        lines = self._log.read_text(errors="replace").splitlines()[-10:]
        return "\n".join([f"{self._argv[4]} ended with status {self._process.returncode}:", *lines])

    def kill(self) -> None:
        """End it as a crash would: what it keeps is thrown away, so nothing is gained by asking it to end."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
