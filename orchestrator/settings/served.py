"""Which repositories a hook serves: those that it lists and, of its organisation, those of the settings.

In: a hook, and the repositories of the settings. Out: the git host's name of each, and its name here.
"""

from collections.abc import Mapping, Sequence

from orchestrator.domain.git_url import validate
from orchestrator.domain.webhook.membership import named_at, within
from orchestrator.settings.model import Repository
from orchestrator.settings.sections import ForwardedHook, Protocol


def served(hook: ForwardedHook, repositories: Sequence[Repository]) -> Mapping[str, str]:
    """Find them; what is listed counts more than what a URL says."""
    return dict(members(hook, repositories)) | hook.repositories


def members(hook: ForwardedHook, repositories: Sequence[Repository]) -> tuple[tuple[str, str], ...]:
    """Name, by their URLs, the repositories that belong to the hook's organisation."""
    named = [(_named(hook, each), each.name) for each in repositories]
    return tuple((theirs, ours) for theirs, ours in named if within(hook.organisation, theirs))


def _named(hook: ForwardedHook, repository: Repository) -> str:
    return named_at(hook.provider, validate(repository.url, tuple(Protocol)).path, hook.organisation)
