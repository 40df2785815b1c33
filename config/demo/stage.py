"""Where the demo plays: a directory of its own, git repositories in it, Anabranch running beside them.

In: a narrator, and the ground that services run on. Out: commands that are shown, then run. When the stage closes, its
processes and its directory are gone.
"""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ground import Answer, Failed, Ground
from interrupt import held_back
from narrator import Narrator

HERE = Path(__file__).parent
REPOSITORIES = ("app", "web", "other_app")
PATIENCE_SECONDS = 60.0
SETTINGS = """\
repositories:
{repositories}
state: state
api: {{socket: api.sock}}
git: {{protocols: [file]}}            # the repositories of this demo are directories
{ground}
forwarder:
  address: 127.0.0.1:{port}
  hooks:
    - name: local
      provider: post-receive
      secret_files: [hook.secret]
      repositories: {{app: app, web: web, other_app: other_app}}
"""


class Stage:
    """A temporary directory with everything in it, and the environment that commands run in."""

    def __init__(self, narrator: Narrator, ground: Ground) -> None:
        self._narrator = narrator
        self.ground = ground
        self.directory = Path(tempfile.mkdtemp(prefix="anabranch-demo-")).resolve()
        self.environ = self._environ()
        self.up: subprocess.Popen[bytes] | None = None
        self._command: subprocess.Popen[str] | None = None

    @property
    def programs(self) -> tuple[str, ...]:
        """Where on PATH commands are found that the person who runs the demo may not have there."""
        theirs = os.environ["PATH"].split(":")
        return tuple(place for place in self.environ["PATH"].split(":") if place not in theirs)

    def run(self, *words: str, show: bool = True, fails: bool = False, **variables: str) -> str:
        """Show a command, run it here, show and return its output; `fails` says that it may."""
        if show:
            self._narrator.command(words, **variables)
        with held_back():
            self._command = self._spawn(words, self.environ | variables)
        output, errors = self._command.communicate(timeout=60)
        if show:
            self._narrator.output(output)
        if self._command.returncode and not fails:
            raise Failed(f"{' '.join(words)}: status {self._command.returncode}: {errors.strip()}")
        return output

    def read(self, *words: str) -> Any:
        """Run a command of Anabranch quietly, again until it answers with JSON."""
        return json.loads(self.run("anabranch", *words, "-o", "json", show=False, fails=True) or "null")

    def prepare(self) -> None:
        """Make the ground ready, and show what a person would do there."""
        for words in self.ground.prepare(self.environ):
            self.run(*words)

    def ask(self, url: str, *, show: bool = True) -> Answer:
        """Ask a service, and its peers through it."""
        if show:
            self.ground.introduce(self._narrator, url)
        answer = self.ground.ask_all(url)
        if show:
            self._narrator.output(json.dumps(answer, indent=2))
        return answer

    def until(self, what: str, holds: Callable[[], bool]) -> None:
        """Wait until something holds and say so; raises Failed when it takes too long."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            if self.up and self.up.poll() is not None:
                raise Failed(f"anabranch up ended with status {self.up.returncode}")
            if time.monotonic() > deadline:
                raise Failed(f"not within {PATIENCE_SECONDS:.0f} s: {what}")
            time.sleep(0.1)
        self._narrator.tick(what)

    def write_settings(self) -> None:
        """Write the settings and the secret of the hooks."""
        listed = "\n".join(f"  - {self._repository(name)}" for name in REPOSITORIES)
        text = SETTINGS.format(repositories=listed, ground=self.ground.settings, port=_free_port())
        (self.directory / "anabranch.yaml").write_text(text)
        secret = self.directory / "hook.secret"
        secret.touch(mode=0o600)
        secret.write_text(secrets.token_hex(32))

    def remote(self, name: str) -> Path:
        """Where a repository is that is pushed to."""
        return self.directory / "git" / f"{name}.git"

    def _repository(self, name: str) -> str:
        image = self.ground.image.format(name=name)
        return f"{{name: {name}, url: 'file://{self.remote(name)}'" + (f", image: '{image}'}}" if image else "}")

    def start(self) -> None:
        """Start the daemon and the forwarder, and wait until the daemon answers."""
        words = ["anabranch", "up"]
        self._narrator.command(words, "2> anabranch.log &")
        with (self.directory / "anabranch.log").open("wb") as log, held_back():
            self.up = subprocess.Popen(
                words, cwd=self.directory, env=self.environ, stdout=log, stderr=log, start_new_session=True
            )
        self.until("the daemon and the forwarder run", lambda: "forwarder is ready" in self.log() and self._answers())

    def log(self) -> str:
        """What Anabranch logged so far."""
        return (self.directory / "anabranch.log").read_text(errors="replace")

    def close(self) -> None:
        """End the command that was cut short, Anabranch, then the ground, and remove the directory."""
        started: tuple[subprocess.Popen[Any] | None, ...] = (self._command, self.up)
        for process in filter(None, started):
            process.terminate()
            process.wait(PATIENCE_SECONDS)
        self.ground.close()
        shutil.rmtree(self.directory)

    def _spawn(self, words: tuple[str, ...], environ: dict[str, str]) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        return subprocess.Popen(words, cwd=self.directory, env=environ, stdout=pipe, stderr=pipe, text=True)

    def _answers(self) -> bool:
        return self.read("version") is not None

    def _environ(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "ANABRANCH_"))}
        return kept | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "ANABRANCH_SOCKET": str(self.directory / "api.sock"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
        }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
