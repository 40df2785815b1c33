"""Gogs: as Gitea, but a pull request names its branch in `head_branch`. Shapes: gogs.io, "Webhooks"."""

from orchestrator.domain import payload
from orchestrator.domain.webhook import Outcome
from orchestrator.domain.webhook.gitea_family import GiteaFamily
from orchestrator.domain.webhook.github_shape import from_branch


def _pull(delivered: object) -> Outcome:
    return from_branch(delivered, ("head_repo",), payload.text(delivered, "pull_request", "head_branch"))


HOST = GiteaFamily("gogs", _pull)
