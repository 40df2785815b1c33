"""What an answer of the API that is no success means: try again, or wait for a change.

In: what was asked, the status and the body. Out: one line, and one of two families. Messages of the API quote values of
the objects that they refuse, so of a refused object only reason, field and rule are told.
"""

from collections.abc import Mapping
from typing import Any

from orchestrator.domain.text import printable
from orchestrator.errors import AnabranchError, Permanent, Temporary

TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses that pass by themselves; of 500 only those that do not come from the object."""

_OUTDATED = ("another daemon has taken over", "no params found for policy binding")
"""What the admission policy `anabranch-one-writer` says: of another epoch, and where there is no lease."""

_UNSETTLED = "not yet synced to use for admission"
"""What an apiserver that has just started says while it does not know the lease, with the status 422."""

_IMMUTABLE = "field is immutable"
_FROM_THE_OBJECT = ("failed to create typed patch object", "failed to create manager", "request is too large")


_NOTHING_TO_DO = (
    "Precondition failed",
    "might have been deleted and then recreated",
    "ensuring all content is removed",
)
"""Conflicts of a deletion with what is another object by now, or is being deleted already."""


class Dying(Temporary):
    """The namespace is being deleted: nothing can be made in it until it is gone."""


class Outdated(Temporary):
    """The admission policy refuses it: the lease is in another epoch, or there is none."""


class Expired(Temporary):
    """The apiserver no longer knows the version to go on from."""


class Unserved(Permanent):
    """The apiserver does not serve such a request."""


class Forbidden(Permanent):
    """A right is missing, or a quota is used up."""


def is_transient(status: int, body: Mapping[str, Any]) -> bool:
    """Tell whether the same request may succeed a little later."""
    if _UNSETTLED in _message(body):
        return True
    return status in TRANSIENT and not any(words in _message(body) for words in _FROM_THE_OBJECT)


def lacks_right(status: int, body: Mapping[str, Any]) -> bool:
    """Tell whether a right is missing; one that was just given takes a moment to be known."""
    return status == 403 and " cannot " in _message(body)


def is_contended(status: int, body: Mapping[str, Any]) -> bool:
    """Tell whether somebody else's write was in the way of one that may be sent again as it is."""
    settled = any(words in _message(body) for words in _NOTHING_TO_DO)
    return status == 409 and _reason(body) == "Conflict" and not settled


def is_outdated(status: int, body: Mapping[str, Any]) -> bool:
    """Tell whether the apiserver knows another epoch; one that just began takes a moment to be known."""
    return status in (403, 422) and bool(_outdated(body))


def failure(what: str, status: int, body: Mapping[str, Any]) -> AnabranchError:
    """Make the error of an answer; `what` is what was asked, such as `patch deployments/app in bugfix`."""
    if is_outdated(status, body):
        return Outdated(f"{what}: {_outdated(body)}; nothing is changed without the lease")
    if is_transient(status, body):
        return Temporary(f"{what}: the apiserver answered {status} {_reason(body)}; it is asked again")
    if status == 403:
        return _forbidden(what, body)
    if status == 410:
        return Expired(f"{what}: the apiserver no longer knows the version to go on from")
    if status == 404:
        return Temporary(f"{what}: not found; its namespace or kind is not there (yet)")
    if status == 409:
        return Temporary(f"{what}: somebody else changed it meanwhile; it is tried again")
    if status == 401:
        return Temporary(f"{what}: credentials are refused; look at kubernetes.kubeconfig, or the daemon's account")
    kind, rule = Unserved if status in (400, 422) else Permanent, _rule(body)
    way_out = "; delete that object, then redeploy" if rule.endswith(_IMMUTABLE) else ""
    return kind(f"{what}: refused ({status} {_reason(body)}): {rule}{way_out}")


def _outdated(body: Mapping[str, Any]) -> str:
    return next((words for words in _OUTDATED if words in _message(body)), "")


def _forbidden(what: str, body: Mapping[str, Any]) -> AnabranchError:
    if any(cause.get("reason") == "NamespaceTerminating" for cause in _causes(body)):
        return Dying(f"{what}: its namespace is being deleted")
    return Forbidden(f"{what}: {printable(_message(body).partition('is forbidden: ')[2] or _message(body), 300)}")


def _rule(body: Mapping[str, Any]) -> str:
    causes = [f"{cause.get('field', '')}: {_without_values(cause.get('message', ''))}" for cause in _causes(body)]
    if causes:
        return printable("; ".join(causes[:3]), 300)
    return printable(_without_values(_message(body)), 300)


def _without_values(message: str) -> str:
    """Cut a message of the API before the value that it quotes: `Invalid value: "…": must be no more than 63`."""
    head, _, rest = message.partition("Invalid value: ")
    return head + rest.rpartition(": ")[2] if rest else message


def _causes(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return (body.get("details") or {}).get("causes") or []


def _reason(body: Mapping[str, Any]) -> str:
    return printable(str(body.get("reason") or ""), 64)


def _message(body: Mapping[str, Any]) -> str:
    return str(body.get("message") or "")
