"""`make cluster`: a control plane to try things on, until Ctrl-C.

In: nothing; programs are built when there are none. Out: on stdout the lines that point kubectl and Anabranch at it.
"""

import contextlib
import os
import signal
import sys
import tempfile
from pathlib import Path

from orchestrator.cli.progress import Progress
from tests.cluster.binaries import Binaries, Missing
from tests.cluster.build import ensure
from tests.cluster.control_plane import control_plane


def serve(binaries: Binaries) -> None:
    """Run a control plane until SIGINT or SIGTERM."""
    with tempfile.TemporaryDirectory(prefix="ab-cluster-") as made, Progress() as progress:
        progress.say("control plane: starting")
        with control_plane(binaries, Path(made)) as plane:
            progress.say(f"control plane: ready after {progress.lasted()}")
            with contextlib.suppress(KeyboardInterrupt):
                print(f"export KUBECONFIG={plane.kubeconfig}\nexport PATH={binaries.folder}:$PATH")
                print("# Pods only pretend to run here. Ctrl-C ends it, and nothing is left.", flush=True)
                signal.pause()
            progress.say("control plane: stopping")


def main() -> int:
    """Serve; 1 when there is no control plane, 130 when it was given up before it was ready."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        serve(ensure(os.environ))
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
