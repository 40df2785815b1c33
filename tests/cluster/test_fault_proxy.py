"""What a client behind the fault proxy meets: the apiserver, the faults that are asked for, or silence."""

from dataclasses import replace

import httpx
import pytest

from tests.cluster.control_plane import ControlPlane
from tests.cluster.fault_proxy import Fault, FaultProxy, Seen


def test_what_is_not_faulty_goes_through_and_is_noted(plane: ControlPlane, proxy: FaultProxy, namespace: str) -> None:
    kubectl = replace(plane.kubectl, kubeconfig=proxy.kubeconfig)
    made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kept"}, "data": {"key": "value"}}
    kubectl.apply(namespace, made)
    assert plane.kubectl.json("-n", namespace, "get", "configmap", "kept")["data"] == {"key": "value"}
    path = f"/api/v1/namespaces/{namespace}/configmaps/kept?"
    assert [seen.method for seen in proxy.seen if seen.path.startswith(path)] == ["PATCH"]


def test_a_fault_is_answered_in_place_of_the_apiserver(plane: ControlPlane, proxy: FaultProxy, namespace: str) -> None:
    faults = [Fault(429, "TooManyRequests", retry_after=1), Fault(409, "Conflict", "somebody was faster")]
    proxy.judge = lambda seen: faults.pop(0) if seen.method == "DELETE" else None
    plane.kubectl("-n", namespace, "create", "configmap", "kept")
    path = f"/api/v1/namespaces/{namespace}/configmaps/kept"
    with httpx.Client(base_url=proxy.address, timeout=20) as api:
        overloaded, conflict = api.delete(path), api.delete(path)
    assert (overloaded.status_code, overloaded.headers["Retry-After"]) == (429, "1")
    assert (conflict.status_code, conflict.json()["reason"]) == (409, "Conflict")
    assert proxy.seen == [Seen("DELETE", path), Seen("DELETE", path)]
    assert plane.kubectl.succeeds("-n", namespace, "get", "configmap", "kept")


def test_silence_closes_nothing_and_ends(proxy: FaultProxy) -> None:
    with httpx.Client(base_url=proxy.address, timeout=20) as api:
        assert api.get("/readyz").text == "ok"
        with proxy.silence(), pytest.raises(httpx.ReadTimeout):
            api.get("/readyz", timeout=0.5)
        assert api.get("/readyz").text == "ok"


def test_a_connection_that_was_abandoned_stays_silent_and_a_new_one_is_served(proxy: FaultProxy) -> None:
    with (
        httpx.Client(base_url=proxy.address, timeout=20) as old,
        httpx.Client(base_url=proxy.address, timeout=20) as new,
    ):
        assert old.get("/readyz").text == "ok"
        proxy.abandon()
        with pytest.raises(httpx.ReadTimeout):
            old.get("/readyz", timeout=0.5)
        assert new.get("/readyz").text == "ok"
