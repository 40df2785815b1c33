"""What is wanted of one service, and which objects that makes.

In: the releases that were applied, which of them was Ready, and the route. Out: the sealed objects that the service
should have now. Until it has a release that was Ready once, its name leads to the route's target.
"""

import threading
from dataclasses import dataclass, field

from orchestrator.domain.release import Release
from orchestrator.domain.status import Observation
from orchestrator.runtimes.kubernetes import labels
from orchestrator.runtimes.kubernetes.kinds import CONFIG, SECRET, Object
from orchestrator.runtimes.kubernetes.objects import alias_service, own_service
from orchestrator.runtimes.kubernetes.options import KubernetesOptions
from orchestrator.runtimes.succession import Succession


@dataclass(frozen=True, slots=True)
class Rendered:
    """A release and its objects, sealed, but for the Service."""

    release: Release
    objects: tuple[Object, ...]


@dataclass(slots=True)
class Wish:
    """Used under `lock`; `told` is what was observed last of each release."""

    environment: str
    service: str
    lock: threading.RLock = field(default_factory=threading.RLock)
    releases: Succession[Rendered] = field(default_factory=Succession)
    target: str | None = None
    told: dict[int, Observation] = field(default_factory=dict)
    _objects: tuple[Object, ...] | None = None

    def lead(self, target: str | None) -> None:
        """Let the name lead to another environment, or nowhere, without a release of its own that was Ready."""
        self.target, self._objects = target, None

    def follow(self, rendered: Rendered) -> None:
        """Make a release the newest; the one that serves again, when it is that."""
        serving = self.releases.serving
        back = serving is not None and serving.release.number == rendered.release.number
        self.releases.follow(None if back else rendered)
        self._forget()

    def promote(self, rendered: Rendered) -> None:
        """Let a release serve."""
        self.releases.promote(rendered)
        self._forget()

    def end(self) -> None:
        """Want no release any more."""
        self.releases = Succession()
        self._forget()

    def wanted(self, options: KubernetesOptions) -> tuple[Object, ...]:
        """Give the objects of the newest release, the name, and what the pods of the serving release read."""
        if self._objects is None:
            self._objects = self._want(options)
        return self._objects

    def _want(self, options: KubernetesOptions) -> tuple[Object, ...]:
        newest, serving = self.releases.newest, self.releases.serving
        name = self._name(options)
        read = (CONFIG.name, SECRET.name)
        kept = [thing for thing in serving.objects if thing["kind"] in read] if serving else []
        objects = newest.objects if newest else ()
        more = [thing for thing in kept if thing not in objects]
        return (*more, *((labels.sealed(name),) if name else ()), *objects)

    def _name(self, options: KubernetesOptions) -> Object | None:
        serving, pending = self.releases.serving, self.releases.pending
        if serving is None and self.target is not None:
            return alias_service(self.environment, self.service, self.target, options)
        leads_to = serving or pending
        return own_service(leads_to.release, self.target, options) if leads_to else None

    def _forget(self) -> None:
        self._objects = None
        living = {member.release.number for member in self.releases.members}
        self.told = {number: seen for number, seen in self.told.items() if number in living}
