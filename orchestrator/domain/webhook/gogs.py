"""Gogs: as Gitea, but a pull request names its branch in `head_branch`. Shapes: gogs.io, "Webhooks"."""

from orchestrator.domain import payload
from orchestrator.domain.webhook import Outcome
from orchestrator.domain.webhook.gitea_family import GiteaFamily
from orchestrator.domain.webhook.github_shape import from_branch


def _pull(delivered: object) -> Outcome:
    asked = payload.at(delivered, "pull_request")
    theirs = "" if payload.at(asked, "head_repo") is None else payload.text(asked, "head_repo", "full_name")
    return from_branch(delivered, theirs, payload.text(asked, "head_branch"))


HOST = GiteaFamily("gogs", _pull)
