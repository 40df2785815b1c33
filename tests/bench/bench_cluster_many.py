"""Writes of very many environments, beside a bare loop that sends the very same ones.

No controller runs in this cluster, so that only writes count; the apiserver shares this machine with both sides.
"""

import os
from collections.abc import Iterator
from functools import partial

import figures as told
from bench_cluster_runtime import each, make, seconds
from cluster_bare import NEW, Bare, Recorder, grouped
from cluster_plane import planed

from orchestrator.runtimes.kubernetes import KubernetesOptions
from tests.cluster.build import ensure
from tests.cluster.rooms import opened


def figures(*, quick: bool) -> Iterator[str]:
    """Yield lines of results."""
    with planed(ensure(os.environ)) as (plane, options):
        for child in plane.children[2:]:
            child.kill()
        yield _many(options, *((1, 10) if quick else (10, 100)))


def _many(options: KubernetesOptions, batches: int, size: int) -> str:
    """Environments of three services each, made in turn by either side."""
    ours, theirs, writes = 0.0, 0.0, 0
    with opened(options, lease=15.0) as runtime:
        bare, recorder = Bare(options), Recorder(runtime)
        three = partial(make, runtime, services=("app", "web", "other"))
        for batch in range(batches):
            names = [f"{NEW}{batch * size + number}" for number in range(size)]
            ours += seconds(partial(each, three, names))
            taken = recorder.take()
            theirs += seconds(partial(bare.send, grouped(taken, names)))
            writes += len(taken)
    return told.rate(f"writes of {batches * size} environments x 3", writes / ours, writes / theirs, "bare writes")
