"""Keys for a control plane: one authority; certificates of the apiserver, the kubelet and an administrator.

In: an empty folder. Out: files in it, as Kubernetes' flags want them.
"""

from pathlib import Path

import trustme

HOST = "127.0.0.1"


def write(folder: Path) -> None:
    """Write ca, apiserver, kubelet, admin (of `system:masters`) and sa (which signs service account tokens)."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.crt"))
    names = ("kubernetes.default.svc", "localhost")
    _write(folder, "apiserver", authority.issue_cert(HOST, *names))
    _write(folder, "kubelet", authority.issue_cert(HOST))
    _write(folder, "admin", authority.issue_cert("admin", common_name="admin", organization_name="system:masters"))
    _write(folder, "sa", authority.issue_cert("service-accounts"))


def _write(folder: Path, name: str, issued: trustme.LeafCert) -> None:
    for blob, suffix in ((issued.private_key_pem, "key"), (issued.cert_chain_pems[0], "crt")):
        path = folder / f"{name}.{suffix}"
        path.touch(mode=0o600)
        blob.write_to_path(str(path))
