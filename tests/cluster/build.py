"""Builds the programs of a control plane from the Go module here, once for each state of the module.

In: Go, and its module mirror or module cache. Out: the folder of `tests.cluster.binaries.cache`; what is being done, on
stderr. Two builds at once: the second waits for the first and takes its result.
"""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from orchestrator.cli.progress import Progress
from tests.cluster import go_toolchain
from tests.cluster.binaries import ASSETS, MODULE, Binaries, Missing, cache, find

_ETCD_BUILDS_AS = "server"
_DEADLINE = 3600


def ensure(environ: Mapping[str, str]) -> Binaries:
    """Find the programs, or build them; raises Missing."""
    folder = cache(environ)
    if environ.get(ASSETS) or not Binaries(folder).lacking:
        return find(environ)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with Progress() as progress, _alone(folder.parent, progress):
        if Binaries(folder).lacking:
            _build(folder, environ, progress)
    return find(environ)


@contextmanager
def _alone(place: Path, progress: Progress) -> Iterator[None]:
    with (place / "build.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.say("control plane: waiting for another build")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(folder: Path, environ: Mapping[str, str], progress: Progress) -> None:
    progress.say("control plane: looking for Go")
    go = str(go_toolchain.find(environ))
    variables = {**environ, "CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off"}
    progress.say("control plane: fetching modules")
    packages = _fetch(go, variables)
    with tempfile.TemporaryDirectory(dir=folder.parent) as made:
        place = Path(made) / "bin"
        place.mkdir()
        options = ("-v", "-trimpath", "-buildvcs=false", "-ldflags", _ldflags(), "-o", str(place))
        _compile((go, "build", *options, "tool"), variables, packages, progress)
        (place / _ETCD_BUILDS_AS).rename(place / "etcd")
        shutil.rmtree(folder, ignore_errors=True)
        place.rename(folder)
    progress.say(f"control plane: built in {progress.lasted()}")


def _fetch(go: str, variables: Mapping[str, str]) -> int:
    """Fetch every module that is needed, and count the packages in them."""
    words = (go, "list", "-deps", "tool")
    done = subprocess.run(
        words, cwd=MODULE, env=variables, check=False, capture_output=True, text=True, timeout=_DEADLINE
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["no reason given"]
        raise Missing(f"no control plane: go cannot fetch its modules: {said[-1]}")
    return len(done.stdout.splitlines())


def _ldflags() -> str:
    """Kubernetes chooses its features by the version that it was linked with."""
    version = re.search(r"k8s\.io/kubernetes v((\d+)\.(\d+)\.\d+)", (MODULE / "go.mod").read_text())
    assert version, "go.mod names a release of k8s.io/kubernetes"
    named = {"gitVersion": f"v{version[1]}", "gitMajor": version[2], "gitMinor": version[3]}
    return " ".join(["-s -w", *(f"-X k8s.io/component-base/version.{name}={value}" for name, value in named.items())])


def _compile(words: tuple[str, ...], variables: Mapping[str, str], packages: int, progress: Progress) -> None:
    """Count the packages that Go names while it compiles them."""
    last = ""
    with subprocess.Popen(words, cwd=MODULE, env=variables, stderr=subprocess.PIPE, text=True) as building:
        assert building.stderr
        try:
            for done, line in enumerate(building.stderr):
                last = line.strip()
                progress.say(f"control plane: compiling Kubernetes, {min(99, 100 * done // packages) // 5 * 5} %")
        except KeyboardInterrupt:
            building.kill()
            raise
    if building.returncode:
        raise Missing(f"no control plane: go build failed: {last}")


def main() -> int:
    """Build when that is needed."""
    try:
        ensure(os.environ)
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
