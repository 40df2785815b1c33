"""The files of a container as a ConfigMap of their own, and how they get into the container.

In: resolved files, and the bytes of those that are taken from the commit. Out: an immutable ConfigMap named after its
content, the volume and the mounts. Each file is mounted alone, so that the rest of its directory stays the image's.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestrator.domain.release import Release, ResolvedContainer, ResolvedFile
from orchestrator.errors import Permanent
from orchestrator.runtimes.kubernetes import labels
from orchestrator.runtimes.kubernetes.kinds import Object
from orchestrator.runtimes.kubernetes.options import KubernetesOptions

MOST_BYTES = 2**20
"""What one ConfigMap may hold."""

_MODE = 0o644


@dataclass(frozen=True, slots=True)
class Mounted:
    """One container's files: all None and empty when it has none."""

    config: Object | None = None
    volume: Object | None = None
    mounts: tuple[Object, ...] = ()


def mount(release: Release, index: int, taken: Mapping[str, bytes], options: KubernetesOptions) -> Mounted:
    """Make what carries the files of a container; `taken` are the contents of its `source` files, by path.

    Raises Permanent when they are more than a ConfigMap holds.
    """
    container = release.resolved[index]
    if not container.files:
        return Mounted()
    content = {f"file-{at}": _content(file, taken) for at, file in enumerate(container.files)}
    total = sum(map(len, content.values()))
    if total > MOST_BYTES:
        line = f"files of container {container.name} have {total} bytes; a cluster takes {MOST_BYTES}: put them into"
        raise Permanent(f"{release.name}: {line} the image")
    config = _config(release, container, content, options)
    name, volume = config["metadata"]["name"], f"files-{index}"
    return Mounted(config, _volume(volume, name, container.files), _mounts(volume, container.files))


def _content(file: ResolvedFile, taken: Mapping[str, bytes]) -> bytes:
    if file.source is not None:
        return taken[file.source]
    return base64.b64decode(file.binary_content) if file.binary_content is not None else (file.content or "").encode()


def _config(
    release: Release, container: ResolvedContainer, content: Mapping[str, bytes], options: KubernetesOptions
) -> Object:
    data: Object = {"data": {}, "binaryData": {}}
    for name, held in content.items():
        try:
            data["data"][name] = held.decode()
        except UnicodeDecodeError:
            data["binaryData"][name] = base64.b64encode(held).decode()
    digest = hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:16]
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": f"{release.service}.{container.name}.{digest}",
            "namespace": options.namespace_of(release.environment),
            "labels": labels.identity(options.namespace, release.environment, release.service),
        },
        "immutable": True,
        **{name: held for name, held in data.items() if held},
    }


def _volume(name: str, config: str, files: Sequence[ResolvedFile]) -> Object:
    items = [
        {"key": f"file-{at}", "path": f"file-{at}", "mode": int(file.mode, 8) if file.mode else _MODE}
        for at, file in enumerate(files)
    ]
    return {"name": name, "configMap": {"name": config, "items": items}}


def _mounts(volume: str, files: Sequence[ResolvedFile]) -> tuple[Object, ...]:
    return tuple(
        {"name": volume, "mountPath": file.target, "subPath": f"file-{at}", "readOnly": True}
        for at, file in enumerate(files)
    )
