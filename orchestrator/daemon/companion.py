"""The forwarder beside the daemon, for `anabranch up`: a process of its own, started again when it dies.

In: its argument list. Out: nothing; it goes when the daemon goes, whichever way that is.
"""

import ctypes
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

_log = structlog.get_logger("forwarder")
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


@contextmanager
def companion(arguments: tuple[str, ...], stop: threading.Event) -> Iterator[None]:
    """Keep one process running until the context ends."""
    ended = threading.Event()
    keeper = threading.Thread(target=_keep, args=(arguments, ended, stop), name="companion", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join(timeout=30)


def _keep(arguments: tuple[str, ...], ended: threading.Event, stop: threading.Event) -> None:
    wait = 0.5
    while not ended.is_set():
        process = subprocess.Popen(arguments, preexec_fn=_die_with_parent)
        while process.poll() is None and not ended.wait(0.2):
            pass
        if ended.is_set():
            _end(process)
        elif not stop.is_set():
            _log.warning("the forwarder ended, starting it again", status=process.returncode, seconds=wait)
            ended.wait(wait)
            wait = min(30.0, wait * 2)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
