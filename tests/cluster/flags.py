"""The command lines of a control plane's programs.

In: the programs, a folder with keys, ports. Out: argument lists; etcd without fsync, everything on the loopback.
"""

from dataclasses import dataclass
from pathlib import Path

from tests.cluster.binaries import Binaries
from tests.cluster.keys import HOST

_CONTROLLERS = (
    "namespace garbage-collector deployment replicaset statefulset daemonset job cronjob serviceaccount resourcequota"
    " root-ca-certificate-publisher endpointslice disruption horizontal-pod-autoscaler clusterrole-aggregation"
    " persistentvolumeclaim-protection"
)


@dataclass(frozen=True, slots=True)
class Flags:
    """What the command lines are made of; `etcd`, `peer` and `apiserver` are ports."""

    binaries: Binaries
    folder: Path
    etcd: int
    peer: int
    apiserver: int

    @property
    def server(self) -> str:
        """The apiserver's address."""
        return f"https://{HOST}:{self.apiserver}"

    def etcd_command(self) -> tuple[object, ...]:
        """The database, which forgets everything with the machine's power."""
        clients, peers = f"http://{HOST}:{self.etcd}", f"http://{HOST}:{self.peer}"
        return (
            self.binaries.folder / "etcd",
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls={clients}",
            f"--advertise-client-urls={clients}",
            f"--listen-peer-urls={peers}",
            f"--initial-advertise-peer-urls={peers}",
            f"--initial-cluster=default={peers}",
            "--unsafe-no-fsync",
            "--log-level=warn",
        )

    def apiserver_command(self) -> tuple[object, ...]:
        """The API, with RBAC and every admission plug-in that is on by default."""
        return (
            self.binaries.folder / "kube-apiserver",
            f"--etcd-servers=http://{HOST}:{self.etcd}",
            f"--bind-address={HOST}",
            f"--advertise-address={HOST}",
            f"--secure-port={self.apiserver}",
            f"--cert-dir={self.folder}",
            f"--tls-cert-file={self.folder / 'apiserver.crt'}",
            f"--tls-private-key-file={self.folder / 'apiserver.key'}",
            f"--client-ca-file={self.folder / 'ca.crt'}",
            f"--kubelet-certificate-authority={self.folder / 'ca.crt'}",
            "--kubelet-preferred-address-types=InternalIP",
            f"--service-account-issuer={self.server}/",
            f"--service-account-key-file={self.folder / 'sa.key'}",
            f"--service-account-signing-key-file={self.folder / 'sa.key'}",
            "--service-cluster-ip-range=10.0.0.0/16",
            "--authorization-mode=RBAC",
            "--endpoint-reconciler-type=none",
        )

    def controllers_command(self) -> tuple[object, ...]:
        """The controllers that a workload needs; there is no scheduler, the fake kubelet takes every pod."""
        kubeconfig = self.folder / "kubeconfig"
        return (
            self.binaries.folder / "kube-controller-manager",
            f"--kubeconfig={kubeconfig}",
            "--secure-port=0",
            "--leader-elect=false",
            "--use-service-account-credentials=false",
            f"--service-account-private-key-file={self.folder / 'sa.key'}",
            f"--root-ca-file={self.folder / 'ca.crt'}",
            "--kube-api-qps=1000",
            "--kube-api-burst=2000",
            "--controllers=" + ",".join(f"{name}-controller" for name in _CONTROLLERS.split()),
        )
