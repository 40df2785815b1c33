"""The whole workflow with real git, a real daemon and a real control plane: push, join, edit, break, remove.

Pods only pretend to run, so who answers is read from Services and pods; `make demo` shows the HTTP of it. Nobody can
enter such a pod either: there a stand-in for kubectl prints its arguments. With `--cluster` it is the real one.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orchestrator.domain.status import Address
from orchestrator.domain.workload import Container
from orchestrator.runtimes.kubernetes import KubernetesOptions, labels
from orchestrator.runtimes.kubernetes.api import Api
from tests.cluster import offered, seeing
from tests.cluster.kubectl import Kubectl
from tests.eventually import eventually
from tests.kubernetes.releases import CRASH, container_of

SCORE = """\
apiVersion: score.dev/v1b1
metadata: {{name: {name}}}
service: {{ports: {{http: {{port: 80, targetPort: 8080}}}}}}
containers:
  main:
    image: {image}
    command: {command}
    variables: {{GREETING: hello{variables}}}
resources: {{{resources}}}
"""
NAMES = {"app": "app", "web": "web", "other_app": "other-app"}


@dataclass(frozen=True)
class Stage:
    """A daemon on a cluster, and the three repositories that it follows."""

    place: Path
    options: KubernetesOptions
    eye: Api
    environ: dict[str, str]
    real: bool

    def git(self, name: str, *words: str) -> None:
        who = ("-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
        subprocess.run(("git", *who, *words), cwd=self.place / name, env=self.environ, check=True, capture_output=True)

    def commit(self, name: str, *, crashes: bool = False) -> None:
        """Write the Score file and commit it; web reads where app is."""
        wired = name == "web"
        container = container_of(CRASH) if crashes else Container("main", ".")
        text = SCORE.format(
            name=NAMES[name],
            image=container.image,
            command=json.dumps(container.command),
            variables=', API_URL: "${resources.app.url}"' if wired else "",
            resources="app: {type: service}" if wired else "",
        )
        (self.place / name / "score.yaml").write_text(text)
        self.git(name, "add", ".")
        self.git(name, "commit", "--quiet", "--allow-empty", "--message", f"Change {name}")

    def push(self, name: str, *refs: str) -> None:
        self.git(name, "push", "--quiet", "origin", *refs)
        self.anabranch("sync")

    def anabranch(self, *words: str) -> str:
        command = (sys.executable, "-m", "orchestrator", *words)
        done = subprocess.run(
            command, cwd=self.place, env=self.environ, check=False, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def services(self, environment: str) -> dict[str, Any]:
        return {s["service"]: s for s in json.loads(self.anabranch("-n", environment, "ps", "-o", "json"))}

    def answer(self, environment: str, service: str) -> str:
        return seeing.answer(self.eye, Address(f"{service}.{self.options.namespace_of(environment)}.svc", 80))

    def variable(self, environment: str, service: str, name: str) -> str:
        """Read a variable from the pods that the service's name leads to."""
        selector = f"{labels.SERVICE}={service}"
        pods = seeing.listed(self.eye, "Pod", self.options.namespace_of(environment), selector)
        newest = max(pods, key=lambda pod: int(labels.label(pod, labels.RELEASE)))
        return next(v["value"] for v in newest["spec"]["containers"][0]["env"] if v["name"] == name)


@pytest.fixture
def stage(
    request: pytest.FixtureRequest, kubectl: Kubectl, options: KubernetesOptions, eye: Api, tmp_path: Path
) -> Iterator[Stage]:
    real = not offered.pretends(kubectl)
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "ANABRANCH_"))}
    environ |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    environ["ANABRANCH_SOCKET"] = str(tmp_path / "api.sock")
    environ["KUBECONFIG"] = options.kubeconfig
    if not real:
        environ["PATH"] = f"{stand_in(tmp_path / 'bin')}:{environ['PATH']}"
    staged = Stage(tmp_path, options, eye, environ, real)
    for name in NAMES:
        subprocess.run(
            ("git", "init", "--quiet", "--bare", "-b", "main", f"{name}.git"), cwd=tmp_path, env=environ, check=True
        )
        (tmp_path / name).mkdir()
        staged.git(name, "init", "--quiet", "-b", "main")
        staged.git(name, "remote", "add", "origin", str(tmp_path / f"{name}.git"))
        staged.commit(name)
        staged.git(name, "push", "--quiet", "origin", "main")
    image = request.config.getoption("--image") if real else "registry.example/app:{commit}"
    repositories = [{"name": name, "url": f"file://{tmp_path}/{name}.git", "image": image} for name in NAMES]
    kubernetes = {
        "kubeconfig": options.kubeconfig,
        "namespace": options.namespace,
        "prefix": options.prefix,
        "drain": 0,
        "lease": 12,
        "domain": "example.org",
    }
    settings = {
        "repositories": repositories,
        "runtime": "kubernetes",
        "kubernetes": kubernetes,
        "state": str(tmp_path / "state"),
        "api": {"socket": str(tmp_path / "api.sock")},
        "git": {"protocols": ["file"]},
        "removal_grace": 0.2,
        "polling": {"interval": 600, "jitter": 0},
    }
    (tmp_path / "anabranch.yaml").write_text(json.dumps(settings))
    with (tmp_path / "daemon.log").open("wb") as log:
        daemon = subprocess.Popen(
            (sys.executable, "-m", "orchestrator", "daemon"), cwd=tmp_path, env=environ, stdout=log, stderr=log
        )
    try:
        eventually((tmp_path / "api.sock").exists, "the daemon listens", 60)
        yield staged
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(30)
        print((tmp_path / "daemon.log").read_text())


def stand_in(place: Path) -> Path:
    """A kubectl that prints its arguments."""
    place.mkdir()
    (place / "kubectl").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (place / "kubectl").chmod(0o755)
    return place


def enter(stage: Stage) -> None:
    """Run a command beside web; it is the newest release's pod that is entered."""
    words = ["printenv", "GREETING"]
    said = stage.anabranch("exec", "bugfix:web", "--", *words).splitlines()
    if stage.real:
        assert said == ["hallo"]
        return
    *options, pod = said[: said.index("--")]
    namespace, name = stage.options.namespace_of("bugfix"), pod.removeprefix("pod/")
    assert (options, said[-2:]) == (["exec", "--stdin", f"--namespace={namespace}", "--container=main"], words)
    entered = seeing.get(stage.eye, "Pod", namespace, name)
    assert entered
    assert {"name": "GREETING", "value": "hallo"} in entered["spec"]["containers"][0]["env"]


@pytest.mark.timeout(300)
def test_a_branch_becomes_a_namespace_is_joined_wired_edited_broken_and_removed(stage: Stage) -> None:
    stage.anabranch("-n", "main", "wait", "--timeout", "60")
    assert stage.answer("main", "web") == "main/v1"

    stage.git("web", "switch", "--quiet", "-c", "bugfix")
    stage.commit("web")
    stage.push("web", "bugfix")
    stage.anabranch("-n", "bugfix", "wait", "--timeout", "60")
    assert set(stage.services("bugfix")) == {"web"}
    assert stage.answer("bugfix", "app") == "main/v1"
    url = stage.variable("bugfix", "web", "API_URL")
    assert url == f"http://app.{stage.options.namespace_of('bugfix')}.svc:80"

    stage.push("app", "main:bugfix")
    stage.push("other_app", "main:bugfix")
    stage.anabranch("-n", "bugfix", "wait", "--timeout", "60")
    assert stage.anabranch("-n", "bugfix", "ps", "-q").split() == ["bugfix:app", "bugfix:other-app", "bugfix:web"]
    eventually(lambda: stage.answer("bugfix", "app") == "bugfix/v1", "bugfix answers with its own app")
    assert stage.variable("bugfix", "web", "API_URL") == url

    stage.anabranch("-n", "bugfix", "set", "web", "GREETING=hallo")
    stage.anabranch("-n", "bugfix", "wait", "--timeout", "60")
    assert stage.variable("bugfix", "web", "GREETING") == "hallo"
    assert "bugfix:web" in stage.anabranch("-n", "bugfix", "describe", "web")
    assert stage.real or "main of web-" in stage.anabranch("-n", "bugfix", "logs", "web")
    assert stage.anabranch("open", "bugfix:web", "--print") == "http://web.bugfix.example.org\n"
    enter(stage)

    before = stage.answer("bugfix", "web")
    stage.commit("web", crashes=True)
    stage.push("web", "bugfix")
    eventually(lambda: stage.services("bugfix")["web"]["status"] == "Degraded", "the broken commit is told", 60)
    assert "exited with status 1 before it was ready" in stage.services("bugfix")["web"]["note"]
    assert stage.answer("bugfix", "web") == before

    stage.push("app", ":bugfix")
    eventually(lambda: stage.answer("bugfix", "app") == "main/v1", "app is borrowed again", 60)
    stage.push("web", ":bugfix")
    stage.push("other_app", ":bugfix")
    namespace = stage.options.namespace_of("bugfix")
    eventually(lambda: seeing.get(stage.eye, "Namespace", "", namespace) is None, "the namespace is gone", 60)
