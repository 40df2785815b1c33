"""How a person gets to a service in a cluster: into a pod with kubectl, by a browser through an Ingress.

In: what is live. Out: an Entry, a URL, or an error that names another way. The daemon itself may not execute anything
in a pod; whoever asks does, with rights of their own.
"""

from orchestrator.domain.entry import Entry, Pod
from orchestrator.errors import AnabranchError, NotFound, Permanent, Temporary
from orchestrator.runtimes.kubernetes.health import hopeless, is_ready
from orchestrator.runtimes.kubernetes.kinds import INGRESS, SERVICE, Object
from orchestrator.runtimes.kubernetes.live import Live
from orchestrator.runtimes.kubernetes.options import KubernetesOptions


def entry(live: Live, options: KubernetesOptions, environment: str, service: str, release: int) -> Entry:
    """Lead into the newest pod of a release, a ready one if there is one. Raises NotFound, Temporary when none runs."""
    pods = live.pods(environment, service, release)
    able = sorted((pod for pod in pods if _runs(pod)), key=is_ready)
    if not able:
        raise _nothing_runs(f"{environment}:{service}@v{release}", pods)
    containers = tuple(container["name"] for container in able[-1]["spec"]["containers"])
    metadata = able[-1]["metadata"]
    pod = Pod(metadata["namespace"], metadata["name"], containers, _context(options))
    return Entry(environment, service, release, pod=pod)


def public_url(live: Live, options: KubernetesOptions, environment: str, service: str, port: int) -> str:
    """Name the URL of the Ingress before a port, an alias followed. Raises Permanent when there is none."""
    owner = _owner(live, options, environment, service)
    namespace = options.namespace_of(owner)
    ingress = live.get((INGRESS.name, namespace, service))
    hosts = [rule["host"] for rule in ingress["spec"].get("rules", ()) if _leads_to(rule, port)] if ingress else []
    if ingress and hosts:
        return f"{'https' if ingress['spec'].get('tls') else 'http'}://{hosts[0]}"
    forward = f"kubectl --namespace {namespace} port-forward service/{service} :{port}"
    lack = f"port {port} of {owner}:{service} is reached inside the cluster only"
    raise Permanent(f"{lack}; set kubernetes.domain, which publishes the first port, or: {forward}")


def _nothing_runs(name: str, pods: tuple[Object, ...]) -> AnabranchError:
    why = next((text for pod in pods if (text := hopeless(pod))), "")
    if why:
        return NotFound(f"{name} has no pod that runs: {why} (anabranch logs {name})")
    return Temporary(f"{name} has no pod that runs yet; try again")


def _runs(pod: Object) -> bool:
    statuses = pod.get("status", {}).get("containerStatuses", [])
    going = "deletionTimestamp" in pod["metadata"]
    return not going and any("running" in status.get("state", {}) for status in statuses)


def _context(options: KubernetesOptions) -> str:
    """A context means something to a person only when it is one of the file that kubectl reads by itself."""
    return "" if options.kubeconfig else options.context


def _owner(live: Live, options: KubernetesOptions, environment: str, service: str) -> str:
    """Name the environment whose service answers; each alias is followed once."""
    seen: set[str] = set()
    while environment not in seen:
        seen.add(environment)
        name = live.get((SERVICE.name, options.namespace_of(environment), service))
        if name and name["spec"].get("type") == "ExternalName":
            environment = live.targets(environment).get(service, environment)
    return environment


def _leads_to(rule: Object, port: int) -> bool:
    paths = rule.get("http", {}).get("paths", [])
    return any(path["backend"].get("service", {}).get("port", {}).get("number") == port for path in paths)
