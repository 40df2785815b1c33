"""Text from strangers, bent at random: reading it gives a value or one of our own errors in clear lines.

In: `--seconds`, `--seed`. Out: how much was read, and the first input that broke a rule, with the seed that makes it
again. What is read: Score files, settings, two payloads, hints, placeholders, branch names, ids.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from orchestrator.domain import hint, naming, placeholder, score, wiring
from orchestrator.domain.text import hidden
from orchestrator.domain.webhook import Hook, Ignored
from orchestrator.domain.webhook.hosts import decode, hints
from orchestrator.errors import AnabranchError, Permanent
from orchestrator.runtimes.process import refusal
from orchestrator.settings import load

ROOT = Path(__file__).resolve().parents[2]
LONGEST_LINE = 4096
HOOK = Hook("hook", "github", (bytes(32),), {"acme/app": "app"})
PUSH = {
    "ref": "refs/heads/bugfix",
    "ref_type": "branch",
    "before": "1" * 40,
    "after": "2" * 40,
    "created": False,
    "deleted": False,
    "forced": False,
    "repository": {"full_name": "acme/app"},
    "pusher": {"name": "ada"},
}
TOLD = {"repository": "app", "changes": [{"ref": "refs/heads/a", "before": "0" * 40, "after": "1" * 40}]}
HINT = [{"repository": "app", "ref": "refs/heads/bugfix", "deleted": False, "delivery": "1"}]
PIECES = (
    *(
        b"${",
        b"}",
        b"$$",
        b"\\.",
        b"..",
        b"${resources.app.url}",
        b"${metadata.name}",
        b"&a ",
        b"*a",
        b"<<: ",
        b"!!int ",
    ),
    *(
        b"{",
        b"[",
        b"]",
        b": ",
        b"- ",
        b"\n",
        b"\t",
        b"'",
        b'"',
        b"|",
        b"#",
        b"%",
        b"---\n",
        b"...\n",
        b"? ",
        b"~",
        b"null",
    ),
    *(b"\x00", b"\x1b[31m", b"\xff", b"\xed\xa0\x80", b"\\ud800", b"\xe2\x80\xae", b"\xef\xbb\xbf", b"\xc2\x85"),
    *(b"9" * 400, b"-1", b"1e400", b".inf", b"0x1f", b"2024-01-01", b"yes", b"true", b"[" * 200, b'{"a":' * 200),
    *(b"refs/heads/", b"refs/tags/", b".lock", b"@{", b"../../etc/passwd", b"/", b"x" * 300, b"0" * 40, b"a:b@v1"),
)


def main(arguments: list[str]) -> int:
    """Read bent text for a while; exit code 1 when a rule was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 2**32)
    given = parser.parse_args(arguments)
    print(f"fuzz: seed {given.seed}", flush=True)
    count, fault = run(given.seconds, given.seed)
    print(f"fuzz: {count} inputs read" + (f"; {fault}" if fault else ", every rule held"), flush=True)
    return 1 if fault else 0


def run(seconds: float, seed: int) -> tuple[int, str]:
    """Read for so long; returns how many inputs, and what broke a rule, if anything did."""
    chance, count = random.Random(seed), 0
    latest = time.monotonic() + seconds
    with tempfile.TemporaryDirectory(prefix="ab-") as directory:
        readers = _readers(Path(directory) / "anabranch.yaml")
        while time.monotonic() < latest:
            name = chance.choice(sorted(readers))
            read, seeds = readers[name]
            data = bent(chance, chance.choice(seeds))
            if fault := _fault(read, data):
                return count, f"input {count}, {name}: {fault}: {data[:2000]!r}"
            count += 1
    return count, ""


def bent(chance: random.Random, data: bytes) -> bytes:
    """Insert, delete, repeat and overwrite a few pieces."""
    for _ in range(chance.randint(0, 8)):
        start = chance.randint(0, len(data))
        end = min(len(data), start + chance.choice((0, 0, 1, 5, 40)))
        data = data[:start] + chance.choice((*PIECES, b"", data[start:end] * 3, chance.randbytes(2))) + data[end:]
    return data


def _fault(read: Callable[[bytes], object], data: bytes) -> str:
    try:
        read(data)
    except AnabranchError as error:
        lines = getattr(error, "lines", (str(error),))
        bad = [line for line in lines if not line or hidden(line) or len(line) > LONGEST_LINE]
        return f"no clear line: {bad[0]!r}" if bad else ""
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _readers(file: Path) -> dict[str, tuple[Callable[[bytes], object], tuple[bytes, ...]]]:
    scores = tuple(path.read_bytes() for path in sorted((ROOT / "config" / "demo").glob("*/score.yaml")))
    texts = (b"http://${resources.app.url}/$${x}", b"${metadata.a\\.b.c}", b"plain")
    names = (b"bugfix", b"feature/LOGIN-12", b"feature-login-k3v9k3v9k3v9k3v9", b"bugfix:web@v3")
    return {
        "score": (_score, (*scores, _SCORE)),
        "settings": (
            lambda data: _settings(file, data),
            ((ROOT / "config" / "anabranch.yaml").read_bytes(), *_SETTINGS),
        ),
        "github": (lambda data: _payload("github", data), (json.dumps(PUSH).encode(),)),
        "post-receive": (lambda data: _payload("post-receive", data), (json.dumps(TOLD).encode(),)),
        "hints": (hint.from_json, (json.dumps(HINT).encode(),)),
        "placeholder": (lambda data: placeholder.parse(_text(data)), texts),
        "environment": (lambda data: naming.environment_name(_text(data)), names),
        "id": (lambda data: naming.parse_service_id(_text(data)), names),
    }


_SCORE = b"""apiVersion: score.dev/v1b1
metadata: {name: web, team: {mail: a@example.com}}
service: {ports: {http: {port: 80, targetPort: 3000}, admin: {port: 81, protocol: TCP}}}
containers:
  app:
    image: localhost:4000/repo/image:tag
    command: [python, -c]
    args: ["echo ${HOME} $$"]
    variables: {API: "${resources.app.url}", NAME: "${metadata.name}", PORT: "80"}
    files: {/etc/app.conf: {content: "${resources.app.host}", mode: "0644"}}
    livenessProbe: {exec: {command: ["true"]}}
resources:
  app: {type: service, params: {port: http}}
  db: {type: postgres}
"""
_SETTINGS = (
    b"repositories:\n- {name: web, url: https://git.example/web.git}\nruntime: memory\n",
    b"forwarder:\n  hooks: [{name: web, provider: github, secret_files: [a], repositories: {a/b: web}}]\n",
)


def _score(data: bytes) -> object:
    """Read a file, ask whether it can run here, and wire it while no peer has answered."""
    where = "web@bugfix"
    workload = score.load(data, file="score.yaml", where=where)
    if problem := refusal.refuse(workload):
        raise Permanent(problem)
    resolution = wiring.resolve(workload, (), {}, where)
    if resolution.missing:
        raise Permanent(resolution.missing[0])
    return resolution


def _settings(file: Path, data: bytes) -> object:
    file.write_bytes(data)
    return load(file, {"HOME": "/home/ann"})


def _payload(provider: str, data: bytes) -> object:
    outcome = decode(provider, {"x-github-event": ("push",)}, data)
    return outcome if isinstance(outcome, Ignored) else hints(HOOK, outcome, "1")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
