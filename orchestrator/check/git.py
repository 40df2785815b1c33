"""Does every repository answer, and is git itself fit?

In: settings. Out: a row for each repository, asked side by side, and one for git.
"""

from concurrent.futures import ThreadPoolExecutor

from orchestrator.adapters import git
from orchestrator.check.row import CheckRow
from orchestrator.domain.git_url import without_credentials
from orchestrator.errors import AnabranchError
from orchestrator.settings import Repository, Settings

_AT_ONCE = 4
_LONGEST_ANSWER = 30.0


def check_repositories(settings: Settings) -> tuple[CheckRow, ...]:
    """Ask each repository for its branches, and whether its default one has a Score file."""
    options = git.GitOptions(
        protocols=tuple(settings.git.protocols),
        hosts=settings.git.hosts,
        token_file=settings.git.token_file,
        ssh_key=settings.git.ssh_key,
        known_hosts=settings.git.known_hosts,
        deadline=min(settings.git.deadline, _LONGEST_ANSWER),
        listing_bytes=settings.limits.listing_bytes,
    )
    with ThreadPoolExecutor(_AT_ONCE, "check") as pool:
        return tuple(pool.map(lambda repository: _ask(repository, options), settings.repositories))


def check_git() -> CheckRow:
    """Find the installed git and say whether its version is known to be unsafe."""
    try:
        version = git.git_version()
    except AnabranchError as error:
        return CheckRow("git", "", "", ok=False, text=str(error))
    return CheckRow("git", version.text.removeprefix("git version "), "", ok=True, text=version.warning)


def _ask(repository: Repository, options: git.GitOptions) -> CheckRow:
    where = without_credentials(repository.url)
    try:
        default = repository.default_branch or None
        told, ok = git.check(repository.url, options, repository.name, default, repository.score), True
    except AnabranchError as error:
        told, ok = str(error), False
    text = told.removeprefix(f"{repository.name}: ").removeprefix(f"{where} ")
    return CheckRow("repository", repository.name, where, ok=ok, text=text)
