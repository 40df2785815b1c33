"""The namespaces of environments: made with all that confines them, kept so, and removed.

In: the environments that are wanted, and whom each borrows from. Out: requests where something differs. A namespace
that is not ours is never touched; one that is being deleted is waited for.
"""

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Collection

from orchestrator.domain.text import printable
from orchestrator.errors import NotFound, Permanent
from orchestrator.runtimes.kubernetes import labels
from orchestrator.runtimes.kubernetes.api import Api
from orchestrator.runtimes.kubernetes.converge import Converger
from orchestrator.runtimes.kubernetes.copies import Copies
from orchestrator.runtimes.kubernetes.failure import Dying
from orchestrator.runtimes.kubernetes.furniture import furniture, namespace_object
from orchestrator.runtimes.kubernetes.inventory import Inventory
from orchestrator.runtimes.kubernetes.kinds import NAMESPACE, Key, Object, path_of
from orchestrator.runtimes.kubernetes.live import Live
from orchestrator.runtimes.kubernetes.options import KubernetesOptions

_LOG = logging.getLogger(__name__)
_HOLDING = ("NamespaceContentRemaining", "NamespaceFinalizersRemaining", "NamespaceDeletionDiscoveryFailure")


class Environments:
    """Any thread may call; `lenders(environment)` names the environments that one borrows from."""

    def __init__(
        self,
        api: Api,
        live: Live,
        converger: Converger,
        copies: Copies,
        options: KubernetesOptions,
        lenders: Callable[[str], set[str]],
    ) -> None:
        self._api, self._live, self._converger, self._options = api, live, converger, options
        self._lenders, self._copies = lenders, copies
        self._locks: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)
        self._branches: dict[str, str] = {}
        self._furnished: dict[str, Collection[str]] = {}
        self._told: dict[str, str] = {}

    def want(self, environment: str, branch: str = "") -> None:
        """Want an environment from now on; an empty branch leaves the one that is known."""
        self._branches[environment] = branch or self._branches.get(environment, "")

    def is_wanted(self, environment: str) -> bool:
        """Tell whether an environment should exist."""
        return environment in self._branches

    def wanted(self) -> tuple[str, ...]:
        """Name the environments that should exist."""
        return tuple(self._branches)

    def ensure(self, environment: str) -> tuple[str, ...]:
        """Make the namespace and what it holds be as wanted; names what was written. Raises Dying while it goes."""
        if self._is_furnished(environment):
            return ()
        with self._locks[environment]:
            if self._is_furnished(environment):
                return ()
            lenders = self._lenders(environment)
            live = self._live.get(self._key(environment)) or self._create(environment)
            if holds := held_by(live):
                raise Dying(holds)
            originals = self._copies.originals()
            if (copied := self._copies.mark(originals)) != labels.annotation(live, labels.COPIED):
                self._copies.put(environment, originals)
            branch = self._branches.get(environment) or labels.annotation(live, labels.BRANCH)
            namespace = namespace_object(environment, branch, lenders, self._options, copied)
            self._furnished[environment] = lenders
            try:
                wanted = (namespace, *furniture(environment, self._options))
                return self._converger.converge(environment, "", [labels.sealed(thing) for thing in wanted])
            except BaseException:
                self.moved(environment)
                raise

    def _is_furnished(self, environment: str) -> bool:
        return self._furnished.get(environment) == self._lenders(environment)

    def moved(self, environment: str) -> None:
        """Something of the environment changed: compare it at the next `ensure`."""
        self._furnished.pop(environment, None)

    def remove(self, environment: str) -> None:
        """Want the environment no more, and delete its namespace with all that is in it."""
        with self._locks[environment]:
            self._branches.pop(environment, None)
            self.moved(environment)
            live = self._live.get(self._key(environment))
            if live and "deletionTimestamp" not in live["metadata"]:
                self._api.delete(live)

    def is_there(self, environment: str) -> bool:
        """Tell whether objects can be in the environment: its namespace exists and is not being deleted."""
        live = self._live.get(self._key(environment))
        return live is not None and not held_by(live)

    def end(self, environment: str, inventory: Inventory) -> bool:
        """Forget what was made in an environment that is neither wanted nor there; tells whether that is so."""
        with self._locks[environment]:
            over = environment not in self._branches and self._live.get(self._key(environment)) is None
            if over:
                self._told.pop(environment, None)
                inventory.end(environment)
            return over

    def tell_what_holds(self, environment: str) -> None:
        """Say once in the log what keeps a namespace from going; whoever owns the finalizer has to let go of it."""
        live = self._live.get(self._key(environment))
        if live and _holding(live) and self._told.get(environment) != (line := held_by(live)):
            self._told[environment] = line
            _LOG.warning("%s", line)

    def _create(self, environment: str) -> Object:
        wanted = namespace_object(environment, self._branches.get(environment, ""), (), self._options)
        made = self._api.create(NAMESPACE.path(), labels.sealed(wanted))
        if made is None:
            made = self._there_already(environment)
        self._live.put(made)
        return made

    def _there_already(self, environment: str) -> Object:
        try:
            made = self._api.get(path_of(self._key(environment)))
        except NotFound:
            raise Dying(f"the earlier namespace {self._options.namespace_of(environment)} has just gone") from None
        _check_owner(made, self._options)
        return made

    def _key(self, environment: str) -> Key:
        return (NAMESPACE.name, "", self._options.namespace_of(environment))


def held_by(namespace: Object) -> str:
    """Say what a namespace that is being deleted still waits for; empty for one that is not."""
    if "deletionTimestamp" not in namespace["metadata"]:
        return ""
    line, reasons = f"waiting until the earlier namespace {namespace['metadata']['name']} is gone", _holding(namespace)
    return printable(f"{line}: {'; '.join(reasons)}" if reasons else line)


def _holding(namespace: Object) -> list[str]:
    conditions = namespace.get("status", {}).get("conditions", [])
    return [c.get("message", "") for c in conditions if c["type"] in _HOLDING and c["status"] == "True"]


def _check_owner(namespace: Object, options: KubernetesOptions) -> None:
    owner, name = labels.label(namespace, labels.OWNER), namespace["metadata"]["name"]
    if owner != options.namespace:
        whose = f"belongs to the Anabranch in namespace {owner}" if owner else "was not made by Anabranch"
        line = f"namespace {name} {printable(whose, 100)} and is not touched"
        raise Permanent(f"{line}; set kubernetes.prefix, so that environments have other names, or rename the branch")
