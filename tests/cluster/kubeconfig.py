"""A kubeconfig that holds its certificates itself, so that it can be copied anywhere.

In: the folder of keys, the apiserver's address. Out: a file that kubectl and every client library read.
"""

import base64
import json
from pathlib import Path


def write(path: Path, keys: Path, server: str) -> None:
    """Write a kubeconfig of the administrator, for its owner only."""
    user = {"client-certificate-data": _inline(keys / "admin.crt"), "client-key-data": _inline(keys / "admin.key")}
    cluster = {"server": server, "certificate-authority-data": _inline(keys / "ca.crt")}
    written = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "clusters": [{"name": "test", "cluster": cluster}],
        "users": [{"name": "admin", "user": user}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "admin"}}],
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps(written, indent=1))


def _inline(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
