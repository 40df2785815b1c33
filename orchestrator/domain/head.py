"""One branch's head, read: which services its Score files define.

In: the Score files that the git adapter found at a commit, as bytes or as a line that says why not. Out: `HeadMoved`.
A file that cannot be read spoils nothing but itself. Paths that are not plain text are told in escaped form.
"""

from collections.abc import Sequence

from orchestrator.domain import score
from orchestrator.domain.commit import HeadMoved
from orchestrator.domain.file_problem import InvalidFile
from orchestrator.domain.text import printable
from orchestrator.domain.workload import Workload
from orchestrator.errors import Permanent

ScoreFiles = Sequence[tuple[str, bytes | str]]
"""(path in the repository, its bytes, or one line that says why it was not read) pairs."""


def read(moved: HeadMoved, files: ScoreFiles) -> HeadMoved:
    """Fill in what the Score files of a head define; `moved` says which head it is."""
    where = f"{moved.repository}@{printable(moved.branch, 64)}"
    shown = [(printable(path, 200), data) for path, data in files]
    results = [_load(path, data, where) for path, data in shown]
    return HeadMoved(
        repository=moved.repository,
        branch=moved.branch,
        environment=moved.environment,
        commit=moved.commit,
        subject=moved.subject,
        services=tuple(r for r in results if isinstance(r, Workload)),
        errors=tuple(line for r in results if not isinstance(r, Workload) for line in r),
        files=tuple(path for path, _ in shown),
        delivery=moved.delivery,
        pull=moved.pull,
    )


def _load(path: str, data: bytes | str, where: str) -> Workload | tuple[str, ...]:
    if isinstance(data, str):
        return (f"{where} {path}: {data}",)
    try:
        return score.load(data, file=path, where=where)
    except InvalidFile as error:
        return error.lines
    except Permanent as error:
        return (str(error),)
