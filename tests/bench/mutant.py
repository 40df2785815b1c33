"""One mutant: a promise that is broken on purpose in a copy of the program, by one replaced text.

In: the text, and the test that must fail. Out: whether it does. That the text is still there is checked first.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEADLINE = 240
COPIED = ("orchestrator", "actors", "config", "tests", "pyproject.toml", "typings")


@dataclass(frozen=True)
class Mutant:
    """`before` in `file` becomes `after`; `test` (a file, and words for -k) must fail."""

    name: str
    file: str
    before: str
    after: str
    test: str
    words: str = ""


def applied(mutant: Mutant) -> str:
    """Read the mutant's file with its text replaced; raises ValueError when that text is not there exactly once."""
    text = (ROOT / mutant.file).read_text()
    if text.count(mutant.before) != 1:
        raise ValueError(f"{mutant.name}: {mutant.file} holds its text {text.count(mutant.before)} times")
    return text.replace(mutant.before, mutant.after)


def noticed(mutant: Mutant) -> bool:
    """Run the mutant's test in a copy with the mutant; tell whether it failed."""
    with tempfile.TemporaryDirectory(prefix="ab-mutant-") as directory:
        copy = Path(directory)
        for name in COPIED:
            (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, copy / name)
        (copy / mutant.file).write_text(applied(mutant))
        words = [sys.executable, "-P", "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", mutant.test]
        environ = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [*words, *(["-k", mutant.words] if mutant.words else [])],
            cwd=copy,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=DEADLINE,
        )
    noticed = done.returncode == 1 and " failed" in done.stdout
    print(f"mutants: {mutant.name}: {'noticed' if noticed else 'LIVED'}", flush=True)
    if not noticed:
        print(done.stdout[-2000:], done.stderr[-500:], flush=True)
    return noticed
