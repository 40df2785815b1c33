"""A daemon and a forwarder of their own, with a repository and a hook for every git host.

In: a directory, and how often git is asked. Out: programs to start and kill, pushes into real repositories, and the
deliveries that their hosts send for them. Services run in the daemon's memory.
"""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from aiohttp import ClientError, ClientSession
from forwarder_load import DEADLINE, ROOT, SECRET, Forwarder, within

from orchestrator.cli.forwarder_client import Forwarder as Door
from orchestrator.domain.webhook import Hook
from orchestrator.domain.webhook.hosts import HOSTS
from orchestrator.domain.webhook.sample import BRANCH, proof, sample

BAD_GATEWAY = 502
LOOK_SECONDS = 0.2
READY = {"daemon": b'"ready"', "forwarder": b"forwarder is ready"}
SCORE = """\
apiVersion: score.dev/v1b1
metadata: {{name: {name}}}
containers: {{main: {{image: ".", command: [serve]}}}}
"""
GIT = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    **{f"GIT_{who}_{what}": "soak@anabranch.example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


class Installation:
    """`hooks` by the name of their git host, which is also that of the repository and of its service."""

    def __init__(self, directory: Path, polling_seconds: float) -> None:
        self.directory = directory
        self.journal = directory / "state" / "forwarder" / "journal.db"
        self.hooks: Mapping[str, Hook] = {
            name: Hook(name, name, (SECRET,), {"acme/app": name}, username="u" if name == "azure-devops" else "")
            for name in HOSTS
        }
        self._trees = {name: self._repository(name) for name in self.hooks}
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        (directory / "secret").write_bytes(SECRET)
        (directory / "anabranch.yaml").write_text(json.dumps(self._settings(polling_seconds)))

    async def start(self, program: str) -> Forwarder:
        """Start the daemon or the forwarder, and wait until it is ready."""
        words = (sys.executable, "-m", "orchestrator", program, "--settings", str(self.directory / "anabranch.yaml"))
        environ = {name: text for name, text in os.environ.items() if not name.startswith("ANABRANCH")}
        process = await asyncio.create_subprocess_exec(*words, cwd=ROOT, env=environ, stderr=asyncio.subprocess.PIPE)
        assert process.stderr
        try:
            async with within(DEADLINE, f"the {program} is ready"):
                while READY[program] not in (line := await process.stderr.readline()):
                    assert line, f"the {program} ended before it was ready"
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            raise
        return Forwarder(process, f"http://127.0.0.1:{self._port}")

    async def end(self, program: Forwarder) -> None:
        """Ask a program to end, and hold it to have met nothing unforeseen."""
        with contextlib.suppress(ProcessLookupError):
            program.process.terminate()
        log = await program.ended()
        assert "Traceback" not in log, log

    def push(self, name: str, branch: str) -> str:
        """Push a commit to a new branch; returns it."""
        commit = self._git(name, "commit-tree", self._trees[name], stdin=f"For {branch}")
        self._git(name, "update-ref", f"refs/heads/{branch}", commit)
        return commit

    async def until_forwarded(self, seconds: float) -> None:
        """Wait until the daemon was told of everything."""
        door = Door(self.directory / "forwarder.sock")
        for _ in range(int(seconds / LOOK_SECONDS)):
            if not (await asyncio.to_thread(door.deliveries, limit=1)).waiting:
                return
            await asyncio.sleep(LOOK_SECONDS)
        raise AssertionError(f"not within {seconds:g} s: every delivery is forwarded")

    async def post(self, client: ClientSession, name: str, branch: str, delivery: str) -> int:
        """Tell of a push once; a proxy before the forwarder answers for one that is away."""
        made = sample(self.hooks[name], "acme/app", delivery=delivery, now=time.time())
        body = made.body.replace(BRANCH.encode(), branch.encode())
        headers = {**made.headers, **proof(self.hooks[name], body, delivery=delivery, now=time.time())}
        url = f"http://127.0.0.1:{self._port}/hooks/{name}"
        with contextlib.suppress(ClientError, OSError, TimeoutError):
            async with client.post(url, data=body, headers=headers) as answer:
                return answer.status
        return BAD_GATEWAY

    def _repository(self, name: str) -> str:
        """Make a repository whose main branch holds a Score file; returns the tree of it."""
        subprocess.run(
            ("git", "init", "-q", "--bare", "-b", "main", str(self.directory / f"{name}.git")), check=True, env=GIT
        )
        blob = self._git(name, "hash-object", "-w", "--stdin", stdin=SCORE.format(name=name))
        tree = self._git(name, "mktree", stdin=f"100644 blob {blob}\tscore.yaml\n")
        self._git(name, "update-ref", "refs/heads/main", self._git(name, "commit-tree", tree, stdin="Begin"))
        return tree

    def _git(self, name: str, *words: str, stdin: str = "") -> str:
        command = ("git", f"--git-dir={self.directory}/{name}.git", *words)
        return subprocess.run(command, input=stdin, env=GIT, capture_output=True, text=True, check=True).stdout.strip()

    def _settings(self, polling_seconds: float) -> dict[str, object]:
        hooks = [
            {"name": name, "provider": name, "secret_files": ["secret"], "username": hook.username}
            | {"repositories": dict(hook.repositories)}
            for name, hook in self.hooks.items()
        ]
        return {
            "repositories": [{"name": name, "url": f"file://{self.directory}/{name}.git"} for name in self.hooks],
            "runtime": "memory",
            "state": "state",
            "polling": {"interval": polling_seconds, "jitter": polling_seconds / 2},
            "git": {"protocols": ["file"]},
            "api": {"socket": "api.sock"},
            "log": {"format": "json"},
            "forwarder": {"address": f"127.0.0.1:{self._port}", "socket": "forwarder.sock", "hooks": hooks},
        }
