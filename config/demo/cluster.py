"""The demo's services in a Kubernetes cluster of its own: real apiserver and controllers, pods that only pretend.

No container runs there, so who answers at an address is read: from the Service, an alias followed, to the pod that it
selects, and the variables that the pod was given.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from urllib.request import urlopen

from ground import Answer, Failed
from interrupt import held_back
from narrator import Narrator

_ROOT = Path(__file__).resolve().parents[2]
_CRASHES = "registry.example/crash-loop-back-off:1"
_MOST_ALIASES = 8


class Cluster:
    """A control plane as `make cluster` starts it, and a `kubectl proxy` to read it through."""

    def __init__(self) -> None:
        self.settings = "runtime: kubernetes\nkubernetes: {drain: 0}"
        self.image = "registry.example/{name}:{{commit}}"
        self._started: list[subprocess.Popen[str]] = []
        self._api = ""

    @property
    def processes(self) -> tuple[int, ...]:
        """The proxy and the control plane."""
        return tuple(process.pid for process in reversed(self._started))

    def prepare(self, environ: dict[str, str], /) -> tuple[tuple[str, ...], ...]:
        """Start a control plane, which is built when there is none."""
        told = self._start((sys.executable, "-m", "tests.cluster.serve"), lines=2)
        exports = dict(line.removeprefix("export ").strip().split("=", 1) for line in told)
        folder = exports["PATH"].partition(":")[0]
        environ |= {"KUBECONFIG": exports["KUBECONFIG"], "PATH": f"{environ['PATH']}:{folder}"}
        kubectl = (f"{folder}/kubectl", f"--kubeconfig={exports['KUBECONFIG']}")
        (told_proxy,) = self._start((*kubectl, "proxy", "--port=0"), lines=1)
        self._api = f"http://{told_proxy.split()[-1]}"
        manifests = [f"--filename={_ROOT / 'config' / 'kubernetes' / name}.yaml" for name in ("namespace", "rights")]
        return (("kubectl", "--namespace=anabranch", "apply", "--server-side", *manifests),)

    def ask(self, url: str) -> Answer:
        """Read who would answer."""
        return _whoami(self._pod(url))

    def ask_all(self, url: str) -> Answer:
        """Read who would answer at each of its variables as well."""
        pod = self._pod(url)
        urls = {name.removesuffix("_URL").lower(): to for name, to in _variables(pod).items() if name.endswith("_URL")}
        return _whoami(pod) | {"peers": {name: self.ask(to) for name, to in sorted(urls.items())}}

    def introduce(self, narrator: Narrator, url: str) -> None:
        """Say that nothing is asked for real."""
        narrator.say(f"Who answers at {url}, read from Services and pods:")

    def spoil(self, repository: Path) -> None:
        """Name an image whose container ends at once."""
        file = repository / "score.yaml"
        file.write_text(file.read_text().replace("image: .", f"image: {_CRASHES}"))

    def close(self) -> None:
        """End the proxy, then the control plane."""
        for process in reversed(self._started):
            process.terminate()
            process.wait(60)

    def _start(self, words: tuple[str, ...], lines: int) -> list[str]:
        """Start a program that says in so many lines of output where it is."""
        with held_back():
            process = subprocess.Popen(words, cwd=_ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)
            self._started.append(process)
        said = iter(process.stdout or ())
        told = [next(said, "") for _ in range(lines)]
        if not all(told):
            raise Failed(f"{' '.join(words)} ended with status {process.wait()}")
        return told

    def _pod(self, url: str) -> dict[str, Any]:
        """Find the pod that an address leads to; raises OSError when there is none."""
        host = urlsplit(url).hostname or ""
        for _ in range(_MOST_ALIASES):
            name, namespace, *_ = host.split(".")
            spec = self._get(f"namespaces/{namespace}/services/{name}")["spec"]
            if spec["type"] != "ExternalName":
                return self._ready(namespace, spec["selector"])
            host = spec["externalName"]
        raise OSError(f"{url}: too many aliases")

    def _ready(self, namespace: str, selector: dict[str, str]) -> dict[str, Any]:
        chosen = quote(",".join(f"{name}={value}" for name, value in selector.items()))
        pods = self._get(f"namespaces/{namespace}/pods?labelSelector={chosen}")["items"]
        ready: list[dict[str, Any]] = [pod for pod in pods if _is_ready(pod)]
        if not ready:
            raise OSError(f"nobody is ready in {namespace}")
        return ready[0]

    def _get(self, path: str) -> dict[str, Any]:
        with urlopen(f"{self._api}/api/v1/{path}", timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)
            return found


def _is_ready(pod: dict[str, Any]) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", []))


def _variables(pod: dict[str, Any]) -> dict[str, str]:
    return {variable["name"]: variable.get("value", "") for variable in pod["spec"]["containers"][0]["env"]}


def _whoami(pod: dict[str, Any]) -> Answer:
    told = _variables(pod)
    names = ("service", "environment", "release")
    who = {name: told.get(f"ANABRANCH_{name.upper()}", "") for name in names}
    return {**who, "instance": pod["metadata"]["name"], "greeting": told.get("GREETING", "")}
