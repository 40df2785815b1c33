"""Thespian's own suite over the engine, on every Python from 3.11 on that is installed, side by side.

In: the interpreters on PATH; what they need is installed from requirements.lock, once. Out: progress, then for each
what passed, failed, and was skipped for which reason; exit code 1 unless nothing failed anywhere.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements.lock"
VERSIONS = ("3.11", "3.12", "3.13")
OWN = f"{sys.version_info.major}.{sys.version_info.minor}"
DEADLINE = 1200.0
STEP = 50  # tests between two lines of progress
OUTCOME = re.compile(r"^\S+::\S.* (PASSED|FAILED|ERROR|SKIPPED)")
SUMMARY = re.compile(r"^=+ (.*) in [\d.]+s")
SKIPPED = re.compile(r"^SKIPPED \[(\d+)\] \S+ (.*)$")


@dataclass
class Run:
    """The suite on one Python."""

    version: str
    python: Path
    seen: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    trouble: list[str] = field(default_factory=list)
    code: int = 0
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether everything that ran passed, and something did."""
        return not self.code and not self.failed and self.counts["passed"] > 0

    @property
    def failed(self) -> int:
        """How many failed, or broke before or after."""
        return self.counts["failed"] + self.counts["error"] + self.counts["errors"]

    def take(self, line: str) -> None:
        """Read one line of the test runner."""
        outcome, skipped, summary = OUTCOME.match(line), SKIPPED.match(line), SUMMARY.match(line)
        if outcome:
            self.seen += 1
            if self.seen % STEP == 0:
                say(f"Python {self.version}: {self.seen} tests so far")
        if summary:
            self.counts.update({word: int(number) for number, word in re.findall(r"(\d+) (\w+)", summary[1])})
        if skipped:
            self.reasons[skipped[2]] += int(skipped[1])
        if not outcome or outcome[1] in {"FAILED", "ERROR"}:
            self.trouble.append(line)


def main() -> int:
    """Run on every interpreter that there is."""
    runs = [Run(version, python) for version in VERSIONS if (python := prepared(version))]
    with ThreadPoolExecutor(len(runs) or 1) as pool:
        list(pool.map(run, runs))
    for each in runs:
        tell(each)
    return 0 if runs and all(each.passed for each in runs) else 1


def prepared(version: str) -> Path | None:
    """Give an interpreter of a version that has all that the lock file names; None when it is not installed."""
    if version == OWN:
        return Path(sys.executable)
    program = found(version)
    if not program:
        say(f"Python {version}: not installed, skipped")
        return None
    directory = ROOT / "build" / f"conformance-{version}"
    python, stamp = directory / "bin" / "python", directory / "lock"
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != digest:
        say(f"Python {version}: installing {LOCK.name}")
        subprocess.run([program, "-m", "venv", "--clear", str(directory)], check=True)
        pip = (str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes")
        subprocess.run([*pip, "-r", str(LOCK)], check=True)
        stamp.write_text(digest)
    return python


def found(version: str) -> str:
    """Find an interpreter on PATH, where pyenv is told which version is meant; empty when there is none."""
    named = shutil.which(f"python{version}") or "false"
    environ = {**os.environ, "PYENV_VERSION": version}
    asked = subprocess.run(
        [named, "-c", "import sys; print(sys.executable)"], env=environ, capture_output=True, text=True, check=False
    )
    return "" if asked.returncode else asked.stdout.strip()


def run(each: Run) -> None:
    """Run the suite in an empty directory, where no settings of ours apply."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ab-conformance-") as directory:
        environ = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests" / "engine"))),
            "PYTHONDONTWRITEBYTECODE": "1",
            "THESPLOG_FILE": str(Path(directory) / "thespian.log"),
        }
        options = ("-p", "conformance_plugin", "-p", "no:randomly", "-p", "no:cacheprovider", "-v", "-rs", "--tb=short")
        command = (str(each.python), "-m", "pytest", *options, "--timeout=120", "--pyargs", "thespian.test")
        with subprocess.Popen(
            command, cwd=directory, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as suite:
            for line in suite.stdout or ():
                each.take(line.rstrip())
            each.code = suite.wait(DEADLINE)
    each.seconds = time.monotonic() - began


def tell(each: Run) -> None:
    """Say what became of the suite on one Python."""
    if not each.passed:
        print(*each.trouble, sep="\n")
    say(
        f"Python {each.version}: {each.counts['passed']} passed, {each.failed} failed, "
        f"{each.counts['skipped']} skipped, exit code {each.code}, {each.seconds:.0f} s"
    )
    for reason, number in each.reasons.most_common():
        say(f"    {number} skipped: {reason}")


def say(line: str) -> None:
    """Print at once."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
