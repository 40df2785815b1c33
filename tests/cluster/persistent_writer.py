"""A daemon's runtime that writes again and again, and says when it first did and when it was first refused.

In: kubeconfig, namespace, prefix. Out: `wrote`, then `refused`; then it ends.
"""

import sys
import tempfile
import threading
from itertools import count
from pathlib import Path

from orchestrator.errors import Temporary
from orchestrator.runtimes.kubernetes import KubernetesOptions, KubernetesRuntime
from tests.process.running import source


def main(kubeconfig: str, namespace: str, prefix: str) -> int:
    """Make environments until that is refused."""
    pause = threading.Event()
    with tempfile.TemporaryDirectory() as state:
        options = KubernetesOptions(Path(state), kubeconfig, namespace=namespace, prefix=prefix, lease=5.0)
        runtime = KubernetesRuntime(options, source)
        for number in count():
            try:
                runtime.ensure_environment(f"old-{number}", "old")
            except Temporary:
                print("refused", flush=True)
                return 0
            if number == 0:
                print("wrote", flush=True)
            pause.wait(0.05)
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
