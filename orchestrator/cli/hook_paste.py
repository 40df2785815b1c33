"""What to paste where at each git host. In: a hook. Out: lines for a person; the secret itself only when asked for."""

import shlex
from collections.abc import Mapping
from pathlib import Path

from orchestrator.settings import ForwardedHook

_PLACES: Mapping[str, tuple[str, str]] = {
    "github": (
        "GitHub: the repository's or organisation's Settings > Webhooks > Add webhook",
        "Pushes, Branch or tag creation, Branch or tag deletion, Pull requests",
    ),
    "gitlab": (
        "GitLab: the project's or group's Settings > Webhooks, or Admin > System hooks",
        "Push events, Tag push events, Merge request events; System hooks: Repository update events",
    ),
    "gitea": (
        "Gitea: Settings > Webhooks > Add webhook > Gitea",
        "Push, Create, Delete, Pull request, Pull request synchronized",
    ),
    "forgejo": (
        "Forgejo: Settings > Webhooks > Add webhook > Forgejo",
        "Push, Create, Delete, Pull request, Pull request synchronized",
    ),
    "gogs": ("Gogs: Settings > Webhooks > Add a new webhook > Gogs", "Push, Create, Delete, Pull request"),
    "bitbucket-cloud": (
        "Bitbucket: Repository settings, or Workspace settings > Webhooks > Add webhook",
        "Repository push; Pull request created, updated, merged, declined",
    ),
    "bitbucket-server": (
        "Bitbucket Data Center: Repository settings, or Project settings > Webhooks > Create webhook",
        "Repository push; Pull request opened, source branch updated, modified, merged, declined, deleted",
    ),
    "azure-devops": (
        "Azure DevOps: Project settings > Service hooks > Create subscription > Web Hooks",
        "Code pushed; Pull request created, updated, merge attempted (one subscription each)",
    ),
    "generic": ("your sender, which signs as Standard Webhooks says", "whatever moves a branch"),
}
_SECRET_FIELDS: Mapping[str, str] = {"gitlab": "Secret token", "azure-devops": "Basic authentication password"}


def paste(hook: ForwardedHook, url: str, *, secret: str) -> list[str]:
    """Say what to paste; `secret` is what stands for it, a command that prints it or itself."""
    if hook.provider == "post-receive":
        return ["where each repository is:", *(f"  anabranch hook install PATH --name {n}" for n in hook.repositories)]
    where, events = _PLACES[hook.provider]
    rows = [("URL", url), *_login(hook, secret), ("Content type", "application/json"), ("Events", events)]
    width = max(len(label) for label, _ in rows)
    return [f"at {where}:", *(f"  {label:{width}}  {text}" for label, text in rows)]


def shown_secret(file: Path, *, open_: bool) -> str:
    """Say how to see the secret, or show it."""
    return file.read_text().strip() if open_ else f"$(cat {shlex.quote(str(file))})"


def _login(hook: ForwardedHook, secret: str) -> list[tuple[str, str]]:
    if hook.header:
        return [("HTTP headers", f"{hook.header}: {secret}")]
    if hook.username:
        return [("Username", hook.username), ("Password", secret)]
    return [(_SECRET_FIELDS.get(hook.provider, "Secret"), secret)]
