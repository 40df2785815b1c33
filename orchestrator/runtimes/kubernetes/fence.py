"""Whether the apiserver itself refuses what a daemon sends that lost its lease without knowing it.

In: a cluster. Out: a line when it does not, with the way out. It is asked to make a namespace in an epoch that never
was, as a trial that makes nothing: where the policy `anabranch-one-writer` holds for this account, that is refused.
"""

import logging
from contextlib import closing

from orchestrator.errors import AnabranchError
from orchestrator.runtimes.kubernetes.api import Api
from orchestrator.runtimes.kubernetes.connection import Connection, Request
from orchestrator.runtimes.kubernetes.failure import Outdated
from orchestrator.runtimes.kubernetes.furniture import namespace_object
from orchestrator.runtimes.kubernetes.kinds import NAMESPACE
from orchestrator.runtimes.kubernetes.labels import stamped
from orchestrator.runtimes.kubernetes.options import KubernetesOptions

_LOG = logging.getLogger(__name__)
_NEVER = -1
_LACK = (
    "the apiserver would not refuse a daemon that stood still until another one took over: what it was about to write"
    " it still writes; apply config/kubernetes/admission.yaml with this daemon's account and namespace in it"
)


def lack(options: KubernetesOptions) -> str:
    """Say in one line that the policy does not hold; empty when it does.

    Raises Forbidden when this account may not make namespaces, and what else the cluster answers to that.
    """
    with closing(Api(Connection(options))) as api:
        return _lack(api, options)


def warn_without(api: Api, options: KubernetesOptions) -> None:
    """Say so in the log; what cannot be found out now is no reason not to start."""
    try:
        line = _lack(api, options)
    except AnabranchError as error:
        line = f"whether another daemon is kept out is not known: {error}"
    if line:
        _LOG.warning("%s", line)


def _lack(api: Api, options: KubernetesOptions) -> str:
    trial = stamped(namespace_object("fence", "", (), options), _NEVER)
    try:
        api.once(Request("POST", f"{NAMESPACE.path()}?dryRun=All", trial), 409)
    except Outdated:
        return ""
    return _LACK
