"""One figure of one system base, in a process of its own: `engine_measure.py BASE WHAT NUMBER`.

Out: a number. Memory and processor time are those of all processes that it started, found by their environment.
"""

import os
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from engine_actors import Block, Create, Parent, Player, Throw  # noqa: E402
from thespian.actors import ActorSystem  # noqa: E402

from actors.engine import open_system  # noqa: E402
from actors.engine.scheduler import LINGER  # noqa: E402
from tests.engine.sealed_tcp import sealed_tcp_system  # noqa: E402

PATIENCE = timedelta(seconds=120)
MARK = "ANABRANCH_BENCH"
BLOCKED_FOR = 0.5
WATCHED_FOR = 5.0


def opened(base: str, stack: ExitStack) -> ActorSystem:
    """Start a system, which the stack shuts down."""
    directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="ab-"))
    os.environ["THESPLOG_FILE"] = str(Path(directory) / "thespian.log")
    if base == "multiprocTCPBase":
        return stack.enter_context(sealed_tcp_system({}))
    system = open_system({}) if base == "engine" else ActorSystem(base, logDefs=False, transientUnique=True)
    stack.callback(system.shutdown)
    return system


def told(system: ActorSystem, message: object, parent: object) -> float:
    """Let the parent do something; seconds that it took."""
    began = time.perf_counter()
    if system.ask(parent, message, PATIENCE) != "done":
        raise TimeoutError("the actors did not finish")
    return time.perf_counter() - began


def create(system: ActorSystem, number: int) -> float:
    """Actors a second, each made by its parent and heard to be ready."""
    return number / told(system, Create(number), system.createActor(Parent))


def pair(system: ActorSystem, number: int) -> float:
    """Round trips a second between two actors."""
    parent = system.createActor(Parent)
    told(system, Create(1), parent)
    return number / told(system, Throw(number), parent)


def fan(system: ActorSystem, number: int) -> float:
    """Round trips a second between one actor and so many, 20 with each."""
    parent = system.createActor(Parent)
    told(system, Create(number), parent)
    return 20 * number / told(system, Throw(20 * number), parent)


def memory(system: ActorSystem, number: int) -> float:
    """Bytes that an actor takes."""
    before = _memory()
    told(system, Create(number), system.createActor(Parent))
    return (_memory() - before) / number


def blocked(system: ActorSystem, number: int) -> float:
    """The longest of 100 questions' seconds to one actor while so many others block."""
    free, others = system.createActor(Player), [system.createActor(Player) for _ in range(number)]
    for actor in (free, *others):
        system.ask(actor, "ready", PATIENCE)
    worst, until = 0.0, time.perf_counter() + BLOCKED_FOR
    began = time.perf_counter()
    for actor in others:
        system.tell(actor, Block(BLOCKED_FOR))
    while not worst or time.perf_counter() < until:
        system.ask(free, "there?", PATIENCE)
        now = time.perf_counter()
        worst, began = max(worst, now - began), now
    return worst


def idle(system: ActorSystem, number: int) -> float:
    """Percent of a processor that so many actors take when nothing happens and workers without work have left."""
    told(system, Create(number), system.createActor(Parent))
    time.sleep(LINGER + 1)
    others, began, own = _processor_of_others(), time.monotonic(), time.process_time()
    time.sleep(WATCHED_FOR)
    used, seconds = time.process_time() - own, time.monotonic() - began
    return 100 * (used + _processor_of_others() - others) / seconds


def _processes() -> tuple[Path, ...]:
    mark = f"{MARK}={os.environ[MARK]}".encode()
    return tuple(p.parent for p in Path("/proc").glob("[0-9]*/environ") if mark in _read(p).split(b"\0"))


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _memory() -> int:
    lines = [line for process in _processes() for line in _read(process / "smaps_rollup").splitlines()]
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(b"Pss:"))


def _processor_of_others() -> float:
    others = [process for process in _processes() if process.name != str(os.getpid())]
    threads = [file for process in others for file in process.glob("task/*/schedstat")]
    return sum(int(words[0]) for file in threads if (words := _read(file).split())) / 1e9


MEASURES = {each.__name__: each for each in (create, pair, fan, memory, blocked, idle)}


def main(base: str, what: str, number: int) -> None:
    """Print one figure."""
    with ExitStack() as stack:
        print(MEASURES[what](opened(base, stack), number), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
