"""One writer at a time: a Lease in the daemon's namespace, which is held, renewed and given back.

In: who this daemon is. Out: `permit`, which gives the epoch, or raises when this process may not write at this moment.
Every start begins an epoch, counted in the lease, so that of two processes with one identity only the later one holds
it. The clocks of other machines are never compared: a holder is gone when its lease was seen unchanged for as long as
it lasts.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from orchestrator.errors import AnabranchError, NotFound, Permanent, Temporary
from orchestrator.runtimes.kubernetes.api import Api
from orchestrator.runtimes.kubernetes.connection import Request
from orchestrator.runtimes.kubernetes.kinds import Kind, Object
from orchestrator.runtimes.kubernetes.needs import namespace_lack

LEASE = Kind("Lease", "coordination.k8s.io/v1", "leases", 0)
_LOG = logging.getLogger(__name__)
_NAME = "anabranch"
_LATE = "it was not renewed in time"


class Lease:
    """Held from `acquire` to `release`, and renewed meanwhile; `lasts` is in seconds.

    `regained` is called, from a thread of its own, when it is renewed again after it could not be.
    """

    def __init__(self, api: Api, namespace: str, holder: str, lasts: float) -> None:
        self._api, self._namespace, self._holder, self._lasts = api, namespace, holder, lasts
        self._path = LEASE.path(namespace, _NAME)
        self._renewed = float("-inf")
        self._epoch: int | None = None
        self._seen: tuple[str, float] = ("", 0.0)
        self._held: Object | None = None
        self._trouble = _LATE
        self.regained: Callable[[], None] = lambda: None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)

    def permit(self) -> int:
        """Give the epoch in which this daemon writes. Raises Temporary when it may not, or cannot know."""
        epoch = self._epoch
        if epoch is None or time.monotonic() - self._renewed > self._lasts * 2 / 3:
            raise Temporary(f"nothing is changed in the cluster without the lease: {self._trouble or _LATE}")
        return epoch

    def acquire(self) -> None:
        """Wait for a lease that nobody renews. Raises Permanent when somebody does, Temporary when nobody answers."""
        line = f"another daemon holds the lease {_NAME} in namespace {self._namespace}"
        held = Permanent(f"{line}; stop it, or give this one a kubernetes.namespace of its own")
        give_up = time.monotonic() + self._lasts * 2
        while (problem := self._attempt(held)) is not None:
            if time.monotonic() > give_up:
                raise problem
            self._over.wait(self._lasts / 8)
        self._thread.start()

    def _attempt(self, held: AnabranchError) -> AnabranchError | None:
        try:
            return None if self._try() else held
        except Temporary as error:
            return error

    def release(self) -> None:
        """Renew no more, and let the next one have it at once."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(self._lasts)
        if time.monotonic() - self._renewed < self._lasts:
            self._renewed = float("-inf")
            try:
                lease = self._api.get(self._path)
                if self._is_ours(lease["spec"]):
                    self._put(lease, holder="", lasts=1)
            except AnabranchError as error:
                _LOG.warning("the lease was not given back: %s", error)

    def _renew(self) -> None:
        while not self._over.wait(self._lasts / 8):
            try:
                self._complain("" if self._try() else "another daemon holds it")
            except AnabranchError as error:
                self._complain(str(error))

    def _complain(self, line: str) -> None:
        if line and line != self._trouble:
            _LOG.warning("the lease was not renewed: %s", line)
        before, self._trouble = self._trouble, line
        if before and not line:
            self.regained()

    def _try(self) -> bool:
        """Take or renew the lease; it counts from before the request, whatever happens to the answer."""
        began = time.monotonic()
        lease, self._held = self._held or self._read(), None
        if lease is not None and not self._is_free(lease):
            self._renewed = float("-inf")
            return False
        self._held = self._put(lease, self._holder, int(max(1, self._lasts))) or None
        if self._held is None:
            self._renewed = float("-inf")
            return False
        self._epoch, self._renewed = self._held["spec"]["leaseTransitions"], began
        return True

    def _read(self) -> Object | None:
        try:
            return self._once("GET", self._path)
        except NotFound:
            if lack := namespace_lack(self._api, self._namespace):
                raise Permanent(lack) from None
            return None

    def _is_free(self, lease: Object) -> bool:
        spec, version = lease.get("spec", {}), lease["metadata"]["resourceVersion"]
        earlier = self._epoch is None and spec.get("holderIdentity") == self._holder
        if not spec.get("holderIdentity") or earlier or self._is_ours(spec):
            return True
        if version != self._seen[0]:
            self._seen = (version, time.monotonic())
        return time.monotonic() - self._seen[1] > float(spec.get("leaseDurationSeconds", self._lasts))

    def _is_ours(self, spec: Object) -> bool:
        return (spec.get("holderIdentity"), spec.get("leaseTransitions")) == (self._holder, self._epoch)

    def _put(self, lease: Object | None, holder: str, lasts: int) -> Object:
        before = (lease or {}).get("spec", {})
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        spec = before | {"holderIdentity": holder, "leaseDurationSeconds": lasts, "renewTime": now}
        if holder and not self._is_ours(before):
            spec |= {"acquireTime": now, "leaseTransitions": before.get("leaseTransitions", -1) + 1}
        metadata = lease["metadata"] if lease else {"name": _NAME, "namespace": self._namespace}
        thing = {"apiVersion": LEASE.api_version, "kind": LEASE.name, "metadata": metadata, "spec": spec}
        method, path = ("PUT", self._path) if lease else ("POST", LEASE.path(self._namespace))
        return self._once(method, path, thing)

    def _once(self, method: str, path: str, thing: Object | None = None) -> Object:
        """Ask once, and for no longer than leaves time to ask again before the lease is over."""
        return self._api.once(Request(method, path, thing, read=self._lasts / 3), 409)
