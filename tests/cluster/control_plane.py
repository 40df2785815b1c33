"""A Kubernetes control plane of one's own: etcd, apiserver, controllers, and a kubelet that only pretends.

In: the programs and an empty folder. Out: a running control plane with a kubeconfig; it ends with its context, and
with the thread that entered it, however that ends.
"""

import random
import shutil
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import keys, kubeconfig
from tests.cluster.binaries import Binaries
from tests.cluster.child import Child
from tests.cluster.flags import Flags
from tests.cluster.kubectl import Kubectl

_PATIENCE = 120
_PORTS = range(10_000, 20_000)
_BOOTSTRAPPED = ("namespace/default", "clusterrole/cluster-admin", "serviceaccount/default", "node/fake")


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """A control plane that runs."""

    kubeconfig: Path
    kubectl: Kubectl
    apiserver: Child
    controllers: Child
    children: tuple[Child, ...]

    @contextmanager
    def outage(self) -> Iterator[None]:
        """Have no apiserver meanwhile; it answers again when this ends.

        The controllers end and start with it, as those do that cannot renew their own lease. Left alone they would look
        again only 30 to 60 seconds later, whatever happened in the cluster.
        """
        for child in (self.controllers, self.apiserver):
            child.kill()
        try:
            yield
        finally:
            self.apiserver.start()
            self.wait_until_served()
            self.controllers.start()

    def wait_until_served(self) -> None:
        """Wait for the apiserver."""
        _until(lambda: self.kubectl.succeeds("get", "--raw=/readyz"), self.children)


@contextmanager
def control_plane(binaries: Binaries, folder: Path, ready_after: float = 0) -> Iterator[ControlPlane]:
    """Run a control plane whose pods are Ready after so many seconds; raises RuntimeError when a program ends."""
    keys.write(folder)
    flags = Flags(binaries, folder, *_free_ports(3))
    kubeconfig.write(folder / "kubeconfig", folder, flags.server)
    etcd = Child(flags.etcd_command(), folder / "etcd.log")
    apiserver = Child(flags.apiserver_command(), folder / "apiserver.log")
    controllers = Child(flags.controllers_command(), folder / "controllers.log")
    kubelet = Child(_kubelet_command(folder, ready_after), folder / "kubelet.log")
    children = (etcd, apiserver, controllers, kubelet)
    kubectl = Kubectl(binaries.folder / "kubectl", folder / "kubeconfig")
    plane = ControlPlane(folder / "kubeconfig", kubectl, apiserver, controllers, children)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder / "etcd", ignore_errors=True)
        for child in (etcd, apiserver):
            _start(stack, child)
        plane.wait_until_served()
        for child in (controllers, kubelet):
            _start(stack, child)
        _until(lambda: kubectl.succeeds("get", *_BOOTSTRAPPED), children)
        yield plane


def _start(stack: ExitStack, child: Child) -> None:
    child.start()
    stack.callback(child.kill)


def _kubelet_command(folder: Path, ready_after: float) -> tuple[object, ...]:
    return (sys.executable, "-m", "tests.cluster.kubelet", folder, ready_after)


def _until(true: Callable[[], bool], children: tuple[Child, ...]) -> None:
    pause, latest = threading.Event(), time.monotonic() + _PATIENCE
    while not true():
        ended = [said for said in (child.ended() for child in children) if said]
        if ended:
            raise RuntimeError(ended[0])
        if time.monotonic() > latest:
            raise TimeoutError("the control plane did not become ready")
        pause.wait(0.1)


def _free_ports(count: int) -> tuple[int, ...]:
    """Choose below the range that the kernel gives to clients, so that nobody takes them before they are used."""
    found: set[int] = set()
    while len(found) < count:
        port = random.SystemRandom().choice(_PORTS)
        with socket.socket() as probe:
            if probe.connect_ex((keys.HOST, port)):
                found.add(port)
    return tuple(found)
