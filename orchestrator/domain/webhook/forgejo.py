"""Forgejo: as Gitea, under its own header names. Shapes: forgejo.org, "Webhooks"."""

from orchestrator.domain.webhook.gitea_family import GiteaFamily

HOST = GiteaFamily("forgejo")
