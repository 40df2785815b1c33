"""Services in a Kubernetes cluster: a namespace for each environment, a Deployment and a Service for each service.

    client.py ─► keeping.py ─► environments.py ─► converge.py ─► api.py    orders, as few requests as can be
                     ▲
                  live.py ◄─ reflector.py                                  what is there, from one watch for each kind
    objects.py pod.py files.py secret.py furniture.py                      what should be there: pure
    health.py drift.py failure.py                                          what is made of what is seen: pure

A release is one roll-out of the service's Deployment. The Service of a name is the branch's own, or an alias of another
environment's; one becomes the other in place.
"""

from orchestrator.runtimes.kubernetes.client import KubernetesRuntime
from orchestrator.runtimes.kubernetes.options import KubernetesOptions

__all__ = ["KubernetesOptions", "KubernetesRuntime"]
