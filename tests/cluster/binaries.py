"""Where the programs of a control plane are: etcd, kube-apiserver, kube-controller-manager, kubectl.

In: the environment's KUBEBUILDER_ASSETS, else the cache that `tests.cluster.build` fills. Out: their paths, or Missing
with one line that says how to get them.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MODULE = Path(__file__).parent
ASSETS = "KUBEBUILDER_ASSETS"
NAMES = ("etcd", "kube-apiserver", "kube-controller-manager", "kubectl")


class Missing(Exception):
    """There is no control plane here; the text says how to get one."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder that holds every program of `NAMES`."""

    folder: Path

    @property
    def lacking(self) -> tuple[str, ...]:
        """Names of the programs that are not there."""
        return tuple(name for name in NAMES if not (self.folder / name).is_file())


def find(environ: Mapping[str, str]) -> Binaries:
    """Find the programs; raises Missing."""
    if environ.get(ASSETS):
        return _complete(Binaries(Path(environ[ASSETS])))
    cached = Binaries(cache(environ))
    if cached.lacking:
        raise Missing("no Kubernetes control plane is built yet; get one: make cluster (builds for 5 minutes, once)")
    return cached


def cache(environ: Mapping[str, str]) -> Path:
    """Name the folder of what the Go module here builds: another module, another folder."""
    home = environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    module = (MODULE / "go.mod").read_bytes() + (MODULE / "go.sum").read_bytes()
    return Path(home) / "anabranch" / f"controlplane-{hashlib.sha256(module).hexdigest()[:16]}"


def _complete(binaries: Binaries) -> Binaries:
    if binaries.lacking:
        raise Missing(f"{ASSETS}={binaries.folder} lacks {', '.join(binaries.lacking)}; add them, or unset it")
    return binaries
