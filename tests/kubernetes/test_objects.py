"""A release becomes these objects and no others; the same release always the same ones."""

import base64
from dataclasses import replace

import pytest

from orchestrator.domain.release import ResolvedContainer, ResolvedFile
from orchestrator.domain.workload import Container, HttpGet, Port, Probe
from orchestrator.errors import Permanent
from orchestrator.runtimes.kubernetes.files import Mounted
from orchestrator.runtimes.kubernetes.kinds import Object
from orchestrator.runtimes.kubernetes.labels import ASKED, sealed
from orchestrator.runtimes.kubernetes.objects import alias_service, own_service, release_objects
from orchestrator.runtimes.kubernetes.options import KubernetesOptions
from orchestrator.runtimes.kubernetes.pod import pod_template
from orchestrator.runtimes.kubernetes.secret import Concealed
from tests.kubernetes.releases import GOOD, HTTP, options, release

LABELS = {
    "anabranch.dev/owner": "anabranch",
    "anabranch.dev/environment": "bugfix",
    "anabranch.dev/service": "app",
    "app.kubernetes.io/managed-by": "anabranch",
    "app.kubernetes.io/name": "app",
    "app.kubernetes.io/part-of": "bugfix",
}
COMMIT = f"{3:040x}"


def of_kind(objects: tuple[Object, ...], kind: str) -> list[Object]:
    return [thing for thing in objects if thing["kind"] == kind]


def container_of(given: Container, ports: tuple[Port, ...] = (HTTP,), **more: object) -> Object:
    made = release("bugfix", 3, container=given, ports=ports, **more)  # type: ignore[arg-type]
    template = pod_template(made, [Mounted()], [Concealed()], options())
    found: Object = template["spec"]["containers"][0]
    return found


def variables(container: Object) -> dict[str, str]:
    return {variable["name"]: variable["value"] for variable in container["env"]}


def test_a_release_with_a_port_is_one_deployment() -> None:
    made = release("bugfix", 3, variables=(("API_URL", "http://api.bugfix.svc:80"),))
    (deployment,) = release_objects(made, {}, options(prefix="dev-", drain=5.0, ready_deadline=600.0))
    checksum = deployment["spec"]["template"]["metadata"]["annotations"].pop("checksum/config")
    assert len(checksum) == 64
    assert deployment == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "app",
            "namespace": "dev-bugfix",
            "labels": LABELS | {"anabranch.dev/release": "3", "app.kubernetes.io/version": "v3"},
            "annotations": {
                "anabranch.dev/branch": "bugfix",
                "anabranch.dev/commit": COMMIT,
                "anabranch.dev/repository": "app",
            },
        },
        "spec": {
            "progressDeadlineSeconds": 600,
            "revisionHistoryLimit": 2,
            "selector": {"matchLabels": {"anabranch.dev/environment": "bugfix", "anabranch.dev/service": "app"}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": {
                "metadata": {"labels": LABELS | {"anabranch.dev/release": "3"}, "annotations": {}},
                "spec": {
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    "terminationGracePeriodSeconds": 35,
                    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
                    "containers": [
                        {
                            "name": "main",
                            "image": GOOD,
                            "env": [
                                {"name": "ANABRANCH_BRANCH", "value": "bugfix"},
                                {"name": "ANABRANCH_COMMIT", "value": COMMIT},
                                {"name": "ANABRANCH_ENVIRONMENT", "value": "bugfix"},
                                {"name": "ANABRANCH_RELEASE", "value": "3"},
                                {"name": "ANABRANCH_SERVICE", "value": "app"},
                                {"name": "API_URL", "value": "http://api.bugfix.svc:80"},
                                {"name": "PORT", "value": "8080"},
                                {"name": "PORT_HTTP", "value": "8080"},
                            ],
                            "securityContext": {
                                "allowPrivilegeEscalation": False,
                                "capabilities": {"drop": ["ALL"]},
                            },
                            "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
                            "ports": [{"name": "tcp-80", "containerPort": 8080, "protocol": "TCP"}],
                            "readinessProbe": {
                                "tcpSocket": {"port": 8080},
                                "periodSeconds": 2,
                                "timeoutSeconds": 2,
                            },
                        }
                    ],
                },
            },
        },
    }


def test_the_name_of_a_service_leads_to_its_own_pods() -> None:
    assert own_service(release("bugfix", 3), None, options()) == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "app", "namespace": "bugfix", "labels": LABELS},
        "spec": {
            "type": "ClusterIP",
            "selector": {"anabranch.dev/environment": "bugfix", "anabranch.dev/service": "app"},
            "ports": [{"name": "http", "port": 80, "targetPort": "tcp-80", "protocol": "TCP"}],
        },
    }


def test_a_borrowed_name_is_an_alias_of_the_other_environments() -> None:
    alias = alias_service("bugfix", "app", "main", options(prefix="dev-", cluster_domain="k8s.example"))
    assert alias["metadata"] == {
        "name": "app",
        "namespace": "dev-bugfix",
        "labels": LABELS,
        "annotations": {"anabranch.dev/leads-to": "main"},
    }
    own = own_service(release("bugfix", 3), "main", options(prefix="dev-"))
    assert own
    assert own["metadata"] == alias["metadata"]
    assert alias["spec"] == {"type": "ExternalName", "externalName": "app.dev-main.svc.k8s.example"}


def test_a_service_without_ports_has_no_name() -> None:
    assert own_service(release("bugfix", 1, ports=()), None, options()) is None


def test_with_a_domain_the_first_port_is_published_under_a_host_name_of_its_own() -> None:
    made = release_objects(release("bugfix", 1), {}, options(domain="dev.example", ingress_class="nginx"))
    (ingress,) = of_kind(made, "Ingress")
    backend = {"service": {"name": "app", "port": {"number": 80}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    rules = [{"host": "app.bugfix.dev.example", "http": {"paths": paths}}]
    assert ingress["spec"] == {"rules": rules, "ingressClassName": "nginx"}


def test_the_same_release_gives_the_same_objects_and_another_number_another_pod() -> None:
    first, again, next_one = (
        release_objects(replace(release("bugfix", 1), number=n), {}, options()) for n in (1, 1, 2)
    )
    assert first == again
    assert first[0]["spec"]["template"] != next_one[0]["spec"]["template"]
    assert first[0]["spec"]["selector"] == next_one[0]["spec"]["selector"]


def test_the_image_of_the_commit_comes_from_the_repositorys_pattern() -> None:
    assert container_of(Container("main", "."))["image"] == f"registry.example/app:{COMMIT}"


def test_what_a_release_says_is_never_expanded_by_the_kubelet() -> None:
    made = container_of(Container("main", GOOD, ("sh", "$(HOME)"), ("$$",)), variables=(("A", "$(B)"), ("PORT", "9")))
    assert (made["command"], made["args"]) == (["sh", "$$(HOME)"], ["$$$$"])
    assert variables(made)["A"] == "$$(B)"


def test_a_variable_of_the_file_wins_over_one_that_is_given() -> None:
    assert variables(container_of(Container("main", GOOD), variables=(("PORT", "9"),)))["PORT"] == "9"


def test_amounts_are_written_as_the_cluster_gives_them_back() -> None:
    made = container_of(
        Container("main", GOOD, limits=(("cpu", "0.5"), ("memory", "1024Mi")), requests=(("cpu", "1000m"),))
    )
    assert made["resources"] == {"limits": {"cpu": "500m", "memory": "1Gi"}, "requests": {"cpu": "1"}}


def test_probes_are_those_of_the_file() -> None:
    get = Probe(HttpGet("/ready", 8080, headers=(("X-From", "kubelet"),)))
    made = container_of(Container("main", GOOD, readiness=get, liveness=Probe(None, ("true",))))
    asked = {
        "path": "/ready",
        "port": 8080,
        "scheme": "HTTP",
        "httpHeaders": [{"name": "X-From", "value": "kubelet"}],
    }
    assert made["readinessProbe"] == {"httpGet": asked, "periodSeconds": 2, "timeoutSeconds": 2}
    assert made["livenessProbe"] == {"exec": {"command": ["true"]}, "periodSeconds": 10, "timeoutSeconds": 2}


def test_two_ports_with_one_target_share_the_name_of_the_containers_port() -> None:
    ports = (Port("http", 80, 8080), Port("admin", 81, 8080), Port("dns", 53, 8080, "UDP"))
    made = container_of(Container("main", GOOD), ports)
    assert [(port["name"], port["protocol"]) for port in made["ports"]] == [("tcp-80", "TCP"), ("udp-53", "UDP")]
    service = own_service(release("bugfix", 1, ports=ports), None, options())
    assert service
    assert [port["targetPort"] for port in service["spec"]["ports"]] == ["tcp-80", "tcp-80", "udp-53"]


def test_files_come_from_a_config_map_named_after_what_they_hold() -> None:
    binary = b"\xff\x00"
    files = (
        ResolvedFile("/etc/app/a.txt", content="a"),
        ResolvedFile("/b", binary_content=base64.b64encode(binary).decode(), mode="0400"),
        ResolvedFile("/c", source="config/c"),
    )
    config, deployment = release_objects(release("bugfix", 1, files=files), {"config/c": b"c"}, options())
    assert config["metadata"]["name"].startswith("app.main.")
    assert config["immutable"]
    assert (config["data"], config["binaryData"]) == ({"file-0": "a", "file-2": "c"}, {"file-1": "/wA="})
    spec = deployment["spec"]["template"]["spec"]
    assert spec["volumes"][0]["configMap"]["name"] == config["metadata"]["name"]
    assert [item["mode"] for item in spec["volumes"][0]["configMap"]["items"]] == [0o644, 0o400, 0o644]
    assert spec["containers"][0]["volumeMounts"][1] == {
        "name": "files-0",
        "mountPath": "/b",
        "subPath": "file-1",
        "readOnly": True,
    }


def test_a_secret_is_read_from_a_secret_and_stands_nowhere_else() -> None:
    secrets = (("DATABASE_URL", "postgres://app:hunter2@db:5432/app"), ("DB_PASSWORD", "$(canary)"))
    made = release("bugfix", 3, variables=(("LOG_LEVEL", "info"), *secrets))
    secret, deployment = release_objects(made, {}, options(prefix="dev-", key="key"))
    name = secret["metadata"]["name"]
    assert secret == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": "dev-bugfix", "labels": LABELS},
        "immutable": True,
        "data": {
            "variable-0": base64.b64encode(b"postgres://app:hunter2@db:5432/app").decode(),
            "variable-1": base64.b64encode(b"$(canary)").decode(),
        },
    }
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert [variable for variable in container["env"] if not variable["name"].startswith(("ANABRANCH", "PORT"))] == [
        {"name": "DATABASE_URL", "valueFrom": {"secretKeyRef": {"name": name, "key": "variable-0"}}},
        {"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": name, "key": "variable-1"}}},
        {"name": "LOG_LEVEL", "value": "info"},
    ]
    assert "hunter2" not in str(deployment)
    assert "canary" not in str(deployment)


def test_what_is_written_openly_of_a_secret_is_of_no_use_without_the_key() -> None:
    def openly(value: str, key: str) -> tuple[str, str]:
        made = release("bugfix", 3, variables=(("DB_PASSWORD", value),))
        secret, deployment = release_objects(made, {}, options(key=key))
        annotations = deployment["spec"]["template"]["metadata"]["annotations"]
        return secret["metadata"]["name"], annotations["checksum/config"]

    (name, checksum), (other_key, same), (other_value, still) = openly("a", "k"), openly("a", "l"), openly("b", "k")
    assert (name, checksum) == openly("a", "k")
    assert len({name, other_key, other_value}) == 3
    assert checksum == same == still


def test_other_content_is_another_config_map() -> None:
    made = [
        release_objects(release("bugfix", 1, files=(ResolvedFile("/a", content=text),)), {}, options())[0]
        for text in ("a", "b", "a")
    ]
    names = [config["metadata"]["name"] for config in made]
    assert names[0] == names[2] != names[1]


def test_files_that_no_config_map_holds_are_refused() -> None:
    files = (ResolvedFile("/a", content="x" * (2**20 + 1)),)
    with pytest.raises(Permanent, match="put them into the image"):
        release_objects(release("bugfix", 1, files=files), {}, options())


def test_several_containers_keep_their_own_variables_and_the_first_has_the_ports() -> None:
    made = release("bugfix", 1)
    both = (Container("web", GOOD), Container("side", GOOD))
    workload = replace(made.workload, containers=both)
    resolved = (ResolvedContainer("web", (("A", "1"),)), ResolvedContainer("side", (("A", "2"),)))
    (deployment,) = release_objects(replace(made, workload=workload, resolved=resolved), {}, options())
    web, side = deployment["spec"]["template"]["spec"]["containers"]
    assert (variables(web)["A"], variables(side)["A"]) == ("1", "2")
    assert ("ports" in web, "ports" in side) == (True, False)


def test_images_that_run_as_root_are_let_run_under_the_baseline_profile_only() -> None:
    def context(given: KubernetesOptions) -> Object:
        found: Object = pod_template(release("bugfix", 1), [Mounted()], [Concealed()], given)["spec"]["securityContext"]
        return found

    assert context(options())["runAsNonRoot"]
    assert "runAsNonRoot" not in context(options(pod_security="baseline"))


def test_the_seal_changes_with_the_object_and_only_then() -> None:
    service = own_service(release("bugfix", 3), None, options())
    other = own_service(release("bugfix", 3, ports=(Port("http", 81, 8080),)), None, options())
    assert service
    assert other
    seals = [sealed(thing)["metadata"]["annotations"][ASKED] for thing in (service, service, other)]
    assert seals[0] == seals[1] != seals[2]
