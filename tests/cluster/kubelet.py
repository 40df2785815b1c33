"""A kubelet that only pretends: it takes every pod of the cluster, says that it started, and serves canned logs.

In: the folder of a control plane's keys and kubeconfig, the seconds until a pod is ready. Out: pods' statuses on the
apiserver; `containerLogs` for it. What becomes of a pod is in `pod_status`.
"""

import asyncio
import contextlib
import itertools
import json
import sys
from pathlib import Path

import aiohttp

from tests.cluster import administrator, container_logs
from tests.cluster.pod_status import Json, ready_after, status

NODE = "fake"
_MERGE = "application/strategic-merge-patch+json"
_BACK_OFF = 0.2
_WATCH = (
    "/api/v1/pods?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion="
    "&allowWatchBookmarks=true"
)


class Kubelet:
    """One task for each pod: it starts the pod, and makes it ready in its time."""

    def __init__(self, api: aiohttp.ClientSession, ready_after: float) -> None:
        self._api = api
        self._usual = ready_after
        self._pods: dict[str, asyncio.Task[None]] = {}
        self._addresses = (f"10.244.{high}.{low}" for high in itertools.count() for low in range(1, 255))

    async def register(self, port: int) -> None:
        """Become a node, whose logs are served on a port of the loopback."""
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE}}
        await self._call("POST", "/api/v1/nodes", node)
        ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "it pretends"}
        about = {
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
            "conditions": [ready],
        }
        await self._call("PATCH", f"/api/v1/nodes/{NODE}/status", {"status": about})

    async def follow(self) -> None:
        """Watch every pod for ever; begin again with all of them whenever the apiserver goes away."""
        while True:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with self._api.get(_WATCH, raise_for_status=True) as answer:
                    async for line in answer.content:
                        self._observe(json.loads(line))
            await asyncio.sleep(_BACK_OFF)

    def _observe(self, event: Json) -> None:
        if event["type"] not in {"ADDED", "MODIFIED", "DELETED"}:
            return
        pod, uid = event["object"], event["object"]["metadata"]["uid"]
        known, going = self._pods.get(uid), "deletionTimestamp" in pod["metadata"]
        if known and (going or event["type"] == "DELETED"):
            known.cancel()
        if event["type"] == "DELETED":
            self._pods.pop(uid, None)
        elif going or not known:
            self._pods[uid] = asyncio.create_task(self._until_done(pod))

    async def _until_done(self, pod: Json) -> None:
        """Do what a pod needs; read it anew whenever the apiserver did not answer."""
        current: Json | None = pod
        while current:
            try:
                await (self._end(current) if "deletionTimestamp" in current["metadata"] else self._start(current))
                current = None
            except (aiohttp.ClientError, TimeoutError):
                await asyncio.sleep(_BACK_OFF)
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    current = await self._read(pod)

    async def _start(self, pod: Json) -> None:
        path = _path(pod)
        if "nodeName" not in pod["spec"]:
            target = {"apiVersion": "v1", "kind": "Node", "name": NODE}
            about = {"name": pod["metadata"]["name"], "uid": pod["metadata"]["uid"]}
            binding = {"apiVersion": "v1", "kind": "Binding", "metadata": about, "target": target}
            await self._call("POST", f"{path}/binding", binding)
        address = pod["status"].get("podIP") or next(self._addresses)
        seconds = ready_after(pod, self._usual)
        if seconds != 0:
            await self._report(pod, address, ready=False)
        if seconds is not None:
            await asyncio.sleep(seconds)
            await self._report(pod, address, ready=True)

    async def _report(self, pod: Json, address: str, *, ready: bool) -> None:
        written = {"metadata": {"uid": pod["metadata"]["uid"]}, "status": status(pod, address, ready=ready)}
        await self._call("PATCH", f"{_path(pod)}/status", written)

    async def _end(self, pod: Json) -> None:
        precondition = {"gracePeriodSeconds": 0, "preconditions": {"uid": pod["metadata"]["uid"]}}
        await self._call("DELETE", _path(pod), precondition)

    async def _read(self, pod: Json) -> Json | None:
        async with self._api.get(_path(pod)) as answer:
            read: Json = await answer.json() if answer.status == 200 else {}
        return read if read.get("metadata", {}).get("uid") == pod["metadata"]["uid"] else None

    async def _call(self, verb: str, path: str, body: Json) -> None:
        """Write; 404 and 409 mean that somebody was faster."""
        kind = _MERGE if verb == "PATCH" else "application/json"
        async with self._api.request(verb, path, data=json.dumps(body), headers={"Content-Type": kind}) as answer:
            if answer.status not in {404, 409}:
                answer.raise_for_status()


def _path(pod: Json) -> str:
    return f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"


async def run(folder: Path, ready_after: float) -> None:
    """Pretend until the process ends."""
    async with administrator.session(folder, connections=8, decompress=True) as api:
        kubelet = Kubelet(api, ready_after)
        await kubelet.register(await container_logs.serve(folder))
        await kubelet.follow()


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), float(sys.argv[2])))
