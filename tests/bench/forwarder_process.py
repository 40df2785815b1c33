"""A forwarder in a process of its own with a hook for every git host, for whoever attacks it.

In: a directory. Out: where it listens, its hooks, its memory; at the end, what it logged.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestrator.domain.webhook import Hook
from orchestrator.domain.webhook.hosts import HOSTS

ROOT = Path(__file__).resolve().parents[2]
OURS = ("Traceback", '"level": "error"', "the parser failed")
SECRET = b"0123456789abcdef0123456789abcdef"
NAMES = {"acme/app": "app", "acme/platform/app": "platform", "WEB/app": "web", "Fabrikam Web/app": "fab", "app": "app"}


@dataclass
class Forwarder:
    """`port` on this machine; `door` is its own socket."""

    process: "subprocess.Popen[bytes]"
    port: int
    door: Path
    log: Path
    hooks: Mapping[str, Hook]

    def memory(self) -> int:
        """Read its resident memory in bytes."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def faults(self) -> list[str]:
        """Read what it logged that it should not have to log, whatever strangers send."""
        lines = self.log.read_text(errors="replace").splitlines()
        return [line for line in lines if any(words in line for words in OURS)]


@contextlib.contextmanager
def forwarder(directory: Path) -> Iterator[Forwarder]:
    """Run it until the block ends; it has to end well."""
    settings, log = directory / "anabranch.yaml", directory / "log"
    settings.write_text(json.dumps(_settings(directory)))
    (directory / "secret").write_bytes(SECRET)
    environ = {name: text for name, text in os.environ.items() if not name.startswith("ANABRANCH")}
    words = (sys.executable, "-m", "orchestrator", "forwarder", "--settings", str(settings))
    with log.open("wb") as written:
        process = subprocess.Popen(
            words, cwd=ROOT, env=environ, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, bufsize=0
        )
        assert process.stderr
        ready = b""
        while b"forwarder is ready" not in ready:
            ready = process.stderr.readline()
            assert ready, "it ended before it was ready"
            written.write(ready)
        port = int(json.loads(ready)["address"].rpartition(":")[2])
        copying = subprocess.Popen(("cat",), stdin=process.stderr, stdout=written)
        process.stderr.close()
    try:
        yield Forwarder(process, port, directory / "forwarder.sock", log, _hooks())
        process.terminate()
        assert process.wait(60) == 0, log.read_text()[-2000:]
    finally:
        process.kill()
        process.wait()
        copying.wait(60)


def _hooks() -> dict[str, Hook]:
    return {
        name: Hook(name, name, (SECRET,), NAMES, tags=True, username="u" if name == "azure-devops" else "")
        for name in HOSTS
    }


def _settings(directory: Path) -> dict[str, object]:
    hooks = [
        {
            "name": hook.name,
            "provider": hook.provider,
            "secret_files": ["secret"],
            "repositories": dict(hook.repositories),
            "tags": hook.tags,
            "username": hook.username,
        }
        for hook in _hooks().values()
    ]
    door = {"socket": str(directory / "nobody.sock")}
    forwarder = {"address": "127.0.0.1:0", "socket": "forwarder.sock", "hooks": hooks, "daemon": door}
    return {"state": "state", "log": {"format": "json", "level": "info"}, "forwarder": forwarder}
