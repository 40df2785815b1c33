"""What the runtime makes in a cluster stays as it was made, and only what it made is ever touched."""

import base64
import threading
from dataclasses import replace

import pytest

from actors.addresses import StableAddresses
from orchestrator.domain.status import Health
from orchestrator.domain.workload import Port
from orchestrator.errors import NotFound, Permanent, Temporary
from orchestrator.runtimes.kubernetes import KubernetesOptions, KubernetesRuntime, labels
from orchestrator.runtimes.kubernetes.api import Api
from orchestrator.runtimes.kubernetes.kinds import CONFIG
from orchestrator.runtimes.kubernetes.lease import LEASE
from tests.cluster import seeing
from tests.cluster.kubectl import Kubectl
from tests.cluster.offered import make_namespace
from tests.cluster.rooms import opened
from tests.eventually import DEADLINE, eventually
from tests.kubernetes.releases import CRASH, GOOD, NEVER, container_of, release
from tests.process.running import Watcher


@pytest.fixture
def watcher(runtime: KubernetesRuntime) -> Watcher:
    return Watcher(runtime)


def ready(runtime: KubernetesRuntime, watcher: Watcher, environment: str = "bugfix", number: int = 1) -> None:
    runtime.apply(release(environment, number))
    watcher.ready(environment, number)


def test_everything_that_confines_an_environment_is_there_before_its_first_pod(
    runtime: KubernetesRuntime, options: KubernetesOptions, kubectl: Kubectl
) -> None:
    runtime.ensure_environment("fix-abc", "feature/fix")
    namespace = options.namespace_of("fix-abc")
    made = kubectl.json("get", "namespace", namespace)
    assert made["metadata"]["annotations"][labels.BRANCH] == "feature/fix"
    assert made["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    kinds = "networkpolicies,resourcequotas,limitranges,serviceaccounts,rolebindings"
    items = kubectl.json("-n", namespace, "get", kinds, "-l", labels.OWNER)["items"]
    assert {item["kind"] for item in items} == {
        "LimitRange",
        "NetworkPolicy",
        "ResourceQuota",
        "RoleBinding",
        "ServiceAccount",
    }


@pytest.mark.parametrize(
    ("kind", "name"),
    [("Deployment", "app"), ("Service", "app"), ("NetworkPolicy", "default-deny")],
)
def test_an_object_that_somebody_deletes_comes_back(
    runtime: KubernetesRuntime,
    options: KubernetesOptions,
    watcher: Watcher,
    kubectl: Kubectl,
    eye: Api,
    kind: str,
    name: str,
) -> None:
    ready(runtime, watcher)
    namespace = options.namespace_of("bugfix")
    before = seeing.get(eye, kind, namespace, name)
    assert before
    kubectl("-n", namespace, "delete", kind, name, "--wait=false")

    def again() -> bool:
        found = seeing.get(eye, kind, namespace, name)
        return found is not None and found["metadata"]["uid"] != before["metadata"]["uid"]

    eventually(again, f"another {kind}")


@pytest.mark.parametrize(
    ("kind", "name", "patch", "path"),
    [
        (
            "deployment",
            "app",
            '{"spec":{"template":{"spec":{"enableServiceLinks":true}}}}',
            "enableServiceLinks: false",
        ),
        ("service", "app", '{"spec":{"selector":{"anabranch.dev/service":"other"}}}', "anabranch.dev/service: app"),
        (
            "namespace",
            "",
            '{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"privileged"}}}',
            "enforce: restricted",
        ),
    ],
)
def test_what_somebody_changes_is_put_right(
    runtime: KubernetesRuntime,
    options: KubernetesOptions,
    watcher: Watcher,
    kubectl: Kubectl,
    kind: str,
    name: str,
    patch: str,
    path: str,
) -> None:
    ready(runtime, watcher)
    namespace = options.namespace_of("bugfix")
    kubectl("-n", namespace, "patch", kind, name or namespace, "-p", patch)
    eventually(
        lambda: path in kubectl("-n", namespace, "get", kind, name or namespace, "-o", "yaml"), f"{path} in {kind}"
    )


def test_a_namespace_that_somebody_deletes_comes_back_with_all_that_was_in_it(
    runtime: KubernetesRuntime, options: KubernetesOptions, watcher: Watcher, kubectl: Kubectl, eye: Api
) -> None:
    ready(runtime, watcher)
    address = runtime.address("bugfix", "app", 80)
    before = kubectl.json("get", "namespace", options.namespace_of("bugfix"))["metadata"]["uid"]
    kubectl("delete", "namespace", options.namespace_of("bugfix"), "--wait=false")

    def again() -> bool:
        found = seeing.get(eye, "Namespace", "", options.namespace_of("bugfix"))
        return found is not None and found["metadata"]["uid"] != before and seeing.answer(eye, address) == "bugfix/v1"

    eventually(again, "another namespace with the service", 60)


def test_what_holds_a_namespace_is_told_when_it_goes_and_when_its_branch_is_back(
    runtime: KubernetesRuntime,
    options: KubernetesOptions,
    watcher: Watcher,
    kubectl: Kubectl,
    caplog: pytest.LogCaptureFixture,
) -> None:
    runtime.ensure_environment("bugfix", "bugfix")
    namespace = options.namespace_of("bugfix")
    held = {"name": "held", "finalizers": ["example.com/hold"]}
    kubectl.apply(namespace, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": held})
    runtime.remove_environment("bugfix")
    eventually(lambda: "example.com/hold in 1 resource instances" in caplog.text, "the log says what holds it", 60)
    runtime.apply(release("bugfix", 1))
    watcher.wait("bugfix", 1, Health.PROGRESSING, "example.com/hold")
    kubectl("-n", namespace, "patch", "configmap", "held", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')


def test_a_namespace_of_somebody_else_is_never_touched(
    runtime: KubernetesRuntime, options: KubernetesOptions, kubectl: Kubectl
) -> None:
    make_namespace(kubectl, options.namespace_of("theirs"))
    before = kubectl.json("get", "namespace", options.namespace_of("theirs"))
    with pytest.raises(Permanent, match=r"was not made by Anabranch and is not touched; set kubernetes\.prefix"):
        runtime.ensure_environment("theirs", "theirs")
    with pytest.raises(Permanent, match="not touched"):
        runtime.apply(release("theirs", 1))
    runtime.remove_environment("theirs")
    assert kubectl.json("get", "namespace", options.namespace_of("theirs")) == before


def test_an_object_with_our_labels_that_we_did_not_make_outlives_the_service(
    runtime: KubernetesRuntime, options: KubernetesOptions, watcher: Watcher, kubectl: Kubectl, eye: Api
) -> None:
    ready(runtime, watcher)
    namespace = options.namespace_of("bugfix")
    marks = labels.identity(options.namespace, "bugfix", "app")
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs", "labels": marks}}
    kubectl.apply(namespace, config)
    runtime.remove("bugfix", "app")
    eventually(lambda: seeing.get(eye, "Deployment", namespace, "app") is None, "the service is gone")
    assert seeing.get(eye, "ConfigMap", namespace, "theirs")


def test_an_object_that_was_made_anew_meanwhile_is_not_deleted_for_the_earlier_one(
    options: KubernetesOptions, kubectl: Kubectl, eye: Api
) -> None:
    metadata = {"name": "app", "namespace": options.namespace}
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
    path = CONFIG.path(options.namespace)
    earlier = eye.create(path, config)
    kubectl("-n", options.namespace, "delete", "configmap", "app")
    again = eye.create(path, config)
    assert earlier
    assert again
    eye.delete(earlier)
    assert seeing.get(eye, "ConfigMap", options.namespace, "app") == again
    eye.delete(again)
    assert seeing.get(eye, "ConfigMap", options.namespace, "app") is None


def test_the_name_of_a_service_is_never_missing_while_it_moves(
    runtime: KubernetesRuntime, options: KubernetesOptions, watcher: Watcher, eye: Api
) -> None:
    ready(runtime, watcher, "main")
    runtime.route("bugfix", "app", "main")
    namespace, over, seen = options.namespace_of("bugfix"), threading.Event(), set[str]()

    def read() -> None:
        while not over.is_set():
            service = seeing.get(eye, "Service", namespace, "app")
            seen.add(service["spec"]["type"] if service else "missing")

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in (1, 2, 3):
            ready(runtime, watcher, "bugfix", number)
            assert seeing.answer(eye, runtime.address("bugfix", "app", 80)) == f"bugfix/v{number}"
            runtime.remove("bugfix", "app")
            assert seeing.answer(eye, runtime.address("bugfix", "app", 80)) == "main/v1"
    finally:
        over.set()
        reader.join(DEADLINE)
    assert seen == {"ExternalName", "ClusterIP"}


def test_a_release_whose_port_moves_keeps_the_others_port_until_it_is_ready(
    runtime: KubernetesRuntime, options: KubernetesOptions, watcher: Watcher, eye: Api
) -> None:
    ready(runtime, watcher)
    moved = release("bugfix", 2, NEVER, ports=(Port("http", 81, 9090),))
    runtime.apply(moved)
    watcher.wait("bugfix", 2, Health.PROGRESSING)
    assert seeing.answer(eye, runtime.address("bugfix", "app", 80)) == "bugfix/v1"
    assert seeing.answer(eye, runtime.address("bugfix", "app", 81)) == ""


def test_pods_that_the_cluster_refuses_fail_the_release_in_its_words(
    runtime: KubernetesRuntime, options: KubernetesOptions, watcher: Watcher, kubectl: Kubectl
) -> None:
    container = replace(container_of(GOOD), requests=(("cpu", "2"),), limits=(("cpu", "1"),))
    with pytest.raises(Permanent, match=r"resources\.requests"):
        runtime.apply(release("bugfix", 1, container=container))
    runtime.ensure_environment("bugfix", "bugfix")
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "tight"},
        "spec": {"hard": {"pods": "0"}},
    }
    kubectl.apply(options.namespace_of("bugfix"), quota)
    eventually(
        lambda: kubectl.json("-n", options.namespace_of("bugfix"), "get", "resourcequota", "tight").get("status"),
        "the quota is enforced",
    )
    runtime.apply(release("bugfix", 2))
    assert "exceeded quota: tight" in watcher.wait("bugfix", 2, Health.DEGRADED, "its pods are refused").reason


def test_an_image_that_cannot_be_pulled_fails_the_release_at_once(runtime: KubernetesRuntime, watcher: Watcher) -> None:
    image = "registry.example/image-pull-back-off:1"
    runtime.apply(release("bugfix", 1, image))
    assert watcher.wait("bugfix", 1, Health.DEGRADED).reason == f"image {image} cannot be pulled (ImagePullBackOff)"


def test_a_runtime_that_is_started_again_writes_nothing_where_nothing_changed(
    runtime: KubernetesRuntime, options: KubernetesOptions, watcher: Watcher, kubectl: Kubectl, eye: Api
) -> None:
    runtime.ensure_environment("bugfix", "fix/a-bug")
    ready(runtime, watcher, "main")
    for service in ("app", "other"):
        runtime.route("bugfix", service, "main")
    ready(runtime, watcher, "bugfix")
    runtime.close()
    namespaces = [options.namespace, *map(options.namespace_of, ("main", "bugfix"))]
    kinds = ("Namespace", "Deployment", "Service", "NetworkPolicy", "ConfigMap", "ResourceQuota", "RoleBinding")

    def versions() -> dict[tuple[str, str, str], str]:
        return {
            (kind, namespace, thing["metadata"]["name"]): thing["metadata"]["resourceVersion"]
            for namespace in namespaces
            for kind in kinds
            for thing in seeing.listed(eye, kind, namespace, f"{labels.OWNER}={options.namespace}")
        }

    before = versions()
    with opened(options) as again:
        observer = Watcher(again)
        assert again.environments() == ("bugfix", "main")
        for environment in ("main", "bugfix"):
            again.apply(release(environment, 1))
            observer.ready(environment, 1)
        for service in ("app", "other"):
            again.route("bugfix", service, "main")
        assert [(r.environment, r.release, r.serving) for r in again.running()] == [
            ("bugfix", 1, True),
            ("main", 1, True),
        ]
    assert versions() == before


def test_a_service_that_an_earlier_daemon_left_can_be_removed(
    runtime: KubernetesRuntime, options: KubernetesOptions, watcher: Watcher, eye: Api
) -> None:
    ready(runtime, watcher)
    runtime.close()
    with opened(options) as again:
        again.remove("bugfix", "app")
        namespace = options.namespace_of("bugfix")
        eventually(lambda: seeing.get(eye, "Deployment", namespace, "app") is None, "the Deployment is gone")
        assert seeing.get(eye, "Service", namespace, "app") is None


def test_an_alias_that_an_earlier_daemon_left_is_known_and_can_be_taken_back(
    runtime: KubernetesRuntime, options: KubernetesOptions, eye: Api
) -> None:
    runtime.route("bugfix", "app", "main")
    runtime.close()
    with opened(options) as again:
        assert again.routed("bugfix") == ("app",)
        again.route("bugfix", "app", None)
        assert again.routed("bugfix") == ()
        assert seeing.get(eye, "Service", options.namespace_of("bugfix"), "app") is None


def test_an_environment_of_an_earlier_daemon_becomes_as_the_settings_say(
    runtime: KubernetesRuntime, options: KubernetesOptions, eye: Api
) -> None:
    runtime.ensure_environment("bugfix", "bugfix")
    runtime.close()
    with opened(options, quota={"pods": "7"}) as again:
        again.ensure_environment("bugfix", "bugfix")
        quota = seeing.get(eye, "ResourceQuota", options.namespace_of("bugfix"), "anabranch")
        assert quota
        assert quota["spec"]["hard"] == {"pods": "7"}


def test_files_that_no_release_reads_any_more_are_deleted_once_all_else_is_applied(
    runtime: KubernetesRuntime, options: KubernetesOptions, watcher: Watcher, eye: Api
) -> None:
    from orchestrator.domain.release import ResolvedFile

    def configs() -> set[str]:
        selector = f"{labels.SERVICE}=app"
        found = seeing.listed(eye, "ConfigMap", options.namespace_of("bugfix"), selector)
        return {config["data"]["file-0"] for config in found}

    runtime.apply(release("bugfix", 1, files=(ResolvedFile("/a", content="one"),)))
    watcher.ready("bugfix", 1)
    runtime.apply(release("bugfix", 2, CRASH, files=(ResolvedFile("/a", content="two"),)))
    watcher.wait("bugfix", 2, Health.DEGRADED)
    assert configs() == {"one", "two"}
    refused = replace(container_of(GOOD), requests=(("cpu", "2"),), limits=(("cpu", "1"),))
    with pytest.raises(Permanent, match="refused"):
        runtime.apply(release("bugfix", 3, container=refused, files=(ResolvedFile("/a", content="three"),)))
    assert configs() == {"one", "two", "three"}
    runtime.apply(release("bugfix", 4, files=(ResolvedFile("/a", content="four"),)))
    watcher.ready("bugfix", 4)
    assert configs() == {"four"}


def test_the_bytes_of_a_file_come_from_the_commit(
    runtime: KubernetesRuntime, options: KubernetesOptions, eye: Api
) -> None:
    from orchestrator.domain.release import ResolvedFile

    runtime.apply(release("bugfix", 1, files=(ResolvedFile("/s", source="service.py"),)))
    selector = f"{labels.SERVICE}=app"
    (config,) = seeing.listed(eye, "ConfigMap", options.namespace_of("bugfix"), selector)
    assert config["data"]["file-0"].startswith("\nimport os")
    with pytest.raises(Permanent, match=r"the commit has no file nowhere\.py"):
        runtime.apply(release("bugfix", 2, files=(ResolvedFile("/s", source="nowhere.py"),)))


def test_a_second_daemon_does_not_start_while_the_first_one_lives(
    runtime: KubernetesRuntime, options: KubernetesOptions
) -> None:
    other = replace(options, state=options.state / "other")
    with pytest.raises(Permanent, match="another daemon holds the lease"), opened(other, lease=2.0):
        pytest.fail("two daemons write")
    runtime.close()
    with opened(other) as successor:
        successor.ensure_environment("bugfix", "bugfix")


def test_of_two_daemons_with_one_identity_only_the_later_one_writes(
    runtime: KubernetesRuntime, options: KubernetesOptions, eye: Api
) -> None:
    def renewed() -> str:
        return str(eye.get(LEASE.path(options.namespace, "anabranch"))["spec"]["renewTime"])

    def refused() -> bool:
        try:
            runtime.ensure_environment("bugfix", "bugfix")
            runtime.remove_environment("bugfix")
        except Temporary as error:
            return "without the lease" in str(error)
        return False

    with opened(options, lease=6.0) as later:
        eventually(refused, "the earlier one is told")
        for _ in range(4):
            before = renewed()
            eventually(lambda before=before: renewed() != before, "the lease is renewed")
            assert refused()
            assert later._lease.permit() == 1
        runtime.close()
        later.ensure_environment("other", "other")


def test_lines_that_are_followed_come_until_they_are_closed(runtime: KubernetesRuntime, watcher: Watcher) -> None:
    ready(runtime, watcher)
    lines = runtime.logs("bugfix", "app", None, tail=10, follow=True)
    seen = [next(lines), next(lines)]
    assert [(line.release, line.text.partition(" ")[0]) for line in seen] == [(1, "main"), (1, "main")]
    assert seen[0].at > 0
    ended = threading.Event()

    def wait() -> None:
        assert list(lines) == []
        ended.set()

    threading.Thread(target=wait, daemon=True).start()
    lines.close()
    assert ended.wait(DEADLINE)


def test_a_shared_secret_is_there_before_the_first_pod_and_a_rotation_reaches_every_environment(
    runtime: KubernetesRuntime,
    options: KubernetesOptions,
    kubectl: Kubectl,
    eye: Api,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("orchestrator.runtimes.kubernetes.copies._PERIOD", 0.1)
    runtime.close()

    def write(token: str) -> None:
        made = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "pull"}, "stringData": {"token": token}}
        kubectl.apply(options.namespace, made)

    def copied(environment: str) -> str:
        found = seeing.get(eye, "Secret", options.namespace_of(environment), "pull")
        return base64.b64decode(found["data"]["token"]).decode() if found else ""

    with opened(options, copied=("secret/pull",)) as copying:
        with pytest.raises(Permanent, match=r"kubernetes\.copied: secret/pull is not in the daemon's namespace"):
            copying.ensure_environment("bugfix", "bugfix")
        write("first")
        for environment in ("main", "bugfix"):
            copying.ensure_environment(environment, environment)
            assert copied(environment) == "first"
        write("second")
        for environment in ("main", "bugfix"):
            eventually(lambda name=environment: copied(name) == "second", "the rotation is there")
        kubectl("-n", options.namespace, "delete", "secret", "pull")
        eventually(lambda: "environments keep what they have" in caplog.text, "the loss is told")
        copying.ensure_environment("late", "late")
        assert copied("late") == "second"


def test_browsers_are_given_the_host_of_the_ingress_and_only_for_the_port_that_it_publishes(
    runtime: KubernetesRuntime, options: KubernetesOptions, eye: Api
) -> None:
    runtime.close()
    with opened(options, domain="example.org") as publishing:
        publishing.apply(release("bugfix", 1))
        ports = StableAddresses(publishing, "bugfix", "app").ports([("http", 80), ("admin", 81)])
    assert [port.public for port in ports] == ["http://app.bugfix.example.org", ""]
    ingress = seeing.get(eye, "Ingress", options.namespace_of("bugfix"), "app")
    assert ingress
    (rule,) = ingress["spec"]["rules"]
    assert rule["host"] == "app.bugfix.example.org"
    assert rule["http"]["paths"][0]["backend"] == {"service": {"name": "app", "port": {"number": 80}}}


def test_a_pod_that_vanished_is_entered_no_more(
    runtime: KubernetesRuntime, options: KubernetesOptions, watcher: Watcher, kubectl: Kubectl
) -> None:
    ready(runtime, watcher)
    entry = runtime.enter("bugfix", "app", None)
    assert entry.pod
    vanished = entry.pod.name
    kubectl("-n", options.namespace_of("bugfix"), "delete", "pod", vanished)

    def another() -> bool:
        try:
            found = runtime.enter("bugfix", "app", 1).pod
        except Temporary:
            return False
        return found is not None and found.name != vanished

    eventually(another, "another pod is entered")
    runtime.remove("bugfix", "app")
    with pytest.raises(NotFound, match="bugfix:app does not run here"):
        runtime.enter("bugfix", "app", None)
