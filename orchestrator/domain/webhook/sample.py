"""A delivery as a git host would send it, to try a hook with: a push of a branch that need not exist.

In: a hook with its secret, one of its repositories. Out: headers and body, signed with the hook's first secret. Git is
asked what the branch is, so nothing comes of it but one look at the repository.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from orchestrator.domain.webhook import Hook
from orchestrator.domain.webhook.signature import standard_key

BRANCH = "anabranch-test"
USER_AGENT = "anabranch-hook-test"
_REF, _NONE, _SOME = f"refs/heads/{BRANCH}", "0" * 40, "1" * 40
_MOVED = {"ref": _REF, "before": _NONE, "after": _SOME}
_EVENTS = {
    "github": {"X-GitHub-Event": "push"},
    "gitlab": {"X-Gitlab-Event": "Push Hook"},
    "gitea": {"X-Gitea-Event": "push"},
    "forgejo": {"X-Forgejo-Event": "push"},
    "gogs": {"X-Gogs-Event": "push"},
    "bitbucket-cloud": {"X-Event-Key": "repo:push"},
    "bitbucket-server": {"X-Event-Key": "repo:refs_changed"},
}
_IDS = {
    "github": "X-GitHub-Delivery",
    "gitlab": "Idempotency-Key",
    "gitea": "X-Gitea-Delivery",
    "forgejo": "X-Forgejo-Delivery",
    "gogs": "X-Gogs-Delivery",
    "bitbucket-cloud": "X-Request-UUID",
    "bitbucket-server": "X-Request-Id",
}
_STANDARD = ("generic", "post-receive")
_SIGNATURES = {
    "github": ("X-Hub-Signature-256", "sha256="),
    "bitbucket-cloud": ("X-Hub-Signature", "sha256="),
    "bitbucket-server": ("X-Hub-Signature", "sha256="),
    "gitea": ("X-Gitea-Signature", ""),
    "forgejo": ("X-Forgejo-Signature", ""),
    "gogs": ("X-Gogs-Signature", ""),
}


@dataclass(frozen=True, slots=True)
class Sample:
    """What to send with POST; the headers hold a signature, or the secret itself where the host sends it."""

    headers: Mapping[str, str]
    body: bytes


def sample(hook: Hook, repository: str, *, delivery: str, now: float) -> Sample:
    """Build a signed push to `repository`, as its git host names it; `now` in seconds since the epoch."""
    body = json.dumps(_BODIES[hook.provider](repository, delivery)).encode()
    told = {**_EVENTS.get(hook.provider, {}), "Content-Type": "application/json"}
    if hook.provider in _IDS:
        told[_IDS[hook.provider]] = delivery
    return Sample({**told, **proof(hook, body, delivery=delivery, now=now)}, body)


def proof(hook: Hook, body: bytes, *, delivery: str, now: float) -> dict[str, str]:
    """Build the headers that show the hook's first secret: a signature, or the secret where the host sends it."""
    secret, sent = hook.secrets[0], str(int(now))
    clear = secret.decode("utf-8", "surrogateescape")
    if hook.header:
        return {hook.header: clear}
    if hook.username or hook.provider == "azure-devops":
        return {"Authorization": "Basic " + base64.b64encode(hook.username.encode() + b":" + secret).decode()}
    if hook.provider in _STANDARD or (hook.provider == "gitlab" and secret.startswith(b"whsec_")):
        digest = hmac.new(standard_key(secret), f"{delivery}.{sent}.".encode() + body, hashlib.sha256).digest()
        claim = "v1," + base64.b64encode(digest).decode()
        return {"webhook-id": delivery, "webhook-timestamp": sent, "webhook-signature": claim}
    if hook.provider == "gitlab":
        return {"X-Gitlab-Token": clear}
    header, prefix = _SIGNATURES[hook.provider]
    return {header: prefix + hmac.new(secret, body, hashlib.sha256).hexdigest()}


def _of_github(repository: str, _: str) -> object:
    return {**_MOVED, "forced": False, "commits": [], "repository": {"full_name": repository}}


def _of_gitlab(repository: str, _: str) -> object:
    return {**_MOVED, "object_kind": "push", "commits": [], "project": {"path_with_namespace": repository}}


def _of_bitbucket_cloud(repository: str, _: str) -> object:
    new = {"name": BRANCH, "type": "branch", "target": {"hash": _SOME}}
    return {"repository": {"full_name": repository}, "push": {"changes": [{"old": None, "new": new}]}}


def _of_bitbucket_server(repository: str, _: str) -> object:
    key, _, slug = repository.partition("/")
    change = {"ref": {"id": _REF}, "type": "ADD", "fromHash": _NONE, "toHash": _SOME}
    return {"repository": {"project": {"key": key}, "slug": slug}, "changes": [change]}


def _of_azure_devops(repository: str, delivery: str) -> object:
    project, _, name = repository.partition("/")
    update = {"name": _REF, "oldObjectId": _NONE, "newObjectId": _SOME}
    place = {"name": name, "project": {"name": project}}
    ids = {"subscriptionId": delivery, "notificationId": 1}
    return {"eventType": "git.push", **ids, "resource": {"refUpdates": [update], "repository": place}}


def _of_our_own(repository: str, _: str) -> object:
    return {"repository": repository, "changes": [_MOVED]}


def _of_anybody(repository: str, _: str) -> object:
    return {"repository": repository, **_MOVED}


_BODIES: Mapping[str, Callable[[str, str], object]] = {
    "github": _of_github,
    "gitea": _of_github,
    "forgejo": _of_github,
    "gogs": _of_github,
    "gitlab": _of_gitlab,
    "bitbucket-cloud": _of_bitbucket_cloud,
    "bitbucket-server": _of_bitbucket_server,
    "azure-devops": _of_azure_devops,
    "generic": _of_anybody,
    "post-receive": _of_our_own,
}
