"""Gitea: `push`, and `create`, `delete` and `pull_request` as hints. Shapes: docs.gitea.com, "Webhooks"."""

from orchestrator.domain.webhook.gitea_family import GiteaFamily

HOST = GiteaFamily("gitea")
