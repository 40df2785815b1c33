"""Reading a Score file: the one way from a branch's `score.yaml` to a Workload.

In: the bytes of a file from a branch, which nobody has vouched for. Out: a Workload that is valid Score, or one
InvalidScore with every problem's line, such as
`web@bugfix score.yaml:12: containers.app.variables.PORT: quote this value, it is not a string`.
"""

from functools import lru_cache

from pydantic import ValidationError

from orchestrator.domain import score_rules, score_workload
from orchestrator.domain.closed_schema import problems_of
from orchestrator.domain.file_problem import InvalidFile
from orchestrator.domain.guarded_yaml import load as load_yaml
from orchestrator.domain.score_schema import ScoreFile
from orchestrator.domain.workload import Workload

_REMEMBERED = 32
"""Files of which the Workload is kept: most pushes leave them as they are, and many branches hold the same."""


class InvalidScore(InvalidFile):
    """A Score file that cannot become a Workload: `lines` tell each problem in one line."""


def load(data: bytes, *, file: str, where: str) -> Workload:
    """Read a Score file; `file` is its path in the repository, `where` the service and branch, as in `web@bugfix`.

    Raises InvalidScore, a Permanent error: the same bytes never become valid.
    """
    try:
        return _read(data, file)
    except InvalidFile as error:
        raise InvalidScore(error.problems, file, where) from None


@lru_cache(_REMEMBERED)
def _read(data: bytes, file: str) -> Workload:
    document = load_yaml(data, file=file)
    try:
        score = ScoreFile.model_validate(document.value)
    except ValidationError as error:
        raise InvalidScore(problems_of(error, ScoreFile, document), file) from None
    metadata = document.value["metadata"] if isinstance(document.value, dict) else {}
    problems = score_rules.check(score, metadata, document)
    if problems:
        raise InvalidScore(problems, file)
    return score_workload.build(score, metadata, document, file)
