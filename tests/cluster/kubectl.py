"""kubectl against one cluster.

In: arguments. Out: what it prints, text or JSON.
"""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_DEADLINE = 60


@dataclass(frozen=True, slots=True)
class Kubectl:
    """The program and the kubeconfig that it is given."""

    program: Path
    kubeconfig: Path

    def __call__(self, *arguments: str, stdin: str | None = None) -> str:
        """Run it and return what it prints; raises CalledProcessError with a note of what it said."""
        done = self._run(arguments, stdin)
        if done.returncode:
            error = subprocess.CalledProcessError(done.returncode, ("kubectl", *arguments), done.stdout, done.stderr)
            error.add_note(done.stderr.strip())
            raise error
        return done.stdout

    def json(self, *arguments: str) -> Any:
        """Run it with `-o json` and decode what it prints."""
        return json.loads(self(*arguments, "-o", "json"))

    def apply(self, namespace: str, *objects: dict[str, Any]) -> str:
        """Apply objects to a namespace, on the server's side."""
        listed = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        return self("-n", namespace, "apply", "--server-side", "-f", "-", stdin=json.dumps(listed))

    def succeeds(self, *arguments: str) -> bool:
        """Say whether it ends well."""
        return self._run(arguments).returncode == 0

    def _run(self, arguments: tuple[str, ...], stdin: str | None = None) -> "subprocess.CompletedProcess[str]":
        environ = {**os.environ, "KUBECONFIG": str(self.kubeconfig)}
        words = (str(self.program), f"--cache-dir={self.kubeconfig.parent / 'cache'}", *arguments)
        return subprocess.run(
            words, check=False, env=environ, input=stdin, capture_output=True, text=True, timeout=_DEADLINE
        )
