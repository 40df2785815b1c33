"""Whether everything that the settings ask for can be had: before the first start, and when something is odd.

In: settings, or the way to their file. Out: one row for each thing that was tried, with what to do where it failed.
"""

from collections.abc import Mapping
from pathlib import Path

from orchestrator.check.git import check_git, check_repositories
from orchestrator.check.places import check_places
from orchestrator.check.row import CheckRow
from orchestrator.check.runtime import check_runtime
from orchestrator.errors import AnabranchError
from orchestrator.settings import Settings, find, load
from orchestrator.settings.sections import Protocol

__all__ = ["CheckRow", "check", "check_file"]


def check_file(path: Path | None, environ: Mapping[str, str]) -> tuple[CheckRow, ...]:
    """Check a settings file and, when it can be used, everything in it; never raises."""
    file = str(find(path, environ) or "")
    try:
        settings = load(path, environ)
    except AnabranchError as error:
        lines: tuple[str, ...] = getattr(error, "lines", (str(error),))
        return tuple(CheckRow("settings", "", file, ok=False, text=line) for line in lines)
    return check(settings, file)


def check(settings: Settings, file: str = "") -> tuple[CheckRow, ...]:
    """Try every repository, directory, file, port and program; a repository has 30 s to answer."""
    repositories, places, runtime = check_repositories(settings), check_places(settings), check_runtime(settings)
    return (_settings(settings, file), *repositories, *places, *runtime, check_git())


def _settings(settings: Settings, file: str) -> CheckRow:
    if not settings.repositories:
        text = "no repository in it; add one below repositories: - {name: web, url: https://git.example/web.git}"
        return CheckRow("settings", "", file, ok=False, text=text)
    weak = [protocol for protocol in (Protocol.HTTP, Protocol.FILE) if protocol in settings.git.protocols]
    text = f"git.protocols allows {' and '.join(weak)}: neither is encrypted nor authenticated" if weak else ""
    return CheckRow("settings", "", file, ok=True, text=text)
