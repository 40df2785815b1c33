"""kill -9 of the daemon, the runner and the forwarder while commits are pushed and variables are set.

In: `--seconds` (0: until each of the three was killed once), `--seed`. Out: what was done, on one line; exit code 1
with the fault when an acknowledged commit or edit was lost, a release number or an address was used again, or a process
was left behind. The judge is what this client did and what services answer over HTTP, never the daemon's own log.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from progress import Progress  # noqa: E402

from tests.eventually import eventually  # noqa: E402

DEMO = ROOT / "config" / "demo"
REPOSITORIES = ("app", "web")
BRANCHES = ("main", "one", "two")
VICTIMS = ("daemon", "runner", "forwarder")
PATIENCE = 60.0
SETTINGS = """\
repositories: [{{name: app, url: 'file://{place}/app.git'}}, {{name: web, url: 'file://{place}/web.git'}}]
state: state
api: {{socket: api.sock}}
polling: {{interval: 1, jitter: 0}}
git: {{protocols: [file]}}
process: {{allow_root: true, drain: 1, kill_after: 1}}
forwarder:
  address: 127.0.0.1:{port}
  hooks: [{{name: local, provider: post-receive, secret_files: [secret], repositories: {{app: app, web: web}}}}]
"""
Key = tuple[str, str]


class Fault(AssertionError):
    """Something that must hold does not."""


class Field:
    """Two repositories, Anabranch, and what a client of both knows."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.place = Path(tempfile.mkdtemp(prefix="ab-kill-"))
        self.environ = {**os.environ, "ANABRANCH_SOCKET": str(self.place / "api.sock"), "GIT_CONFIG_GLOBAL": os.devnull}
        self.commits: dict[Key, str] = {}
        self.greetings: dict[Key, set[str]] = {}
        self.releases: dict[Key, int] = {}
        self.urls: dict[Key, str] = {}
        self.done: Counter[str] = Counter()
        self.up: subprocess.Popen[bytes] | None = None

    def prepare(self) -> None:
        """Make the repositories, with a first commit on main, and the settings."""
        port = self.chance.randrange(18000, 19999)
        (self.place / "anabranch.yaml").write_text(SETTINGS.format(place=self.place, port=port))
        (self.place / "secret").touch(0o600)
        (self.place / "secret").write_text("s" * 40)
        for name in REPOSITORIES:
            self._run("git", "init", "-q", "--bare", "-b", "main", f"{name}.git")
            self._run("git", "init", "-q", "-b", "main", name)
            shutil.copy(DEMO / "service.py", self.place / name)
            text = (DEMO / name / "score.yaml").read_text()
            text = text.replace("  other-app: {type: service}\n", "")
            text = "".join(line for line in text.splitlines(keepends=True) if "OTHER_APP" not in line)
            (self.place / name / "score.yaml").write_text(text)
            self._git(name, "add", ".")
            self._anabranch("hook", "install", f"{name}.git")
            self.push(name, "main")

    def push(self, name: str, branch: str) -> None:
        """Make a commit and push it to a branch: git has it from then on."""
        identity = ("-c", "user.name=Kill", "-c", "user.email=kill@anabranch.example")
        self._git(name, *identity, "commit", "-q", "--allow-empty", "-m", f"For {branch}")
        self._git(name, "push", "-q", "-f", f"{self.place}/{name}.git", f"HEAD:refs/heads/{branch}")
        self.commits[branch, name] = self._git(name, "rev-parse", "HEAD").strip()
        self.done["pushes"] += 1

    def set(self, key: Key, text: str) -> None:
        """Set a variable; an answer of the daemon is a promise, silence leaves both texts possible."""
        before = self.greetings.get(key, {""})
        done = self._anabranch("set", ":".join(key), f"GREETING={text}", "--no-wait", check=False)
        self.greetings[key] = {text} if done else before | {text}
        self.done["edits"] += done

    def start(self) -> None:
        """Start Anabranch and wait until it answers."""
        log = (self.place / "log").open("ab")
        with log:
            self.up = subprocess.Popen(
                [sys.executable, "-m", "orchestrator", "up"], cwd=self.place, env=self.environ, stderr=log
            )
        eventually(lambda: self._anabranch("version", check=False), "the daemon answers", PATIENCE)

    def kill(self, victim: str) -> None:
        """Kill one of the three; a daemon takes everything with it and is started again."""
        assert self.up
        target = self.up.pid if victim == "daemon" else _child(self.up.pid, victim)
        if target is None:
            return
        os.kill(target, signal.SIGKILL)
        self.done[f"kills of the {victim}"] += 1
        if victim == "daemon":
            self.up.wait()
            eventually(lambda: not self.left(), "every process of a killed daemon is gone", PATIENCE)
            self.start()

    def settle(self) -> None:
        """Wait until every head of git answers, with what was set, under the address that it always had."""
        for key in self.commits:
            eventually(lambda key=key: self._is_right(key), f"{key} answers with its newest commit and edit", PATIENCE)

    def left(self) -> list[int]:
        """List the processes that belong to this place."""
        mark = str(self.place).encode()
        mine = {os.getpid(), os.getppid()}
        return [pid for pid in _pids() if pid not in mine and mark in _read(pid, "environ") and not _is_git_hook(pid)]

    def close(self) -> None:
        """End Anabranch; raises Fault when something stays."""
        if self.up:
            self.up.terminate()
            self.up.wait(PATIENCE)
        eventually(lambda: not self.left(), "nothing is left behind", PATIENCE)
        shutil.rmtree(self.place)

    def _is_right(self, key: Key) -> bool:
        answer = self._ask(key)
        if answer is None:
            return False
        release = int(answer["release"])
        if release < self.releases.get(key, 0):
            raise Fault(f"{key}: release {release} after {self.releases[key]}")
        self.releases[key] = release
        texts = self.greetings.get(key)
        return answer["commit"] == self.commits[key][:7] and (texts is None or answer["greeting"] in texts)

    def _ask(self, key: Key) -> dict[str, str] | None:
        try:
            url = self.urls.get(key) or self._url(key)
            with urlopen(f"{url}/ready", timeout=5) as answer:
                found: dict[str, str] = json.load(answer)
        except (OSError, ValueError, LookupError):
            return None
        if (found["environment"], found["service"]) != key:
            raise Fault(f"{url} is the address of {key}, and {found} answers there")
        return found

    def _url(self, key: Key) -> str:
        shown = json.loads(self._output("ps", ":".join(key), "-o", "json"))
        if shown[0]["serving"]:
            self.urls[key] = shown[0]["addresses"][0][1]
        return str(shown[0]["addresses"][0][1])

    def _git(self, name: str, *words: str) -> str:
        return self._run("git", "-C", name, *words).stdout

    def _anabranch(self, *words: str, check: bool = True) -> bool:
        return self._run(sys.executable, "-m", "orchestrator", *words, check=check).returncode == 0

    def _output(self, *words: str) -> str:
        return self._run(sys.executable, "-m", "orchestrator", *words, check=False).stdout

    def _run(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            words, cwd=self.place, env=self.environ, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        if check and done.returncode:
            raise Fault(f"{' '.join(words)}: {done.stderr}")
        return done


def play(field: Field, seconds: float) -> None:
    """Do harm to all three, again until time is up, and look after each time whether everything came right again."""
    field.prepare()
    field.start()
    field.settle()
    end, progress = time.monotonic() + seconds, Progress("kill_daemon")
    _harm_each(field, progress)
    while time.monotonic() < end:
        _harm_each(field, progress)


def _harm_each(field: Field, progress: Progress) -> None:
    chance = field.chance
    for victim in chance.sample(VICTIMS, len(VICTIMS)):
        for _ in range(chance.randint(1, 3)):
            field.push(chance.choice(REPOSITORIES), chance.choice(BRANCHES))
        if chance.random() < 0.5:
            field.set(chance.choice(sorted(field.commits)), f"text {chance.randrange(1000)}")
        time.sleep(chance.uniform(0.0, 0.8))
        field.kill(victim)
        field.settle()
        progress.tell(", ".join(f"{count} {what}" for what, count in sorted(field.done.items())))


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def _is_git_hook(pid: int) -> bool:
    """A hook outlives its push by design, for some seconds."""
    return b"post-receive" in _read(pid, "cmdline")


def _child(parent: int, word: str) -> int | None:
    for pid in _pids():
        fields = _read(pid, "stat").rpartition(b")")[2].split()
        if len(fields) > 1 and int(fields[1]) == parent and word.encode() in _read(pid, "cmdline"):
            return pid
    return None


def main() -> int:
    """Run once; returns the exit code."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=60.0)
    arguments.add_argument("--seed", type=int, default=random.randrange(10**6))
    given = arguments.parse_args()
    field = Field(random.Random(given.seed))
    fault = ""
    try:
        play(field, given.seconds)
    except AssertionError as error:
        fault = str(error)
        print(f"seed {given.seed}: {error}; the log is {field.place / 'log'}", file=sys.stderr)
    finally:
        if fault:
            if field.up:
                field.up.kill()
        else:
            field.close()
    told = ", ".join(f"{count} {what}" for what, count in sorted(field.done.items()))
    print(f"kill_daemon, seed {given.seed}: {told}: {'FAULT' if fault else 'nothing lost, nothing left'}")
    return 1 if fault else 0


if __name__ == "__main__":
    sys.exit(main())
