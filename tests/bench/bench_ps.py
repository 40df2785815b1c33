"""How long a person waits for `ps`, beside the start of a bare interpreter, and how much memory the daemon takes."""

import subprocess
import sys
import time
from collections.abc import Iterator

import figures as told
from stage import Stage, stage


def figures(*, quick: bool) -> Iterator[str]:
    """Yield lines of results."""
    rounds = 3 if quick else 15
    memory = {}
    for branches, files in ((1, 1), (2 if quick else 10, 10)):
        began = time.monotonic()
        with stage(branches, files) as staged:
            count = len(staged.services())
            yield f"{count} services Ready {told.seconds(time.monotonic() - began)} after the repositories were begun"
            memory[count] = staged.memory()
            for command in ("ps", "envs"):
                ours, theirs = _measure(staged, command, rounds)
                yield told.compared(f"{command} with {count} services", ours, theirs, "python -c pass")
    (few, small), (many, large) = memory.items()
    yield f"memory {small / 2**20:.0f} MiB with {few}, {large / 2**20:.0f} MiB with {many}: x {large / small:.2f}"


def _measure(staged: Stage, command: str, rounds: int) -> tuple[float, float]:
    asked = (sys.executable, "-m", "orchestrator", "--socket", str(staged.place / "api.sock"), "-n", "main", command)
    commands = (asked, (sys.executable, "-c", "pass"))
    took: list[list[float]] = [[], []]
    for _ in range(rounds):
        for index, words in enumerate(commands):
            began = time.perf_counter()
            subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
            took[index].append(time.perf_counter() - began)
    return told.median(took[0]), told.median(took[1])
