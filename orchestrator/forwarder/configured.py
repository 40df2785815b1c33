"""A hook as the settings write it, with its secrets read from their files."""

from collections.abc import Sequence

from orchestrator.domain.webhook import Hook
from orchestrator.forwarder.secret_file import read_secret
from orchestrator.settings import ForwardedHook, Repository, served


def configured(given: ForwardedHook, repositories: Sequence[Repository]) -> Hook:
    """Read the secrets; raises `Permanent` naming the file, or the hook, when they cannot work."""
    return Hook(
        name=given.name,
        provider=given.provider,
        secrets=tuple(read_secret(file, f"hook {given.name}") for file in given.secret_files),
        repositories=served(given, repositories),
        tags=given.tags,
        header=given.header,
        username=given.username,
        organisation=given.organisation,
    )
