"""A control plane of its own for one program, and a room in it; `tests` can be imported by whoever imports this.

In: where the programs of a control plane are, as the tests find them. Out: the control plane, and options for runtimes.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from orchestrator.runtimes.kubernetes import KubernetesOptions
from tests.cluster.binaries import Binaries, Missing, find
from tests.cluster.control_plane import ControlPlane, control_plane
from tests.cluster.rooms import grant, room

PATIENCE = 600.0


@contextmanager
def planed(programs: Binaries) -> Iterator[tuple[ControlPlane, KubernetesOptions]]:
    """Run a control plane, with a room, until the context ends."""
    with tempfile.TemporaryDirectory(prefix="ab-") as made:
        place = Path(made)
        with control_plane(programs, place) as plane, room(plane.kubectl, place / "runtime") as options:
            grant(plane.kubectl)
            yield plane, options


def programs() -> Binaries | None:
    """Find the programs; where there are none, say how to get them. Raises Missing in CI."""
    try:
        return find(os.environ)
    except Missing as missing:
        if os.environ.get("CI"):
            raise
        print(f"skipped: {missing}", flush=True)
        return None
